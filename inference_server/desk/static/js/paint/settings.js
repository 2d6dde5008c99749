/**
 * What the shot is painted with: the model from its card with its options, and how the passes are read.
 *
 * @typedef {import("./shot.js").Shot} Shot
 * @typedef {import("../models/models.js").Card} Card
 * @typedef {import("../models/models.js").Listed} Listed
 * @typedef {"read" | "paint"} What changed: what the passes are, or only what is made of them
 */
import {fill, h} from "../dom.js";
import {get} from "../server.js";
import {WORDS} from "../words.js";
import {consentFields} from "./consent.js";
import {choice, field, number, ofOption, text} from "./fields.js";
import {labelSetOf, passOf, setEverywhere, setModel, setOption, setPass, setRead} from "./shot.js";
import {granted, wished} from "./wish.js";

const SAID = WORDS.paint;
const HOLDS = ["off", "gentle", "strong"];
const SCALES = ["", "fine", "medium", "coarse"];
const MOST_SEED = 2 ** 32 - 1;
// A layer names these as files; what is made otherwise, such as a walk, has controls of its own beside them.
const FILES = ["reference", "picture", "normal", "depth", "motion", "instance", "shading", "beauty"];
const READING = /** @type {[string, string[] | null][]} */ ([
    ["mode", ["strict", "nearest"]],
    ["encoding", ["", "colour", "ids", "cryptomatte"]],
    ["palette_png", ["", "index", "colour"]],
    ["palette", null],
    ["exr_layer", null],
    ["crypto", null],
    ["uncovered", null],
]);

/**
 * @param {import("./shot.js").Source} source
 * @param {Listed} listed
 * @param {(what: What) => void} changed the shot was, in place
 * @param {(kind: string) => void} as what the pictures are was decided anew
 * @param {HTMLElement | null} own what the shot says itself, as no pass does
 */
export function settings(source, listed, changed, as, own) {
    const {shot} = source;
    /** @type {Record<string, string>} */
    let lacking = {};
    const models = h("div", {class: "cards", role: "radiogroup", "aria-label": SAID.model});
    const options = h("div", {class: "fields"});
    const about = h("p", {class: "dim"});
    const face = h("div", {});
    const passes = h("div", {class: "fields"});
    const sets = h("select", {onchange: () => (setEverywhere(shot, "label_set", sets.value), changed("read"))});
    const labelled = shot.layers.some((layer) => layer.labels);

    let decided = Boolean(shot.model); // by somebody, or before
    const chosen = () => listed.models.find((card) => card.name === (shot.model || listed.default));

    /** How many of the inputs that the shot has a model uses. @param {Card | undefined} card */
    const uses = (card) => Object.keys(card?.inputs ?? {}).filter((kind) => (kind === "audio" ? shot.audio : shot.layers.some((layer) => kind in layer))).length;

    /** @param {Card} card */
    function choose(card) {
        const before = shot.options ?? {};
        const names = new Set(card.options.map((option) => option.name));
        setModel(shot, card.name, Object.fromEntries(Object.entries(before).filter(([name]) => names.has(name))));
        tell();
        changed("paint");
    }

    function tellModels() {
        const usable = listed.models.filter((card) => !lacking[card.name]);
        const others = listed.models.filter((card) => lacking[card.name]);
        fill(models, ...[...usable, ...others].map((card) => one(card)),
            ...Object.entries(listed.broken).map(([name, why]) => h("p", {class: "card off", title: why}, h("b", {}, name), h("span", {class: "dim"}, SAID.broken))));
    }

    /** @param {Card} card */
    function one(card) {
        const why = lacking[card.name] ?? "";
        const set = card.inputs.labels?.label_set.name;
        const words = why || (labelled && set && set !== labelSetOf(shot) ? SAID.classesOf(set) : "");
        return h("label", {class: why ? "card off" : "card", title: card.description ?? null},
            h("input", {type: "radio", name: "model", value: card.name, disabled: Boolean(why), checked: card === chosen(), onchange: () => {
                decided = true;
                choose(card);
            }}),
            h("span", {class: "grow"}, h("b", {}, card.title), words && h("span", {class: "dim"}, words)));
    }

    function tellOptions() {
        const card = chosen();
        fill(about, card ? `${card.description ?? ""} ${SAID.licence(card.licence)}` : "");
        const values = shot.options ?? {};
        fill(face, card?.makes?.likeness && consentFields(shot, () => changed("read")));
        fill(options, ...(card?.options ?? []).map((option) =>
            ofOption(option, values[option.name] ?? option.default, (value) => {
                setOption(shot, option.name, value === option.default ? undefined : value);
                changed("paint");
            })),
        source.kind !== "shot" && field(SAID.fps, text(String(shot.fps), (given) => {
            shot.fps = given;
            changed("paint");
        }, {inputmode: "decimal"}), SAID.fpsHelp),
        field(SAID.seed, number(shot.seed ?? 0, {min: 0, max: MOST_SEED, whole: true}, (value) => (setEverywhere(shot, "seed", value), changed("paint"))), SAID.seedHelp),
        labelled && field(SAID.hold, choice(HOLDS.map((name) => [name, SAID.holds[name]]), shot.hold ?? "off", (value) => (setEverywhere(shot, "hold", value), changed("paint"))), SAID.holdHelp),
        !own && field(SAID.scale, choice(SCALES.map((name) => [name, SAID.scales[name]]), shot.scale ?? "", (value) => {
            delete shot.scale;
            Object.assign(shot, value ? {scale: value} : {});
            changed("paint");
        }), SAID.scaleHelp));
    }

    function tellPasses() {
        const takes = chosen()?.inputs ?? {};
        const kinds = FILES.filter((kind) => kind !== "picture" || labelled);
        fill(passes,
            ...kinds.map((kind) => {
                const value = passOf(shot, kind);
                const label = kind in takes ? `${SAID.inputs[kind]} (${takes[kind].needed ? WORDS.models.needed : WORDS.models.ifThere})` : SAID.inputs[kind];
                return field(label, text(value ?? "", (given) => (setPass(shot, kind, given), changed("read")), {placeholder: value === null ? SAID.differs : kind === "reference" ? SAID.file : SAID.pattern}));
            }),
            field(SAID.inputs.audio, text(shot.audio ?? "", (given) => {
                delete shot.audio;
                Object.assign(shot, given ? {audio: given} : {});
                changed("paint");
            }, {placeholder: SAID.file}), SAID.audioHelp));
    }

    const reading = h("div", {class: "fields"});

    function tellReading() {
        const read = shot.layers[0].read ?? {};
        fill(reading, ...READING.map(([name, choices]) => {
            const value = String(read[name] ?? (choices ? choices[0] : ""));
            const set = (/** @type {string} */ given) => (setRead(shot, name, choices && given === choices[0] ? "" : given), changed("read"));
            return field(SAID.read[name], choices ? choice(choices.map((each) => [each, SAID.readAs[each] ?? each]), value, set) : text(value, set, name === "uncovered" ? {list: "classes"} : {}), SAID.readHelp[name]);
        }));
    }

    async function tellSets() {
        const known = /** @type {{sets: {name: string, title: string}[]}} */ (await get("/api/label-sets")).sets;
        const now = labelSetOf(shot);
        const all = known.some((each) => each.name === now) ? known : [...known, {name: now, title: now}];
        fill(sets, ...all.map((each) => h("option", {value: each.name}, each.title)));
        sets.value = now;
    }

    function tell() {
        tellModels();
        tellOptions();
        tellPasses();
    }

    const kinds = source.kind === "shot" || own ? null : h("fieldset", {class: "kinds"}, h("legend", {class: "dim"}, SAID.what),
        ...["labels", "picture"].map((kind) => h("label", {}, h("input", {type: "radio", name: "kind", value: kind, checked: source.kind === kind, onchange: () => as(kind)}), SAID.kinds[kind])));
    const element = h("div", {class: "settings", role: "region", "aria-label": SAID.settings, tabindex: "0"},
        h("h1", {class: "cut", title: source.base}, source.title),
        h("p", {class: "dim path", title: source.base}, h("bdi", {}, source.kind === "walk" ? WORDS.walk.alone : source.dropped ? SAID.droppedHere : source.base)),
        kinds,
        labelled && h("div", {class: "row"}, h("div", {class: "grow"}, field(SAID.labelSet, sets)), h("a", {href: `#/paint/colours/${encodeURIComponent(labelSetOf(shot))}`, title: SAID.colours}, SAID.swatches)),
        h("h2", {}, SAID.model), models, about, face, own, options,
        !own && h("details", {}, h("summary", {}, SAID.further), passes),
        labelled && h("details", {}, h("summary", {}, SAID.reading), reading));
    if (labelled) {
        tellSets();
        tellReading();
    }
    tell();
    return {
        element,
        card: chosen,
        /** As a remedy says it. @param {string} name of an option of the command line @param {string} value */
        readWith: (name, value) => {
            if (name === "label-set") {
                setEverywhere(shot, "label_set", value);
                tellSets();
            } else {
                setRead(shot, name.replace("-", "_"), value);
                tellReading();
            }
            changed("read");
        },
        /**
         * What each model lacks of this shot. One that was wished for is chosen where it can be used; where nobody chose,
         * the one that uses most of what is there, the default where others do not use more; never one that changes a face.
         * @param {Record<string, string>} now
         */
        lacks: (now) => {
            lacking = now;
            const wish = listed.models.find((card) => card.name === wished() && !now[card.name]);
            granted();
            decided ||= Boolean(wish);
            const best = wish ?? (decided ? undefined : listed.models.filter((card) => !now[card.name] && !card.makes?.likeness).sort((a, b) => uses(b) - uses(a))[0]);
            if (best && best !== chosen() && (wish || now[chosen()?.name ?? ""] || uses(best) > uses(chosen()))) {
                choose(best);
                return;
            }
            tellModels();
        },
    };
}
