/**
 * The classes that are there, how much of the picture each is, and as what it is painted; the names of a Cryptomatte.
 *
 * @typedef {{name: string, classes: {id: number, name: string, share: number}[],
 *     carried: {class: string, becomes: string, how: string, painted_as: string}[], labels: string, model: string,
 *     guessed: number}} LayerReport
 * @typedef {{name: string, share: number, means: string}} Named
 */
import {fill, h} from "../dom.js";
import {WORDS} from "../words.js";
import {swatch} from "./colours.js";
import {setMap, setName} from "./shot.js";

const SAID = WORDS.paint;
const MOST = 400; // rows

/** @param {number} share 0..1 */
const percent = (share) => (share >= 0.001 ? `${(share * 100).toFixed(1)} %` : share > 0 ? "< 0.1 %" : "");

/** @param {() => void} changed */
export function classTable(changed) {
    const body = h("tbody", {});
    const element = h("section", {"aria-label": SAID.classes, hidden: true},
        h("h2", {}, SAID.classes),
        h("p", {class: "dim"}, SAID.classesHint),
        h("table", {class: "classes"}, h("thead", {}, h("tr", {}, ...SAID.classColumns.map((word) => h("th", {scope: "col"}, word)))), body));

    /**
     * @param {LayerReport[]} layers @param {import("./shot.js").Shot} shot @param {import("./colours.js").LabelSet | null} labels
     */
    function tell(layers, shot, labels) {
        /** @type {Map<string, number>} */
        const shares = new Map();
        /** @type {Map<string, string>} */
        const painted = new Map();
        for (const layer of layers) {
            for (const one of layer.classes) {
                shares.set(one.name, Math.max(shares.get(one.name) ?? 0, one.share));
            }
            for (const one of layer.carried) {
                painted.set(one.class, one.painted_as);
            }
        }
        for (const name of Object.keys(shot.map ?? {})) {
            shares.set(name, shares.get(name) ?? 0);
        }
        const colours = new Map(labels?.classes.map((one) => [one.name, Object.values(one.colours)[0]]));
        const rows = [...shares].sort((a, b) => b[1] - a[1]).slice(0, MOST);
        element.hidden = !rows.length;
        const focused = document.activeElement instanceof HTMLInputElement && body.contains(document.activeElement) ? document.activeElement.name : "";
        fill(body, ...rows.map(([name, share]) => {
            const asked = shot.map?.[name] ?? "";
            const to = h("input", {type: "text", name, list: "painted-as", value: asked, placeholder: painted.get(name) ?? SAID.itself, spellcheck: "false", autocomplete: "off", "aria-label": SAID.paintedAs(name), onchange: () => {
                setMap(shot, name, to.value.trim());
                changed();
            }});
            return h("tr", {"data-class": name, class: asked ? "asked" : null}, h("td", {}, swatch(colours.get(name)), name), h("td", {class: "number"}, percent(share)), h("td", {}, to));
        }));
        if (focused) {
            find(focused)?.focus();
        }
    }

    /** The field of a class, brought into view. @param {string} name */
    function find(name) {
        const row = [...body.children].find((one) => /** @type {HTMLElement} */ (one).dataset.class === name);
        row?.scrollIntoView({block: "nearest"});
        return row?.querySelector("input");
    }

    return {element, tell, find};
}

/** @param {() => void} changed */
export function nameTable(changed) {
    const body = h("tbody", {});
    const status = h("p", {class: "dim"});
    const element = h("section", {"aria-label": SAID.names, hidden: true},
        h("h2", {}, SAID.names), status,
        h("table", {class: "classes"}, h("thead", {}, h("tr", {}, ...SAID.nameColumns.map((word) => h("th", {scope: "col"}, word)))), body));

    /** @param {Named[]} names @param {import("./shot.js").Shot} shot */
    function tell(names, shot) {
        element.hidden = !names.length;
        const seen = names.filter((one) => one.share > 0);
        const open = seen.filter((one) => !one.means).length;
        fill(status, open ? SAID.openNames(open, seen.length) : SAID.allNamed(seen.length));
        fill(body, ...seen.slice(0, MOST).map((one) => {
            const given = shot.layers[0].read?.names?.[one.name] ?? "";
            const to = h("input", {type: "text", name: one.name, list: "classes", value: given, placeholder: one.means || SAID.noMeaning, spellcheck: "false", autocomplete: "off", "aria-label": SAID.nameMeans(one.name), onchange: () => {
                setName(shot, one.name, to.value.trim());
                changed();
            }});
            return h("tr", {class: one.means ? null : "open"}, h("td", {class: "name"}, one.name), h("td", {class: "number"}, percent(one.share)), h("td", {}, to));
        }));
    }

    return {element, tell};
}
