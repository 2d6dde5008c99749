/** The frame of the page: parts by their address, the line about the server, light and dark, keys. */
import {h, fill, say} from "./dom.js";
import {keys, showKeys} from "./keys.js";
import {PARTS} from "./parts.js";
import {wanted, watchEnds} from "./queue/ends.js";
import {words} from "./server.js";
import {connect, hold, on, state} from "./store.js";
import {toast} from "./toast.js";
import {WORDS} from "./words.js";

const bar = /** @type {HTMLElement} */ (document.getElementById("bar"));
const place = /** @type {HTMLElement} */ (document.getElementById("place"));

/** @type {{name: string, shown: import("./parts.js").Shown} | null} */
let current = null;
let asked = 0;

/** @returns {[string, string[]]} */
function address() {
    const [name, ...path] = location.hash.replace(/^#\//, "").split("/").map(decoded);
    return name in PARTS ? [name, path] : ["queue", []];
}

/** @param {string} word */
function decoded(word) {
    try {
        return decodeURIComponent(word);
    } catch {
        return word;
    }
}

async function go() {
    const [name, path] = address();
    const mine = ++asked;
    for (const link of bar.querySelectorAll("nav a")) {
        link.toggleAttribute("aria-current", false);
        if (link.getAttribute("href") === `#/${name}`) {
            link.setAttribute("aria-current", "page");
        }
    }
    document.title = `${WORDS.parts[name]} · ${WORDS.name}`;
    if (current?.name === name && current.shown.go) {
        current.shown.go(path);
        return;
    }
    try {
        if (!current) {
            fill(place, h("p", {class: "empty", role: "status"}, WORDS.loading));
        }
        const part = await PARTS[name]();
        if (mine !== asked) {
            return;
        }
        current?.shown.leave();
        fill(place);
        place.className = name;
        current = {name, shown: part.show(place, path)};
    } catch (error) {
        toast(words(error), {kind: "bad"});
    }
}

function theme() {
    const chosen = localStorage.getItem("theme");
    const light = chosen ? chosen === "light" : matchMedia("(prefers-color-scheme: light)").matches;
    document.documentElement.dataset.theme = light ? "light" : "dark";
}

function turnTheme() {
    localStorage.setItem("theme", document.documentElement.dataset.theme === "light" ? "dark" : "light");
    theme();
}

const about = h("span", {class: "server cut", role: "status"});

let lost = false;
let seen = false; // a server that was never there does not come back

function tellServer() {
    const {server, line} = state;
    if (lost && server.there) {
        toast(WORDS.serverBack, {kind: "good"});
    }
    seen ||= server.there && server.machine !== null;
    lost = seen && !server.there && Boolean(server.words);
    about.classList.toggle("lost", !line || !server.there);
    about.title = line ? server.words : WORDS.deskGone;
    if (!line) {
        say(about, WORDS.deskGone);
    } else if (!server.there) {
        say(about, server.words ? server.words : WORDS.starting);
    } else if (server.machine) {
        const devices = server.machine.workers.filter((worker) => worker.ready).map((worker) => worker.device);
        const disk = server.machine.disks[0];
        say(about, WORDS.serverLine(devices.join(", ") || WORDS.noDevice, disk ? WORDS.bytes(disk.free) : "?"));
    }
}

theme();
matchMedia("(prefers-color-scheme: light)").addEventListener("change", theme);
const links = Object.keys(PARTS).map((name) => h("a", {href: `#/${name}`}, WORDS.parts[name]));
fill(
    bar,
    h("span", {class: "name"}, WORDS.name),
    h("nav", {"aria-label": WORDS.navigation}, ...links),
    about,
    h("button", {type: "button", class: "quiet", "aria-label": WORDS.theme, title: WORDS.theme, onclick: turnTheme}, "◐"),
    h("button", {type: "button", class: "quiet", "aria-label": WORDS.keys, title: WORDS.keys, onclick: showKeys}, "?"),
);
keys([
    ...Object.keys(PARTS).map((name, index) => ({
        keys: [String(index + 1)],
        words: WORDS.parts[name],
        group: WORDS.keysOf.any,
        does: () => {
            location.hash = `#/${name}`;
        },
    })),
    {keys: ["?"], words: WORDS.keysOf.help, group: WORDS.keysOf.any, does: showKeys},
]);
on("server", tellServer);
watchEnds();
connect();
addEventListener("hashchange", go);
document.addEventListener("visibilitychange", () => hold(document.hidden && !wanted()));
addEventListener("unhandledrejection", (event) => toast(words(event.reason), {kind: "bad"}));
go();
