/** The part of the page where pictures are looked at: first what there is, then the viewer (#/look/NAME/FRAME; with /wipe behind it over what it was painted from). */
import {fill, h} from "../dom.js";
import {get, words} from "../server.js";
import {WORDS} from "../words.js";
import {showStart} from "./start.js";
import {showViewer} from "./viewer.js";

/** @param {HTMLElement} place @param {string[]} path @returns {import("../parts.js").Shown} */
export function show(place, path) {
    let leave = () => {};
    let asked = 0;
    let shown = "";

    /** @param {string[]} to */
    async function go(to) {
        const [at, frame, mode] = to;
        const mine = ++asked;
        if (at && at === shown) {
            return;
        }
        leave();
        leave = () => {};
        shown = at ?? "";
        if (!at) {
            leave = showStart(place);
            return;
        }
        fill(place, h("p", {class: "empty", role: "status"}, WORDS.loading));
        try {
            const look = await get(`/api/look/${encodeURIComponent(at)}`);
            if (mine === asked) {
                leave = showViewer(place, look, frame ? Number(frame) : null, mode === "wipe" ? "wipe" : "a");
            }
        } catch (error) {
            if (mine === asked) {
                shown = "";
                fill(place, h("div", {class: "empty"}, h("p", {class: "note bad", role: "alert"}, words(error)), h("a", {class: "button", href: "#/look"}, WORDS.look.other)));
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
