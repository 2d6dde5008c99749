/*
 * The controls of what a model is given (a picture, a reference) and of the options of its card, and what they say.
 */
SemrenderAE.options = (function () {
    var kit = SemrenderAE.kit;
    var NAME = 84; // pixels

    /** What a model's picture is. @param {any} parent @param {{text: string}[]} entries */
    function pictures(parent, entries) {
        var made = kit.named(parent, "Picture:", NAME, "dropdownlist",
            "What the model makes another picture of. Selected Layer: the footage of one of the active comp.");
        var i;
        for (i = 0; i < entries.length; i += 1) {
            made.add("item", entries[i].text);
        }
        made.selection = 0;
        return made;
    }

    /** @param {string} path */
    function nameOf(path) {
        return path.slice(path.lastIndexOf("/") + 1);
    }

    /** A file to choose; its path is the state's `reference`. @param {any} parent @param {any} state @param {string} none */
    function reference(parent, state, none) {
        var line = kit.row(parent);
        var made = kit.button(line, "Reference...", "A picture, of any size, whose look is taken over.");
        var shown = line.add("statictext", undefined, state.reference === "" ? none : nameOf(state.reference), {truncate: "end"});
        shown.preferredSize = [80, -1];
        made.onClick = function () {
            var chosen = SemrenderAE.files.choose("The picture whose look is taken over");
            if (chosen !== "") {
                state.reference = chosen;
                shown.text = nameOf(state.reference);
            }
        };
    }

    /**
     * What an option begins with: as the delivery says, else as the card does; null where the layers differ.
     * @param {any} given @param {any} text Of the delivery, undefined where it says nothing.
     */
    function begin(given, text) {
        var found = text === null ? null : read(given, text);
        return found === undefined || (found === null && given.kind === "boolean") ? given["default"] : found;
    }

    /** @param {any} given @param {any} text */
    function read(given, text) {
        var number = Number(text);
        var i;
        if (text === undefined || text === "") {
            return undefined;
        }
        if (given.kind === "boolean") {
            return String(text).toLowerCase() === "true";
        }
        if (given.kind === "number" || given.kind === "integer") {
            return isNaN(number) ? undefined : number;
        }
        for (i = 0; given.kind === "choice" && i < given.choices.length; i += 1) {
            if (given.choices[i] === String(text)) {
                return given.choices[i];
            }
        }
        return undefined;
    }

    /** The control of an option; `value` reads it. @param {any} parent @param {any} given @param {any} start What it shows at first. */
    function control(parent, given, start) {
        var kinds = {choice: "dropdownlist", "boolean": "checkbox", number: "edittext", integer: "edittext"};
        var kind = kinds[/** @type {"choice"} */ (given.kind)] || "statictext"; // of a newer server: shown, left as it is
        var made = kit.named(parent, given.title + ":", NAME, kind, given.help || given.title);
        var i;
        if (given.kind === "choice") {
            for (i = 0; i < given.choices.length; i += 1) {
                made.add("item", given.choices[i]);
                if (given.choices[i] === start) {
                    made.selection = i;
                }
            }
        } else if (given.kind === "boolean") {
            made.value = start;
        } else {
            made.text = start === null ? "" : String(start);
        }
        return made;
    }

    /** What is set, null for nothing; throws an Error in words where that is no value. @param {any} given @param {any} shown @param {any} start */
    function value(given, shown, start) {
        var low = typeof given.min === "number" ? given.min : -Infinity;
        var high = typeof given.max === "number" ? given.max : Infinity;
        var number;
        if (given.kind === "choice") {
            return shown.selection === null ? null : shown.selection.text;
        }
        if (given.kind === "boolean") {
            return shown.value;
        }
        if (given.kind !== "number" && given.kind !== "integer") {
            return given["default"];
        }
        if (shown.text === "" && start === null) {
            return null;
        }
        number = Number(shown.text.replace(",", ".")); // as half of Europe types it
        if (shown.text === "" || isNaN(number) || (given.kind === "integer" && number !== Math.floor(number)) ||
                number < low || number > high) {
            throw new Error(given.title + ": give a " + (given.kind === "integer" ? "whole " : "") + "number" +
                (low === -Infinity ? "" : " from " + low) + (high === Infinity ? "" : " up to " + high) + ".");
        }
        return number;
    }

    return {pictures: pictures, reference: reference, begin: begin, control: control, value: value};
}());
