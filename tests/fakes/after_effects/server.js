/*
 * Hosts for tests in another language: one JSON request a line on standard input, one answer a line.
 *
 *     {"op": "open", "options": {...}, "sources": [{"name", "code"}]}   a new After Effects; see host.js
 *     {"op": "run", "code": "...", "input": any, "actor": "script"}     -> {"value" or "error", "violations", ...}
 *     {"op": "dump"}                                                    -> {"value": the project}
 *     {"op": "dialog", "open": true}                                    a dialog of After Effects itself
 *     {"op": "preference", "name": "write", "value": true}              the artist changes one
 *     {"op": "disk", "put": {path: {...}}, "remove": [path]}
 *
 * `options.plugins` names files of this folder.
 */
"use strict";

const readline = require("readline");
const {Host} = require("./host.js");
const {dump} = require("./dump.js");

let host = null;

const OPS = {
    open({options, sources}) {
        const plugins = (options.plugins || []).map((name) => require(`./${name}`).install);
        host = new Host({...options, plugins});
        sources.forEach(({name, code}) => host.load(name, code));
        return {};
    },
    run: ({code, input, actor}) => host.run(code, input, actor),
    dialog({open}) {
        host.setDialog(open);
        return {};
    },
    preference({name, value}) {
        host.preferences[name] = value;
        return {};
    },
    dump: () => ({value: dump(host)}),
    disk({put = {}, remove = []}) {
        remove.forEach((path) => host.disk.remove(path));
        Object.entries(put).forEach(([path, content]) => host.disk.put(path, content));
        return {};
    },
};

readline.createInterface({input: process.stdin}).on("line", (line) => {
    let answer;
    try {
        const request = JSON.parse(line);
        answer = OPS[request.op](request);
    } catch (error) {
        answer = {error: String(error && error.message), at: String(error && error.stack), violations: []};
    }
    // ASCII, so that lone surrogates pass the pipe unharmed.
    process.stdout.write(`${JSON.stringify(answer).replace(/[\u007f-\uffff]/g,
        (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`)}\n`);
});
