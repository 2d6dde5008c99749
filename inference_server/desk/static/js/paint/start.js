/**
 * What is painted from: files that are dropped or chosen, a path of this machine, the shipped shot, or what was at hand
 * before.
 *
 * @typedef {{title: string, ask: Record<string, string>, at?: string}} Recent
 * at: where it was left; ask: how it is opened anew.
 */
import {fill, h, say} from "../dom.js";
import {get, post, words} from "../server.js";
import {WORDS} from "../words.js";
import {chosen, dropped, sent} from "./drop.js";
import {wished} from "./wish.js";

const SAID = WORDS.paint;
const RECENT = "painted-from";
const MOST = 8;

/** @returns {Recent[]} */
function recent() {
    try {
        const known = JSON.parse(localStorage.getItem(RECENT) ?? "[]");
        return Array.isArray(known) ? known.filter((one) => one?.title && one?.ask) : [];
    } catch {
        return [];
    }
}

/** @param {Recent} one */
export function remember(one) {
    const same = JSON.stringify(one.ask);
    const others = recent().filter((other) => JSON.stringify(other.ask) !== same);
    localStorage.setItem(RECENT, JSON.stringify([one, ...others].slice(0, MOST)));
}

/** @param {HTMLElement} place @returns {() => void} leave */
export function showStart(place) {
    const status = h("p", {class: "dim", role: "status"});
    const wrong = h("div", {class: "note bad", role: "alert", hidden: true});
    const path = h("input", {type: "text", class: "grow", name: "path", autocomplete: "off", spellcheck: "false", placeholder: SAID.pathHint, "aria-label": SAID.path, required: true});
    const files = h("input", {type: "file", multiple: true, class: "said", tabindex: "-1", "aria-label": SAID.chooseFiles, onchange: () => files.files && take(chosen(files.files))});
    const folder = h("input", {type: "file", webkitdirectory: true, class: "said", tabindex: "-1", "aria-label": SAID.chooseFolder, onchange: () => folder.files && take(chosen(folder.files))});
    let busy = false;

    /** @param {Record<string, string>} ask @param {string} title */
    async function open(ask, title) {
        wrong.hidden = true;
        say(status, SAID.opening);
        try {
            const {at} = await post(ask.example ? "/api/paint/example" : "/api/paint", ask);
            remember({title, ask, at});
            location.hash = `#/paint/${encodeURIComponent(at)}`;
        } catch (error) {
            say(status, "");
            refuse(words(error), ask, title);
        }
    }

    /** Go on where it was left. @param {Recent} one */
    async function again(one) {
        const there = one.at && (await get(`/api/paint/${encodeURIComponent(one.at)}`).catch(() => null));
        if (there) {
            remember(one);
            location.hash = `#/paint/${encodeURIComponent(there.at)}`;
        } else {
            await open(one.ask, one.title);
        }
    }

    /** What is no label pass may be meant as pictures, and a clip of uneven times may be given a rate. @param {string} text @param {Record<string, string>} ask @param {string} title */
    function refuse(text, ask, title) {
        const rate = h("input", {type: "text", inputmode: "decimal", value: "24", "aria-label": SAID.fps, class: "short"});
        wrong.hidden = false;
        fill(wrong, h("p", {}, text),
            /--fps/.test(text) && h("form", {class: "row", onsubmit: (/** @type {Event} */ event) => (event.preventDefault(), open({...ask, fps: rate.value}, title))},
                h("label", {class: "row"}, SAID.fps, rate), h("button", {}, SAID.openWithRate)));
    }

    /** @param {import("./drop.js").Dropped[]} some */
    async function take(some) {
        if (busy || !some.length) {
            return;
        }
        busy = true;
        wrong.hidden = true;
        say(status, SAID.copying(0, some.length));
        try {
            const drop = await sent(some, (done, total) => say(status, SAID.copying(done, total)));
            const [first] = some[0].name.split("/");
            await open({drop}, some.length === 1 || some[0].name.includes("/") ? first : SAID.several(first, some.length));
        } catch (error) {
            say(status, "");
            refuse(words(error), {}, "");
        }
        busy = false;
        files.value = folder.value = "";
    }

    const over = (/** @type {DragEvent} */ event) => {
        event.preventDefault();
        zone.classList.add("over");
    };
    const zone = h(
        "div",
        {class: "zone"},
        h("p", {class: "big"}, SAID.drop),
        h("p", {class: "dim"}, SAID.dropHint),
        h("div", {class: "row wrap"},
            h("button", {type: "button", onclick: () => files.click()}, SAID.chooseFiles),
            h("button", {type: "button", onclick: () => folder.click()}, SAID.chooseFolder),
            h("button", {type: "button", onclick: () => open({example: "yes"}, SAID.exampleName)}, SAID.example)),
        files, folder,
    );
    const known = recent();
    const model = wished();
    say(status, model ? SAID.paintingWith(model) : "");
    fill(place, h("div", {class: "from"},
        h("h1", {class: "said"}, WORDS.parts.paint),
        zone,
        h("form", {class: "row", onsubmit: (/** @type {Event} */ event) => (event.preventDefault(), open({path: path.value}, path.value))},
            path, h("button", {type: "submit"}, SAID.open)),
        status, wrong,
        known.length > 0 && h("section", {"aria-label": SAID.recent}, h("h2", {}, SAID.recent),
            h("ul", {class: "plain"}, ...known.map((one) => h("li", {}, h("button", {type: "button", class: "quiet link cut", onclick: () => again(one)}, one.title))))),
        h("p", {}, h("a", {href: "#/paint/colours"}, SAID.colours)),
    ));

    const drop = async (/** @type {DragEvent} */ event) => {
        event.preventDefault();
        zone.classList.remove("over");
        if (event.dataTransfer) {
            take(await dropped(event.dataTransfer));
        }
    };
    const out = () => zone.classList.remove("over");
    place.addEventListener("dragover", over);
    place.addEventListener("dragleave", out);
    place.addEventListener("drop", drop);
    return () => {
        place.removeEventListener("dragover", over);
        place.removeEventListener("dragleave", out);
        place.removeEventListener("drop", drop);
    };
}
