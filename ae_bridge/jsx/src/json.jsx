/*
 * JSON for the script engine of After Effects, which is ECMAScript 3: older versions have no global JSON, and all
 * scripts share one engine, so nothing outside the namespace is touched.
 *
 * A delivery file comes from somewhere else: parse() reads it sign by sign and evaluates nothing. stringify() writes
 * ASCII only, so that characters and bytes are the same number in whatever encoding the other side reads.
 */
SemrenderAE.json = (function () {
    var MAX_DEPTH = 64; // A delivery nests less than ten deep, and the engine's own stack is small.

    /** @type {Object<string, string>} */
    var ESCAPES = {"\"": "\"", "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"};

    /** @type {Object<string, boolean>} */
    var WORDS = {"true": true, "false": false, "null": null};

    /** @param {object} object @param {string} name */
    function has(object, name) {
        return Object.prototype.hasOwnProperty.call(object, name);
    }

    /** @param {string} text */
    function quote(text) {
        var signs = [];
        var sign;
        var code;
        var hex;
        var i;
        for (i = 0; i < text.length; i += 1) {
            sign = text.charAt(i);
            code = text.charCodeAt(i);
            if (sign === "\"" || sign === "\\") {
                sign = "\\" + sign;
            } else if (code < 0x20 || code > 0x7e) {
                hex = code.toString(16);
                sign = "\\u" + "0000".slice(hex.length) + hex;
            }
            signs.push(sign);
        }
        return "\"" + signs.join("") + "\"";
    }

    /**
     * The value that a JSON text stands for.
     * @param {string} text
     * @returns {any}
     * @throws {Error} With line, column and what was expected, when the text is not JSON, nests deeper than 64
     *     levels, or has a name that begins with "__": the engine gives such properties effects of their own.
     */
    function parse(text) {
        var at = 0;

        /** @param {string} expected @returns {never} */
        function refuse(expected) {
            var lines = text.slice(0, at).split("\n");
            throw new Error(
                "Not a readable JSON text: line " + lines.length + ", column " + (lines[lines.length - 1].length + 1) +
                ": expected " + expected + ", found " +
                (at < text.length ? quote(text.substr(at, 20)) : "the end of the text")
            );
        }

        function skipSpace() {
            while (at < text.length && " \t\r\n".indexOf(text.charAt(at)) >= 0) {
                at += 1;
            }
        }

        /** @param {string} sign */
        function take(sign) {
            skipSpace();
            if (text.charAt(at) !== sign) {
                return false;
            }
            at += 1;
            return true;
        }

        function readEscape() {
            var sign = text.charAt(at + 1);
            var hex = text.substr(at + 2, 4);
            if (sign === "u" && /^[0-9A-Fa-f]{4}$/.test(hex)) {
                at += 6;
                return String.fromCharCode(parseInt(hex, 16));
            }
            if (!has(ESCAPES, sign)) {
                refuse("an escape that JSON knows");
            }
            at += 2;
            return ESCAPES[sign];
        }

        function readString() {
            var signs = [];
            var sign;
            at += 1;
            while (at < text.length) {
                sign = text.charAt(at);
                if (sign === "\\") {
                    signs.push(readEscape());
                } else if (text.charCodeAt(at) < 0x20) {
                    refuse("no control character inside a string");
                } else {
                    at += 1;
                    if (sign === "\"") {
                        return signs.join("");
                    }
                    signs.push(sign);
                }
            }
            return refuse("a closing quote");
        }

        function readNumber() {
            var start = at;
            var digits;
            while (at < text.length && "+-.0123456789Ee".indexOf(text.charAt(at)) >= 0) {
                at += 1;
            }
            digits = text.slice(start, at);
            if (!/^-?(0|[1-9][0-9]*)(\.[0-9]+)?([Ee][+-]?[0-9]+)?$/.test(digits) || !isFinite(Number(digits))) {
                at = start;
                refuse("a number");
            }
            return Number(digits);
        }

        function readWord() {
            var word;
            for (word in WORDS) {
                if (has(WORDS, word) && text.substr(at, word.length) === word) {
                    at += word.length;
                    return WORDS[word];
                }
            }
            return refuse("a value");
        }

        /** @param {number} depth */
        function readArray(depth) {
            /** @type {any[]} */
            var values = [];
            at += 1;
            if (take("]")) {
                return values;
            }
            do {
                values.push(readValue(depth));
            } while (take(","));
            if (!take("]")) {
                refuse("',' or ']'");
            }
            return values;
        }

        function readName() {
            var start;
            var name;
            skipSpace();
            start = at;
            if (text.charAt(at) !== "\"") {
                refuse("a name in double quotes");
            }
            name = readString();
            if (name.slice(0, 2) === "__") {
                at = start;
                refuse("a name that does not begin with '__'");
            }
            return name;
        }

        /** @param {number} depth */
        function readObject(depth) {
            /** @type {Object<string, any>} */
            var object = {};
            var name;
            at += 1;
            if (take("}")) {
                return object;
            }
            do {
                name = readName();
                if (!take(":")) {
                    refuse("':'");
                }
                object[name] = readValue(depth);
            } while (take(","));
            if (!take("}")) {
                refuse("',' or '}'");
            }
            return object;
        }

        /** @param {number} depth How many arrays and objects are open around the value. @returns {any} */
        function readValue(depth) {
            var sign;
            skipSpace();
            sign = text.charAt(at);
            if (sign === "{" || sign === "[") {
                if (depth === MAX_DEPTH) {
                    refuse("at most " + MAX_DEPTH + " levels");
                }
                return (sign === "{") ? readObject(depth + 1) : readArray(depth + 1);
            }
            if (sign === "\"") {
                return readString();
            }
            return /^[-0-9]$/.test(sign) ? readNumber() : readWord();
        }

        function readAll() {
            var value = readValue(0);
            skipSpace();
            if (at < text.length) {
                refuse("the end of the text");
            }
            return value;
        }

        return readAll();
    }

    /** @param {any} value @param {number} depth As in readValue. @returns {string} */
    function write(value, depth) {
        var kind = Object.prototype.toString.call(value);
        var parts = [];
        var i;
        var name;
        if (value === null || typeof value === "boolean" || (typeof value === "number" && isFinite(value))) {
            return String(value);
        }
        if (typeof value === "string") {
            return quote(value);
        }
        if (typeof value !== "object" || (kind !== "[object Array]" && kind !== "[object Object]")) {
            throw new Error("No JSON for " + String(value));
        }
        if (depth === MAX_DEPTH) {
            throw new Error("No JSON for a value that nests deeper than " + MAX_DEPTH + " levels");
        }
        if (kind === "[object Array]") {
            for (i = 0; i < value.length; i += 1) {
                parts.push(write(value[i], depth + 1));
            }
            return "[" + parts.join(",") + "]";
        }
        for (name in value) {
            if (has(value, name)) {
                parts.push(quote(name) + ":" + write(value[name], depth + 1));
            }
        }
        return "{" + parts.join(",") + "}";
    }

    /**
     * The JSON text of a value, ASCII only, on one line.
     * @param {any} value null, booleans, finite numbers, strings, and arrays and plain objects of them.
     * @returns {string}
     * @throws {Error} For anything else (undefined, NaN, functions, host objects), and beyond 64 levels: nothing
     *     is left out silently, and a value that holds itself ends in words.
     */
    function stringify(value) {
        return write(value, 0);
    }

    return {parse: parse, stringify: stringify};
}());
