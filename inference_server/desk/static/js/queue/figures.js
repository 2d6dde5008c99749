/**
 * What a job's figures mean: how fast it is, how long it takes yet, where it stands in the queue.
 *
 * @typedef {import("../store.js").Job} Job
 */
import {WORDS} from "../words.js";

const RECENT_SECONDS = 30;

/** Arrivals of finished frames by job: [date, done]. @type {Map<string, [number, number][]>} */
const arrivals = new Map();

/** The job has so many finished frames now. @param {Job} job @param {number} now seconds since 1970 */
export function arrived(job, now) {
    const known = arrivals.get(job.job) ?? [];
    if (!known.length || known[known.length - 1][1] !== job.painted) {
        known.push([now, job.painted]);
    }
    while (known.length > 2 && known[0][0] < now - RECENT_SECONDS) {
        known.shift();
    }
    arrivals.set(job.job, known);
}

/**
 * Frames a second: of late while it goes on, else over the whole job; null before the first.
 * @param {Job} job
 * @param {number} now
 * @returns {number | null}
 */
export function rate(job, now) {
    if (job.farm && job.ended === null) { // the server knows how fast all machines are
        return job.farm.left ? (job.total - job.done - job.failed) / job.farm.left : null;
    }
    if (!job.began || !job.painted) {
        return null;
    }
    const known = job.ended === null ? (arrivals.get(job.job) ?? []) : [];
    if (known.length > 2) {
        const [[from, before], [to, after]] = [known[0], known[known.length - 1]];
        if (to > from && after > before && now - to < RECENT_SECONDS) {
            return (after - before) / (to - from);
        }
    }
    const seconds = (job.ended ?? now) - job.began;
    return seconds > 0 ? job.painted / seconds : null;
}

/** Seconds until the end; null where nothing goes on or nobody can know. @param {Job} job @param {number} now */
export function left(job, now) {
    if (job.farm) {
        return job.farm.left;
    }
    const fast = rate(job, now);
    return fast && job.ended === null && job.state !== "paused" ? (job.total - job.done - job.failed) / fast : null;
}

/**
 * The queue as it is worked on, then what has ended, the last one first.
 * @param {Iterable<Job>} jobs
 * @returns {Job[]}
 */
export function inOrder(jobs) {
    const all = [...jobs];
    const waiting = all.filter((job) => job.ended === null);
    const ended = all.filter((job) => job.ended !== null);
    return [
        ...waiting.sort((a, b) => b.priority - a.priority || a.created - b.created),
        ...ended.sort((a, b) => Number(b.ended) - Number(a.ended)),
    ];
}

/**
 * Where a job stands, for who looks: one of which nothing is in hand yet waits.
 * @param {Job} job
 * @param {import("../store.js").Machine | null} machine
 */
export function stands(job, machine) {
    const begun = job.state !== "painting" || job.done + job.failed > 0;
    const hand = painting(job) > 0 || machine?.workers.some((worker) => worker.in_hand.some((one) => one.job === job.job));
    return begun || hand || !machine ? job.state : "waiting";
}

/** How far a job is, in words. @param {Job} job */
export function reached(job) {
    const looks = job.preparing; // a server of before does not say
    const many = painting(job);
    const parts = [WORDS.queue.progress(job.done, job.total), looks && WORDS.queue.looks(looks.done, looks.total), many && WORDS.queue.machines(many)];
    return parts.filter(Boolean).join(" · ");
}

/** How many machines of a farm have some of the job in hand. @param {Job} job */
export function painting(job) {
    return job.farm?.machines.filter((one) => one.state === "painting").length ?? 0;
}

/** @param {number} fast frames a second */
export function rateText(fast) {
    return fast >= 10 ? fast.toFixed(0) : fast >= 1 ? fast.toFixed(1) : fast.toFixed(2);
}
