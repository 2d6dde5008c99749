/** The models: a gallery of what there is, with what each takes and makes, its licence and its samples. */
import {fill, h, say} from "../dom.js";
import {keys} from "../keys.js";
import {fact} from "../queue/machine.js";
import {get, words} from "../server.js";
import {WORDS} from "../words.js";

const SAID = WORDS.models;

/**
 * @typedef {{name: string, kind: string, default: unknown, title?: string, choices?: string[], min?: number | null,
 *     max?: number | null, help?: string}} Option
 * @typedef {{name: string, title: string, family: string, description?: string, licence: string, credit?: string,
 *     data?: string, hash: string, inputs: Record<string, any>, makes?: {kind?: string, alpha?: boolean},
 *     size: {width: number, height: number, fit: string}, options: Option[]}} Card
 * @typedef {{models: Card[], broken: Record<string, string>, default: string, agreed: string[], own: string[]}} Listed
 */

/** @param {HTMLElement} place @param {string[]} path @returns {import("../parts.js").Shown} */
export function show(place, path) {
    const search = h("input", {type: "search", class: "grow", "aria-label": SAID.find, placeholder: WORDS.queue.findShort, oninput: list});
    const gallery = h("div", {class: "gallery"});
    const broken = h("div", {});
    const status = h("p", {class: "dim", role: "status"}, WORDS.loading);
    fill(place, h("h1", {class: "said"}, SAID.title), h("div", {class: "tools"}, search), status, gallery, broken);
    /** @type {Listed | null} */
    let listed = null;

    function list() {
        const word = search.value.trim().toLowerCase();
        const found = (listed?.models ?? []).filter((card) => `${card.name} ${card.title} ${card.description}`.toLowerCase().includes(word));
        fill(gallery, ...found.map((card) => tile(card)));
    }

    async function read() {
        try {
            listed = /** @type {Listed} */ (await get("/api/models"));
            say(status, "");
            list();
            fill(broken, ...Object.entries(listed.broken).map(([name, why]) => h("p", {class: "note bad"}, `${name}: ${why}`)));
        } catch (error) {
            say(status, words(error));
        }
    }

    const forget = keys([{keys: ["/"], words: WORDS.keysOf.find, group: SAID.title, does: () => search.focus()}]);
    search.value = path[0] ?? "";
    read();
    return {leave: forget};
}

/** @param {Card} card */
function tile(card) {
    const title = `model-${card.name}`;
    return h(
        "article",
        {class: "model", "aria-labelledby": title},
        h("h2", {id: title}, card.title),
        card.description && h("p", {}, card.description),
        h("dl", {class: "facts"},
            ...fact(SAID.takes, takes(card)),
            ...fact(SAID.makes, card.makes?.alpha ? SAID.alpha : SAID.kind[card.makes?.kind ?? "pictures"]),
            ...fact(SAID.size, `${card.size.width} × ${card.size.height}, ${SAID.fit[card.size.fit] ?? card.size.fit}`),
            ...fact(SAID.classes, card.inputs.labels ? String(card.inputs.labels.trained.length) : ""),
            ...fact(SAID.licence, card.licence),
            ...fact(SAID.credit, card.credit ?? ""),
            ...fact(SAID.family, card.family)),
    );
}

/** @param {Card} card */
function takes(card) {
    return Object.entries(card.inputs)
        .filter(([, about]) => about)
        .map(([name, about]) => (name === "labels" ? `${name} (${about.label_set.name})` : about.needed ? name : `${name} (${SAID.ifThere})`))
        .join(", ");
}
