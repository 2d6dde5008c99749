/** A dialog that is answered: its form's values, or null where it was left. */
import {h} from "./dom.js";
import {WORDS} from "./words.js";

let number = 0;

/**
 * @param {string} title
 * @param {import("./dom.js").Child[]} body fields with names, and words
 * @param {string} yes the word of the button that answers
 * @returns {Promise<Record<string, string> | null>}
 */
export function answered(title, body, yes) {
    return new Promise((resolve) => {
        const id = `dialog-${++number}`;
        const form = h(
            "form",
            {
                method: "dialog",
                onsubmit: () => {
                    const values = /** @type {[string, string][]} */ ([...new FormData(form)].map(([name, value]) => [name, String(value)]));
                    resolve(Object.fromEntries(values));
                },
            },
            h("h2", {id}, title),
            ...body,
            h("div", {class: "row end"}, h("button", {type: "button", onclick: () => made.close()}, WORDS.cancel), h("button", {class: "main"}, yes)),
        );
        const made = h("dialog", {"aria-labelledby": id, onclose: () => (made.remove(), resolve(null))}, form);
        document.body.append(made);
        made.showModal();
    });
}
