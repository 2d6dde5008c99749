/**
 * The picture of the bench: the pass as it is read, refused pixels marked, and what was tried of it, one over the other.
 *
 * @typedef {import("../look/pictures.js").Picture} Picture
 * @typedef {import("../look/stage.js").Mode} Mode
 */
import {h, say} from "../dom.js";
import {Stage} from "../look/stage.js";
import {WORDS} from "../words.js";

const SAID = WORDS.paint;
const LATE = 500; // milliseconds without a picture after which the page says that it comes
const MODES = /** @type {[Mode, string][]} */ ([["a", "a"], ["b", "b"], ["wipe", "w"], ["side", "s"]]);

export class View {
    /** @param {{frame: (frame: number) => void, pointed: (u: number, v: number) => void, tryIt: () => void, stop: () => void}} does @param {[number, number]} frames @param {string[]} layers @param {boolean} passes whether there are some to be seen */
    constructor(does, frames, layers, passes) {
        /** @type {import("../look/stage.js").Side[]} */
        this.sides = [{picture: null, words: ""}, {picture: null, words: SAID.notTried}];
        this.asked = [0, 0];
        this.stage = new Stage({moved: () => {}, zoomed: () => this.tellZoom()});
        this.modes = MODES.map(([name, key]) => h("button", {type: "button", "data-mode": name, "aria-pressed": "false", title: `${SAID.modes[name]} (${key})`, onclick: () => this.setMode(name)}, SAID.modes[name]));
        this.zoomed = h("span", {class: "dim zoom"});
        this.number = h("input", {type: "number", class: "number", step: 1, "aria-label": WORDS.look.frame, onchange: () => does.frame(Math.round(this.number.valueAsNumber))});
        this.slide = h("input", {type: "range", class: "grow", step: 1, "aria-label": SAID.slide, oninput: () => say(this.button, SAID.tryIt(this.slide.valueAsNumber)), onchange: () => does.frame(this.slide.valueAsNumber)});
        this.button = h("button", {type: "button", class: "main", title: `${SAID.tryHint} (t)`, onclick: does.tryIt});
        this.stopping = h("button", {type: "button", hidden: true, onclick: does.stop}, WORDS.look.pause);
        this.caption = h("p", {class: "caption", role: "status", hidden: true});
        this.layers = h("select", {"aria-label": SAID.layerShown, hidden: layers.length < 2, onchange: () => does.frame(this.slide.valueAsNumber)},
            h("option", {value: ""}, SAID.allLayers), ...layers.map((name) => h("option", {value: name}, name)));
        this.element = h("div", {class: "view", role: "region", "aria-label": SAID.picture},
            h("div", {class: "bar-of row"}, h("div", {class: "group", role: "group", "aria-label": WORDS.look.compare, hidden: !passes}, ...this.modes), this.layers, h("span", {class: "grow"}),
                h("div", {class: "group", role: "group", "aria-label": WORDS.look.zoom},
                    this.tool("−", WORDS.look.zoomOut, () => this.stage.step(-1)), this.zoomed, this.tool("+", WORDS.look.zoomIn, () => this.stage.step(1)),
                    this.tool("1:1", WORDS.look.whole, () => this.stage.setZoom(1)), this.tool(WORDS.look.fit, WORDS.look.fit, () => this.stage.setFit()))),
            h("div", {class: "middle"}, this.stage.element),
            this.caption,
            h("div", {class: "bar-of row"}, this.slide, this.number, this.stopping, this.button));
        this.stage.element.setAttribute("aria-label", SAID.stage);
        let down = [0, 0];
        this.stage.element.addEventListener("pointerdown", (event) => (down = [event.clientX, event.clientY]));
        this.stage.element.addEventListener("click", (event) => {
            const point = this.stage.pointAt(event.clientX, event.clientY);
            if (point && Math.hypot(event.clientX - down[0], event.clientY - down[1]) < 4) {
                does.pointed(point.u, point.v);
            }
        });
        this.setFrames(frames);
        this.setMode(passes ? "a" : "b");
    }

    /** @param {[number, number]} frames first and last */
    setFrames([first, last]) {
        this.slide.min = String(first);
        this.slide.max = String(last);
        this.slide.hidden = first === last;
    }

    /** @param {string} words @param {string} name @param {() => void} does */
    tool(words, name, does) {
        return h("button", {type: "button", "aria-label": name, title: name, onclick: does}, words);
    }

    tellZoom() {
        say(this.zoomed, `${Math.round(this.stage.scale * 100)} %`);
    }

    /** @param {Mode} mode */
    setMode(mode) {
        this.stage.setMode(mode);
        this.modes.forEach((one) => one.setAttribute("aria-pressed", String(one.dataset.mode === mode)));
        this.tellZoom();
    }

    /** @param {number} frame */
    setFrame(frame) {
        this.slide.value = this.number.value = String(frame);
        say(this.button, SAID.tryIt(frame));
    }

    /** @param {boolean} yes whether a frame is being tried */
    setTrying(yes) {
        this.stopping.hidden = !yes;
        this.button.disabled = yes;
    }

    /** @param {0 | 1} side @param {string} words instead of a picture, or while none is there yet */
    words(side, words) {
        this.asked[side]++;
        this.sides[side] = {picture: words ? null : this.sides[side].picture, words};
        this.draw();
    }

    /**
     * Show a picture on a side.
     * @param {0 | 1} side @param {string} address @param {(answer: Response) => void} [came]
     */
    async show(side, address, came) {
        const mine = ++this.asked[side];
        const late = window.setTimeout(() => {
            if (mine === this.asked[side]) {
                this.sides[side] = {...this.sides[side], words: WORDS.loading};
                this.draw();
            }
        }, LATE);
        const answer = await fetch(address).catch(() => null);
        const words = answer?.ok ? "" : ((await answer?.json().catch(() => null))?.error?.words ?? WORDS.deskGone);
        const bitmap = answer?.ok ? await createImageBitmap(await answer.blob(), {colorSpaceConversion: "none"}).catch(() => null) : null;
        window.clearTimeout(late);
        if (mine !== this.asked[side]) {
            bitmap?.close();
            return;
        }
        if (!answer || !bitmap) {
            this.sides[side] = {picture: null, words: words || WORDS.look.unreadable};
        } else {
            const [width, height] = (answer.headers.get("X-Size") ?? "").split("x").map(Number);
            this.sides[side].picture?.bitmap?.close();
            this.sides[side] = {words: "", picture: {state: "there", bitmap, width: width || bitmap.width, height: height || bitmap.height, words: "", lacking: false, stop: new AbortController(), frame: 0}};
            came?.(answer);
        }
        this.draw();
    }

    draw() {
        const {stage} = this;
        stage.element.dataset.shown = this.sides.map((side) => (side.picture ? "x" : "-")).join("");
        stage.show(this.sides[0], this.sides[1], [SAID.modes.a, SAID.modes.b]);
        this.tellZoom();
    }

    leave() {
        this.asked = [-1, -1];
        this.stage.leave();
        this.sides.forEach((side) => side.picture?.bitmap?.close());
    }
}
