/**
 * All jobs as the server tells them, and whoever wants to know of changes. One line to the desk for all parts.
 *
 * @typedef {{job: string, name: string, state: string, out: string, owner: string, priority: number, paused: string,
 *     done: number, failed: number, total: number, painted: number, kept: number, copied: number,
 *     created: number, began: number | null, ended: number | null, events: number,
 *     preparing?: {layer: string, done: number, total: number} | null, thumb: [string, number] | null,
 *     left?: number | null, farm?: {machines: Share[], painting: number} | null}} Job
 * @typedef {{name: string, done: number, hand: number, state: string, words: string}} Share
 * @typedef {{name: string, slots: number, state: string, why: string, own: boolean, version: string, python: string,
 *     devices: string[], hand: {job: string, blocks: [number, number], pictures: number, done: number}[]}} Member
 * @typedef {{job: string, kind: string, layer: string | null, frame: number | null}} Hand
 * @typedef {{device: string, ready: boolean, about: string, in_hand: Hand[], memory: number | null,
 *     device_memory: [number, number] | null}} Worker
 * @typedef {{version: string, host: string, workers: Worker[], deaths: number, ending: boolean,
 *     machines?: Member[], memory: {free: number, total: number}, disks: {of: string, free: number, total: number | null}[]}} Machine
 * @typedef {{there: boolean, words: string, address?: string, machine: Machine | null}} Server
 * @typedef {{job: string, n: number, name: string, body: any}} JobEvent
 */
import {listen} from "./server.js";

/** @type {Map<string, Job>} */
export const jobs = new Map();
/** @type {{server: Server, line: boolean, listed: boolean}} */
export const state = {server: {there: true, words: "", machine: null}, line: true, listed: false};

const news = new EventTarget();
let close = () => {};
/** @type {{job: string, n: number, hear: (event: JobEvent) => void} | null} */
let followed = null;
let held = false;

/**
 * Be told of changes: "jobs" (a `CustomEvent` with the jobs that changed, as they were and are), "server".
 * @param {"jobs" | "server"} what
 * @param {(event: CustomEvent) => void} hear
 * @returns {() => void} stop
 */
export function on(what, hear) {
    const heard = /** @type {EventListener} */ (hear);
    news.addEventListener(what, heard);
    return () => news.removeEventListener(what, heard);
}

/** Begin to listen; what is known already is told again. */
export function connect() {
    open("", 0);
}

/**
 * Hear the events of a job after number `n`, too, one job at a time.
 * @param {string} job
 * @param {number} n
 * @param {(event: JobEvent) => void} hear
 * @returns {() => void} stop
 */
export function follow(job, n, hear) {
    const mine = {job, n, hear};
    followed = mine;
    open(job, n);
    return () => {
        if (followed === mine) {
            followed = null;
            open("", 0);
        }
    };
}

/**
 * Nobody looks, and nobody wants to be told: a browser has six lines to one place for all of its pages.
 * @param {boolean} yes
 */
export function hold(yes) {
    if (yes !== held) {
        held = yes;
        open(followed?.job ?? "", followed?.n ?? 0);
    }
}

let moment = "";

/** @param {string} job @param {number} n */
function open(job, n) {
    close();
    if (held) {
        return;
    }
    const more = job ? `&job=${encodeURIComponent(job)}&n=${n}` : "";
    close = listen(
        `/api/feed?since=${encodeURIComponent(moment)}${more}`,
        {jobs: apply, event: happened},
        (line) => {
            if (line !== state.line) {
                state.line = line;
                news.dispatchEvent(new CustomEvent("server"));
            }
        },
    );
}

/** @param {JobEvent} event */
function happened(event) {
    if (followed?.job === event.job) {
        followed.n = event.n;
        followed.hear(event);
    }
}

/** @param {{all: boolean, jobs: Job[], gone: string[], server: Server | null, moment?: string}} told */
function apply(told) {
    moment = told.moment ?? moment;
    /** @type {{before: Job | undefined, now: Job}[]} */
    const changed = [];
    if (told.all) {
        jobs.clear();
    }
    for (const job of told.jobs) {
        changed.push({before: jobs.get(job.job), now: job});
        jobs.set(job.job, job);
    }
    for (const job of told.gone) {
        jobs.delete(job);
    }
    state.listed ||= told.all;
    if (told.server) {
        state.server = told.server;
        news.dispatchEvent(new CustomEvent("server"));
    }
    if (told.all || told.jobs.length || told.gone.length) {
        news.dispatchEvent(new CustomEvent("jobs", {detail: {changed, all: told.all}}));
    }
}
