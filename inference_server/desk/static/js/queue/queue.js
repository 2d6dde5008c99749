/** The queue and night view: all jobs at the left, one of them or the machine at the right. */
import {fill, h, picture, say} from "../dom.js";
import {keys} from "../keys.js";
import {List} from "../list.js";
import {post} from "../server.js";
import {jobs, on, state} from "../store.js";
import {toast} from "../toast.js";
import {WORDS} from "../words.js";
import {want, wanted} from "./ends.js";
import {inOrder, left, painting, stands} from "./figures.js";
import {deed, showJob} from "./job.js";
import {showMachine} from "./machine.js";

const ROW = 60; // pixels
const SAID = WORDS.queue;
const ACTIVE = ["checking", "painting", "delivering", "paused"];

/** @typedef {import("../store.js").Job} Job */

/** @param {HTMLElement} place @param {string[]} path @returns {import("../parts.js").Shown} */
export function show(place, path) {
    const search = h("input", {type: "search", "aria-label": SAID.find, placeholder: SAID.findShort, class: "grow", oninput: list});
    const filter = h(
        "select",
        {"aria-label": SAID.show, onchange: list},
        ...Object.entries(SAID.shown).map(([value, text]) => h("option", {value}, text)),
    );
    const notify = h("button", {type: "button", onclick: async () => (await want(), tellNotify())}, SAID.notify);
    const rows = /** @type {List<Job>} */ (
        new List(SAID.title, ROW, {key: (job) => job.job, make: makeRow, show: showRow, choose: (job) => go([job.job])})
    );
    const counted = h("span", {class: "dim", role: "status"});
    const none = h("div", {class: "empty hidden"});
    const side = h("section", {class: "side", "aria-label": SAID.title});
    const detail = h("section", {class: "detail", "aria-label": WORDS.job.frames});
    let chosen = ""; // whose details are shown; a key means the row that is marked, which the address follows
    let leaveDetail = () => {};

    function tellNotify() {
        notify.setAttribute("aria-pressed", String(wanted()));
        notify.title = wanted() ? SAID.notifyOn : SAID.notifyOff;
    }

    function list() {
        const word = search.value.trim().toLowerCase();
        const found = inOrder(jobs.values()).filter((job) => fits(job, filter.value) && named(job, word));
        rows.set(found);
        say(counted, SAID.jobs(found.length));
        none.classList.toggle("hidden", found.length > 0);
        rows.element.classList.toggle("hidden", found.length === 0);
        if (!found.length) {
            const known = jobs.size > 0;
            fill(none, h("p", {}, state.listed ? (known ? SAID.none : SAID.empty) : WORDS.loading), state.listed && !known && h("p", {}, SAID.emptyHint), state.listed && !known && h("a", {class: "button", href: "#/paint"}, SAID.begin));
        }
    }

    /** @param {string[]} to */
    function go(to) {
        if (location.hash !== `#/queue${to.map((one) => `/${encodeURIComponent(one)}`).join("")}`) {
            location.hash = `#/queue${to.map((one) => `/${encodeURIComponent(one)}`).join("")}`;
        }
    }

    /** @param {string[]} to */
    function shown([job = ""]) {
        if (job === chosen && detail.firstChild) {
            return;
        }
        chosen = job;
        leaveDetail();
        fill(detail);
        place.classList.toggle("one", Boolean(job));
        rows.mark(job || null);
        leaveDetail = job ? showJob(detail, job) : showMachine(detail);
    }

    /** @param {-1 | 1} step */
    function moveBy(step) {
        const queue = inOrder(jobs.values()).filter((job) => job.ended === null);
        const at = queue.findIndex((job) => job.job === rows.chosen);
        const to = at + step;
        if (at >= 0 && to >= 0 && to < queue.length) {
            move(queue[at].job, (step < 0 ? queue[to] : queue[to + 1])?.job ?? null);
        }
    }

    dragging(rows, move);
    fill(
        side,
        h("h1", {class: "said"}, SAID.title),
        h("div", {class: "tools"}, h("div", {class: "row"}, search, filter), h("div", {class: "row"}, counted, h("span", {class: "grow"}), notify)),
        rows.element,
        none,
        h("p", {class: "hint dim"}, SAID.dragHint),
    );
    fill(place, side, detail);
    tellNotify();

    let due = 0;
    const stopJobs = on("jobs", () => {
        due ||= requestAnimationFrame(() => {
            due = 0;
            list();
        });
    });
    const clock = window.setInterval(() => rows.draw(), 1000); // time left and taken
    const forget = keys([
        {keys: ["/"], words: WORDS.keysOf.find, group: WORDS.keysOf.queue, does: () => search.focus()},
        {keys: ["j", "k"], words: WORDS.keysOf.choose, group: WORDS.keysOf.queue, does: (event) => {
            rows.element.focus();
            rows.choose(rows.index < 0 ? 0 : rows.index + (event.key === "j" ? 1 : -1));
        }},
        {keys: ["p"], words: WORDS.keysOf.pause, group: WORDS.keysOf.queue, does: () => pauseOrResume(rows.chosen ?? "")},
        {keys: ["c"], words: WORDS.keysOf.cancel, group: WORDS.keysOf.queue, does: () => rows.chosen !== null && jobs.get(rows.chosen)?.ended === null && deed(rows.chosen, "cancel")},
        {keys: ["Alt+ArrowUp", "Alt+ArrowDown"], words: WORDS.keysOf.move, group: WORDS.keysOf.queue, does: (event) => moveBy(event.key === "ArrowUp" ? -1 : 1)},
        {keys: ["ArrowLeft", "ArrowRight"], words: WORDS.keysOf.frames, group: WORDS.keysOf.queue},
        {keys: ["Home", "End"], words: WORDS.keysOf.ends, group: WORDS.keysOf.queue},
    ]);
    list();
    shown(path);
    return {
        go: shown,
        leave() {
            stopJobs();
            forget();
            window.clearInterval(clock);
            cancelAnimationFrame(due);
            rows.leave();
            leaveDetail();
        },
    };
}

/** @param {string} job */
function pauseOrResume(job) {
    const known = jobs.get(job);
    if (known && known.ended === null) {
        deed(job, known.state === "paused" ? "resume" : "pause");
    }
}

/** @param {Job} job @param {string} which */
function fits(job, which) {
    return which === "all" || (which === "active" ? ACTIVE.includes(job.state) : job.state === which);
}

/** @param {Job} job @param {string} word */
function named(job, word) {
    return !word || `${job.name} ${job.owner} ${job.out} ${job.job}`.toLowerCase().includes(word);
}

/** @param {string} job @param {string | null} before */
async function move(job, before) {
    await post(`/api/jobs/${job}/move`, {before});
    toast(SAID.moved);
}

function makeRow() {
    return h(
        "div",
        {class: "job"},
        h("div", {class: "thumb checked"}, h("img", {alt: "", decoding: "async", loading: "lazy", hidden: true})),
        h("div", {class: "grow"}, h("div", {class: "row"}, h("strong", {class: "name cut grow"}), h("span", {class: "chip"})),
            h("div", {class: "bar"}, h("i"), h("i", {class: "failed"})),
            h("div", {class: "row dim"}, h("span", {class: "cut grow"}), h("span", {}))),
    );
}

/** @param {HTMLElement} row @param {Job} job */
function showRow(row, job) {
    const [image] = row.getElementsByTagName("img");
    const chip = /** @type {HTMLElement} */ (row.querySelector(".chip"));
    const bar = /** @type {HTMLElement} */ (row.querySelector(".bar"));
    const [done, failed] = bar.getElementsByTagName("i");
    const [what, when] = /** @type {HTMLElement[]} */ ([...row.querySelectorAll(".row.dim > span")]);
    const source = job.thumb ? `/api/jobs/${job.job}/thumb/${encodeURIComponent(job.thumb[0])}/${job.thumb[1]}?side=96` : "";
    picture(image, source);
    say(/** @type {HTMLElement} */ (row.querySelector(".name")), job.name);
    const stand = stands(job, state.server.machine);
    say(chip, SAID.states[stand] ?? stand);
    chip.dataset.state = bar.dataset.state = stand;
    done.style.width = `${(100 * job.done) / Math.max(1, job.total)}%`;
    failed.style.left = done.style.width;
    failed.style.width = `${(100 * job.failed) / Math.max(1, job.total)}%`;
    const parts = [job.preparing ? SAID.looks(job.preparing.done, job.preparing.total) : job.total ? `${job.done}/${job.total}` : "", painting(job) ? SAID.machines(painting(job)) : "", job.failed ? SAID.failed(job.failed) : "", job.owner && `${SAID.of} ${job.owner}`];
    say(what, parts.filter(Boolean).join(" · "));
    const rest = left(job);
    say(when, job.ended !== null ? WORDS.date(job.ended) : rest !== null ? SAID.left(WORDS.time(rest)) : job.priority ? SAID.priority(job.priority) : "");
    row.draggable = job.ended === null;
    row.classList.toggle("over", job.ended !== null);
}

/**
 * Waiting rows can be dragged before one another.
 * @param {List<Job>} rows
 * @param {(job: string, before: string | null) => void} drop
 */
function dragging(rows, drop) {
    let dragged = "";
    const line = h("div", {class: "line hidden"});
    rows.inner.append(line);
    /** @param {DragEvent} event @returns {number} the row that it would go before */
    function target(event) {
        const y = event.clientY - rows.inner.getBoundingClientRect().top;
        const waiting = rows.items.filter((job) => job.ended === null).length;
        return Math.max(0, Math.min(waiting, Math.round(y / ROW)));
    }
    rows.element.addEventListener("dragstart", (event) => {
        const row = /** @type {HTMLElement} */ (event.target).closest("[role=option]");
        const job = row instanceof HTMLElement ? rows.items[Number(row.dataset.index)] : undefined;
        dragged = job?.ended === null ? job.job : "";
        event.dataTransfer?.setData("text/plain", job?.name ?? "");
    });
    rows.element.addEventListener("dragover", (event) => {
        if (dragged) {
            event.preventDefault();
            line.classList.remove("hidden");
            line.style.transform = `translateY(${target(event) * ROW - 1}px)`;
        }
    });
    rows.element.addEventListener("dragend", () => {
        dragged = "";
        line.classList.add("hidden");
    });
    rows.element.addEventListener("drop", (event) => {
        event.preventDefault();
        const before = rows.items.filter((job) => job.ended === null)[target(event)];
        if (dragged && before?.job !== dragged) {
            drop(dragged, before?.job ?? null);
        }
    });
}

