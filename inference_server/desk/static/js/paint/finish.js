/** From a frame that pleases to the whole: what is painted where, how far it is, and the shot.json to keep. */
import {answered} from "../dialog.js";
import {fill, h} from "../dom.js";
import {reached} from "../queue/figures.js";
import {post} from "../server.js";
import {jobs, on} from "../store.js";
import {toast} from "../toast.js";
import {WORDS} from "../words.js";
import {choice, field} from "./fields.js";

const SAID = WORDS.paint;
const FOLDER = "painted-into"; // the one above, for the next shot

/** @param {import("./shot.js").Source} source @returns {Promise<Record<string, unknown> | null>} what the request says beside the shot */
export async function askPaint(source) {
    const above = localStorage.getItem(FOLDER);
    const out = above ? `${above}/${source.title}` : source.out;
    const named = (/** @type {HTMLElement} */ control, /** @type {string} */ name) => (control.setAttribute("name", name), control);
    const kept = choice(Object.entries(SAID.formats), "png", () => {});
    const movie = choice(Object.entries(SAID.movies), "h264", () => {});
    const layers = source.shot.layers.map((layer) => layer.name);
    const given = await answered(SAID.paintTitle, [
        field(SAID.frames, h("input", {type: "text", name: "frames", value: `${source.shot.first}-${source.shot.last}`, required: true, autocomplete: "off"}), SAID.framesHelp),
        layers.length > 1 && h("fieldset", {class: "kinds"}, h("legend", {class: "dim"}, SAID.layers),
            ...layers.map((name, index) => h("label", {class: "check"}, h("input", {type: "checkbox", name: `layer ${index}`, checked: true}), name))),
        field(SAID.out, h("input", {type: "text", name: "out", value: out, required: true, autocomplete: "off", spellcheck: "false"}), SAID.outHelp),
        field(SAID.format, named(kept, "format")),
        field(SAID.movie, named(movie, "movie")),
        h("label", {class: "check"}, h("input", {type: "checkbox", name: "comp", checked: true}), SAID.comp),
    ], SAID.paint);
    if (!given) {
        return null;
    }
    const place = given.out.trim().replace(/[/\\]+$/, "");
    localStorage.setItem(FOLDER, place.replace(/[/\\][^/\\]*$/, ""));
    const chosen = layers.filter((_, index) => `layer ${index}` in given);
    return {frames: given.frames, layers: layers.length > 1 ? chosen : null, out: place, format: given.format, movie: given.movie, comp: given.comp === "on"};
}

/** @param {import("./shot.js").Source} source @param {object} body */
export async function askSave(source, body) {
    const given = await answered(SAID.saveTitle, [
        h("p", {class: "dim"}, source.kind === "walk" ? SAID.saveWalk : source.dropped ? SAID.saveDropped : SAID.saveHint),
        field(SAID.savePath, h("input", {type: "text", name: "path", value: source.dropped ? `${source.out}.json` : `${source.base}/shot.json`, required: true, autocomplete: "off", spellcheck: "false"})),
        h("label", {class: "check"}, h("input", {type: "checkbox", name: "replace"}), SAID.replace),
    ], SAID.save);
    if (given) {
        const {path} = await post(`/api/paint/${encodeURIComponent(source.at)}/save`, {...body, path: given.path, replace: given.replace === "on"});
        toast(SAID.saved(path), {kind: "good"});
    }
}

/** How far the job is that was handed over, with the ways to it. @param {boolean} alone there are no passes to lay it over */
export function progress(alone) {
    const bar = h("div", {class: "bar"}, h("i"), h("i", {class: "failed"}));
    const status = h("p", {role: "status"});
    const links = h("div", {class: "row wrap"});
    const element = h("section", {class: "handed", "aria-label": SAID.handed, hidden: true}, status, bar, links);
    let id = "";
    let linked = "";

    function tell() {
        const job = jobs.get(id);
        if (!id) {
            return;
        }
        if (!job) {
            fill(status, SAID.handedOver);
            return;
        }
        const state = WORDS.queue.states[job.state] ?? job.state;
        fill(status, `${job.name}: ${state}, ${reached(job)}${job.failed ? `, ${WORDS.queue.failed(job.failed)}` : ""}`);
        bar.dataset.state = job.state;
        const [done, failed] = bar.getElementsByTagName("i");
        done.style.width = failed.style.left = `${(100 * job.done) / Math.max(1, job.total)}%`;
        failed.style.width = `${(100 * job.failed) / Math.max(1, job.total)}%`;
        const now = String(job.done > 0);
        if (now !== linked) {
            linked = now;
            fill(links,
                job.done > 0 && h("a", {class: "button", href: alone ? `#/look/${id}` : `#/look/${id}//wipe`}, alone ? SAID.lookAlone : SAID.lookAt),
                h("a", {class: "button", href: `#/queue/${id}`}, WORDS.parts.queue));
        }
    }

    const stop = on("jobs", tell);
    return {
        element,
        /** It is being handed over. */
        begin: () => {
            id = "";
            element.hidden = false;
            fill(links);
            fill(status, SAID.handing);
        },
        /** @param {string} job */
        follow: (job) => {
            id = job;
            linked = "";
            element.hidden = false;
            tell();
        },
        leave: stop,
    };
}
