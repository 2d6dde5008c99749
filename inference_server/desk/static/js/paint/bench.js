/**
 * The bench: what a shot is painted with at the left, a frame of it in the middle, what was found in it at the right.
 *
 * @typedef {import("./shot.js").Source} Source
 * @typedef {import("../models/models.js").Listed} Listed
 */
import {fill, h, say} from "../dom.js";
import {keys} from "../keys.js";
import {mayUse} from "../models/licence.js";
import {get, post, words} from "../server.js";
import {on, state} from "../store.js";
import {toast} from "../toast.js";
import {WORDS} from "../words.js";
import {classTable, nameTable} from "./classes.js";
import {labelSet} from "./colours.js";
import {aloneFields} from "./alone.js";
import {chosen, dropped, dropping} from "./drop.js";
import {names} from "./fields.js";
import {askPaint, askSave, progress} from "./finish.js";
import {findings} from "./findings.js";
import {settings} from "./settings.js";
import {isAlone, labelSetOf} from "./shot.js";
import {follow} from "./tries.js";
import {View} from "./view.js";
import {walks} from "./walks.js";

const SAID = WORDS.paint;
const TOGETHER = 400; // milliseconds in which changes are one

/** @param {HTMLElement} place @param {Source} source @param {Listed} listed @returns {() => void} leave */
export function showBench(place, source, listed) {
    const {shot} = source;
    const api = `/api/paint/${encodeURIComponent(source.at)}`;
    let frame = shot.first;
    let version = 0; // of the reading, so that a picture is asked for anew
    let asked = 0;
    let timer = 0;
    let left = false;
    let trying = "";
    let shown = "";
    /** @type {import("./findings.js").Report | null} */
    let report = null;

    const alone = isAlone(shot);
    /** @type {Map<number, string>} where a frame's painting is, as the shot is now */
    const pictures = new Map();

    const view = new View({frame: go, pointed, tryIt, stop}, source.frames, shot.layers.map((layer) => layer.name), !alone);
    const classes = classTable(() => changed("paint"));
    const named = nameTable(() => changed("read"));
    const found = findings((problem) => {
        view.layers.value = problem.layer ?? "";
        view.setMode("a");
        go(problem.frame ?? frame);
        view.stage.element.focus();
    }, (name, value) => asks.readWith(name, value));
    const itself = alone ? aloneFields(source, changed, (files) => walking.take(chosen(files))) : null;
    const asks = settings(source, listed, changed, async (kind) => {
        found.say(SAID.opening);
        await post(`${api}/as`, {kind});
        window.dispatchEvent(new HashChangeEvent("hashchange"));
    }, itself?.element ?? null);
    const walking = walks(source, {
        changed: () => changed(alone ? "read" : "paint"), allowed, look: go, heard: () => itself?.draw(),
        painted: (number, address) => {
            pictures.set(number, address);
            showPainted();
        },
    });
    const lists = h("div", {hidden: true});
    const done = progress(alone);
    const paint = h("button", {type: "button", class: "main", onclick: paintAll}, SAID.paintAll);
    const stale = h("p", {class: "dim", role: "status"});
    fill(place, h("div", {class: "bench"},
        h("div", {class: "asks"}, h("a", {class: "button quiet", href: "#/paint"}, `← ${SAID.other}`), asks.element),
        view.element,
        h("div", {class: "tells"},
            h("div", {class: "findings", role: "region", "aria-label": SAID.findings, tabindex: "0"}, found.element, walking.element, named.element, classes.element),
            h("div", {class: "ends"}, stale, done.element,
                h("div", {class: "row wrap"}, paint, h("button", {type: "button", onclick: save}, SAID.saveShot)))),
        lists));

    const body = () => ({shot});

    /** @param {number} to */
    function go(to) {
        const [first, last] = alone ? [shot.first, shot.last] : source.frames;
        frame = Number.isFinite(to) ? Math.max(first, Math.min(last, to)) : frame;
        view.setFrame(frame);
        showPass();
        readNames();
    }

    /** Where there is no pass to be seen, what was painted of the frame is. */
    function showPainted() {
        const address = pictures.get(frame);
        if (address && address !== shown) {
            shown = address;
            view.show(1, address);
        } else if (!address) {
            shown = "";
            view.words(1, SAID.notTried);
        }
    }

    function showPass() {
        if (alone) {
            showPainted();
            return;
        }
        const address = `${api}/picture?layer=${encodeURIComponent(view.layers.value)}&frame=${frame}&version=${version}`;
        view.show(0, address, (answer) => {
            const refused = Number(answer.headers.get("X-Refused") ?? 0);
            view.caption.hidden = !refused;
            const told = report?.problems.some((one) => one.frame === frame) ? "" : decodeURIComponent(answer.headers.get("X-Words") ?? "");
            say(view.caption, refused ? `${SAID.marked(refused)} ${told}` : "");
        });
    }

    /** @param {import("./settings.js").What} what */
    function changed(what) {
        window.clearTimeout(timer);
        found.say(SAID.checking);
        pictures.clear();
        walking.stale();
        if (view.sides[1].picture) {
            say(stale, SAID.again);
        }
        timer = window.setTimeout(async () => {
            await check(what === "read" || !report);
            if (what === "read" && !alone) {
                version++;
                showPass();
                readNames();
            }
        }, TOGETHER);
    }

    /** @param {boolean} whole all files are looked at; what is only painted otherwise needs the frame that is shown */
    async function check(whole) {
        const mine = ++asked;
        found.say(SAID.checking);
        try {
            asks.lacks((await post(`${api}/lacking`, body())).lacking);
            if (walking.any) {
                const classCount = (asks.card()?.options.find((one) => one.name === "class")?.max ?? -1) + 1;
                const lasts = await walking.tell(classCount);
                itself?.lasts(lasts);
            }
            if (alone) {
                view.setFrames([shot.first, shot.last]);
                view.setFrame((frame = Math.max(shot.first, Math.min(shot.last, frame))));
            }
            const told = await post(`${api}/check`, {...body(), frames: whole ? "" : String(frame)});
            if (mine === asked && !left) {
                report = told;
                found.tell(whole ? told : {...told, estimate: undefined}, source.notes); // that of one frame says nothing
                await tellClasses();
            }
        } catch (error) {
            if (mine === asked && !left) {
                report = null;
                found.say(words(error), true);
            }
        }
    }

    async function tellClasses() {
        const own = await labelSet(labelSetOf(shot)).catch(() => null); // one that is a file has no swatches here
        const model = asks.card()?.inputs.labels?.label_set.name;
        const painted = model ? await labelSet(model).catch(() => null) : null;
        fill(lists, names("classes", own?.classes ?? []), names("painted-as", (painted ?? own)?.classes ?? []));
        classes.tell(report?.layers ?? [], shot, own);
    }

    /** Of a Cryptomatte; other passes have no names. */
    async function readNames() {
        const layer = shot.layers.find((one) => one.name === view.layers.value) ?? shot.layers[0];
        if (!layer.labels || /\.(?!exr|sxr)[a-z]{3,4}$/i.test(layer.labels)) {
            return;
        }
        try {
            const told = await post(`${api}/names`, {...body(), layer: layer.name, frame});
            named.tell(told.names, shot);
        } catch {
            named.element.hidden = true;
        }
    }

    /** The class that is there, in the table, to be painted as another. @param {number} u @param {number} v */
    async function pointed(u, v) {
        const there = (await get(`${api}/class?frame=${frame}&u=${u}&v=${v}`)).class;
        if (there) {
            classes.find(there.name)?.focus();
        }
    }

    async function allowed() {
        const card = asks.card();
        return card === undefined || mayUse(card, listed.agreed);
    }

    async function tryIt() {
        if (trying || !(await allowed())) {
            return;
        }
        say(stale, "");
        view.setTrying(true);
        const mine = frame;
        const over = view.stage.mode === "a"; // then both are shown as soon as there are two
        try {
            trying = (await post(`${api}/try`, {...body(), frame: mine})).job;
            await follow(trying, async (stand) => {
                if (left) {
                    return false;
                }
                if (stand.state === "done") {
                    const address = `/api/look/${trying}/picture?reel=painting&frame=${mine}`;
                    pictures.set(mine, address);
                    shown = address;
                    await view.show(1, address);
                    if (over) {
                        view.setMode("wipe");
                    }
                    return false;
                }
                view.words(1, stand.ended ? stand.words || WORDS.stopped : SAID.trying(mine, WORDS.queue.states[stand.state] ?? stand.state, stand.seconds));
                if (view.stage.mode === "a") {
                    view.setMode("b");
                }
                return true;
            });
        } catch (error) {
            view.words(1, words(error));
            view.setMode("b");
        } finally {
            trying = "";
            view.setTrying(false);
        }
    }

    async function stop() {
        if (trying) {
            await post(`/api/jobs/${trying}/cancel`);
        }
    }

    async function paintAll() {
        if (!(await allowed())) {
            return;
        }
        const ask = await askPaint(source);
        if (ask) {
            done.begin();
            try {
                done.follow((await post(`${api}/render`, {...body(), ...ask})).job);
            } catch (error) {
                done.element.hidden = true;
                toast(words(error), {kind: "bad"});
            }
        }
    }

    async function save() {
        try {
            await askSave(source, body());
        } catch (error) {
            toast(words(error), {kind: "bad"});
        }
    }

    const group = WORDS.parts.paint;
    const forget = keys([
        {keys: ["t"], words: SAID.tryHint, group, does: tryIt},
        {keys: ["ArrowLeft"], words: WORDS.look.before, group, does: () => go(frame - 1)},
        {keys: ["ArrowRight"], words: WORDS.look.after, group, does: () => go(frame + 1)},
        ...(alone ? [] : ["a", "b", "w", "s"]).map((key, index) => {
            const mode = /** @type {const} */ (["a", "b", "wipe", "side"])[index];
            return {keys: [key], words: SAID.modes[mode], group, does: () => view.setMode(mode)};
        }),
        {keys: ["+", "="], words: WORDS.look.zoomIn, group, does: () => view.stage.step(1)},
        {keys: ["-"], words: WORDS.look.zoomOut, group, does: () => view.stage.step(-1)},
        {keys: ["0"], words: WORDS.look.whole, group, does: () => view.stage.setZoom(1)},
        {keys: ["f"], words: WORDS.look.keys.fit, group, does: () => view.stage.setFit()},
    ]);
    const back = on("server", () => {
        if (state.server.there && !report) {
            check(true);
        }
    });
    const noDrop = walking.any && source.dropped ? dropping(place, place, async (data) => walking.take(await dropped(data))) : () => {};
    go(frame);
    check(true);
    return () => {
        noDrop();
        walking.leave();
        left = true;
        window.clearTimeout(timer);
        forget();
        back();
        done.leave();
        view.leave();
    };
}
