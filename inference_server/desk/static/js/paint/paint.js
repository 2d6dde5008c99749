/** The part of the page that paints: what from, then the bench (#/paint/NAME); and which colour is which class. */
import {fill, h} from "../dom.js";
import {get, words} from "../server.js";
import {WORDS} from "../words.js";
import {showColours} from "./colours.js";
import {showStart} from "./start.js";

const SAID = WORDS.paint;
const COLOURS = "colours";

/** @param {HTMLElement} place @param {string[]} path @returns {import("../parts.js").Shown} */
export function show(place, path) {
    let leave = () => {};
    let asked = 0;

    /** @param {string[]} to */
    async function go([at, which]) {
        const mine = ++asked;
        leave();
        leave = () => {};
        if (!at) {
            leave = showStart(place);
            return;
        }
        if (at === COLOURS) {
            leave = showColours(place, which ?? "");
            return;
        }
        fill(place, h("p", {class: "empty", role: "status"}, WORDS.loading));
        try {
            const [source, listed, {showBench}] = await Promise.all([get(`/api/paint/${encodeURIComponent(at)}`), get("/api/models"), import("./bench.js")]);
            if (mine === asked) {
                leave = showBench(place, source, listed);
            }
        } catch (error) {
            if (mine === asked) {
                fill(place, h("div", {class: "empty"}, h("p", {class: "note bad", role: "alert"}, words(error)), h("a", {class: "button", href: "#/paint"}, SAID.other)));
            }
        }
    }

    go(path);
    return {
        go,
        leave: () => {
            asked++;
            leave();
        },
    };
}
