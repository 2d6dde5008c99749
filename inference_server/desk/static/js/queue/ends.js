/** Who is told that a job has ended or stopped: the page by words, the person elsewhere by the browser. */
import {jobs, on} from "../store.js";
import {toast} from "../toast.js";
import {WORDS} from "../words.js";

const SEEN = "seen"; // when this browser last heard of the queue, seconds since 1970
const WANTED = "notify";

/** @typedef {import("../store.js").Job} Job */

export function wanted() {
    return localStorage.getItem(WANTED) === "yes" && "Notification" in window && Notification.permission === "granted";
}

/** Ask the browser to be told, or no longer. @returns {Promise<boolean>} whether one is told now */
export async function want() {
    if (wanted()) {
        localStorage.removeItem(WANTED);
        return false;
    }
    if (!("Notification" in window) || (await Notification.requestPermission()) !== "granted") {
        toast(WORDS.queue.notifyRefused);
        return false;
    }
    localStorage.setItem(WANTED, "yes");
    return true;
}

export function watchEnds() {
    on("jobs", (event) => {
        const {changed, all} = event.detail;
        if (all) {
            sayAway();
        } else {
            changed.forEach(tell);
        }
        localStorage.setItem(SEEN, String(Date.now() / 1000));
    });
}

function sayAway() {
    const seen = Number(localStorage.getItem(SEEN));
    const ended = seen ? [...jobs.values()].filter((job) => job.ended !== null && job.ended > seen) : [];
    if (ended.length) {
        const failed = ended.filter((job) => job.state === "failed").length;
        toast(WORDS.queue.away(ended.length, failed), {kind: failed ? "bad" : "good"});
    }
}

/** @param {{before: Job | undefined, now: Job}} change */
function tell({before, now}) {
    if (!before) {
        return;
    }
    const ended = before.ended === null && now.ended !== null;
    const stopped = now.state === "paused" && now.paused !== "asked" && before.paused !== now.paused;
    if (!ended && !stopped) {
        return;
    }
    const text = stopped ? `${WORDS.queue.stopped(now.name)}: ${now.paused}` : endText(now);
    const kind = now.state === "done" ? "good" : now.state === "cancelled" ? "" : "bad";
    if (now.state !== "cancelled") {
        toast(text, {kind});
    }
    if (wanted() && document.hidden) {
        const said = new Notification(WORDS.name, {body: text, tag: now.job});
        said.onclick = () => {
            window.focus();
            location.hash = `#/queue/${now.job}`;
        };
    }
}

/** @param {Job} job */
function endText(job) {
    if (job.state === "done") {
        return WORDS.queue.endedDone(job.name);
    }
    return job.state === "failed" ? WORDS.queue.endedFailed(job.name, job.failed) : WORDS.queue.endedCancelled(job.name);
}
