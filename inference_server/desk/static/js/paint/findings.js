/**
 * What was found in the passes, as `semrender check` says it.
 *
 * @typedef {import("../server.js").Words} Words
 * @typedef {{size: [number, number] | null, first: number, last: number, rate: string, sound: string | null, tracks: string[] | null,
 *     layers: import("./classes.js").LayerReport[], warnings: string[], problems: Words[],
 *     estimate?: {seconds: number | null}}} Report
 */
import {fill, h} from "../dom.js";
import {fact} from "../queue/machine.js";
import {WORDS} from "../words.js";

const SAID = WORDS.paint;

// What a remedy says of how the pass can be read: it is done by a button here.
const READ = /--(mode|encoding|palette-png|palette|label-set|exr-layer|crypto) (\w[\w.-]*\w)/g;

/**
 * @param {(problem: Words) => void} look at where a problem is
 * @param {(name: string, value: string) => void} readWith an option
 */
export function findings(look, readWith) {
    const status = h("p", {class: "dim", role: "status"});
    const problems = h("div", {class: "problems"});
    const facts = h("dl", {class: "facts"});
    const element = h("section", {"aria-label": SAID.found}, h("h2", {}, SAID.found), status, problems, facts);

    /** @param {Report} report @param {string[]} notes of what was opened */
    function tell(report, notes) {
        const bad = report.problems ?? [];
        fill(status, bad.length ? SAID.refused(bad.length) : SAID.sound);
        status.className = bad.length ? "bad" : "good";
        fill(problems,
            ...bad.map((one) => h("div", {class: "note bad"}, h("p", {}, one.words),
                h("div", {class: "row wrap"}, one.layer && h("button", {type: "button", onclick: () => look(one)}, SAID.where),
                    ...remedies(one.words).map(([name, value]) => h("button", {type: "button", onclick: () => readWith(name, value)}, SAID.readWith(name, value)))))),
            ...[...notes, ...(report.warnings ?? [])].map((words) => h("p", {class: "note"}, words)));
        const labels = [...new Set((report.layers ?? []).map((layer) => layer.labels).filter(Boolean))];
        fill(facts,
            ...fact(SAID.facts.size, report.size ? `${report.size[0]} × ${report.size[1]}` : ""),
            ...fact(SAID.facts.frames, report.first === undefined ? "" : `${report.first === report.last ? report.first : `${report.first}–${report.last}`}, ${report.rate ?? ""} fps`),
            ...fact(SAID.facts.layers, (report.layers ?? []).map((layer) => layer.name).join(", ")),
            ...fact(SAID.facts.labels, labels.join("; ")),
            ...fact(SAID.facts.sound, report.sound ?? ""),
            ...fact(SAID.facts.time, report.estimate?.seconds ? WORDS.time(report.estimate.seconds) : ""));
    }

    return {
        element,
        tell,
        /** @param {string} words why nothing is known yet, or any more */
        say: (words, bad = false) => {
            status.className = bad ? "bad" : "dim";
            fill(status, words);
            if (bad) {
                fill(problems);
                fill(facts);
            }
        },
    };
}

/** @param {string} words @returns {[string, string][]} */
function remedies(words) {
    const found = [...words.matchAll(READ)].map((one) => /** @type {[string, string]} */ ([one[1], one[2]]));
    return found.filter(([name, value], index) => found.findIndex((one) => one[0] === name && one[1] === value) === index);
}
