/** A try that was begun, followed until it has ended. */
import {get} from "../server.js";

const LOOK_AGAIN = 250; // milliseconds

/** @typedef {{state: string, words: string, ended: boolean, seconds: number}} Stand seconds: since it was begun */

/**
 * @param {string} job
 * @param {(stand: Stand) => boolean | Promise<boolean>} tell how it stands; false = nobody wants to know any more
 */
export async function follow(job, tell) {
    const began = performance.now();
    for (;;) {
        const told = await get(`/api/paint/tried/${job}`);
        if (!(await tell({...told, seconds: (performance.now() - began) / 1000})) || told.ended) {
            return;
        }
        await new Promise((resolve) => window.setTimeout(resolve, LOOK_AGAIN));
    }
}
