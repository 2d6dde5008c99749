/** When frames may have landed: told by the feed of a job, looked for in a folder that lacks some. */
import {jobs, on} from "../store.js";

const LOOK_AGAIN = 2000; // milliseconds
const TOGETHER = 250; // milliseconds in which news are one

/**
 * @param {string} job "" = a folder
 * @param {() => boolean} lacks whether frames are not there yet
 * @param {() => void} landed there may be more frames
 * @param {() => void} ended there may be more of everything: the job stands otherwise now
 * @returns {() => void} stop
 */
export function news(job, lacks, landed, ended) {
    let timer = 0;
    let all = false;
    let before = jobs.get(job);
    const stop = on("jobs", () => {
        const now = jobs.get(job);
        if (!now || (now.done === before?.done && now.failed === before?.failed && now.state === before?.state)) {
            return;
        }
        all ||= now.state !== before?.state;
        before = now;
        timer ||= window.setTimeout(() => {
            timer = 0;
            (all ? ended : landed)();
            all = false;
        }, TOGETHER);
    });
    const watch = window.setInterval(() => {
        if (!job && !document.hidden && lacks()) {
            landed();
        }
    }, LOOK_AGAIN);
    return () => {
        stop();
        window.clearTimeout(timer);
        window.clearInterval(watch);
    };
}
