/** What a shot says itself where no pass does: its frames, its size and its sound. */
import {fill, h, say} from "../dom.js";
import {WORDS} from "../words.js";
import {field, number, text} from "./fields.js";

const SAID = WORDS.walk;
const MOST_SIDE = 16384; // pixels

/**
 * @param {import("./shot.js").Source} source
 * @param {(what: "read") => void} changed
 * @param {(files: FileList) => void} chosen files for the walk
 */
export function aloneFields(source, changed, chosen) {
    const {shot} = source;
    const element = h("div", {class: "fields"});
    const length = h("button", {type: "button", hidden: true});
    const files = h("input", {type: "file", class: "said", tabindex: "-1", accept: "audio/*,video/*,.npz", "aria-label": SAID.chooseSound, onchange: () => files.files?.length && chosen(files.files)});

    /** @param {"first" | "last"} name */
    const frame = (name) => named(number(shot[name], {min: -999999, max: 999999, whole: true}, (value) => {
        shot[name] = value;
        changed("read");
    }), SAID[name]);

    /** Both or neither. @param {"width" | "height"} name */
    const side = (name) => h("input", {type: "number", min: 1, max: MOST_SIDE, step: 1, value: shot[name] ?? null, placeholder: SAID.ownSize, "aria-label": SAID[name], "data-side": name, onchange: () => {
        const [width, height] = [...element.querySelectorAll("[data-side]")].map((one) => /** @type {HTMLInputElement} */ (one).valueAsNumber);
        const one = Number.isFinite(width) ? width : height;
        delete shot.width;
        delete shot.height;
        if (Number.isFinite(one)) {
            Object.assign(shot, {width: one, height: Number.isFinite(width) && Number.isFinite(height) ? height : one});
        }
        changed("read");
        draw();
    }});

    function draw() {
        fill(element,
            group(SAID.frames, frame("first"), frame("last")),
            group(SAID.size, side("width"), side("height")),
            field(SAID.sound, text(shot.audio ?? "", (given) => {
                delete shot.audio;
                Object.assign(shot, given ? {audio: given} : {});
                changed("read");
            }, {placeholder: SAID.soundHint}), WORDS.paint.audioHelp),
            h("div", {class: "row wrap"}, source.dropped && h("button", {type: "button", onclick: () => files.click()}, SAID.chooseSound), length), files);
    }

    draw();
    return {
        element,
        draw,
        /** @param {number | null} frames that the sound lasts */
        lasts: (frames) => {
            const last = shot.first + (frames ?? 0) - 1;
            length.hidden = frames === null || shot.last === last;
            say(length, SAID.asLong(frames ?? 0));
            length.onclick = () => {
                shot.last = last;
                draw();
                changed("read");
            };
        },
    };
}

/** @param {string} label @param {...HTMLElement} controls */
function group(label, ...controls) {
    return h("div", {class: "field", role: "group", "aria-label": label}, h("span", {class: "dim"}, label), h("div", {class: "row"}, ...controls));
}

/** @param {HTMLElement} control @param {string} name */
function named(control, name) {
    control.setAttribute("aria-label", name);
    return control;
}
