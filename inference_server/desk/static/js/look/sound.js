/** The sound of a look: heard while it plays forwards at its rate, brought back to the picture where the two part. */
import {h} from "../dom.js";
import {WORDS} from "../words.js";

const SAID = WORDS.look;
const APART = 0.08; // seconds that sound and picture may be apart; two frames at 24

export class Sound {
    /** @param {import("./choices.js").Look} look */
    constructor(look) {
        this.first = look.first;
        this.fps = look.fps[0] / look.fps[1];
        this.audio = h("audio", {preload: "none", src: `/api/look/${encodeURIComponent(look.at)}/sound`});
        this.button = h("button", {type: "button", "aria-pressed": "true", title: `${SAID.soundHint} (m)`, hidden: !look.sounds, onclick: () => this.mute()}, SAID.sound);
        this.there = look.sounds;
    }

    mute() {
        this.audio.muted = !this.audio.muted;
        this.button.setAttribute("aria-pressed", String(!this.audio.muted));
    }

    /** @param {number} frame that is shown @param {boolean} plays forwards, at the rate of the shot */
    at(frame, plays) {
        if (!this.there) {
            return;
        }
        const {audio} = this;
        if (!plays) {
            audio.pause();
            return;
        }
        const due = (frame - this.first) / this.fps;
        // The picture of a frame stands for its whole time; the sound may be anywhere in it.
        if (audio.currentTime < due - APART || audio.currentTime > due + 1 / this.fps + APART) {
            audio.currentTime = due;
        }
        if (audio.paused) {
            audio.play().catch(() => (this.there = false)); // no sound can be had: it plays on without
        }
    }

    leave() {
        this.audio.pause();
        this.audio.removeAttribute("src");
    }
}
