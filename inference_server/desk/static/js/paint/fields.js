/** Fields with their names: of a number, a text, a choice, yes or no. Each tells when it was changed. */
import {fill, h} from "../dom.js";

/** @param {string} label @param {HTMLElement} control @param {string} [help] */
export function field(label, control, help = "") {
    return h("label", {class: "field", title: help || null}, h("span", {class: "dim"}, label), control);
}

/** @param {[string, string][]} choices value and words @param {string} value @param {(value: string) => void} changed */
export function choice(choices, value, changed) {
    const made = h("select", {onchange: () => changed(made.value)}, ...choices.map(([name, words]) => h("option", {value: name}, words)));
    made.value = value;
    return made;
}

/** @param {string} value @param {(value: string) => void} changed @param {Record<string, any>} [more] */
export function text(value, changed, more = {}) {
    return h("input", {type: "text", value, spellcheck: "false", autocomplete: "off", onchange: (/** @type {Event} */ event) => changed(/** @type {HTMLInputElement} */ (event.target).value.trim()), ...more});
}

/**
 * A control for an option of a card; what this page does not know stays at its default.
 * @param {import("../models/models.js").Option} option @param {unknown} value @param {(value: unknown) => void} changed
 */
export function ofOption(option, value, changed) {
    const help = option.help ?? "";
    const title = option.title || option.name;
    if (option.kind === "choice") {
        return field(title, choice((option.choices ?? []).map((one) => [one, one]), String(value), changed), help);
    }
    if (option.kind === "boolean") {
        const made = h("input", {type: "checkbox", checked: value === true, onchange: () => changed(made.checked)});
        return h("label", {class: "field check", title: help || null}, h("span", {class: "dim"}, title), made);
    }
    if (option.kind === "integer" || option.kind === "number") {
        return field(title, number(Number(value), {min: option.min ?? undefined, max: option.max ?? undefined, whole: option.kind === "integer"}, changed), help);
    }
    return field(title, h("output", {}, String(value)), help);
}

/**
 * A number within its bounds: what is beyond them becomes the bound, what is none stays as it was.
 * @param {number} value @param {{min?: number, max?: number, whole: boolean}} bounds @param {(value: number) => void} changed
 */
export function number(value, {min, max, whole}, changed) {
    let now = value;
    const made = h("input", {type: "number", value, min: min ?? null, max: max ?? null, step: whole ? 1 : "any", onchange: () => {
        const wish = made.valueAsNumber;
        if (Number.isFinite(wish)) {
            now = Math.max(min ?? -Infinity, Math.min(max ?? Infinity, whole ? Math.round(wish) : wish));
            changed(now);
        }
        made.value = String(now);
    }});
    return made;
}

/** One list of classes for all fields that name one. @param {string} id @param {import("./colours.js").Label[]} classes */
export function names(id, classes) {
    const made = h("datalist", {id});
    fill(made, ...classes.map((one) => h("option", {value: one.name}, one.aliases.join(", "))));
    return made;
}
