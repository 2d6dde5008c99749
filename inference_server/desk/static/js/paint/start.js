/**
 * What is painted from: files that are dropped or chosen, a path of this machine, the shipped shot, or what was at hand
 * before.
 *
 * @typedef {{title: string, ask: Record<string, string>, at?: string}} Recent
 * at: where it was left; ask: how it is opened anew.
 */
import {fill, h, say} from "../dom.js";
import {get, isBroken, post, words} from "../server.js";
import {WORDS} from "../words.js";
import {chosen, dropped, dropping, upload} from "./drop.js";
import {wished} from "./wish.js";

const SAID = WORDS.paint;
const RECENT = "painted-from";
const MOST = 8;

/** Whether a model paints with a walk and nothing else. @param {import("../models/models.js").Card} card */
const isGenerator = ({inputs}) => Boolean(inputs.walk) && Object.entries(inputs).every(([name, one]) => name === "walk" || (name !== "labels" && !one?.needed));

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
    const stopping = h("button", {type: "button", hidden: true, onclick: () => ended(SAID.notCopied)}, WORDS.cancel);
    /** @type {import("./drop.js").Upload | null} */
    let sending = null;

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
            refuse(words(error), ask, title, isBroken(error) ? () => open(ask, title) : undefined);
        }
    }

    /** Go on where it was left. @param {Recent} one */
    async function again(one) {
        say(status, SAID.opening);
        const there = one.at && (await get(`/api/paint/${encodeURIComponent(one.at)}`).catch(() => null));
        if (there) {
            remember(one);
            location.hash = `#/paint/${encodeURIComponent(there.at)}`;
        } else {
            await open(one.ask, one.title);
        }
    }

    /** What is no label pass may be meant as pictures, and a clip of uneven times may be given a rate. @param {string} text @param {Record<string, string>} ask @param {string} title @param {() => void} [once] try it once more */
    function refuse(text, ask, title, once) {
        const rate = h("input", {type: "text", inputmode: "decimal", value: "24", "aria-label": SAID.fps, class: "short"});
        wrong.hidden = false;
        fill(wrong, h("p", {}, text), once && h("button", {type: "button", onclick: once}, SAID.goOn),
            /--fps/.test(text) && h("form", {class: "row", onsubmit: (/** @type {Event} */ event) => (event.preventDefault(), open({...ask, fps: rate.value}, title))},
                h("label", {class: "row"}, SAID.fps, rate), h("button", {}, SAID.openWithRate)));
    }

    /** @param {import("./drop.js").Dropped[]} some */
    async function take(some) {
        files.value = folder.value = "";
        if ((sending && !sending.broken) || !some.length) {
            return;
        }
        await ended("");
        say(status, WORDS.loading);
        try {
            sending = await upload(some, (way) => say(status, SAID.copying(way)));
            await send(some);
        } catch (error) {
            await ended(words(error));
        }
    }

    /** @param {import("./drop.js").Dropped[]} some */
    async function send(some) {
        const mine = sending;
        if (!mine) {
            return;
        }
        wrong.hidden = true;
        stopping.hidden = false;
        try {
            await mine.run();
        } catch (error) {
            if (sending === mine && !mine.broken) {
                await ended("");
                refuse(words(error), {}, "");
            } else if (sending === mine) {
                say(status, "");
                refuse(`${words(error)}\n${SAID.keptSoFar(some.length - mine.missing.size, some.length)}`, {}, "", () => send(some));
            }
            return;
        }
        sending = null;
        stopping.hidden = true;
        const [first] = some[0].name.split("/");
        await open({drop: mine.drop}, some.length === 1 || some[0].name.includes("/") ? first : SAID.several(first, some.length));
    }

    /** Copying has ended, without what was to be copied. @param {string} text why */
    async function ended(text) {
        const mine = sending;
        sending = null;
        stopping.hidden = true;
        wrong.hidden = true;
        say(status, text);
        await mine?.forget().catch(() => {});
    }

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
    const generators = h("section", {class: "generators", "aria-label": WORDS.walk.begin, hidden: true});

    /** What needs no file: a model that paints what a walk names. */
    async function tellGenerators() {
        const listed = /** @type {import("../models/models.js").Listed | null} */ (await get("/api/models").catch(() => null));
        const cards = (listed?.models ?? []).filter(isGenerator).sort((a, b) => Number(b.name === model) - Number(a.name === model));
        generators.hidden = !listed;
        fill(generators, h("h2", {}, WORDS.walk.begin),
            cards.length
                ? h("div", {class: "row wrap"}, ...cards.map((card) => h("button", {type: "button", onclick: () => open({walk: card.name}, WORDS.walk.with(card.title))}, WORDS.walk.with(card.title))))
                : h("p", {class: "dim"}, WORDS.walk.none));
    }

    const known = recent();
    const model = wished();
    say(status, model ? SAID.paintingWith(model) : "");
    fill(place, h("div", {class: "from"},
        h("h1", {class: "said"}, WORDS.parts.paint),
        zone,
        h("form", {class: "row", onsubmit: (/** @type {Event} */ event) => (event.preventDefault(), open({path: path.value}, path.value))},
            path, h("button", {type: "submit"}, SAID.open)),
        h("div", {class: "row"}, status, stopping), wrong,
        generators,
        known.length > 0 && h("section", {"aria-label": SAID.recent}, h("h2", {}, SAID.recent),
            h("ul", {class: "plain"}, ...known.map((one) => h("li", {}, h("button", {type: "button", class: "quiet link cut", onclick: () => again(one)}, one.title))))),
        h("p", {}, h("a", {href: "#/paint/colours"}, SAID.colours)),
    ));

    tellGenerators();
    const noDrop = dropping(place, zone, async (data) => take(await dropped(data)));
    return () => {
        noDrop();
        if (sending) {
            ended("");
        }
    };
}
