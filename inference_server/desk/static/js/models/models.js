/** The models: a gallery of what there is, with what each takes and makes, its licence and its samples. */
import {answered} from "../dialog.js";
import {fill, h, say} from "../dom.js";
import {keys} from "../keys.js";
import {wish} from "../paint/wish.js";
import {fact} from "../queue/machine.js";
import {get, post, words} from "../server.js";
import {toast} from "../toast.js";
import {WORDS} from "../words.js";

const SAID = WORDS.models;

/**
 * @typedef {{name: string, kind: string, default: unknown, title?: string, choices?: string[], min?: number | null,
 *     max?: number | null, help?: string}} Option
 * @typedef {{name: string, title: string, family: string, description?: string, licence: string, credit?: string,
 *     data?: string, hash: string, inputs: Record<string, any>, makes?: {kind?: string, alpha?: boolean, likeness?: boolean},
 *     size: {width: number, height: number, fit: string}, options: Option[]}} Card
 * @typedef {{models: Card[], broken: Record<string, string>, default: string, agreed: string[], own: string[],
 *     sampled: string[], bytes: Record<string, number>}} Listed
 * agreed: whose licence was read; own: that the user added; sampled: of which there is a picture of samples.
 */

/** @param {HTMLElement} place @param {string[]} path @returns {import("../parts.js").Shown} */
export function show(place, path) {
    const search = h("input", {type: "search", class: "grow", "aria-label": SAID.find, placeholder: WORDS.queue.findShort, oninput: list});
    const gallery = h("div", {class: "gallery"});
    const broken = h("div", {});
    const status = h("p", {class: "dim", role: "status"}, WORDS.loading);
    fill(
        place,
        h("h1", {class: "said"}, SAID.title),
        h("div", {class: "tools"}, search, h("button", {type: "button", onclick: add}, SAID.add)),
        status,
        gallery,
        broken,
    );
    /** @type {Listed | null} */
    let listed = null;

    function list() {
        const word = search.value.trim().toLowerCase();
        const fits = (/** @type {Card} */ card) => `${card.name} ${card.title} ${card.description ?? ""}`.toLowerCase().includes(word);
        const known = listed;
        fill(gallery, ...(known ? known.models.filter(fits).map((card) => tile(card, known, remove)) : []));
    }

    async function read() {
        try {
            listed = /** @type {Listed} */ (await get("/api/models"));
            say(status, "");
            list();
            fill(broken, ...Object.entries(listed.broken).map(([name, why]) => h("p", {class: "note bad"}, `${SAID.broken}: ${why}`, h("span", {class: "said"}, name))));
        } catch (error) {
            say(status, words(error));
        }
    }

    async function add() {
        const field = (/** @type {string} */ name, /** @type {string} */ label, hint = "", more = {}) =>
            h("label", {}, label, h("input", {name, ...more}), hint && h("span", {class: "dim"}, hint));
        const body = [
            h("p", {class: "dim"}, SAID.addHint),
            field("path", SAID.path, "", {required: true}),
            field("name", SAID.name, SAID.nameHint),
            field("label-set", SAID.labelSet, SAID.labelSetHint),
            field("detector", SAID.detector, SAID.detectorHint),
            field("lift", SAID.lift, SAID.liftHint),
            field("licence", SAID.licence),
        ];
        const given = await answered(SAID.addTitle, body, SAID.addTitle);
        if (given) {
            say(status, SAID.adding);
            try {
                const card = await post("/api/models", given);
                toast(SAID.added(card.title), {kind: "good"});
            } catch (error) {
                toast(words(error), {kind: "bad"});
            }
            await read();
        }
    }

    /** @param {Card} card */
    async function remove(card) {
        await post(`/api/models/${encodeURIComponent(card.name)}/remove`);
        toast(SAID.removed(card.title), {undo: () => restore(card)});
        await read();
    }

    /** @param {Card} card */
    async function restore(card) {
        await post(`/api/models/${encodeURIComponent(card.name)}/restore`);
        toast(SAID.restored(card.title), {kind: "good"});
        await read();
    }

    const forget = keys([{keys: ["/"], words: WORDS.keysOf.find, group: SAID.title, does: () => search.focus()}]);
    search.value = path[0] ?? "";
    read();
    return {leave: forget};
}

/** @param {Card} card @param {Listed} listed @param {(card: Card) => void} remove */
function tile(card, listed, remove) {
    const title = `model-${card.name}`;
    const own = listed.own.includes(card.name);
    return h(
        "article",
        {class: "model", "aria-labelledby": title},
        h("div", {class: "row"}, h("h2", {id: title, class: "grow"}, card.title),
            own ? h("button", {type: "button", "aria-label": `${SAID.remove}: ${card.title}`, onclick: () => remove(card)}, SAID.remove)
                : h("span", {class: "dim"}, SAID.ships)),
        samples(card, listed.sampled.includes(card.name)),
        card.description && h("p", {}, card.description),
        h("div", {}, h("a", {class: "button", href: "#/paint", "aria-label": `${SAID.paintWith}: ${card.title}`, onclick: () => wish(card.name)}, SAID.paintWith)),
        h("dl", {class: "facts"},
            ...fact(SAID.takes, takes(card)),
            ...fact(SAID.makes, card.makes?.alpha ? SAID.alpha : SAID.kind[card.makes?.kind ?? "pictures"]),
            ...fact(SAID.size, `${card.size.width} × ${card.size.height}, ${SAID.fit[card.size.fit] ?? card.size.fit}`),
            ...fact(SAID.classes, card.inputs.labels ? SAID.learnt(card.inputs.labels.trained.length) : ""),
            ...fact(SAID.options, card.options.map((option) => `${option.title || option.name}${option.choices?.length ? ` (${option.choices.join(", ")})` : ""}`).join("; ")),
            ...fact(SAID.licence, `${card.licence}${listed.agreed.includes(card.name) ? ` (${SAID.agreedAlready})` : ""}`),
            ...fact(SAID.credit, card.credit ?? ""),
            ...fact(SAID.data, card.data ?? ""),
            ...fact(SAID.family, card.family),
            ...fact(SAID.weights, listed.bytes[card.name] ? WORDS.bytes(listed.bytes[card.name]) : "")),
    );
}

/** @param {Card} card @param {boolean} there */
function samples(card, there) {
    const place = h("div", {class: "sample", tabindex: "0", role: "group", "aria-label": SAID.sampleOf(card.title)});
    const path = `/api/models/${encodeURIComponent(card.name)}/sample`;
    const picture = () => fill(place, h("img", {src: `${path}?of=${encodeURIComponent(card.hash)}`, alt: SAID.sampleOf(card.title), onload: wide}));
    // A row of looks is scrolled, not made small.
    const wide = (/** @type {Event} */ event) => {
        const image = /** @type {HTMLImageElement} */ (event.target);
        place.classList.toggle("wide", image.naturalWidth > 4 * image.naturalHeight);
    };
    async function paint() {
        fill(place, h("p", {role: "status"}, SAID.painting));
        try {
            await post(`${path}s`);
            picture();
        } catch (error) {
            fill(place, h("p", {role: "status"}, `${SAID.noSample}. ${words(error)}`));
        }
    }
    if (there) {
        picture();
    } else if (card.inputs.labels) {
        fill(place, h("button", {type: "button", "aria-label": `${SAID.paintSamples}: ${card.title}`, onclick: paint}, SAID.paintSamples));
    } else {
        return null;
    }
    return place;
}

/** @param {Card} card */
function takes(card) {
    return Object.entries(card.inputs)
        .filter(([, about]) => about)
        .map(([name, about]) => (name === "labels" ? `${name} (${about.label_set.name})` : about.needed ? name : `${name} (${SAID.ifThere})`))
        .join(", ");
}
