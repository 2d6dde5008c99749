/** Short words that go by themselves, said to screen readers too; errors stay until they are dismissed. */
import {h} from "./dom.js";
import {WORDS} from "./words.js";

const SECONDS = 8;

/**
 * @param {string} text
 * @param {{kind?: "good" | "bad" | "", undo?: () => void}} [more] undo: take back what was done
 */
export function toast(text, {kind = "", undo} = {}) {
    const place = /** @type {HTMLElement} */ (document.getElementById("toasts"));
    const close = () => made.remove();
    const made = h(
        "div",
        {class: kind, role: kind === "bad" ? "alert" : "status"},
        h("p", {class: "grow"}, text),
        undo && h("button", {type: "button", onclick: () => (close(), undo())}, WORDS.undo),
        h("button", {type: "button", class: "quiet", "aria-label": WORDS.dismiss, onclick: close}, "✕"),
    );
    place.append(made);
    if (kind !== "bad") {
        let left = SECONDS;
        const timer = window.setInterval(() => {
            // Who is about to press a button of it needs it to stay.
            left -= made.matches(":hover, :focus-within") ? 0 : 1;
            if (left <= 0 || !made.isConnected) {
                window.clearInterval(timer);
                close();
            }
        }, 1000);
    }
}
