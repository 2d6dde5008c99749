/**
 * A list of any length of which only what is seen is there: rows of one height, chosen by pointer and keys.
 *
 * @template T
 * @typedef {object} Source
 * @property {(item: T) => string} key
 * @property {() => HTMLElement} make an empty row; it may hold no button
 * @property {(row: HTMLElement, item: T) => void} show an item in a row
 * @property {(item: T) => void} choose
 */
import {attribute, h} from "./dom.js";

const BEYOND = 6; // rows above and below what is seen

/** @template T */
export class List {
    /**
     * @param {string} name of the list, for those who hear it
     * @param {number} height of a row, pixels
     * @param {Source<T>} source
     */
    constructor(name, height, source) {
        this.height = height;
        this.source = source;
        /** @type {T[]} */
        this.items = [];
        /** @type {string | null} */
        this.chosen = null;
        /** @type {HTMLElement[]} */
        this.rows = [];
        this.due = 0;
        this.inner = h("div", {class: "inner", role: "presentation"});
        this.element = h(
            "div",
            {
                class: "list",
                role: "listbox",
                tabindex: "0",
                "aria-label": name,
                onscroll: () => this.draw(),
                onkeydown: (/** @type {KeyboardEvent} */ event) => this.key(event),
                onclick: (/** @type {MouseEvent} */ event) => this.click(event),
            },
            this.inner,
        );
        this.watched = new ResizeObserver(() => this.draw());
        this.watched.observe(this.element);
    }

    /** @param {T[]} items */
    set(items) {
        this.items = items;
        this.inner.style.height = `${items.length * this.height}px`;
        this.draw();
    }

    /** @returns {number} */
    get index() {
        return this.items.findIndex((item) => this.source.key(item) === this.chosen);
    }

    /** Mark an item, and bring it into view. @param {string | null} key */
    mark(key) {
        this.chosen = key;
        const index = this.index;
        if (index >= 0) {
            const top = index * this.height;
            const {scrollTop, clientHeight} = this.element;
            if (top < scrollTop) {
                this.element.scrollTop = top;
            } else if (top + this.height > scrollTop + clientHeight) {
                this.element.scrollTop = top + this.height - clientHeight;
            }
        }
        this.draw();
    }

    /** Once before the next picture, however often it is asked for. */
    draw() {
        this.due ||= requestAnimationFrame(() => {
            this.due = 0;
            this.drawNow();
        });
    }

    drawNow() {
        const first = Math.max(0, Math.floor(this.element.scrollTop / this.height) - BEYOND);
        const count = Math.ceil(this.element.clientHeight / this.height) + 2 * BEYOND;
        const last = Math.min(this.items.length, first + count);
        while (this.rows.length < last - first) {
            const row = this.source.make();
            row.setAttribute("role", "option");
            this.rows.push(row);
            this.inner.append(row);
        }
        // A row keeps its place of the pool: scrolling by one changes one row, not all.
        const pool = this.rows.length;
        const used = new Set();
        let active = null;
        for (let index = first; index < last; index++) {
            const row = this.rows[index % pool];
            const item = this.items[index];
            const key = this.source.key(item);
            used.add(row);
            row.hidden = false;
            row.style.transform = `translateY(${index * this.height}px)`;
            row.dataset.index = String(index);
            row.id = `row-${key}`;
            attribute(row, "aria-setsize", this.items.length);
            attribute(row, "aria-posinset", index + 1);
            attribute(row, "aria-selected", key === this.chosen ? "true" : "false");
            this.source.show(row, item);
            if (key === this.chosen) {
                active = row.id;
            }
        }
        for (const row of this.rows) {
            if (!used.has(row)) {
                row.hidden = true;
                row.removeAttribute("id");
            }
        }
        attribute(this.element, "aria-activedescendant", active);
    }

    /** @param {number} index */
    choose(index) {
        const item = this.items[Math.max(0, Math.min(this.items.length - 1, index))];
        if (item !== undefined) {
            this.mark(this.source.key(item));
            this.source.choose(item);
        }
    }

    /** @param {KeyboardEvent} event */
    key(event) {
        if (event.altKey || event.ctrlKey || event.metaKey) {
            return;
        }
        const page = Math.max(1, Math.floor(this.element.clientHeight / this.height) - 1);
        const steps = /** @type {Record<string, number>} */ ({
            ArrowDown: 1,
            ArrowUp: -1,
            PageDown: page,
            PageUp: -page,
            Home: -Infinity,
            End: Infinity,
        });
        const step = steps[event.key];
        if (step !== undefined) {
            event.preventDefault();
            // With none chosen yet the first step is to the end that is nearest to where it leads.
            const from = this.index >= 0 ? this.index : step === -1 ? this.items.length : step === 1 ? -1 : 0;
            this.choose(from + step);
        }
    }

    /** @param {MouseEvent} event */
    click(event) {
        const row = /** @type {HTMLElement} */ (event.target).closest("[role=option]");
        if (row instanceof HTMLElement) {
            this.choose(Number(row.dataset.index));
        }
    }

    leave() {
        cancelAnimationFrame(this.due);
        this.watched.disconnect();
    }
}
