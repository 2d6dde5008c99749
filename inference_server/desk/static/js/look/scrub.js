/** The time line: which frames there are, which are in memory, the range that is played, and the frame that is shown. */
import {attribute, h} from "../dom.js";
import {WORDS} from "../words.js";

const SAID = WORDS.look;
const COLOURS = /** @type {Record<string, string>} */ ({p: "--done", k: "--done", c: "--done", f: "--failed", r: "--going", w: "--sunken", x: "--waiting", "-": "--panel"});
const HIGH = 28; // pixels of the page
const STRIP = 5;
const LEAST_APART = 70; // pixels between two numbers

/** @typedef {{first: number, last: number, frame: number, from: number, to: number, letters: string, kept: Set<number>}} Line */

export class Scrub {
    /** @param {(frame: number) => void} go */
    constructor(go) {
        /** @type {Line} */
        this.line = {first: 1, last: 1, frame: 1, from: 1, to: 1, letters: "", kept: new Set()};
        this.canvas = h("canvas", {"aria-hidden": "true"});
        this.element = h("div", {class: "scrub", role: "slider", tabindex: "0", "aria-label": SAID.scrub}, this.canvas);
        let held = false;
        const at = (/** @type {PointerEvent} */ event) => {
            const box = this.element.getBoundingClientRect();
            const {first, last} = this.line;
            const part = Math.max(0, Math.min(0.999999, (event.clientX - box.left) / box.width));
            go(first + Math.floor(part * (last - first + 1)));
        };
        this.element.addEventListener("pointerdown", (event) => {
            held = true;
            this.element.setPointerCapture(event.pointerId);
            at(event);
        });
        this.element.addEventListener("pointermove", (event) => held && at(event));
        this.element.addEventListener("pointerup", () => (held = false));
        this.element.addEventListener("pointercancel", () => (held = false));
        this.watched = new ResizeObserver(() => this.draw());
        this.watched.observe(this.element);
        this.due = 0;
    }

    /** @param {Line} line */
    set(line) {
        this.line = line;
        const {first, last, frame, letters} = line;
        attribute(this.element, "aria-valuemin", first);
        attribute(this.element, "aria-valuemax", last);
        attribute(this.element, "aria-valuenow", frame);
        attribute(this.element, "aria-valuetext", WORDS.job.frame(frame, WORDS.look.letters[letters[frame - first] ?? "p"]));
        this.draw();
    }

    draw() {
        this.due ||= requestAnimationFrame(() => {
            this.due = 0;
            this.drawNow();
        });
    }

    drawNow() {
        const ratio = devicePixelRatio;
        const wide = Math.max(1, Math.round(this.element.clientWidth * ratio));
        const high = Math.round(HIGH * ratio);
        if (this.canvas.width !== wide || this.canvas.height !== high) {
            this.canvas.width = wide;
            this.canvas.height = high;
        }
        const paper = this.canvas.getContext("2d");
        if (!paper) {
            return;
        }
        const style = getComputedStyle(document.documentElement);
        const colour = (/** @type {string} */ name) => style.getPropertyValue(name);
        const {first, last, frame, from, to, letters, kept} = this.line;
        const number = last - first + 1;
        const x = (/** @type {number} */ one) => ((one - first) * wide) / number;
        paper.clearRect(0, 0, wide, high);
        paper.fillStyle = colour("--sunken");
        paper.fillRect(0, 0, wide, high);
        paper.fillStyle = colour("--raised");
        paper.fillRect(x(from), 0, x(to + 1) - x(from), high);
        const strip = STRIP * ratio;
        let run = 0;
        for (let index = 1; index <= letters.length; index++) {
            if (index === letters.length || letters[index] !== letters[run]) {
                paper.fillStyle = colour(COLOURS[letters[run]] ?? "--sunken");
                paper.fillRect(x(first + run), high - strip, x(first + index) - x(first + run), strip);
                run = index;
            }
        }
        paper.fillStyle = colour("--accent");
        for (const one of kept) {
            paper.fillRect(x(one), high - strip - 2 * ratio, Math.max(1, wide / number), ratio);
        }
        this.numbers(paper, wide, ratio, colour("--dim"));
        paper.fillStyle = colour("--accent");
        const broad = Math.max(2 * ratio, wide / number);
        paper.globalAlpha = 0.35;
        paper.fillRect(x(frame), 0, broad, high);
        paper.globalAlpha = 1;
        paper.fillRect(x(frame) + broad / 2 - ratio, 0, 2 * ratio, high);
    }

    /** @param {CanvasRenderingContext2D} paper @param {number} wide @param {number} ratio @param {string} colour */
    numbers(paper, wide, ratio, colour) {
        const {first, last} = this.line;
        const number = last - first + 1;
        const apart = (number * LEAST_APART * ratio) / wide;
        const step = [1, 2, 4, 5, 8, 10, 12, 24, 25, 48, 50, 100, 200, 250, 500, 1000, 2000, 5000, 10000, 50000].find((one) => one >= apart) ?? number;
        paper.fillStyle = colour;
        paper.font = `${11 * ratio}px system-ui, sans-serif`;
        paper.textBaseline = "middle";
        for (let one = Math.ceil(first / step) * step; one <= last; one += step) {
            const at = ((one - first) * wide) / number;
            paper.fillRect(at, 0, ratio, 5 * ratio);
            paper.fillText(String(one), at + 4 * ratio, 12 * ratio);
        }
    }

    leave() {
        cancelAnimationFrame(this.due);
        this.watched.disconnect();
    }
}
