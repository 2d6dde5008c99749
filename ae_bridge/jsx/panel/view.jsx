/*
 * The layout of the panel: controls and nothing else. Title case, 10 pixels margin and 6 between, as Adobe's panels.
 */
SemrenderAE.view = (function () {
    var NAME = 90; // pixels of a name of ours
    var TITLE = 140; // of a card's
    /** @param {any} parent @param {string} title */
    function section(parent, title) {
        var made = parent.add("panel", undefined, title);
        made.orientation = "column";
        made.alignChildren = ["fill", "top"];
        made.margins = [10, 14, 10, 10];
        made.spacing = 6;
        return made;
    }

    /** @param {any} parent */
    function row(parent) {
        var made = parent.add("group");
        made.orientation = "row";
        made.alignChildren = ["left", "center"];
        made.spacing = 6;
        return made;
    }

    /** @param {any} parent @param {string} text @param {string} tip */
    function button(parent, text, tip) {
        var made = parent.add("button", undefined, text);
        made.helpTip = tip;
        return made;
    }

    /** A control with its name before it. @param {any} parent @param {string} text @param {number} width Of the name. */
    function named(parent, text, width) {
        var line = row(parent);
        var label = line.add("statictext", undefined, text);
        label.preferredSize = [width, -1];
        return line;
    }

    /** @param {any} window @param {string} notice "" for none. @returns {any} The controls by name. */
    function build(window, notice) {
        var c = {};
        var line;
        var again;
        window.orientation = "column";
        window.alignChildren = ["fill", "top"];
        window.margins = 10;
        window.spacing = 6;
        if (notice !== "") { // Hidden controls keep their place in ScriptUI.
            window.add("statictext", undefined, notice, {multiline: true}).preferredSize = [330, 64];
        }
        c.list = window.add("listbox", undefined, [], {
            numberOfColumns: 3, showHeaders: true, columnTitles: ["Shot", "Version", "State"], columnWidths: [170, 60, 100]
        });
        c.list.preferredSize = [330, 130];
        c.list.alignment = ["fill", "fill"];
        c.list.helpTip = "Painted shots, newest first. Double-click to show the comp.";
        line = row(window);
        c.bring = button(line, "Import", "Bring the delivery into the project, or update what is there. Your edits stay.");
        c.relink = button(line, "Relink...", "A delivery was moved: choose its folder, and its footage is found again. No layer is touched.");
        c.reveal = button(line, "Reveal", "Show the delivery's folder.");
        c.refresh = button(line, "Refresh", "Look for new deliveries now.");
        c.restore = window.add("checkbox", undefined, "Restore Deleted Layers");
        c.restore.helpTip = "On: layers of the shot that you deleted come back with the next update.";
        line = named(window, "Class matte:", NAME);
        c.matte = line.add("dropdownlist", undefined, []);
        c.matte.preferredSize = [130, -1];
        c.matte.helpTip = "The class mattes of the shot in the active comp.";
        c.use = button(line, "Use on Selected", "The selected layers get the matte; their own edits stay.");
        again = section(window, "Paint Again");
        c.layer = named(again, "Layer:", NAME).add("dropdownlist", undefined, []);
        c.layer.preferredSize = [200, -1];
        c.layer.helpTip = "Which layer of the delivery is painted otherwise.";
        c.model = named(again, "Model:", NAME).add("dropdownlist", undefined, []);
        c.model.preferredSize = [200, -1];
        c.model.helpTip = "What paints. The list comes from the server.";
        c.seed = named(again, "Seed:", NAME).add("edittext", undefined, "0");
        c.seed.characters = 10;
        c.seed.helpTip = "A whole number from 0. The same seed gives the same painting.";
        c.options = again.add("group");
        c.options.orientation = "column";
        c.options.alignChildren = ["fill", "top"];
        c.options.spacing = 6;
        line = row(again);
        c.connect = button(line, "Connect", "Ask the server for its models.");
        c.preview = button(line, "Preview Frame", "Paint the frame at the current time alone, and show it.");
        c.paint = button(line, "Paint", "Paint the whole shot into a new folder beside the delivery.");
        c.cancel = button(line, "Cancel", "Stop painting. What is finished stays on disk.");
        c.bar = again.add("progressbar", undefined, 0, 100);
        c.report = window.add("edittext", undefined, "", {multiline: true, readonly: true, scrolling: true});
        c.report.preferredSize = [330, 110];
        c.report.helpTip = "What changed, and what was kept as you have it.";
        line = row(window);
        c.prefs = button(line, "Preferences...", "Opens the preferences of After Effects.");
        c.server = button(line, "Start Server", "Start the semrender server in a window of its own.");
        c.status = window.add("statictext", undefined, "Ready", {truncate: "end"});
        c.status.alignment = ["fill", "bottom"];
        return c;
    }

    /** What a model's picture is. @param {any} parent @param {any} entries {text} each. */
    function pictures(parent, entries) {
        var made = named(parent, "Picture:", NAME).add("dropdownlist", undefined, []);
        var i;
        for (i = 0; i < entries.length; i += 1) {
            made.add("item", entries[i].text);
        }
        made.selection = 0;
        made.helpTip = "What the model makes another picture of. Selected Layer: the footage of one of the active comp.";
        return made;
    }

    /** A file to choose; its path is the state's `reference`. @param {any} parent @param {any} state @param {string} none */
    function reference(parent, state, none) {
        var line = named(parent, "Reference:", NAME);
        var made = button(line, "Choose...", "A picture, of any size, whose look is taken over.");
        var shown = line.add("statictext", undefined, state.reference === "" ? none : nameOf(state.reference));
        shown.preferredSize = [140, -1];
        made.onClick = function () {
            var chosen = /** @type {File} */ (File.openDialog("The picture whose look is taken over"));
            if (chosen !== null) {
                state.reference = chosen.fsName.replace(/\\/g, "/");
                shown.text = nameOf(state.reference);
            }
        };
    }

    /** @param {string} path */
    function nameOf(path) {
        return path.slice(path.lastIndexOf("/") + 1);
    }

    /** The control of an option of a model's card; `value` reads it. @param {any} parent @param {any} given */
    function option(parent, given) {
        var line = named(parent, given.title + ":", TITLE);
        var control;
        var i;
        if (given.kind === "choice") {
            control = line.add("dropdownlist", undefined, given.choices);
            for (i = 0; i < given.choices.length; i += 1) {
                if (given.choices[i] === given["default"]) {
                    control.selection = i;
                }
            }
        } else if (given.kind === "boolean") {
            control = line.add("checkbox", undefined, "");
            control.value = given["default"];
        } else if (given.kind === "number" || given.kind === "integer") {
            control = line.add("edittext", undefined, String(given["default"]));
            control.characters = 10;
        } else { // Of a newer server: shown, and left as it is.
            control = line.add("statictext", undefined, String(given["default"]));
        }
        control.helpTip = given.help || given.title;
        return control;
    }

    /** What is set; throws an Error in words where that is no value. @param {any} given @param {any} control */
    function value(given, control) {
        var low = typeof given.min === "number" ? given.min : -Infinity;
        var high = typeof given.max === "number" ? given.max : Infinity;
        var number;
        if (given.kind === "choice") {
            return control.selection.text;
        }
        if (given.kind === "boolean") {
            return control.value;
        }
        if (given.kind !== "number" && given.kind !== "integer") {
            return given["default"];
        }
        number = Number(control.text);
        if (control.text === "" || isNaN(number) || (given.kind === "integer" && number !== Math.floor(number)) ||
                number < low || number > high) {
            throw new Error(given.title + ": give a " + (given.kind === "integer" ? "whole " : "") + "number" +
                (low === -Infinity ? "" : " from " + low) + (high === Infinity ? "" : " up to " + high) + ".");
        }
        return number;
    }

    return {build: build, pictures: pictures, reference: reference, option: option, value: value};
}());
