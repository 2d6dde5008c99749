/**
 * What can be put on the two sides of the stage: the reels of a look, its other takes, and what was opened beside it.
 *
 * @typedef {{name: string, kind: string, title: string}} Reel
 * @typedef {{at: string, title: string, differs: string[]}} Take
 * @typedef {{at: string, title: string, folder: string, job: string, size: [number, number] | null, aspect: number,
 *     fps: [number, number], first: number, last: number, reels: Reel[], labelled: boolean, takes: Take[],
 *     movie: string | null, sounds: boolean, notes: string[]}} Look
 * @typedef {{key: string, at: string, reel: string, kind: string, group: string, title: string, words: string}} Choice
 */
import {fill, h} from "../dom.js";
import {WORDS} from "../words.js";

const SAID = WORDS.look;
const ORDER = ["painting", "layer", "under", "labels", "beauty", "picture", "matte"];
const PAINTING = "painting";

/** @param {Look} look @param {Take[]} opened @returns {Choice[]} */
export function choices(look, opened) {
    const many = (/** @type {string} */ kind) => look.reels.filter((reel) => reel.kind === kind).length > 1;
    const own = [...look.reels]
        .sort((a, b) => ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind))
        .map((reel) => choice(look.at, reel.name, reel.kind, look.title, reel.title && (many(reel.kind) || reel.kind === "matte") ? `${SAID.kinds[reel.kind]}: ${reel.title}` : SAID.kinds[reel.kind], ""));
    const takes = look.takes.map((take) => choice(take.at, PAINTING, "take", SAID.takes, take.title, take.differs.join(", ")));
    const others = opened.map((take) => choice(take.at, PAINTING, "take", SAID.opened, take.title, ""));
    return [...own, ...takes, ...others];
}

/** @param {string} at @param {string} reel @param {string} kind @param {string} group @param {string} title @param {string} words @returns {Choice} */
function choice(at, reel, kind, group, title, words) {
    return {key: `${at} ${reel}`, at, reel, kind, group, title, words};
}

/** What is shown first at the second side. @param {Choice[]} all @returns {Choice} */
export function second(all) {
    return ["labels", "beauty", "picture", "under", "take"].map((kind) => all.slice(1).find((one) => one.kind === kind)).find(Boolean) ?? all[0];
}

/** @param {HTMLSelectElement} select @param {Choice[]} all @param {string} chosen */
export function fillSelect(select, all, chosen) {
    const groups = [...new Set(all.map((one) => one.group))];
    fill(select, ...groups.map((group) => h("optgroup", {label: group}, ...all.filter((one) => one.group === group)
        .map((one) => h("option", {value: one.key, title: one.words}, one.words ? `${one.title} (${one.words})` : one.title)))));
    select.value = chosen;
}

/** The paintings of a contact sheet: of this look, its takes and what was opened. @param {Choice[]} all @param {Look} look @returns {Choice[]} */
export function looks(all, look) {
    return all
        .filter((one) => one.kind === "painting" || one.kind === "take")
        .map((one) => (one.at === look.at ? {...one, title: look.title, words: SAID.thisOne} : one));
}
