/**
 * Where pictures are looked at: one, two beside one another, a wipe between them, or what differs. Zoom is in pixels of
 * the screen for one of the picture: at 1 and beyond every pixel is a square, nothing is smoothed.
 *
 * @typedef {import("./pictures.js").Picture} Picture
 * @typedef {"a" | "b" | "wipe" | "side" | "difference"} Mode
 * @typedef {{picture: Picture | null, words: string}} Side
 */
import {h, say} from "../dom.js";
import {WORDS} from "../words.js";

const SAID = WORDS.look;
const MOST_ZOOM = 64;
const STEP = 1.25;
const SLACK = 3; // pixels that a pointer may move and have clicked

export class Stage {
    /** @param {{moved: (point: {u: number, v: number, side: number} | null) => void, zoomed: () => void}} told */
    constructor(told) {
        this.told = told;
        /** @type {Mode} */
        this.mode = "a";
        /** @type {Side[]} */
        this.sides = [{picture: null, words: ""}, {picture: null, words: ""}];
        this.aspect = 1;
        this.size = [16, 9];
        this.fit = true;
        this.zoom = 1;
        this.centre = [0.5, 0.5]; // of the view, 0..1 of the picture
        this.at = 0.5; // of the wipe
        this.due = 0;
        this.middle = false; // the class is that in the middle of the view
        /** @type {{u: number, v: number, side: number} | null} */
        this.point = null;
        this.canvas = h("canvas", {"aria-hidden": "true"});
        this.line = h("div", {class: "wipe", role: "slider", tabindex: "0", "aria-label": SAID.wipeAt, "aria-valuemin": 0, "aria-valuemax": 100,
            onkeydown: (/** @type {KeyboardEvent} */ event) => this.lineKey(event)}, h("i"));
        this.cross = h("div", {class: "cross", "aria-hidden": "true"});
        this.words = h("p", {class: "words", role: "status"});
        this.names = [h("span", {class: "tag left"}), h("span", {class: "tag right"})];
        this.element = h("div", {class: "stage", tabindex: "0", role: "group", "aria-label": SAID.stage}, this.canvas, this.line, this.cross, this.words, ...this.names);
        this.pointers();
        this.watched = new ResizeObserver(() => this.draw());
        this.watched.observe(this.element);
    }

    /** @param {Side} a @param {Side} b @param {string[]} names */
    show(a, b, names) {
        this.sides = [a, b];
        const first = a.picture ?? b.picture;
        if (first?.bitmap) {
            this.size = [first.width * this.aspect, first.height];
        }
        names.forEach((name, index) => say(this.names[index], name));
        this.draw();
    }

    /** @param {Mode} mode */
    setMode(mode) {
        this.mode = mode;
        this.draw();
    }

    get two() {
        return this.mode === "wipe" || this.mode === "side" || this.mode === "difference";
    }

    /** Pixels of the screen for one of the picture. */
    get scale() {
        if (!this.fit) {
            return this.zoom;
        }
        const [wide, high] = this.pane();
        return Math.min(wide / this.size[0], high / this.size[1]);
    }

    /** Pixels of the screen of one view. */
    pane() {
        const {clientWidth, clientHeight} = this.element;
        const wide = this.mode === "side" ? clientWidth / 2 : clientWidth;
        return [Math.max(1, wide * devicePixelRatio), Math.max(1, clientHeight * devicePixelRatio)];
    }

    setFit() {
        this.fit = true;
        this.centre = [0.5, 0.5];
        this.moved();
    }

    /** @param {number} zoom @param {number} [x] pixels of the page, what stays where it is @param {number} [y] */
    setZoom(zoom, x, y) {
        const [wide, high] = this.pane();
        const before = this.scale;
        const next = Math.max(Math.min(wide / this.size[0], high / this.size[1], 1) / 4, Math.min(MOST_ZOOM, zoom));
        if (x !== undefined && y !== undefined) {
            const offset = this.offset(x, y);
            this.centre = [0, 1].map((axis) => this.centre[axis] + (offset[axis] / this.size[axis]) * (1 / before - 1 / next));
        }
        this.fit = false;
        this.zoom = next;
        this.moved();
    }

    /** @param {number} by steps */
    step(by) {
        this.setZoom(this.scale * STEP ** by);
    }

    /** @param {number} x pixels of the screen @param {number} y */
    pan(x, y) {
        const scale = this.scale;
        this.zoom = scale;
        this.fit = false;
        this.centre = [this.centre[0] - x / scale / this.size[0], this.centre[1] - y / scale / this.size[1]];
        this.moved();
    }

    moved() {
        this.centre = this.centre.map((value) => Math.max(0, Math.min(1, value)));
        this.told.zoomed();
        if (this.middle) {
            this.tellMiddle();
        }
        this.draw();
    }

    /** @param {boolean} yes whether the class is told of what is in the middle of the view */
    setMiddle(yes) {
        this.middle = yes;
        if (yes) {
            this.tellMiddle();
        } else {
            this.tell(null);
        }
        this.draw();
    }

    tellMiddle() {
        const [u, v] = this.centre;
        this.tell({u: Math.min(u, 0.999999), v: Math.min(v, 0.999999), side: this.mode === "b" ? 1 : 0});
    }

    /** @param {{u: number, v: number, side: number} | null} point */
    tell(point) {
        this.point = point;
        this.told.moved(point);
    }

    /** From the middle of the view that a point of the page is in. @param {number} x @param {number} y */
    offset(x, y) {
        const box = this.element.getBoundingClientRect();
        const [wide, high] = this.pane();
        const left = (x - box.left) * devicePixelRatio;
        const second = this.mode === "side" && left >= wide;
        return [left - (second ? wide : 0) - wide / 2, (y - box.top) * devicePixelRatio - high / 2, second ? 1 : 0];
    }

    /** @param {number} x pixels of the page @param {number} y @returns {{u: number, v: number, side: number} | null} */
    pointAt(x, y) {
        const [dx, dy, second] = this.offset(x, y);
        const scale = this.scale;
        const u = this.centre[0] + dx / scale / this.size[0];
        const v = this.centre[1] + dy / scale / this.size[1];
        const box = this.element.getBoundingClientRect();
        const right = this.mode === "b" || second === 1 || (this.mode === "wipe" && (x - box.left) / box.width > this.at);
        return u >= 0 && u < 1 && v >= 0 && v < 1 ? {u, v, side: right ? 1 : 0} : null;
    }

    draw() {
        this.due ||= requestAnimationFrame(() => {
            this.due = 0;
            this.drawNow();
        });
    }

    drawNow() {
        const {canvas} = this;
        const wide = Math.round(this.element.clientWidth * devicePixelRatio);
        const high = Math.round(this.element.clientHeight * devicePixelRatio);
        if (canvas.width !== wide || canvas.height !== high) {
            canvas.width = wide;
            canvas.height = high;
        }
        const paper = canvas.getContext("2d");
        if (!paper) {
            return;
        }
        paper.clearRect(0, 0, wide, high);
        const half = this.mode === "side" ? wide / 2 : wide;
        if (this.mode !== "b") {
            this.place(paper, 0, 0, 0, half, this.mode === "wipe" ? wide * this.at : half);
        }
        if (this.mode === "side") {
            this.place(paper, 1, half, half, half, wide);
        } else if (this.mode !== "a") {
            paper.globalCompositeOperation = this.mode === "difference" ? "difference" : "source-over";
            this.place(paper, 1, 0, this.mode === "wipe" ? wide * this.at : 0, wide, wide);
            paper.globalCompositeOperation = "source-over";
        }
        this.line.hidden = this.mode !== "wipe";
        this.line.style.left = `${this.at * 100}%`;
        this.line.setAttribute("aria-valuenow", String(Math.round(this.at * 100)));
        this.cross.hidden = !this.middle;
        this.cross.style.left = this.mode === "side" ? "25%" : "50%";
        this.names[0].hidden = this.mode === "b";
        this.names[1].hidden = this.mode === "a";
        const lacking = this.sides.filter((side, index) => side.words && (index === 0 ? this.mode !== "b" : this.mode !== "a"));
        say(this.words, lacking.map((side) => side.words).join("\n"));
        this.words.hidden = !lacking.length;
    }

    /** @param {CanvasRenderingContext2D} paper @param {number} index @param {number} left of the view @param {number} from what is seen of it @param {number} wide of the view @param {number} to */
    place(paper, index, left, from, wide, to) {
        const bitmap = this.sides[index].picture?.bitmap;
        const scale = this.scale;
        const [w, t] = [this.size[0] * scale, this.size[1] * scale];
        const x = left + wide / 2 - this.centre[0] * w;
        const y = this.canvas.height / 2 - this.centre[1] * t;
        paper.save();
        paper.beginPath();
        paper.rect(from, 0, to - from, this.canvas.height);
        paper.clip();
        if (paper.globalCompositeOperation === "source-over") {
            paper.fillStyle = "#000";
            paper.fillRect(x, y, w, t);
        }
        if (bitmap) {
            paper.imageSmoothingEnabled = scale < 1;
            paper.imageSmoothingQuality = "high";
            paper.drawImage(bitmap, x, y, w, t);
        }
        paper.restore();
    }

    /** @param {number} at 0..1 */
    setWipe(at) {
        this.at = Math.max(0, Math.min(1, at));
        this.draw();
    }

    /** @param {KeyboardEvent} event */
    lineKey(event) {
        const steps = /** @type {Record<string, number>} */ ({ArrowLeft: -0.01, ArrowRight: 0.01, PageUp: -0.1, PageDown: 0.1, Home: -1, End: 1});
        if (event.key in steps) {
            event.preventDefault();
            this.setWipe(this.at + steps[event.key]);
        }
    }

    pointers() {
        const {element} = this;
        /** @type {Map<number, PointerEvent>} */
        const down = new Map();
        let wiping = false;
        let dragging = false;
        element.addEventListener("pointerdown", (event) => {
            dragging = false;
            down.set(event.pointerId, event);
            wiping = this.mode === "wipe" && this.line.contains(/** @type {Node} */ (event.target));
            element.setPointerCapture(event.pointerId);
            this.middle = false;
        });
        element.addEventListener("pointermove", (event) => {
            const before = down.get(event.pointerId);
            this.middle = false;
            this.tell(this.pointAt(event.clientX, event.clientY));
            if (!before) {
                return;
            }
            const box = element.getBoundingClientRect();
            if (wiping) {
                this.setWipe((event.clientX - box.left) / box.width);
            } else if (down.size === 2) {
                const [other] = [...down.values()].filter((one) => one.pointerId !== event.pointerId);
                const apart = (/** @type {PointerEvent} */ one) => Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY);
                this.setZoom((this.scale * apart(event)) / Math.max(1, apart(before)), (event.clientX + other.clientX) / 2, (event.clientY + other.clientY) / 2);
            } else if (dragging || Math.hypot(event.clientX - before.clientX, event.clientY - before.clientY) > SLACK) {
                dragging = true;
                this.pan((event.clientX - before.clientX) * devicePixelRatio, (event.clientY - before.clientY) * devicePixelRatio);
            }
            if (wiping || dragging || down.size === 2) {
                down.set(event.pointerId, event);
            }
        });
        const up = (/** @type {PointerEvent} */ event) => {
            down.delete(event.pointerId);
            wiping = false;
        };
        element.addEventListener("pointerup", up);
        element.addEventListener("pointercancel", up);
        element.addEventListener("pointerleave", () => !this.middle && this.tell(null));
        element.addEventListener("dblclick", () => (this.fit ? this.setZoom(1) : this.setFit()));
        element.addEventListener("wheel", (event) => {
            event.preventDefault();
            this.setZoom(this.scale * STEP ** (event.deltaY < 0 ? 1 : -1), event.clientX, event.clientY);
        }, {passive: false});
    }

    leave() {
        cancelAnimationFrame(this.due);
        this.watched.disconnect();
    }
}
