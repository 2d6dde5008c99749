/*
 * Runs scripts in a realm that has the built-ins of ECMAScript 3 and no others, see fakes/after_effects/realm.js.
 *
 * Standard input: {"steps": [{"name": "json.jsx", "code": "..."}, ...], "input": any JSON value}.
 * The steps run in order in one global scope, where `input` is that value, made of the realm's own objects.
 * Standard output: {"value": what the last step evaluates to} or {"error": "words", "at": "stack"}.
 */
"use strict";

const fs = require("fs");
const vm = require("vm");
const {makeRealm} = require("../fakes/after_effects/realm.js");

const request = JSON.parse(fs.readFileSync(0, "utf8"));
const {context, inside, parseInside} = makeRealm();
let answer;
try {
    inside.input = parseInside(JSON.stringify(request.input));
    let value;
    for (const {name, code} of request.steps) {
        value = vm.runInContext(code, context, {filename: name});
    }
    answer = {value: value === undefined ? null : value};
} catch (error) {
    answer = {error: String(error && error.message), at: String(error && error.stack)};
}
// ASCII, so that lone surrogates pass the pipe unharmed.
process.stdout.write(JSON.stringify(answer).replace(/[\u007f-\uffff]/g,
    (sign) => "\\u" + sign.charCodeAt(0).toString(16).padStart(4, "0")));
