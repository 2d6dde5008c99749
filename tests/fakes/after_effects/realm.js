/*
 * A realm that has the built-ins of ECMAScript 3 and no others, like the engine of After Effects.
 *
 * eval and new Function are switched off in it: data that is evaluated anywhere ends in an EvalError.
 * What stays although ES3 lacks it: __proto__ (ExtendScript has it), RegExp.prototype.flags (node's own replace()
 * and match() read it) and three constants of Number that cannot be deleted; the type check knows all of these.
 * The syntax is node's; the linter is the judge of that.
 */
"use strict";

const vm = require("vm");

const words = (text) => text.split(/\s+/);
const dateParts = words("Date Day FullYear Hours Milliseconds Minutes Month Seconds Time");
const ERROR = {statics: [], members: words("name message toString")};
const ES3 = {
    Object: {
        statics: [],
        members: words("toString toLocaleString valueOf hasOwnProperty isPrototypeOf propertyIsEnumerable __proto__"),
    },
    Function: {statics: [], members: words("toString apply call length name")},
    Array: {
        statics: [],
        members: words("length toString toLocaleString concat join pop push reverse shift slice sort splice unshift"),
    },
    String: {
        statics: ["fromCharCode"],
        members: words(`length toString valueOf charAt charCodeAt concat indexOf lastIndexOf localeCompare match replace
            search slice split substr substring toLowerCase toLocaleLowerCase toUpperCase toLocaleUpperCase`),
    },
    Boolean: {statics: [], members: words("toString valueOf")},
    Number: {
        statics: words(`MAX_VALUE MIN_VALUE NaN NEGATIVE_INFINITY POSITIVE_INFINITY
            EPSILON MAX_SAFE_INTEGER MIN_SAFE_INTEGER`),
        members: words("toString toLocaleString valueOf toFixed toExponential toPrecision"),
    },
    Date: {
        statics: words("parse UTC"),
        members: words(`toString toDateString toTimeString toLocaleString toLocaleDateString toLocaleTimeString valueOf
            getTimezoneOffset getYear setYear toGMTString toUTCString`).concat(
            ...dateParts.map((part) => [`get${part}`, `set${part}`, `getUTC${part}`, `setUTC${part}`])),
    },
    RegExp: {statics: [], members: words("exec test toString source global ignoreCase multiline flags")},
    Error: ERROR, EvalError: ERROR, RangeError: ERROR, ReferenceError: ERROR, SyntaxError: ERROR, TypeError: ERROR,
    URIError: ERROR,
};
const MATH = words(`E LN10 LN2 LOG10E LOG2E PI SQRT1_2 SQRT2 abs acos asin atan atan2 ceil cos exp floor log max min
    pow random round sin sqrt tan`);
const GLOBALS = words(`NaN Infinity undefined Math eval parseInt parseFloat isNaN isFinite decodeURI decodeURIComponent
    encodeURI encodeURIComponent escape unescape`).concat(Object.keys(ES3));

/** Delete the named properties of an object, except some; symbols stay, no ES3 code can reach them. */
function keepOnly(object, names) {
    for (const name of Object.getOwnPropertyNames(object)) {
        if (!names.includes(name)) {
            delete object[name]; // strict mode: throws where it cannot
        }
    }
}

function makeRealm() {
    const context = vm.createContext({}, {codeGeneration: {strings: false, wasm: false}});
    const inside = vm.runInContext("this", context);
    const parseInside = vm.runInContext("JSON.parse", context);
    for (const [name, {statics, members}] of Object.entries(ES3)) {
        keepOnly(inside[name], [...statics, "length", "name", "prototype", "arguments", "caller"]);
        keepOnly(inside[name].prototype, [...members, "constructor"]);
    }
    keepOnly(inside.Math, MATH);
    keepOnly(inside, GLOBALS);
    return {context, inside, parseInside};
}

module.exports = {makeRealm};
