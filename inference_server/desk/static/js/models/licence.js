/** The licence of a model is shown once, before its first use. */
import {answered} from "../dialog.js";
import {h} from "../dom.js";
import {post} from "../server.js";
import {WORDS} from "../words.js";

const SAID = WORDS.models;

/**
 * Whether the model may be used: its licence was read before, or is read now.
 * @param {import("./models.js").Card} card
 * @param {string[]} agreed the models whose licence was read, as /api/models lists them; this one is added
 * @returns {Promise<boolean>}
 */
export async function mayUse(card, agreed) {
    if (agreed.includes(card.name)) {
        return true;
    }
    const body = [
        h("p", {}, SAID.agree(card.title)),
        h("p", {class: "note"}, card.licence),
        card.credit ? h("p", {class: "dim"}, `${SAID.credit}: ${card.credit}`) : null,
        card.data ? h("p", {class: "dim"}, `${SAID.data}: ${card.data}`) : null,
    ];
    if ((await answered(SAID.agreeTitle, body, SAID.agreed)) === null) {
        return false;
    }
    await post(`/api/models/${encodeURIComponent(card.name)}/agree`, {licence: card.licence});
    agreed.push(card.name);
    return true;
}
