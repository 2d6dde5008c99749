/**
 * Keys of the page and the list of them. A part adds its own while it is shown.
 *
 * @typedef {{keys: string[], words: string, group: string, does?: (event: KeyboardEvent) => void}} Key
 * keys: as in `KeyboardEvent.key`, with "Alt+" or "Shift+" before; without `does` it is only listed (an element has it).
 */
import {h} from "./dom.js";
import {WORDS} from "./words.js";

/** @type {Set<Key>} */
const known = new Set();
const SHOWN = /** @type {Record<string, string>} */ ({
    ArrowUp: "↑",
    ArrowDown: "↓",
    ArrowLeft: "←",
    ArrowRight: "→",
    " ": "Space",
});

/** @param {Key[]} keys @returns {() => void} forget them */
export function keys(keys) {
    keys.forEach((key) => known.add(key));
    return () => keys.forEach((key) => known.delete(key));
}

/** Whether what has the focus takes letters itself. @param {EventTarget | null} target */
export function writes(target) {
    return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|SELECT|TEXTAREA)$/.test(target.tagName));
}

/** Whether this key presses what has the focus. @param {KeyboardEvent} event */
function presses(event) {
    return /^( |Enter)$/.test(event.key) && event.target instanceof Element && event.target.matches("button, a, summary");
}

document.addEventListener("keydown", (event) => {
    if (presses(event) || event.defaultPrevented || event.ctrlKey || event.metaKey || writes(event.target) || document.querySelector("dialog[open]")) {
        return;
    }
    const name = `${event.altKey ? "Alt+" : ""}${event.shiftKey && event.key.length > 1 ? "Shift+" : ""}${event.key}`;
    for (const key of known) {
        if (key.does && key.keys.includes(name)) {
            event.preventDefault();
            key.does(event);
            return;
        }
    }
});

/** The list of all keys of what is shown. */
export function showKeys() {
    const groups = [...new Set([...known].map((key) => key.group))];
    const made = h(
        "dialog",
        {"aria-labelledby": "keys-title", onclose: () => made.remove()},
        h("h2", {id: "keys-title"}, WORDS.keysTitle),
        ...groups.map((group) =>
            h(
                "table",
                {},
                h("caption", {class: "dim"}, group),
                h("tbody", {}, ...[...known].filter((key) => key.group === group).map(row)),
            ),
        ),
        h("div", {class: "row end"}, h("button", {type: "button", onclick: () => made.close()}, WORDS.close)),
    );
    document.body.append(made);
    made.showModal();
}

/** @param {Key} key */
function row(key) {
    const caps = key.keys.flatMap((one) => {
        const parts = (one === "+" ? [one] : one.split("+")).map((part) => h("kbd", {}, SHOWN[part] ?? part));
        return [...parts, " "];
    });
    return h("tr", {}, h("td", {}, ...caps), h("td", {}, key.words));
}
