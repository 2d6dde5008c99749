/**
 * Which colour is which class: the label sets as swatches that are searched, a press copies the colour.
 *
 * @typedef {{id: number, name: string, aliases: string[], annotated: boolean, colours: Record<string, [number, number, number]>}} Label
 * @typedef {{name: string, title: string, palettes: string[], classes: Label[], notes: string[]}} LabelSet
 */
import {fill, h, say} from "../dom.js";
import {keys} from "../keys.js";
import {get, words} from "../server.js";
import {toast} from "../toast.js";
import {WORDS} from "../words.js";
import {LABEL_SET} from "./shot.js";

const SAID = WORDS.paint;

/** @type {Map<string, Promise<LabelSet>>} */
const known = new Map();

/** @param {string} name @returns {Promise<LabelSet>} */
export function labelSet(name) {
    const there = known.get(name) ?? get(`/api/label-sets/${encodeURIComponent(name)}`);
    known.set(name, there);
    there.catch(() => known.delete(name));
    return there;
}

/** @param {readonly number[]} rgb */
export const hex = (rgb) => `#${rgb.map((value) => value.toString(16).padStart(2, "0")).join("").toUpperCase()}`;

/** @param {readonly number[] | undefined} rgb */
export function swatch(rgb) {
    const made = h("i", {class: "swatch", "aria-hidden": "true"});
    made.style.background = rgb ? `rgb(${rgb.join(" ")})` : "none";
    return made;
}

/** @param {HTMLElement} place @param {string} wanted @returns {() => void} leave */
export function showColours(place, wanted) {
    const sets = h("select", {"aria-label": SAID.labelSet, onchange: () => (location.hash = `#/paint/colours/${encodeURIComponent(sets.value)}`)});
    const palettes = h("select", {"aria-label": SAID.palette, onchange: list});
    const search = h("input", {type: "search", class: "grow", "aria-label": SAID.findClass, placeholder: WORDS.queue.findShort, oninput: list});
    const status = h("p", {class: "dim", role: "status"}, WORDS.loading);
    const notes = h("details", {hidden: true});
    const found = h("div", {class: "swatches"});
    fill(place, h("div", {class: "from wide"},
        h("div", {class: "row"}, h("a", {class: "button quiet", href: "#/paint", "aria-label": SAID.other}, "←"), h("h1", {}, SAID.colours)),
        h("div", {class: "row wrap"}, sets, palettes, search),
        status, notes, found));
    /** @type {LabelSet | null} */
    let shown = null;

    function list() {
        if (!shown) {
            return;
        }
        const word = search.value.trim().toLowerCase();
        const fits = shown.classes.filter((one) => `${one.id} ${one.name} ${one.aliases.join(" ")} ${hex(one.colours[palettes.value])}`.toLowerCase().includes(word));
        say(status, fits.length ? SAID.copyHint(fits.length) : SAID.noClass);
        fill(found, ...fits.map((one) => {
            const code = hex(one.colours[palettes.value]);
            return h("button", {type: "button", class: "class", title: one.aliases.join(", ") || null, onclick: () => copy(code, one.name)},
                swatch(one.colours[palettes.value]), h("span", {class: "grow"}, h("b", {}, one.name), !one.annotated && h("span", {class: "dim"}, ` ${SAID.never}`), one.aliases.length > 0 && h("span", {class: "dim cut"}, one.aliases.join(", "))),
                h("span", {class: "dim"}, String(one.id)), h("code", {}, code));
        }));
    }

    async function read() {
        try {
            const listed = /** @type {{sets: {name: string, title: string, classes: number}[]}} */ (await get("/api/label-sets"));
            const name = wanted || LABEL_SET;
            fill(sets, ...listed.sets.map((one) => h("option", {value: one.name}, `${one.title} (${one.classes})`)));
            sets.value = name;
            shown = await labelSet(name);
            fill(palettes, ...shown.palettes.map((one) => h("option", {value: one}, one)));
            palettes.hidden = shown.palettes.length < 2;
            notes.hidden = !shown.notes.length;
            fill(notes, h("summary", {}, SAID.alike(shown.notes.length)), h("ul", {}, ...shown.notes.map((one) => h("li", {}, one))));
            list();
        } catch (error) {
            say(status, words(error));
        }
    }

    const forget = keys([{keys: ["/"], words: WORDS.keysOf.find, group: WORDS.parts.paint, does: () => search.focus()}]);
    read();
    search.focus();
    return forget;
}

/** @param {string} code @param {string} name */
async function copy(code, name) {
    await navigator.clipboard.writeText(code);
    toast(SAID.copied(code, name), {kind: "good"});
}
