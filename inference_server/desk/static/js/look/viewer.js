/**
 * The viewer of one shot: two sides on a stage, a time line below it, and what plays them.
 *
 * @typedef {import("./choices.js").Look} Look
 * @typedef {import("./stage.js").Mode} Mode
 */
import {fill, h, say} from "../dom.js";
import {keys} from "../keys.js";
import {get, post} from "../server.js";
import {WORDS} from "../words.js";
import {choices, fillSelect, looks, second} from "./choices.js";
import {Clock} from "./clock.js";
import {controls, hands} from "./controls.js";
import {news} from "./news.js";
import {Pictures} from "./pictures.js";
import {UnderPointer} from "./point.js";
import {Scrub} from "./scrub.js";
import {Sound} from "./sound.js";
import {sheet} from "./sheet.js";
import {Stage} from "./stage.js";
import {askPath} from "./start.js";

const SAID = WORDS.look;
const FINISHED = "pkc";
const AHEAD = 400; // frames, as far as there is room
const BEHIND = 4;

/** @param {HTMLElement} place @param {Look} look @param {number | null} at the frame @param {Mode} begins @returns {() => void} leave */
export function showViewer(place, look, at, begins) {
    const {first, last} = look;
    let frame = Math.max(first, Math.min(last, at ?? first));
    let [from, to] = [first, last];
    let playing = 0; // 1 forwards, -1 backwards
    let loop = true;
    let every = false;
    /** @type {Mode} */
    let mode = "a";
    /** @type {import("./choices.js").Take[]} */
    const opened = [];
    let all = choices(look, opened);
    let chosen = [all[0], second(all)];
    /** @type {Map<string, {first: number, letters: string}>} */
    const letters = new Map();
    let due = 0;
    let address = 0;
    /** @type {HTMLElement | null} */
    let over = null; // the sheet, where it is open
    let left = false;

    const pictures = new Pictures(draw);
    const clock = new Clock(look.fps[0] / look.fps[1]);
    const [under, sound] = [new UnderPointer(), new Sound(look)];
    const stage = new Stage({moved: tellPoint, zoomed: () => (tellZoom(), draw())});
    const scrub = new Scrub((to_) => go(to_));
    stage.aspect = look.aspect;
    if (look.size) {
        stage.size = [look.size[0] * look.aspect, look.size[1]];
    }

    const made = controls(look, stage, {
        choose, setMode, swap, showSheet, askOther, go, jump,
        openFolder: () => post(`/api/look/${encodeURIComponent(look.at)}/folder`),
        play: (direction) => setPlaying(playing ? 0 : direction),
        first: () => go(from),
        last: () => go(to),
        by: (frames) => go(frame + frames),
        loop: () => setLoop(!loop),
        every: () => setEvery(!every),
    });
    const {selects, modes, zoomed, movie, play, number, looping, everyFrame, rate, range} = made;
    made.transport.append(sound.button, h("span", {class: "grow"}), under.element);
    const notes = h("div", {});
    const middle = h("div", {class: "middle"}, stage.element);
    fill(place, h("div", {class: "viewer"}, made.tools, notes, middle, scrub.element, made.transport));

    /** @param {number} side @param {number} one */
    function letter(side, one) {
        const known = letters.get(chosen[side].key);
        return known ? (known.letters[one - known.first] ?? "-") : "p";
    }

    const shownSides = () => (mode === "a" ? [0] : mode === "b" ? [1] : [0, 1]);

    /** Pixels of the longer side that are enough for the screen; 0 = all. */
    function enough() {
        const longer = Math.max(...stage.size);
        const need = stage.scale * longer;
        return stage.scale >= 1 ? 0 : ([960, 1920].find((one) => one >= need && one < longer) ?? 0);
    }

    /** @param {number} which @param {number} one */
    function wanted(which, one) {
        return {at: chosen[which].at, reel: chosen[which].reel, frame: one, side: enough()};
    }

    /** @param {number} one */
    function ready(one) {
        return shownSides().every((which) => !FINISHED.includes(letter(which, one)) || pictures.settled(wanted(which, one)));
    }

    /** The frame so many steps on; null beyond the end where nothing loops. @param {number} steps @returns {number | null} */
    function ahead(steps) {
        const count = to - from + 1;
        const next = frame + steps * (playing || 1);
        if (next >= from && next <= to) {
            return next;
        }
        return loop ? from + ((((next - from) % count) + count) % count) : null;
    }

    function ask() {
        /** @type {import("./pictures.js").Wanted[]} */
        const list = [];
        const add = (/** @type {number | null} */ one, /** @type {number[]} */ sides) => {
            for (const which of sides) {
                if (one !== null && FINISHED.includes(letter(which, one))) {
                    list.push(wanted(which, one));
                }
            }
        };
        add(frame, shownSides());
        const far = over ? 0 : Math.min(AHEAD, to - from); // a sheet's pictures come first
        for (let steps = 1; steps <= far; steps++) {
            add(ahead(steps), shownSides());
            if (steps <= BEHIND) {
                add(frame - steps >= from ? frame - steps : null, shownSides());
            }
        }
        pictures.want(list);
    }

    /** @type {import("./stage.js").Side[]} */
    let sides = [{picture: null, words: ""}, {picture: null, words: ""}];

    function draw() {
        due ||= requestAnimationFrame(drawNow);
    }

    /** @param {number} now */
    function drawNow(now) {
        due = 0;
        if (left) {
            return;
        }
        if (playing) {
            const steps = clock.steps(now, every, (n) => {
                const next = ahead(n);
                return next === null || ready(next);
            });
            if (steps) {
                const next = ahead(steps);
                if (next === null) {
                    frame = playing > 0 ? to : from;
                    setPlaying(0);
                } else {
                    frame = next;
                }
            }
            draw();
        }
        sound.at(frame, playing > 0 && !every);
        ask();
        sides = [0, 1].map((which) => {
            const known = letter(which, frame);
            if (!FINISHED.includes(known)) {
                return {picture: null, words: SAID.lacks(frame, SAID.letters[known])};
            }
            const picture = pictures.find(wanted(which, frame));
            if (picture?.state === "refused") {
                return {picture: null, words: picture.words};
            }
            const best = picture?.bitmap ? picture : sides[which].picture; // the one before, until it is there
            return {picture: best, words: best ? "" : WORDS.loading};
        });
        const bitmap = sides[mode === "b" ? 1 : 0].picture;
        stage.element.dataset.shown = String(bitmap ? bitmap.frame : "");
        stage.show(sides[0], sides[1], chosen.map((one) => one.words ? `${one.title} (${one.words})` : one.title));
        tellTime();
        if (stage.point) {
            tellPoint(stage.point);
        }
    }

    function tellTime() {
        const which = mode === "b" ? 1 : 0;
        const told = letters.get(chosen[which].key);
        const shift = (told?.first ?? first) - first;
        const known = told ? "-".repeat(Math.max(0, shift)) + told.letters.slice(Math.max(0, -shift)) : "";
        const kept = new Set();
        for (const picture of pictures.kept.values()) {
            if (picture.bitmap) {
                kept.add(picture.frame);
            }
        }
        scrub.set({first, last, frame, from, to, letters: known, kept});
        if (document.activeElement !== number) {
            number.value = String(frame);
        }
        say(range, from === first && to === last ? `${first}–${last}` : SAID.part(from, to));
        say(rate, clock.words(playing !== 0));
        rate.classList.toggle("late", clock.dropped > 0);
    }

    const tellZoom = () => say(zoomed, `${Math.round(stage.scale * 100)} %`);

    /** @param {import("./point.js").Point} point */
    function tellPoint(point) {
        const which = point?.side ?? 0;
        const one = chosen[which];
        const reel = one.at === look.at ? one.reel : "painting";
        const asked = look.labelled ? `/api/look/${encodeURIComponent(look.at)}/class?reel=${encodeURIComponent(reel)}&frame=${frame}` : "";
        under.show(point, sides[which].picture, asked);
    }

    /** @param {number} next */
    function go(next) {
        setPlaying(0);
        frame = Math.max(first, Math.min(last, next));
        draw();
    }

    /** @param {string} text */
    function jump(text) {
        const wish = Number(text);
        if (Number.isInteger(wish)) {
            go(wish);
        }
        number.value = String(frame);
    }

    /** Write the frame into the address, when nothing moves any more: a browser allows that a few times a second. */
    function remember() {
        window.clearTimeout(address);
        address = window.setTimeout(() => !playing && history.replaceState(null, "", `#/look/${encodeURIComponent(look.at)}/${frame}`), 300);
    }

    /** @param {number} direction */
    function setPlaying(direction) {
        if (direction && (frame < from || frame > to || (!loop && frame === (direction > 0 ? to : from)))) {
            frame = direction > 0 ? from : to;
        }
        playing = direction;
        if (direction) {
            clock.start(performance.now());
        }
        remember();
        say(play, direction ? "▮▮" : "▶");
        play.setAttribute("aria-label", direction ? SAID.pause : SAID.play);
        draw();
    }

    /** @param {boolean} yes */
    function setLoop(yes) {
        loop = yes;
        looping.setAttribute("aria-pressed", String(yes));
    }

    /** @param {boolean} yes */
    function setEvery(yes) {
        every = yes;
        everyFrame.setAttribute("aria-pressed", String(yes));
        clock.start(performance.now());
    }

    /** @param {Mode} next */
    function setMode(next) {
        mode = next;
        stage.setMode(next);
        modes.forEach((one) => one.setAttribute("aria-pressed", String(one.dataset.mode === next)));
        tellZoom();
        draw();
    }

    /** @param {string} key @param {number} which */
    function choose(key, which) {
        const found = all.find((one) => one.key === key);
        if (found) {
            chosen[which] = found;
            sides[which] = {picture: null, words: ""};
            selects[which].value = key;
            if (which === 1 && mode === "a") {
                setMode("wipe");
            }
            read();
            draw();
        }
    }

    function swap() {
        const [a, b] = chosen;
        choose(b.key, 0);
        choose(a.key, 1);
    }

    /** @param {number} by */
    function nextChoice(by) {
        const which = mode === "b" ? 1 : 0;
        const index = all.findIndex((one) => one.key === chosen[which].key);
        choose(all[(index + by + all.length) % all.length].key, which);
    }

    /** How far the frames of both sides are now. */
    async function read() {
        for (const one of new Set(chosen)) {
            try {
                const told = await get(`/api/look/${encodeURIComponent(one.at)}/letters?reel=${encodeURIComponent(one.reel)}`);
                const before = letters.get(one.key);
                letters.set(one.key, told);
                pictures.again(one.at, one.reel, (number_) => FINISHED.includes(told.letters[number_ - told.first] ?? "-") && !FINISHED.includes(before?.letters[number_ - told.first] ?? "p"));
            } catch {
                // the server is gone for a while, which the bar says; what is known stays
            }
        }
        draw();
    }

    async function readLook() {
        try {
            look = await get(`/api/look/${encodeURIComponent(look.at)}`);
        } catch {
            return; // as above
        }
        tellLook();
        read();
    }

    function tellLook() {
        all = choices(look, opened);
        chosen = chosen.map((one) => all.find((other) => other.key === one.key) ?? all[0]);
        selects.forEach((select, which) => fillSelect(select, all, chosen[which].key));
        movie.hidden = !look.movie;
        movie.href = `/api/look/${encodeURIComponent(look.at)}/movie`;
        fill(notes, ...look.notes.map((text) => h("p", {class: "note"}, text)));
    }

    function closeOver() {
        over?.remove();
        over = null;
        stage.element.focus();
    }

    function showSheet() {
        if (over) {
            closeOver();
            return;
        }
        setPlaying(0);
        const cells = looks(all, look);
        const opens = sheet(cells, frame, (key, which) => (closeOver(), choose(key, which)), closeOver);
        over = opens.element;
        ask();
        middle.append(over);
        opens.focus();
    }

    async function askOther() {
        const name = await askPath();
        if (name) {
            const other = /** @type {Look} */ (await get(`/api/look/${encodeURIComponent(name)}`));
            opened.push({at: name, title: other.title, differs: []});
            tellLook();
            choose(`${name} painting`, 1);
        }
    }

    const forget = keys(hands(stage, {
        choose: nextChoice, setMode, swap, showSheet, askOther, setPlaying,
        toggle: () => setPlaying(playing ? 0 : 1),
        by: (frames) => go(frame + frames),
        first: () => go(from),
        last: () => go(to),
        jump: () => number.select(),
        from: () => ((from = Math.min(frame, to)), draw()),
        to: () => ((to = Math.max(frame, from)), draw()),
        all: () => (([from, to] = [first, last]), draw()),
        loop: () => setLoop(!loop),
        every: () => setEvery(!every),
        mute: () => sound.mute(),
    }));

    const stopNews = news(look.job, () => chosen.some((one) => /[wr]/.test(letters.get(one.key)?.letters ?? "")), read, readLook);

    tellLook();
    setMode(begins);
    setPlaying(0);
    tellPoint(null);
    read();
    stage.element.focus();
    return () => {
        left = true;
        cancelAnimationFrame(due);
        window.clearTimeout(address);
        stopNews();
        forget();
        pictures.leave();
        sound.leave();
        stage.leave();
        scrub.leave();
    };
}
