/** When which frame is due, and what was really shown: a frame whose time went by unseen is counted as dropped. */
import {WORDS} from "../words.js";

const WINDOW = 1000; // milliseconds over which the rate is measured

export class Clock {
    /** @param {number} fps */
    constructor(fps) {
        this.fps = fps;
        this.dropped = 0;
        this.began = 0;
        this.due = 0; // frames since it began
        /** @type {number[]} */
        this.shown = [];
    }

    /** @param {number} now milliseconds */
    start(now) {
        this.began = now;
        this.due = 0;
        this.dropped = 0;
        this.shown = [];
    }

    /**
     * How many frames to go on by now. every: none is left out, however long that takes; else what is late is dropped.
     * @param {number} now
     * @param {boolean} every
     * @param {(steps: number) => boolean} ready whether the frame so many steps on can be shown
     */
    steps(now, every, ready) {
        const due = Math.floor(((now - this.began) * this.fps) / 1000);
        const late = due - this.due;
        if (late <= 0) {
            return 0;
        }
        if (every) {
            if (!ready(1)) {
                return 0;
            }
            this.due = due; // it waits for pictures, and does not hurry after them
            this.seen(now);
            return 1;
        }
        if (!ready(late)) {
            return 0;
        }
        this.due = due;
        this.dropped += late - 1;
        this.seen(now);
        return late;
    }

    /** @param {number} now */
    seen(now) {
        this.shown.push(now);
        while (this.shown[0] < now - WINDOW) {
            this.shown.shift();
        }
    }

    /** Frames a second that were shown of late; null before there were two. */
    get rate() {
        const [first, last] = [this.shown[0], this.shown[this.shown.length - 1]];
        return this.shown.length > 1 && last > first ? ((this.shown.length - 1) * 1000) / (last - first) : null;
    }

    /** @param {boolean} plays */
    words(plays) {
        const fps = Number(this.fps.toFixed(3));
        if (plays) {
            return WORDS.look.rate(fps, this.rate?.toFixed(1) ?? "…", this.dropped);
        }
        return this.dropped ? WORDS.look.stood(fps, this.dropped) : WORDS.look.fps(fps);
    }
}
