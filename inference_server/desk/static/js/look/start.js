/** What can be looked at: the jobs of the server, and any folder, delivery, clip or picture of this machine. */
import {fill, h, say} from "../dom.js";
import {keys} from "../keys.js";
import {post, words} from "../server.js";
import {jobs, on, state} from "../store.js";
import {WORDS} from "../words.js";

const SAID = WORDS.look;
const MOST = 60;

/** A form that opens a path. @param {(at: string) => void} opened */
export function opener(opened) {
    const path = h("input", {type: "text", class: "grow", name: "path", autocomplete: "off", spellcheck: "false", placeholder: SAID.pathHint, "aria-label": SAID.path, required: true});
    const wrong = h("p", {class: "note bad", role: "alert", hidden: true});
    const element = h("form", {class: "opener", onsubmit: async (/** @type {SubmitEvent} */ event) => {
        event.preventDefault();
        wrong.hidden = true;
        try {
            opened((await post("/api/look", {path: path.value})).at);
        } catch (error) {
            wrong.hidden = false;
            say(wrong, words(error));
        }
    }}, h("div", {class: "row"}, path, h("button", {type: "submit"}, SAID.open)), wrong);
    return {element, focus: () => path.focus()};
}

/** Ask for a path in a dialog. @returns {Promise<string | null>} the name under which it was opened */
export function askPath() {
    return new Promise((resolve) => {
        const form = opener((at) => {
            resolve(at);
            dialog.close();
        });
        const dialog = h("dialog", {"aria-label": SAID.openOther, onclose: () => (dialog.remove(), resolve(null))}, h("h2", {}, SAID.openOther), form.element,
            h("div", {class: "row end"}, h("button", {type: "button", onclick: () => dialog.close()}, WORDS.cancel)));
        document.body.append(dialog);
        dialog.showModal();
        form.focus();
    });
}

/** @param {HTMLElement} place @returns {() => void} leave */
export function showStart(place) {
    const search = h("input", {type: "search", class: "grow", "aria-label": WORDS.queue.find, placeholder: WORDS.queue.findShort, oninput: list});
    const tiles = h("div", {class: "tiles"});
    const status = h("p", {class: "dim", role: "status"});
    const form = opener((at) => {
        location.hash = `#/look/${encodeURIComponent(at)}`;
    });
    fill(place, h("div", {class: "start"}, h("h1", {class: "said"}, WORDS.parts.look), form.element, h("div", {class: "row"}, search), status, tiles));
    /** @type {Map<string, {element: HTMLElement, of: string}>} */
    const known = new Map();

    function list() {
        const word = search.value.trim().toLowerCase();
        const found = [...jobs.values()]
            .filter((job) => job.thumb && `${job.name} ${job.owner} ${job.out}`.toLowerCase().includes(word))
            .sort((a, b) => b.created - a.created)
            .slice(0, MOST);
        say(status, !state.listed ? WORDS.loading : found.length ? "" : SAID.nothing);
        const now = found.map((job) => {
            const of = `${job.thumb} ${job.state} ${job.done}`;
            const before = known.get(job.job);
            const element = before?.of === of ? before.element : tile(job);
            known.set(job.job, {element, of});
            return element;
        });
        if (now.length !== tiles.children.length || now.some((one, index) => tiles.children[index] !== one)) {
            fill(tiles, ...now);
        }
    }

    const stop = on("jobs", list);
    const forget = keys([{keys: ["/"], words: WORDS.keysOf.find, group: WORDS.parts.look, does: () => search.focus()}]);
    list();
    return () => {
        stop();
        forget();
    };
}

/** @param {import("../store.js").Job} job */
function tile(job) {
    const [layer, frame] = /** @type {[string, number]} */ (job.thumb);
    return h("a", {class: "tile", href: `#/look/${job.job}`},
        h("div", {class: "checked"}, h("img", {alt: "", loading: "lazy", src: `/api/jobs/${job.job}/thumb/${encodeURIComponent(layer)}/${frame}?side=384`})),
        h("b", {class: "cut"}, job.name),
        h("span", {class: "dim cut"}, `${WORDS.queue.states[job.state] ?? job.state} · ${WORDS.queue.progress(job.done, job.total)} · ${WORDS.date(job.created)}`));
}
