/** On what ground somebody's face is changed, for models whose card says that they do. Into the shot when it is whole. */
import {fill, h} from "../dom.js";
import {WORDS} from "../words.js";
import {choice, field, text} from "./fields.js";

const SAID = WORDS.consent;
/** What each ground needs said beside it. @type {Record<string, ("who" | "purpose" | "reference")[]>} */
const NEEDS = {
    "own-likeness": ["who", "purpose"],
    "written-release": ["who", "purpose", "reference"],
    "synthetic-or-fictional": [],
    "public-domain-archive": ["who", "purpose"],
};

/**
 * @typedef {{basis: string, who?: string, purpose?: string, reference?: string}} Consent
 * @param {import("./shot.js").Shot} shot
 * @param {() => void} changed the shot was, in place
 */
export function consentFields(shot, changed) {
    /** @type {Consent} */
    const said = {basis: "", ...shot.layers.find((layer) => layer.consent)?.consent};
    const element = h("fieldset", {class: "fields"});

    function keep() {
        const whole = said.basis && NEEDS[said.basis].every((name) => said[name]);
        for (const layer of shot.layers) {
            delete layer.consent;
            Object.assign(layer, whole ? {consent: Object.fromEntries(Object.entries(said).filter(([, value]) => value))} : {});
        }
        changed();
    }

    function draw() {
        fill(element, h("legend", {class: "dim"}, SAID.title),
            field(SAID.basis, choice([["", SAID.none], ...Object.entries(SAID.bases)], said.basis, (basis) => {
                said.basis = basis;
                draw();
                keep();
            }), SAID.help),
            ...(NEEDS[said.basis] ?? []).map((name) => field(SAID[name], text(said[name] ?? "", (given) => {
                said[name] = given;
                keep();
            }, {maxlength: "500"}))));
    }

    draw();
    return element;
}
