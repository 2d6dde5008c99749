/**
 * Pictures of frames, asked for ahead and kept within a bound; what is not wanted any more is let go.
 *
 * @typedef {{at: string, reel: string, frame: number, side: number}} Wanted side: of the longer side, 0 = whole
 * @typedef {{state: "coming" | "there" | "refused", bitmap: ImageBitmap | null, width: number, height: number,
 *     words: string, lacking: boolean, stop: AbortController, frame: number}} Picture width, height: of the whole picture
 */
import {WORDS} from "../words.js";

const AT_ONCE = 4; // a browser has six lines to one place, and the feed has one of them
const PIXEL = 4; // bytes
export const BUDGET = (innerWidth < 720 ? 128 : 512) * 2 ** 20; // bytes of decoded pictures

export class Pictures {
    /** @param {() => void} came a picture came, or cannot */
    constructor(came) {
        this.came = came;
        /** @type {Map<string, Picture>} */
        this.kept = new Map();
        /** @type {Wanted[]} */
        this.wanted = [];
        this.taken = 0;
        this.coming = 0;
    }

    /** @param {Wanted} one */
    static key(one) {
        return `${one.at} ${one.reel} ${one.frame} ${one.side}`;
    }

    /** The picture as it was asked for, else the same one of another size. @param {Wanted} one @returns {Picture | null} */
    find(one) {
        const exact = this.kept.get(Pictures.key(one));
        if (exact && exact.state !== "coming") {
            return exact;
        }
        for (const side of [0, 1920, 960, 384]) {
            const other = this.kept.get(Pictures.key({...one, side}));
            if (other?.bitmap) {
                return other;
            }
        }
        return exact ?? null;
    }

    /** Whether nothing more is to come of it. @param {Wanted} one */
    settled(one) {
        const found = this.kept.get(Pictures.key(one));
        return found !== undefined && found.state !== "coming";
    }

    /** These are wanted now, the first most; as many as there is room for are fetched. @param {Wanted[]} wanted */
    want(wanted) {
        const room = BUDGET / this.each();
        this.wanted = wanted.slice(0, Math.max(2, Math.floor(room)));
        const names = new Set(this.wanted.map(Pictures.key));
        for (const [name, picture] of this.kept) {
            if (picture.state === "coming" && !names.has(name)) {
                picture.stop.abort();
                this.drop(name);
            }
        }
        for (const name of this.kept.keys()) {
            if (this.taken <= BUDGET) {
                break;
            }
            if (!names.has(name)) {
                this.drop(name);
            }
        }
        this.fetchNext();
    }

    /** Bytes of a picture, as they were of late. */
    each() {
        const last = [...this.kept.values()].findLast((picture) => picture.bitmap);
        return last?.bitmap ? last.bitmap.width * last.bitmap.height * PIXEL : 1920 * 1080 * PIXEL;
    }

    fetchNext() {
        for (const one of this.wanted) {
            if (this.coming >= AT_ONCE) {
                return;
            }
            if (!this.kept.has(Pictures.key(one))) {
                this.fetch(one);
            }
        }
    }

    /** @param {Wanted} one */
    async fetch(one) {
        /** @type {Picture} */
        const picture = {state: "coming", bitmap: null, width: 0, height: 0, words: "", lacking: false, stop: new AbortController(), frame: one.frame};
        const name = Pictures.key(one);
        this.kept.set(name, picture);
        this.coming++;
        try {
            const answer = await fetch(address(one), {signal: picture.stop.signal});
            if (answer.ok) {
                const bitmap = await createImageBitmap(await answer.blob(), {colorSpaceConversion: "none"});
                if (this.kept.get(name) !== picture) {
                    bitmap.close();
                    return;
                }
                const [width, height] = (answer.headers.get("X-Size") ?? "").split("x").map(Number);
                Object.assign(picture, {state: "there", bitmap, width: width || bitmap.width, height: height || bitmap.height});
                this.taken += bitmap.width * bitmap.height * PIXEL;
            } else {
                const body = await answer.json().catch(() => null);
                const words = body?.error?.words ?? WORDS.noAnswer(answer.status);
                Object.assign(picture, {state: "refused", words, lacking: answer.status === 404});
            }
        } catch {
            if (picture.stop.signal.aborted) {
                return;
            }
            Object.assign(picture, {state: "refused", words: WORDS.look.unreadable, lacking: true});
        } finally {
            this.coming--;
            this.fetchNext();
        }
        this.came();
    }

    /** Frames of a reel that were not there may be now. @param {string} at @param {string} reel @param {(frame: number) => boolean} which */
    again(at, reel, which) {
        for (const [name, picture] of this.kept) {
            if (picture.state === "refused" && name.startsWith(`${at} ${reel} `) && which(picture.frame)) {
                this.kept.delete(name);
            }
        }
        this.fetchNext();
    }

    /** @param {string} name */
    drop(name) {
        const picture = this.kept.get(name);
        if (picture?.bitmap) {
            this.taken -= picture.bitmap.width * picture.bitmap.height * PIXEL;
            picture.bitmap.close();
        }
        this.kept.delete(name);
    }

    leave() {
        this.wanted = [];
        for (const [name, picture] of [...this.kept]) {
            picture.stop.abort();
            this.drop(name);
        }
    }
}

/** @param {Wanted} one */
export function address(one) {
    const side = one.side ? `&side=${one.side}` : "";
    return `/api/look/${encodeURIComponent(one.at)}/picture?reel=${encodeURIComponent(one.reel)}&frame=${one.frame}${side}`;
}
