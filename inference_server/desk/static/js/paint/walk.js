/**
 * A layer's walk as a table of its keyframes: where it goes, what each looks like, and what the sound does to it.
 *
 * @typedef {import("./shot.js").Shot} Shot
 * @typedef {{frame?: number, seed?: number, w?: string, index?: number, class?: number, ease?: string}} Key
 * @typedef {{keys?: Key[], circle?: {seed: number, waves?: number}, space?: string, ease?: string, loop?: boolean,
 *     drive?: string | object[]}} Walk
 * @typedef {{feature: string, layers: string, amount: number, values: number[]}} Curve
 * @typedef {{frames: number[], drive: string, curves: Curve[]}} Told of a layer, by the desk
 */
import {fill, h, say} from "../dom.js";
import {toast} from "../toast.js";
import {WORDS} from "../words.js";
import {choice, field, number} from "./fields.js";
import {isAlone} from "./shot.js";

const SAID = WORDS.walk;
const MOST_SEED = 2 ** 32 - 1;
const STEP = 24; // frames to a keyframe that is added behind the others
const OWN = "own";
const HIGH = 48; // pixels of a curve
const EASES = Object.entries(SAID.eases);

/**
 * @param {Shot} shot
 * @param {import("./shot.js").Layer & {walk: Walk}} layer
 * @param {{changed: () => void, paint: () => void, stop: () => void, look: (frame: number) => void}} does
 */
export function walkTable(shot, layer, does) {
    const {walk} = layer;
    /** @type {Told} */
    let told = {frames: [], drive: "", curves: []};
    let classes = 0;
    let aside = /** @type {Pick<Walk, "keys" | "circle">} */ ({}); // the other way, for who comes back to it
    /** @type {Map<number, string>} what a frame looks like, by address */
    let pictures = new Map();
    const several = shot.layers.filter((one) => one.walk).length > 1;
    const fields = h("div", {class: "fields"});
    const head = h("tr", {});
    const rows = h("tbody", {onkeydown: moveByKey, ondragover: over, ondrop: dropped});
    const table = h("table", {class: "walk"}, h("thead", {}, head), rows);
    const ring = h("div", {class: "ring row wrap"});
    const add = h("button", {type: "button", onclick: addKey}, SAID.add);
    const sheet = h("button", {type: "button", title: SAID.sheetHint, onclick: does.paint}, SAID.sheet);
    const stopping = h("button", {type: "button", hidden: true, onclick: does.stop}, WORDS.look.pause);
    const status = h("p", {class: "dim", role: "status"});
    const hint = h("p", {class: "dim"}, SAID.moveHint);
    const curves = h("div", {class: "curves"});
    const element = h("section", {"aria-label": SAID.title(layer.name)},
        h("h2", {}, SAID.title(several ? layer.name : "")), fields, table, ring,
        h("div", {class: "row wrap"}, add, sheet, stopping), status, hint, curves);
    const drive = h("select", {onchange: () => put(walk, "drive", drive.value === OWN ? own : drive.value || undefined)});
    /** @type {Walk["drive"]} routes that are no preset */
    let own;
    let dragged = -1;

    const keysOf = () => walk.keys ?? [];
    const even = () => keysOf().every((key) => key.frame === undefined);

    const {changed} = does;

    /** Put a value in a place of the walk; undefined is none. @param {any} of @param {string} name @param {any} value */
    function put(of, name, value) {
        delete of[name];
        Object.assign(of, value === undefined ? {} : {[name]: value});
        changed();
    }

    function drawFields() {
        const way = walk.circle ? "circle" : "keys";
        fill(fields,
            field(SAID.way, choice(Object.entries(SAID.ways), way, turn)),
            walk.circle && field(SAID.circleSeed, number(walk.circle.seed, {min: 0, max: MOST_SEED, whole: true}, (value) => put(walk.circle, "seed", value))),
            walk.circle && field(SAID.circleWaves, number(walk.circle.waves ?? 2, {min: 1, max: 16, whole: true}, (value) => put(walk.circle, "waves", value)), SAID.circleHelp),
            walk.keys && field(SAID.ease, choice(EASES, walk.ease ?? "through", (value) => put(walk, "ease", value === "through" ? undefined : value)), SAID.easeHelp),
            walk.keys && field(SAID.space, choice(Object.entries(SAID.spaces), walk.space ?? "w", (value) => put(walk, "space", value === "w" ? undefined : value)), SAID.spaceHelp),
            walk.keys && check(SAID.loop, SAID.loopHelp, walk.loop === true, (yes) => put(walk, "loop", yes || undefined)),
            walk.keys && check(SAID.even, SAID.evenHelp, even(), spread),
            field(SAID.drive, drive));
    }

    function tellDrive() {
        own = told.drive === OWN ? walk.drive : own;
        fill(drive, ...Object.entries(SAID.drives).filter(([name]) => name !== OWN || own).map(([name, words]) => h("option", {value: name}, words)));
        drive.value = told.drive;
    }

    /** @param {string} label @param {string} help @param {boolean} checked @param {(yes: boolean) => void} set */
    function check(label, help, checked, set) {
        const box = h("input", {type: "checkbox", checked, onchange: () => set(box.checked)});
        return h("label", {class: "field check", title: help}, h("span", {class: "dim"}, label), box);
    }

    /** Another way: through keyframes, or round. @param {string} way */
    function turn(way) {
        const {keys: before, circle} = walk;
        delete walk.keys;
        delete walk.circle;
        Object.assign(walk, way === "circle" ? {circle: aside.circle ?? {seed: before?.[0]?.seed ?? 1}} : {keys: aside.keys ?? [{seed: circle?.seed ?? 1}]});
        aside = {keys: before, circle};
        draw();
        changed();
    }

    /** @param {boolean} yes */
    function spread(yes) {
        keysOf().forEach((key, index) => {
            delete key.frame;
            Object.assign(key, yes ? {} : {frame: told.frames[index] ?? shot.first + index});
        });
        draw();
        changed();
    }

    function draw() {
        drawFields();
        const shown = walk.keys ?? [];
        fill(head, ...SAID.columns.map((word, index) => (index === 3 && !classes ? null : h("th", {scope: "col"}, word))));
        fill(rows, ...shown.map(row));
        table.hidden = add.hidden = hint.hidden = !walk.keys;
        ring.hidden = !walk.circle;
        drawPictures();
    }

    /** @param {Key} key @param {number} index */
    function row(key, index) {
        const n = index + 1;
        const frame = h("input", {type: "number", class: "number at", step: 1, disabled: even(), value: key.frame ?? told.frames[index] ?? null, "aria-label": SAID.frameOf(n), onchange: () => {
            if (Number.isFinite(frame.valueAsNumber)) {
                put(key, "frame", Math.round(frame.valueAsNumber));
            }
        }});
        const point = h("input", {type: "text", value: key.w ?? key.seed ?? "", spellcheck: "false", autocomplete: "off", "aria-label": SAID.pointOf(n), onchange: () => setPoint(key, point.value.trim(), n)});
        const which = key.w !== undefined && number(key.index ?? 0, {min: 0, whole: true}, (value) => put(key, "index", value || undefined));
        if (which) {
            which.setAttribute("aria-label", SAID.indexOf(n));
        }
        const kind = classes > 0 && key.w === undefined && h("input", {type: "number", class: "number", min: 0, max: classes - 1, step: 1, value: key.class ?? null, placeholder: SAID.noClass, "aria-label": SAID.classOf(n), onchange: (/** @type {Event} */ event) => {
            const {valueAsNumber} = /** @type {HTMLInputElement} */ (event.target);
            put(key, "class", Number.isFinite(valueAsNumber) ? valueAsNumber : undefined);
        }});
        const ease = choice([["", SAID.asWalk], ...EASES], key.ease ?? "", (value) => put(key, "ease", value || undefined));
        ease.setAttribute("aria-label", SAID.easeOf(n));
        const tool = (/** @type {string} */ words, /** @type {string} */ name, /** @type {() => void} */ tell, off = false) =>
            h("button", {type: "button", class: "quiet", "aria-label": name, title: name, disabled: off, onclick: tell}, words);
        const grip = h("button", {type: "button", class: "thumb", draggable: "true", onclick: () => does.look(told.frames[index] ?? shot.first), ondragstart: (/** @type {DragEvent} */ event) => {
            dragged = index;
            event.dataTransfer?.setData("text/plain", SAID.row(n));
        }}, h("img", {alt: "", hidden: true}), h("span", {}, String(n)));
        return h("tr", {"aria-label": SAID.row(n)}, h("td", {}, grip), h("td", {}, frame), h("td", {}, h("div", {class: "point"}, point, which)), classes > 0 && h("td", {}, kind), h("td", {}, ease),
            h("td", {class: "tools"}, tool("↑", SAID.up(n), () => move(index, index - 1), index === 0), tool("↓", SAID.down(n), () => move(index, index + 1), n === keysOf().length), tool("✕", SAID.remove(n), () => remove(index), keysOf().length === 1)));
    }

    /** Digits are a seed, all else names a file. @param {Key} key @param {string} text @param {number} n */
    function setPoint(key, text, n) {
        const seed = /^\d+$/.test(text);
        for (const name of ["seed", "w", ...(seed ? ["index"] : ["class"])]) {
            delete (/** @type {any} */ (key)[name]);
        }
        Object.assign(key, seed ? {seed: Number(text)} : {w: text});
        draw();
        focus(n - 1, ".point input");
        changed();
    }

    /** @param {number} index @param {string} what of the row */
    function focus(index, what) {
        /** @type {HTMLElement | null | undefined} */ (rows.children[index]?.querySelector(what))?.focus();
    }

    function addKey() {
        const keys = keysOf();
        const seeds = keys.map((key) => key.seed ?? 0);
        addPoint({seed: Math.min(MOST_SEED, Math.max(...seeds) + 1)});
        focus(keys.length - 1, ".point input");
    }

    /** A keyframe behind the others, and the walk as long as it takes. @param {Key} point */
    function addPoint(point) {
        const keys = keysOf();
        const last = keys.at(-1)?.frame;
        const step = last === undefined ? 0 : last - (keys.at(-2)?.frame ?? last - STEP);
        keys.push(last === undefined ? point : {frame: last + step, ...point});
        if (last !== undefined && isAlone(shot)) {
            shot.last = Math.max(shot.last, last + step);
        }
        draw();
        changed();
    }

    /** The frames stay, what is passed on them changes places. @param {number} from @param {number} to */
    function move(from, to) {
        const keys = keysOf();
        if (to < 0 || to >= keys.length || from === to) {
            return;
        }
        const frames = keys.map((key) => key.frame);
        keys.splice(to, 0, ...keys.splice(from, 1));
        keys.forEach((key, index) => {
            delete key.frame;
            Object.assign(key, frames[index] === undefined ? {} : {frame: frames[index]});
        });
        draw();
        focus(to, ".point input");
        changed();
    }

    /** @param {number} index */
    function remove(index) {
        const keys = keysOf();
        const before = keys.map((key) => ({...key}));
        keys.splice(index, 1);
        draw();
        focus(Math.min(index, keys.length - 1), ".point input");
        changed();
        toast(SAID.removed(index + 1), {undo: () => {
            keys.splice(0, keys.length, ...before);
            draw();
            changed();
        }});
    }

    /** @param {Event} event @returns {number} the row that it is in */
    const rowOf = (event) => [...rows.children].findIndex((one) => one.contains(/** @type {Node} */ (event.target)));

    /** @param {KeyboardEvent} event */
    function moveByKey(event) {
        const by = event.altKey ? {ArrowUp: -1, ArrowDown: 1}[event.key] : undefined;
        if (by) {
            event.preventDefault();
            move(rowOf(event), rowOf(event) + by);
        }
    }

    /** @param {DragEvent} event */
    function over(event) {
        if (dragged >= 0) {
            event.preventDefault();
        }
    }

    /** @param {DragEvent} event */
    function dropped(event) {
        if (dragged >= 0) {
            event.preventDefault();
            move(dragged, rowOf(event));
            dragged = -1;
        }
    }

    function drawPictures() {
        if (walk.circle) {
            fill(ring, ...told.frames.map((frame) => h("button", {type: "button", class: "thumb", onclick: () => does.look(frame)}, h("img", {alt: "", hidden: true}), h("span", {}, String(frame)))));
        }
        const buttons = [...(walk.circle ? ring : rows).querySelectorAll(".thumb")];
        buttons.forEach((button, index) => {
            const frame = told.frames[index];
            const address = pictures.get(frame) ?? "";
            const [image] = button.getElementsByTagName("img");
            const words = SAID.goTo(frame ?? shot.first, walk.circle ? 0 : index + 1);
            button.setAttribute("aria-label", words);
            button.setAttribute("title", words);
            image.hidden = !address;
            if (address && image.getAttribute("src") !== address) {
                image.src = address;
            }
        });
    }

    function drawCurves() {
        fill(curves, ...told.curves.map((one) => {
            const words = SAID.route(one.feature, one.layers, one.amount);
            const strongest = one.values.indexOf(Math.max(...one.values));
            const canvas = h("canvas", {width: Math.min(one.values.length, 2048), height: HIGH, role: "img", "aria-label": SAID.curve(words, shot.first + strongest)});
            plot(canvas, one.values);
            return h("figure", {}, h("figcaption", {class: "dim"}, words), canvas);
        }));
    }

    draw();
    return {
        element,
        addPoint,
        /** @param {Told} now @param {number} known how many classes the model knows */
        tell: (now, known) => {
            const anew = known !== classes;
            told = now;
            classes = known;
            if (anew) {
                draw();
            }
            [...rows.querySelectorAll(".at")].forEach((one, index) => even() && ((/** @type {HTMLInputElement} */ (one)).value = String(now.frames[index])));
            tellDrive();
            drawPictures();
            drawCurves();
        },
        /** What was painted is not what would be now. */
        stale: () => {
            if (pictures.size) {
                element.classList.add("stale");
                say(status, SAID.stale);
            }
        },
        /** How far the keyframes are that are painted. @param {Map<number, string>} found @param {string} words @param {boolean} going */
        show: (found, words, going) => {
            pictures = found;
            element.classList.remove("stale");
            stopping.hidden = !going;
            sheet.disabled = going;
            say(status, words);
            drawPictures();
        },
    };
}

/** A bar for every frame: what is heard on a frame is on it alone. @param {HTMLCanvasElement} canvas @param {number[]} values */
function plot(canvas, values) {
    const paper = canvas.getContext("2d");
    if (paper) {
        paper.fillStyle = getComputedStyle(document.documentElement).getPropertyValue("--accent");
        const wide = canvas.width / values.length;
        values.forEach((value, index) => paper.fillRect(index * wide, HIGH * (1 - value), Math.max(1, wide), HIGH * value));
    }
}
