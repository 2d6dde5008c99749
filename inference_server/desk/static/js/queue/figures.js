/**
 * What a job's figures mean: how fast it is, how long it takes yet, where it stands in the queue.
 *
 * @typedef {import("../store.js").Job} Job
 */
import {WORDS} from "../words.js";

/**
 * Frames a second: as the server expects it while it goes on, of what has ended over the whole job.
 * @param {Job} job
 * @returns {number | null}
 */
export function rate(job) {
    const seconds = job.ended === null ? left(job) : job.began && job.painted ? job.ended - job.began : null;
    return seconds ? (job.ended === null ? job.total - job.done - job.failed : job.painted) / seconds : null;
}

/** Seconds until the end; null where nothing goes on or nobody can know. @param {Job} job */
export function left(job) {
    return job.left ?? null; // a server of before does not say
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
    return job.farm?.painting ?? 0;
}

/** @param {number} fast frames a second */
export function rateText(fast) {
    return fast >= 10 ? fast.toFixed(0) : fast >= 1 ? fast.toFixed(1) : fast.toFixed(2);
}
