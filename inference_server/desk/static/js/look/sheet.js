/** A contact sheet: the frame in every look of the shot, to choose from. */
import {attribute, h} from "../dom.js";
import {WORDS} from "../words.js";
import {address} from "./pictures.js";

const SAID = WORDS.look;

/**
 * @typedef {{key: string, at: string, reel: string, title: string, words: string}} Cell
 * @param {Cell[]} cells
 * @param {number} frame
 * @param {(key: string, side: number) => void} choose what is put on side 0 or 1
 * @param {() => void} close
 */
export function sheet(cells, frame, choose, close) {
    let chosen = 0;
    const options = cells.map((cell, index) => {
        const image = h("img", {alt: "", src: address({at: cell.at, reel: cell.reel, frame, side: 384}), onerror: () => image.replaceWith(h("span", {class: "dim"}, SAID.notThere(frame)))});
        return h("figure", {role: "option", id: `cell-${index}`, "aria-label": `${cell.title}. ${cell.words}`,
            onclick: () => mark(index), ondblclick: () => choose(cell.key, 0)},
            h("div", {class: "checked"}, image), h("figcaption", {}, h("b", {class: "cut"}, cell.title), h("span", {class: "dim"}, cell.words)));
    });
    const grid = h("div", {class: "cells", role: "listbox", tabindex: "0", "aria-label": SAID.sheetOf(frame), onkeydown: key}, ...options);
    const a = h("button", {type: "button", class: "main", onclick: () => choose(cells[chosen].key, 0)}, SAID.asA);
    const b = h("button", {type: "button", onclick: () => choose(cells[chosen].key, 1)}, SAID.asB);
    const element = h("section", {class: "sheet", "aria-label": SAID.sheet},
        h("div", {class: "row"}, h("h2", {class: "grow"}, SAID.sheetOf(frame)), a, b, h("button", {type: "button", onclick: close}, WORDS.close)),
        cells.length < 2 && h("p", {class: "note"}, SAID.oneLook), grid);

    /** @param {number} index */
    function mark(index) {
        chosen = Math.max(0, Math.min(cells.length - 1, index));
        options.forEach((option, place) => attribute(option, "aria-selected", place === chosen ? "true" : "false"));
        attribute(grid, "aria-activedescendant", `cell-${chosen}`);
        options[chosen].scrollIntoView({block: "nearest"});
    }

    /** @param {KeyboardEvent} event */
    function key(event) {
        const columns = Math.max(1, options.findIndex((option) => option.offsetTop > options[0].offsetTop));
        const steps = /** @type {Record<string, number>} */ ({ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns, Home: -Infinity, End: Infinity});
        if (event.key in steps) {
            mark(chosen + steps[event.key]);
        } else if (event.key === "Enter" || event.key === "a") {
            choose(cells[chosen].key, 0);
        } else if (event.key === "b") {
            choose(cells[chosen].key, 1);
        } else if (event.key === "Escape") {
            close();
        } else {
            return;
        }
        event.preventDefault();
    }

    mark(0);
    return {element, focus: () => grid.focus()};
}
