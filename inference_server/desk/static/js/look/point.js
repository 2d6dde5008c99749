/** What is under the pointer: the pixel, its colour, and the class that the labels have there, by name. */
import {fill, h} from "../dom.js";
import {get, words} from "../server.js";
import {WORDS} from "../words.js";

const SAID = WORDS.look;

/** @typedef {{u: number, v: number, side: number} | null} Point */
/** @typedef {{layer: string, id: number, name: string, rgb: [number, number, number]}} Class */

export class UnderPointer {
    constructor() {
        this.pixel = h("span", {class: "pixel"});
        this.label = h("span", {class: "class", role: "status"});
        this.element = h("div", {class: "under row"}, this.label, this.pixel);
        this.paper = new OffscreenCanvas(1, 1).getContext("2d", {willReadFrequently: true});
        this.busy = false;
        /** @type {string | null} */
        this.next = null;
        this.shown = "";
    }

    /** @param {Point} point @param {import("./pictures.js").Picture | null} picture @param {string} address where the class is asked for; "" = nobody knows it */
    show(point, picture, address) {
        if (!point || !picture?.bitmap?.width) {
            this.next = this.shown = "";
            fill(this.pixel, point ? "" : SAID.pointHint);
            fill(this.label);
            return;
        }
        const {bitmap, width, height} = picture;
        const [x, y] = [Math.floor(point.u * width), Math.floor(point.v * height)];
        const paper = this.paper;
        if (paper) {
            paper.clearRect(0, 0, 1, 1);
            paper.imageSmoothingEnabled = false;
            paper.drawImage(bitmap, Math.floor(point.u * bitmap.width), Math.floor(point.v * bitmap.height), 1, 1, 0, 0, 1, 1);
            const [r, g, b, a] = paper.getImageData(0, 0, 1, 1).data;
            fill(this.pixel, swatch([r, g, b]), SAID.pixel(x, y, [r, g, b], a));
        }
        this.ask(address ? `${address}&u=${point.u.toFixed(7)}&v=${point.v.toFixed(7)}` : "");
    }

    /** One question at a time; of those that come meanwhile the last. @param {string} address */
    async ask(address) {
        if (this.busy || !address || address === this.shown) {
            this.next = address;
            return;
        }
        this.busy = true;
        this.next = this.shown = address;
        let told;
        try {
            told = said((await get(address)).class);
        } catch (error) {
            told = [h("span", {class: "dim"}, words(error))];
        }
        this.busy = false;
        if (this.next) {
            fill(this.label, ...told);
            if (this.next !== address) {
                this.ask(this.next);
            }
        }
    }
}

/** @param {Class | null} found */
function said(found) {
    if (!found) {
        return [h("span", {class: "dim"}, SAID.outside)];
    }
    return [swatch(found.rgb), h("b", {}, found.name), ` ${SAID.classIs(found.id, hex(found.rgb), found.layer)}`];
}

/** @param {number[]} rgb */
function hex(rgb) {
    return `#${rgb.map((value) => value.toString(16).padStart(2, "0")).join("").toUpperCase()}`;
}

/** @param {number[]} rgb */
function swatch(rgb) {
    const made = h("i", {class: "swatch", "aria-hidden": "true"});
    made.style.background = `rgb(${rgb.join(" ")})`;
    return made;
}
