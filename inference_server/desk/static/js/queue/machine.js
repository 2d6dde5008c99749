/** The machine: its workers and what they have in hand, memory, disks, and how it is reached from elsewhere. */
import {fill, h, say} from "../dom.js";
import {jobs, on, state} from "../store.js";
import {WORDS} from "../words.js";

const SAID = WORDS.machine;

/** @param {HTMLElement} place @returns {() => void} */
export function showMachine(place) {
    const body = h("div", {class: "machine"});
    const tunnel = h("pre", {});
    fill(place, body, h("details", {class: "machine"}, h("summary", {}, SAID.elsewhereTitle), h("p", {class: "dim"}, SAID.elsewhere), tunnel));
    function tell() {
        const {server} = state;
        const machine = server.machine;
        fill(
            body,
            h("h1", {}, SAID.title),
            !server.there && h("p", {class: "note bad"}, server.words || WORDS.starting),
            machine && [
                h("dl", {class: "facts"}, ...fact(SAID.server, `semrender ${machine.version}, ${machine.host}`),
                    ...fact(SAID.main, SAID.free(WORDS.bytes(machine.memory.free), WORDS.bytes(machine.memory.total)))),
                machine.deaths > 0 && h("p", {class: "note"}, SAID.deaths(machine.deaths)),
                h("h2", {}, SAID.workers),
                h("table", {}, h("thead", {}, h("tr", {}, ...[SAID.device, SAID.state, SAID.memory, SAID.hand].map((name) => h("th", {scope: "col"}, name)))),
                    h("tbody", {}, ...machine.workers.map(worker))),
                ...(machine.machines?.length ? farm(machine.machines) : []),
                h("h2", {}, SAID.disks),
                h("dl", {class: "facts"}, ...machine.disks.flatMap((disk) => fact(disk.of, SAID.free(WORDS.bytes(disk.free), disk.total ? WORDS.bytes(disk.total) : "")))),
            ],
        );
        say(tunnel, `ssh -L ${location.port}:127.0.0.1:${location.port} ${machine?.host ?? "HOST"}`);
    }
    const stop = on("server", tell);
    tell();
    return stop;
}

/** @param {string} name @param {string} value */
export function fact(name, value) {
    return value ? [h("dt", {}, name), h("dd", {}, value)] : [];
}

/** @param {import("../store.js").Member[]} machines */
function farm(machines) {
    const names = [SAID.machine, SAID.device, SAID.state, SAID.hand];
    return [h("h2", {}, SAID.farm), h("table", {class: "machines"},
        h("thead", {}, h("tr", {}, ...names.map((name) => h("th", {scope: "col"}, name)))), h("tbody", {}, ...machines.map(member)))];
}

/** @param {import("../store.js").Member} one */
function member(one) {
    const hand = one.hand.map((run) => `${jobs.get(run.job)?.name ?? run.job.slice(0, 8)} ${run.done}/${run.pictures}`);
    return h("tr", {}, h("td", {}, one.name, one.version && h("div", {class: "dim"}, `semrender ${one.version}`)),
        h("td", {}, one.devices.join(", ")), h("td", {}, one.why || SAID.ready), h("td", {}, hand.join(", ") || SAID.idle));
}

/** @param {import("../store.js").Worker} worker */
function worker(worker) {
    const card = worker.device_memory;
    const memory = [
        worker.memory ? SAID.used(WORDS.bytes(worker.memory)) : "",
        card ? SAID.card(WORDS.bytes(card[0]), WORDS.bytes(card[1])) : "",
    ];
    const hand = worker.in_hand.map((one) => [one.layer ?? one.kind, one.frame].filter((part) => part !== null).join(" "));
    return h(
        "tr",
        {},
        h("td", {}, worker.device, worker.about && worker.about !== worker.device && h("div", {class: "dim"}, worker.about)),
        h("td", {}, worker.ready ? SAID.ready : SAID.starting),
        h("td", {}, memory.filter(Boolean).join(", ")),
        h("td", {}, hand.join(", ") || SAID.idle),
    );
}
