/**
 * The walks of a shot: a table for each layer that walks, their keyframes painted, and files that are dropped on them.
 *
 * @typedef {import("./shot.js").Source} Source
 */
import {h, say} from "../dom.js";
import {get, post, words} from "../server.js";
import {toast} from "../toast.js";
import {WORDS} from "../words.js";
import {Upload} from "./drop.js";
import {follow} from "./tries.js";
import {walkTable} from "./walk.js";

const SAID = WORDS.walk;
const SPEECH = "speech"; // a sound that comes moves the walk so, until another way is chosen
const THERE = "pkc"; // letters of frames that are there

/**
 * @param {Source} source
 * @param {{changed: () => void, allowed: () => Promise<boolean>, look: (frame: number) => void,
 *     painted: (frame: number, address: string) => void, heard: () => void}} does
 * painted: there is a picture of a frame; heard: the shot has another sound.
 */
export function walks(source, does) {
    const {shot} = source;
    const api = `/api/paint/${encodeURIComponent(source.at)}`;
    let left = false;
    let version = 0;
    let classes = 0;
    const tables = shot.layers.flatMap((layer) => {
        const {walk} = layer;
        let job = "";
        const stop = () => job && post(`/api/jobs/${job}/cancel`);
        const made = walk && walkTable(shot, {...layer, walk}, {changed: does.changed, look: does.look, stop, paint: async () => {
            if (made && (await does.allowed())) {
                await paint(layer.name, made.show, (begun) => (job = begun));
            }
        }});
        return made ? [{name: layer.name, ...made}] : [];
    });
    const status = h("p", {class: "dim grow", role: "status"});
    const coming = h("div", {class: "row", hidden: true}, status, h("button", {type: "button", onclick: () => sending?.stop()}, WORDS.cancel));
    const element = h("div", {class: "walks", hidden: !tables.length}, ...tables.map((one) => one.element), coming);
    /** @type {Upload | null} */
    let sending = null;

    /**
     * @param {string} layer @param {(found: Map<number, string>, words: string, going: boolean) => void} show
     * @param {(job: string) => void} begun
     */
    async function paint(layer, show, begun) {
        const mine = version;
        show(new Map(), WORDS.loading, true);
        try {
            const keyed = (await tell()).layers[layer].frames;
            const frames = /** @type {number[]} */ ([...new Set(keyed)]).filter((frame) => frame >= shot.first && frame <= shot.last);
            const {job} = await post(`${api}/try`, {shot, frames: frames.join(","), layers: [layer]});
            begun(job);
            await follow(job, async (stand) => {
                const told = await get(`/api/jobs/${job}/pictures/${encodeURIComponent(layer)}`);
                const there = /** @type {number[]} */ (told.frames).filter((_, index) => THERE.includes(told.states[index]));
                if (left || mine !== version) {
                    post(`/api/jobs/${job}/cancel`).catch(() => {}); // it may have ended
                    show(new Map(), left ? "" : SAID.stale, false);
                    return false;
                }
                there.forEach((frame) => does.painted(frame, `/api/look/${job}/picture?reel=painting&frame=${frame}`));
                show(new Map(there.map((frame) => [frame, `/api/jobs/${job}/thumb/${encodeURIComponent(layer)}/${frame}?side=96`])),
                    stand.ended ? stand.words : SAID.painting(there.length, frames.length, stand.seconds), !stand.ended);
                return true;
            });
        } catch (error) {
            show(new Map(), words(error), false);
        }
    }

    async function tell() {
        const told = await post(`${api}/walks`, {shot});
        tables.forEach((one) => one.tell(told.layers[one.name], classes));
        return told;
    }

    /** A sound is that of the shot, a w file another keyframe. @param {import("./drop.js").Dropped[]} files */
    async function take(files) {
        const [one] = files;
        const isPoint = /\.npz$/i.test(one.name);
        sending?.stop();
        const mine = new Upload(source.at, [one], (way) => say(status, WORDS.paint.copying(way)));
        sending = mine;
        coming.hidden = false;
        try {
            await mine.run();
            if (isPoint) {
                tables[0].addPoint({w: one.name});
                toast(SAID.taken(one.name), {kind: "good"});
                return;
            }
            shot.audio = one.name;
            const walk = shot.layers.find((layer) => layer.walk)?.walk;
            const leads = walk && !walk.drive;
            Object.assign(walk ?? {}, leads ? {drive: SPEECH} : {});
            toast(leads ? SAID.leads(one.name) : SAID.taken(one.name), {kind: "good"});
            does.heard();
            does.changed();
        } catch (error) {
            toast(words(error), {kind: mine.stopping.signal.aborted ? "" : "bad"});
        } finally {
            coming.hidden ||= sending === mine;
        }
    }

    return {
        element,
        any: tables.length > 0,
        take,
        /** The shot is another one. */
        stale: () => {
            version++;
            tables.forEach((one) => one.stale());
        },
        /** @param {number} known how many classes the model knows @returns {Promise<number | null>} frames that the sound lasts */
        tell: async (known) => {
            classes = known;
            return (await tell()).lasts;
        },
        leave: () => {
            left = true;
            sending?.stop();
        },
    };
}
