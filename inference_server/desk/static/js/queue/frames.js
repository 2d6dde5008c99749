/** The frames of a layer: a map of all, and a strip of small pictures that appear as frames land. */
import {attribute, h, picture, say} from "../dom.js";
import {WORDS} from "../words.js";

const CELL = 132; // pixels of a picture of the strip
const BEYOND = 3;
const BLOCK = 12; // frames, as in shared/blocks.py
const MAP_HEIGHT = 10;
const LETTERS = /** @type {Record<string, string>} */ ({painted: "p", kept: "k", copied: "c", failed: "f"});
const FINISHED = "pkc";
const COLOURS = /** @type {Record<string, string>} */ ({p: "--done", k: "--done", c: "--done", f: "--failed", r: "--going", w: "--sunken", x: "--waiting"});
const SAID = WORDS.job;

export class Frames {
    /** @param {string} job @param {string} layer @param {number[]} frames @param {string} states a letter for each */
    constructor(job, layer, frames, states) {
        this.job = job;
        this.layer = layer;
        this.frames = frames;
        this.states = [...states];
        this.places = new Map(frames.map((frame, index) => [frame, index]));
        this.chosen = 0;
        this.following = this.states.some((state) => "wr".includes(state));
        this.due = 0;
        /** @type {HTMLElement[]} */
        this.cells = [];
        this.counted = h("span", {class: "dim"});
        this.follow = h("button", {type: "button", class: "quiet", "aria-pressed": String(this.following), onclick: () => this.setFollowing(!this.following)}, SAID.follow);
        this.map = h("canvas", {class: "map", height: MAP_HEIGHT, role: "img", onclick: (/** @type {MouseEvent} */ event) => this.jump(event)});
        this.inner = h("div", {class: "inner", role: "presentation"});
        this.inner.style.width = `${frames.length * CELL}px`;
        this.strip = h("div", {class: "strip", role: "listbox", tabindex: "0", "aria-orientation": "horizontal", "aria-label": SAID.map(layer),
            onscroll: () => this.draw(), onkeydown: (/** @type {KeyboardEvent} */ event) => this.key(event),
            onclick: (/** @type {MouseEvent} */ event) => this.click(event), onwheel: () => this.setFollowing(false)}, this.inner);
        this.element = h("section", {class: "layer", "aria-label": SAID.map(layer)},
            h("div", {class: "row"}, h("h2", {class: "grow cut"}, layer), this.counted, this.follow), this.map, this.strip);
        this.watched = new ResizeObserver(() => this.draw());
        this.watched.observe(this.strip);
        this.count();
        this.draw();
    }

    /** @param {number} index */
    finished(index) {
        return FINISHED.includes(this.states[index]);
    }

    /** A frame is there now, or cannot be. @param {number} frame @param {string} state */
    landed(frame, state) {
        const index = this.places.get(frame);
        if (index === undefined) {
            return;
        }
        this.states[index] = LETTERS[state] ?? this.states[index];
        if (this.following && index * CELL > this.strip.scrollLeft + this.strip.clientWidth - CELL) {
            this.strip.scrollLeft = (index + 1) * CELL - this.strip.clientWidth;
        }
        this.draw();
    }

    /** A farm's run of blocks has another state. @param {[number, number]} blocks its first and last @param {string | undefined} letter */
    run([first, last], letter) {
        this.frames.forEach((frame, index) => {
            const block = Math.floor((frame - 1) / BLOCK);
            if (letter && block >= first && block <= last) {
                this.states[index] = letter;
            }
        });
        this.draw();
    }

    /** @param {boolean} on */
    setFollowing(on) {
        this.following = on;
        this.follow.setAttribute("aria-pressed", String(on));
        if (on) {
            const last = this.states.findLastIndex((state) => FINISHED.includes(state));
            this.strip.scrollLeft = (last + 1) * CELL - this.strip.clientWidth;
        }
    }

    draw() {
        this.due ||= requestAnimationFrame(() => {
            this.due = 0;
            this.drawStrip();
            this.drawMap();
            this.count();
        });
    }

    drawStrip() {
        const first = Math.max(0, Math.floor(this.strip.scrollLeft / CELL) - BEYOND);
        const last = Math.min(this.frames.length, first + Math.ceil(this.strip.clientWidth / CELL) + 2 * BEYOND);
        while (this.cells.length < last - first) {
            const cell = h("div", {role: "option", class: "frame"}, h("img", {alt: "", decoding: "async", hidden: true}), h("span", {}));
            this.cells.push(cell);
            this.inner.append(cell);
        }
        const used = new Set();
        for (let index = first; index < last; index++) {
            const cell = this.cells[index % this.cells.length];
            used.add(cell);
            this.showCell(cell, index);
        }
        for (const cell of this.cells) {
            if (!used.has(cell)) {
                cell.hidden = true;
                cell.removeAttribute("id");
            }
        }
        const active = this.cells.find((cell) => !cell.hidden && Number(cell.dataset.index) === this.chosen);
        attribute(this.strip, "aria-activedescendant", active?.id);
    }

    /** @param {HTMLElement} cell @param {number} index */
    showCell(cell, index) {
        const frame = this.frames[index];
        const state = this.states[index];
        cell.hidden = false;
        cell.id = `frame-${this.layer}-${frame}`;
        cell.style.transform = `translateX(${index * CELL}px)`;
        cell.dataset.index = String(index);
        cell.dataset.state = state;
        const [image] = cell.getElementsByTagName("img");
        const source = this.finished(index) ? `/api/jobs/${this.job}/thumb/${encodeURIComponent(this.layer)}/${frame}?side=192` : "";
        picture(image, source);
        say(/** @type {HTMLElement} */ (cell.querySelector("span")), String(frame));
        attribute(cell, "aria-label", SAID.frame(frame, SAID.letters[state]));
        attribute(cell, "aria-setsize", this.frames.length);
        attribute(cell, "aria-posinset", index + 1);
        attribute(cell, "aria-selected", index === this.chosen ? "true" : "false");
    }

    drawMap() {
        const wide = Math.max(1, Math.round(this.map.clientWidth * devicePixelRatio));
        if (this.map.width !== wide) {
            this.map.width = wide;
        }
        const paper = this.map.getContext("2d");
        const style = getComputedStyle(document.documentElement);
        const number = this.frames.length;
        if (paper) {
            const colours = Object.fromEntries(Object.entries(COLOURS).map(([state, name]) => [state, style.getPropertyValue(name)]));
            paper.clearRect(0, 0, wide, MAP_HEIGHT);
            let from = 0;
            // Runs of one state at once; what failed is drawn last and never thinner than a pixel.
            for (let index = 1; index <= number; index++) {
                if (index === number || this.states[index] !== this.states[from]) {
                    paper.fillStyle = colours[this.states[from]];
                    paper.fillRect((from * wide) / number, 0, ((index - from) * wide) / number, MAP_HEIGHT);
                    from = index;
                }
            }
            paper.fillStyle = colours.f;
            this.states.forEach((state, index) => state === "f" && paper.fillRect((index * wide) / number, 0, Math.max(2, wide / number), MAP_HEIGHT));
        }
    }

    /** What the map shows, in words: there from the first moment, for whoever hears the page. */
    count() {
        const counts = {finished: 0, running: 0, waiting: 0, failed: 0, cancelled: 0};
        for (const state of this.states) {
            counts[FINISHED.includes(state) ? "finished" : state === "f" ? "failed" : state === "r" ? "running" : state === "x" ? "cancelled" : "waiting"]++;
        }
        const text = SAID.mapSays(counts);
        say(this.counted, text);
        attribute(this.map, "aria-label", text);
    }

    /** @param {number} index */
    choose(index) {
        this.chosen = Math.max(0, Math.min(this.frames.length - 1, index));
        const from = this.chosen * CELL;
        if (from < this.strip.scrollLeft) {
            this.strip.scrollLeft = from;
        } else if (from + CELL > this.strip.scrollLeft + this.strip.clientWidth) {
            this.strip.scrollLeft = from + CELL - this.strip.clientWidth;
        }
        this.setFollowing(false);
        this.draw();
    }

    /** @param {KeyboardEvent} event */
    key(event) {
        const steps = /** @type {Record<string, number>} */ ({ArrowRight: 1, ArrowLeft: -1, PageDown: 10, PageUp: -10, Home: -Infinity, End: Infinity});
        const step = steps[event.key];
        if (step !== undefined && !event.altKey) {
            event.preventDefault();
            this.choose(this.chosen + step);
        }
    }

    /** @param {MouseEvent} event */
    click(event) {
        const cell = /** @type {HTMLElement} */ (event.target).closest("[role=option]");
        if (cell instanceof HTMLElement) {
            this.choose(Number(cell.dataset.index));
        }
    }

    /** @param {MouseEvent} event */
    jump(event) {
        const box = this.map.getBoundingClientRect();
        this.choose(Math.floor(((event.clientX - box.left) / box.width) * this.frames.length));
    }

    leave() {
        cancelAnimationFrame(this.due);
        this.watched.disconnect();
    }
}
