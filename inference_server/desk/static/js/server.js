/**
 * What is asked of the desk's own process. Errors come in words; `Refused` carries them.
 *
 * @typedef {{what: string, words: string, code: string, file?: string | null, layer?: string | null,
 *     frame?: number | null, cause?: string, remedy?: string}} Words
 */
import {WORDS} from "./words.js";

const BROKEN = "desk"; // the code of an answer that did not come, or not from the desk

export class Refused extends Error {
    /** @param {Words} error */
    constructor(error) {
        super(error.words);
        this.error = error;
    }
}

/** @param {string} path @returns {Promise<any>} */
export function get(path) {
    return ask(path, {});
}

/** @param {string} path @param {object} [body] @returns {Promise<any>} */
export function post(path, body = {}) {
    const headers = {"Content-Type": "application/json"};
    return ask(path, {method: "POST", headers, body: JSON.stringify(body)});
}

/**
 * Send a file.
 * @param {string} path @param {Blob} content @param {(bytes: number) => void} tell how much has gone out
 * @param {AbortSignal} signal @returns {Promise<any>}
 */
export function put(path, content, tell, signal) {
    return new Promise((resolve, reject) => {
        const line = new XMLHttpRequest(); // fetch does not tell how much has gone out
        const stop = () => line.abort();
        line.upload.onprogress = (event) => tell(event.loaded);
        line.onload = () => {
            const body = parsed(line.responseText);
            line.status < 300 ? resolve(body) : reject(refusal(body, line.status));
        };
        line.onerror = () => reject(new Refused({what: WORDS.deskGone, words: WORDS.deskGone, code: BROKEN}));
        line.onabort = () => reject(new Refused({what: WORDS.stopped, words: WORDS.stopped, code: "stopped"}));
        line.onloadend = () => signal.removeEventListener("abort", stop);
        signal.addEventListener("abort", stop);
        line.open("PUT", path);
        line.send(content);
    });
}

/** Whether there was no answer at all. @param {unknown} error */
export const isBroken = (error) => error instanceof Refused && error.error.code === BROKEN;

/** @param {string} text */
function parsed(text) {
    try {
        return JSON.parse(text);
    } catch {
        return null;
    }
}

/** @param {any} body @param {number} status */
function refusal(body, status) {
    const words = body?.error?.words ?? WORDS.noAnswer(status);
    return new Refused(body?.error ?? {what: words, words, code: BROKEN});
}

/** @param {string} path @param {RequestInit} options */
async function ask(path, options) {
    let answer;
    try {
        answer = await fetch(path, options);
    } catch {
        throw new Refused({what: WORDS.deskGone, words: WORDS.deskGone, code: BROKEN});
    }
    const body = parsed(await answer.text().catch(() => ""));
    if (!answer.ok) {
        throw refusal(body, answer.status);
    }
    return body;
}

/** @param {unknown} error @returns {string} */
export function words(error) {
    return error instanceof Error ? error.message : String(error);
}

/**
 * Server-sent events of a path, for as long as it is not closed; a line that breaks is taken up where it ended.
 * @param {string} path
 * @param {Record<string, (data: any) => void>} hear by the event's name
 * @param {(there: boolean) => void} line whether the desk answers
 * @returns {() => void} close it
 */
export function listen(path, hear, line) {
    let source = /** @type {EventSource | null} */ (null);
    let last = "";
    let timer = 0;
    function open() {
        const more = last ? `${path.includes("?") ? "&" : "?"}last=${encodeURIComponent(last)}` : "";
        const made = new EventSource(path + more);
        source = made;
        made.onopen = () => line(true);
        made.onerror = () => {
            line(false);
            made.close();
            window.clearTimeout(timer);
            timer = window.setTimeout(open, 1000);
        };
        for (const [name, heard] of Object.entries(hear)) {
            made.addEventListener(name, (event) => {
                last = event.lastEventId || last;
                heard(JSON.parse(event.data));
            });
        }
    }
    open();
    return () => {
        window.clearTimeout(timer);
        source?.close();
    };
}
