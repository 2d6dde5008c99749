/**
 * The controls of the viewer: above the stage what is shown, below it what plays; and the keys of all of it.
 *
 * @typedef {import("./stage.js").Mode} Mode
 * @typedef {{choose: (key: string, side: number) => void, setMode: (mode: Mode) => void, swap: () => void,
 *     showSheet: () => void, askOther: () => void, openFolder: () => void, go: (frame: number) => void,
 *     jump: (text: string) => void, play: (direction: number) => void, first: () => void, last: () => void,
 *     by: (frames: number) => void, loop: () => void, every: () => void}} Does
 * @typedef {{choose: (by: number) => void, setMode: (mode: Mode) => void, swap: () => void, showSheet: () => void,
 *     askOther: () => void, setPlaying: (direction: number) => void, toggle: () => void, by: (frames: number) => void,
 *     first: () => void, last: () => void, jump: () => void, from: () => void, to: () => void, all: () => void,
 *     loop: () => void, every: () => void, mute: () => void}} Hands
 */
import {h} from "../dom.js";
import {WORDS} from "../words.js";

const SAID = WORDS.look;
const MODES = /** @type {[Mode, string][]} */ ([["a", "a"], ["b", "b"], ["wipe", "w"], ["side", "s"], ["difference", "d"]]);
const PAN = 64; // pixels of the screen

/** @param {import("./choices.js").Look} look @param {import("./stage.js").Stage} stage @param {Does} does */
export function controls(look, stage, does) {
    const selects = [0, 1].map((side) => {
        let pointed = false;
        return h("select", {"aria-label": SAID.sides[side], title: SAID.sides[side], onpointerdown: () => (pointed = true), onkeydown: () => (pointed = false),
            onchange: (/** @type {Event} */ event) => {
                does.choose(/** @type {HTMLSelectElement} */ (event.target).value, side);
                if (pointed) {
                    stage.element.focus(); // arrows step frames again
                }
            }});
    });
    const modes = MODES.map(([name, key]) => button(SAID.modes[name], key, () => does.setMode(name), {"aria-pressed": "false", "data-mode": name}));
    const zoomed = h("span", {class: "dim zoom", "aria-live": "off"});
    const movie = h("a", {class: "button", download: "", hidden: true, title: SAID.movieHint}, SAID.movie);
    const files = h("button", {type: "button", title: look.folder, onclick: does.openFolder}, SAID.folder);
    const tools = h("div", {class: "tools", role: "toolbar", "aria-label": SAID.tools},
        h("a", {href: "#/look", class: "button quiet", "aria-label": SAID.other, title: SAID.other}, "←"),
        h("h1", {class: "cut", title: look.folder}, look.title),
        selects[0], h("div", {class: "group", role: "group", "aria-label": SAID.compare}, ...modes), selects[1],
        button(SAID.swap, "x", does.swap, {class: "quiet", "aria-label": SAID.swapWords}),
        h("span", {class: "grow"}),
        h("div", {class: "group", role: "group", "aria-label": SAID.zoom},
            button("−", "-", () => stage.step(-1), {"aria-label": SAID.zoomOut}), zoomed, button("+", "+", () => stage.step(1), {"aria-label": SAID.zoomIn}),
            button("1:1", "0", () => stage.setZoom(1), {"aria-label": SAID.whole}), button(SAID.fit, "f", () => stage.setFit(), {})),
        button(SAID.sheet, "c", does.showSheet, {}), button(SAID.open, "o", does.askOther, {"aria-label": SAID.openOther}), movie, files);

    const play = button("", " ", () => does.play(1), {class: "main play"});
    const number = h("input", {type: "text", inputmode: "numeric", class: "number", "aria-label": SAID.frame, onchange: () => does.jump(number.value), onkeydown: (/** @type {KeyboardEvent} */ event) => event.key === "Enter" && stage.element.focus()});
    const looping = button(SAID.loop, "r", () => does.loop(), {"aria-pressed": "true"});
    const everyFrame = button(SAID.every, "e", () => does.every(), {"aria-pressed": "false", class: "every", title: SAID.everyHint});
    const rate = h("span", {class: "rate", role: "status", "aria-live": "off"});
    const range = h("span", {class: "dim range"});
    const transport = h("div", {class: "transport", role: "toolbar", "aria-label": SAID.transport},
        button("|◀", "Home", () => does.first(), {"aria-label": SAID.toFirst, class: "wide"}), button("◀", "ArrowLeft", () => does.by(-1), {"aria-label": SAID.before}), play,
        button("▶", "ArrowRight", () => does.by(1), {"aria-label": SAID.after}), button("▶|", "End", () => does.last(), {"aria-label": SAID.toLast, class: "wide"}),
        number, range, looping, everyFrame, rate);
    return {tools, transport, selects, modes, zoomed, movie, play, number, looping, everyFrame, rate, range};
}

/** @param {string} text @param {string} key @param {() => void} does @param {Record<string, any>} more */
function button(text, key, does, more) {
    const named = more["aria-label"] ?? more.title ?? text;
    return h("button", {type: "button", onclick: does, title: `${named} (${key === " " ? SAID.space : key})`, ...more}, text);
}

/** @param {import("./stage.js").Stage} stage @param {Hands} does @returns {import("../keys.js").Key[]} */
export function hands(stage, does) {
    const pan = (/** @type {number} */ x, /** @type {number} */ y) => () => stage.pan(x * PAN, y * PAN);
    const group = WORDS.parts.look;
    const of = SAID.keys;
    return [
        {keys: [" ", "k"], words: of.play, group, does: () => does.toggle()},
        {keys: ["l"], words: of.forwards, group, does: () => does.setPlaying(1)},
        {keys: ["j"], words: of.backwards, group, does: () => does.setPlaying(-1)},
        {keys: ["ArrowLeft"], words: SAID.before, group, does: () => does.by(-1)},
        {keys: ["ArrowRight"], words: SAID.after, group, does: () => does.by(1)},
        {keys: ["PageUp"], words: of.tenBack, group, does: () => does.by(-10)},
        {keys: ["PageDown"], words: of.tenOn, group, does: () => does.by(10)},
        {keys: ["Home"], words: SAID.toFirst, group, does: () => does.first()},
        {keys: ["End"], words: SAID.toLast, group, does: () => does.last()},
        {keys: ["g"], words: of.jump, group, does: () => does.jump()},
        {keys: ["i"], words: of.from, group, does: () => does.from()},
        {keys: ["u"], words: of.to, group, does: () => does.to()},
        {keys: ["y"], words: of.all, group, does: () => does.all()},
        {keys: ["r"], words: SAID.loop, group, does: () => does.loop()},
        {keys: ["e"], words: SAID.everyHint, group, does: () => does.every()},
        {keys: ["m"], words: SAID.soundHint, group, does: () => does.mute()},
        ...MODES.map(([name, key]) => ({keys: [key], words: SAID.modeWords[name], group, does: () => does.setMode(name)})),
        {keys: ["x"], words: SAID.swapWords, group, does: does.swap},
        {keys: ["ArrowDown"], words: of.next, group, does: () => does.choose(1)},
        {keys: ["ArrowUp"], words: of.previous, group, does: () => does.choose(-1)},
        {keys: [","], words: of.wipeLeft, group, does: () => stage.setWipe(stage.at - 0.02)},
        {keys: ["."], words: of.wipeRight, group, does: () => stage.setWipe(stage.at + 0.02)},
        {keys: ["+", "="], words: SAID.zoomIn, group, does: () => stage.step(1)},
        {keys: ["-"], words: SAID.zoomOut, group, does: () => stage.step(-1)},
        {keys: ["0"], words: SAID.whole, group, does: () => stage.setZoom(1)},
        {keys: ["f"], words: of.fit, group, does: () => stage.setFit()},
        {keys: ["Shift+ArrowLeft"], words: of.pan, group, does: pan(1, 0)},
        {keys: ["Shift+ArrowRight"], words: of.pan, group, does: pan(-1, 0)},
        {keys: ["Shift+ArrowUp"], words: of.pan, group, does: pan(0, 1)},
        {keys: ["Shift+ArrowDown"], words: of.pan, group, does: pan(0, -1)},
        {keys: ["p"], words: of.point, group, does: () => stage.setMiddle(!stage.middle)},
        {keys: ["c"], words: SAID.sheet, group, does: does.showSheet},
        {keys: ["o"], words: SAID.openOther, group, does: does.askOther},
    ];
}
