/**
 * What is asked of the desk's own process. Errors come in words; `Refused` carries them.
 *
 * @typedef {{what: string, words: string, code: string, file?: string | null, layer?: string | null,
 *     frame?: number | null, cause?: string, remedy?: string}} Words
 */
import {WORDS} from "./words.js";

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

/** Send a file. @param {string} path @param {Blob} content @returns {Promise<any>} */
export function put(path, content) {
    return ask(path, {method: "PUT", body: content});
}

/** @param {string} path @param {RequestInit} options */
async function ask(path, options) {
    let answer;
    try {
        answer = await fetch(path, options);
    } catch {
        throw new Refused({what: WORDS.deskGone, words: WORDS.deskGone, code: "desk"});
    }
    const body = await answer.json().catch(() => null);
    if (!answer.ok) {
        const words = body?.error?.words ?? WORDS.noAnswer(answer.status);
        throw new Refused(body?.error ?? {what: words, words, code: "desk"});
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
