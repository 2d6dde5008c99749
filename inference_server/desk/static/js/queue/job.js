/** One job: where it stands, its frames as they land, what failed and why, the log, what was asked. */
import {fill, h, say} from "../dom.js";
import {get, post, words} from "../server.js";
import {follow, jobs, on, state} from "../store.js";
import {toast} from "../toast.js";
import {WORDS} from "../words.js";
import {left, rate, rateText, reached, stands} from "./figures.js";
import {Frames} from "./frames.js";
import {fact} from "./machine.js";

const SAID = WORDS.job;
const QUEUE = WORDS.queue;
const MOST_FAILURES = 200; // that are shown
/** What the frames of a farm's run are, by its state, as letters of `frames.js`. */
const RUNS = /** @type {Record<string, string>} */ ({started: "r", ended: "p", lost: "w", failed: "f"});

/** @typedef {import("../store.js").Job} Job */
/** @typedef {import("../server.js").Words} Words */

/** @param {string} job @param {"cancel" | "pause" | "resume"} verb */
export async function deed(job, verb) {
    await post(`/api/jobs/${job}/${verb}`);
    const said = {cancel: QUEUE.cancelled, pause: QUEUE.pausedNow, resume: QUEUE.resumed}[verb];
    toast(said, verb === "cancel" ? {undo: () => again(job)} : {});
}

/** @param {string} job */
async function again(job) {
    const made = await post(`/api/jobs/${job}/again`);
    location.hash = `#/queue/${made.job}`;
}

/** @param {HTMLElement} place @param {string} id @returns {() => void} */
export function showJob(place, id) {
    const title = h("h1", {class: "cut grow"});
    const chip = h("span", {class: "chip"});
    const figures = h("p", {class: "dim", "aria-live": "off"});
    const why = h("p", {class: "note hidden", role: "status"});
    const bar = h("div", {class: "bar"}, h("i"), h("i", {class: "failed"}));
    const deeds = h("div", {class: "row wrap"});
    const machines = h("div", {});
    const frames = h("div", {class: "layers"});
    const failures = h("div", {});
    const heading = h("h2", {}, SAID.failures);
    const log = h("div", {class: "log", tabindex: "0", role: "log", "aria-label": SAID.log});
    const asked = h("div", {});
    const logs = h("details", {ontoggle: () => logs.open && readLog()}, h("summary", {}, SAID.log), log,
        h("button", {type: "button", class: "quiet", onclick: () => readLog()}, SAID.logAgain));
    fill(
        place,
        h("div", {class: "head"},
            h("div", {class: "row"}, h("a", {href: "#/queue", class: "button back"}, `← ${QUEUE.back}`), title, chip),
            bar, figures, why, deeds),
        h("div", {class: "body"}, failures, machines, frames, logs, asked),
    );
    say(title, jobs.get(id)?.name ?? "…");

    let stopped = false;
    let stopFollowing = () => {};
    /** @type {Frames[]} */
    let strips = [];
    /** @type {Words[]} */
    let errors = [];
    let buttons = "";
    let due = 0;

    function tell() {
        const job = jobs.get(id);
        if (!job) {
            return;
        }
        const now = Date.now() / 1000;
        say(title, job.name);
        const stand = stands(job, state.server.machine);
        say(chip, QUEUE.states[stand] ?? stand);
        chip.dataset.state = bar.dataset.state = stand;
        const [done, failed] = bar.getElementsByTagName("i");
        done.style.width = failed.style.left = `${(100 * job.done) / Math.max(1, job.total)}%`;
        failed.style.width = `${(100 * job.failed) / Math.max(1, job.total)}%`;
        const fast = rate(job);
        const rest = left(job);
        const parts = [
            reached(job),
            job.failed && QUEUE.failed(job.failed),
            fast && QUEUE.rate(rateText(fast)),
            rest !== null && QUEUE.left(WORDS.time(rest)),
            job.began && job.ended !== null && QUEUE.took(WORDS.time(job.ended - job.began)),
            job.began && job.ended === null && QUEUE.since(WORDS.time(now - job.began)),
        ];
        say(figures, parts.filter(Boolean).join(" · "));
        const waits = job.state === "paused" && job.paused !== "asked";
        why.classList.toggle("hidden", !waits);
        say(why, waits ? job.paused : "");
        say(heading, job.failed === 0 ? SAID.refused : SAID.failures);
        tellDeeds(job);
        tellMachines(machines, job);
    }

    /** @param {Job} job */
    function tellDeeds(job) {
        const which = `${job.ended === null} ${job.state === "paused"} ${job.done > 0}`;
        if (which === buttons) {
            return;
        }
        buttons = which;
        const button = (/** @type {string} */ text, /** @type {() => void} */ does, more = {}) =>
            h("button", {type: "button", onclick: does, ...more}, text);
        fill(
            deeds,
            job.ended === null && job.state !== "paused" && button(QUEUE.pause, () => deed(id, "pause")),
            job.ended === null && job.state === "paused" && button(QUEUE.resume, () => deed(id, "resume"), {class: "main"}),
            job.ended === null && button(QUEUE.stop, () => deed(id, "cancel")),
            job.done > 0 && h("a", {class: "button", href: `#/look/${id}`}, QUEUE.look),
            h("a", {class: "button", href: `#/paint/${id}`, title: WORDS.paint.changeHint}, WORDS.paint.change),
            job.ended !== null && button(QUEUE.again, () => again(id), {title: QUEUE.againHint}),
        );
    }

    function tellFailures() {
        due = 0;
        const found = errors.slice(0, MOST_FAILURES);
        fill(
            failures,
            found.length > 0 && heading,
            found.length > 0 &&
                h("table", {class: "failures"},
                    h("thead", {}, h("tr", {}, ...Object.values(SAID.failure).map((name) => h("th", {scope: "col"}, name)))),
                    h("tbody", {}, ...found.map(failure))),
            errors.length > found.length && h("p", {class: "dim"}, SAID.moreFailures(errors.length - found.length)),
        );
    }

    async function read() {
        const about = await get(`/api/jobs/${id}`);
        const layers = /** @type {string[]} */ (about.asked.layers);
        const states = await Promise.all(layers.map((layer) => get(`/api/jobs/${id}/pictures/${encodeURIComponent(layer)}`)));
        if (stopped) {
            return;
        }
        strips.forEach((strip) => strip.leave());
        strips = layers.map((layer, n) => new Frames(id, layer, states[n].frames, states[n].states));
        fill(frames, ...strips.map((strip) => strip.element));
        errors = about.errors;
        tellFailures();
        tellAsked(asked, about);
        tell();
        const since = Math.min(about.events, ...states.map((one) => one.events));
        stopFollowing();
        stopFollowing = follow(id, since, (event) => {
            if (event.name === "frame") {
                strips.find((strip) => strip.layer === event.body.layer)?.landed(event.body.frame, event.body.state);
                if (event.body.error) {
                    errors.push(event.body.error);
                    due ||= requestAnimationFrame(tellFailures); // however many fail at once
                }
            } else if (event.name === "chunk") {
                strips.forEach((strip) => strip.run(event.body.blocks, RUNS[event.body.state]));
            } else if (["failed", "done", "cancelled", "checked", "resumed"].includes(event.name)) {
                read().catch(refused);
            }
        });
    }

    async function readLog() {
        try {
            const {lines} = await get(`/api/jobs/${id}/log`);
            const shown = lines.map((/** @type {Record<string, string>} */ line) =>
                h("div", {"data-level": line.level}, h("time", {class: "dim"}, new Date(line.time).toLocaleTimeString("en-GB")), ` ${line.what.replace(`job ${id}`, "").replace(/^[,:]? */, "")}`));
            fill(log, ...(shown.length ? shown : [SAID.logEmpty]));
            log.scrollTop = log.scrollHeight;
        } catch (error) {
            fill(log, words(error));
        }
    }

    /** @param {unknown} error */
    function refused(error) {
        if (!stopped && !strips.length) {
            fill(frames, h("p", {class: "note bad"}, words(error)));
        }
    }

    const stop = on("jobs", tell);
    const clock = window.setInterval(tell, 1000);
    tell();
    read().catch(refused);
    return () => {
        stopped = true;
        stop();
        stopFollowing();
        window.clearInterval(clock);
        cancelAnimationFrame(due);
        strips.forEach((strip) => strip.leave());
    };
}

/** Who of a farm has painted how much. @param {HTMLElement} place @param {Job} job */
function tellMachines(place, job) {
    const listed = job.farm?.machines ?? [];
    const told = JSON.stringify(listed);
    if (place.dataset.told !== told) {
        place.dataset.told = told;
        fill(place, listed.length > 0 && [h("h2", {}, SAID.machines), h("table", {class: "machines"},
            h("thead", {}, h("tr", {}, ...Object.values(SAID.machine).map((name) => h("th", {scope: "col"}, name)))),
            h("tbody", {}, ...listed.map(share)))]);
    }
}

/** @param {import("../store.js").Share} one */
function share(one) {
    return h("tr", {}, h("td", {}, one.name), h("td", {}, one.done.toLocaleString("en")), h("td", {}, one.hand.toLocaleString("en")),
        h("td", {}, one.words || (SAID.machineStates[one.state] ?? one.state)));
}

/** @param {Words} error */
function failure(error) {
    const what = [error.what, error.cause, error.file].filter(Boolean).join(". ");
    return h("tr", {}, h("td", {}, error.layer ?? ""), h("td", {}, error.frame ?? ""), h("td", {}, what), h("td", {}, error.remedy ?? ""));
}

/** @param {HTMLElement} place @param {any} about */
function tellAsked(place, about) {
    const {asked, report} = about;
    const names = SAID.facts;
    const models = Object.entries(asked.models).map(([layer, model]) => {
        const {name, options} = /** @type {{name: string, options: Record<string, unknown>}} */ (model);
        return fact(layer, [name, ...Object.entries(options).map(([key, value]) => `${key} ${value}`)].join(", "));
    });
    const warnings = report.warnings ?? [];
    fill(
        place,
        warnings.length > 0 && [h("h2", {}, SAID.warnings), ...warnings.map((/** @type {string} */ text) => h("p", {class: "note"}, text))],
        h("h2", {}, SAID.asked),
        h("dl", {class: "facts"},
            ...fact(names.asked, WORDS.date(about.created)),
            ...fact(names.owner, about.owner ?? ""),
            ...models.flat(),
            ...fact(names.frames, ranges(asked.frames)),
            ...fact(names.size, report.size ? report.size.join(" × ") : ""),
            ...fact(names.format, asked.format),
            ...fact(names.passes, asked.base),
            ...fact(names.out, about.out),
            ...fact(names.began, about.began ? WORDS.date(about.began) : ""),
            ...fact(names.ended, about.ended ? WORDS.date(about.ended) : ""),
            ...fact(names.job, about.job)),
    );
}

/** 1001-1024, 1030 @param {number[]} frames */
export function ranges(frames) {
    /** @type {[number, number][]} */
    const runs = [];
    for (const frame of frames) {
        const last = runs[runs.length - 1];
        if (last && frame === last[1] + 1) {
            last[1] = frame;
        } else {
            runs.push([frame, frame]);
        }
    }
    return runs.map(([a, b]) => (a === b ? `${a}` : `${a}-${b}`)).join(", ");
}
