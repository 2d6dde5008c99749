/*
 * The pieces that the panel is laid out with. A docked panel may be 250 pixels wide: rows share what there is, and no
 * control asks for more than its words.
 */
SemrenderAE.kit = (function () {
    var SIGN = 7; // pixels of a letter, generously
    var HIGH = 24;

    /** @param {any} made @param {string} orientation */
    function box(made, orientation) {
        made.orientation = orientation;
        made.margins = 0;
        made.spacing = 5;
        return made;
    }

    /** @param {any} parent */
    function row(parent) {
        var made = box(parent.add("group"), "row");
        made.alignChildren = ["fill", "center"];
        return made;
    }

    /** @param {any} parent */
    function column(parent) {
        var made = box(parent.add("group"), "column");
        made.alignChildren = ["fill", "top"];
        return made;
    }

    /** One of these groups is seen at a time; all keep their place. @param {any} parent */
    function stack(parent) {
        var made = box(parent.add("group"), "stack");
        made.alignChildren = ["fill", "fill"];
        made.alignment = ["fill", "fill"];
        return made;
    }

    /** @param {any} parent @param {string} text @param {string} tip */
    function button(parent, text, tip) {
        var made = parent.add("button", undefined, text);
        made.preferredSize = [text.length * SIGN + 6, HIGH];
        made.helpTip = tip;
        return made;
    }

    /** A control that fills the row behind its name. @param {any} parent @param {string} text @param {number} width Of the name. @param {string} kind @param {string} tip */
    function named(parent, text, width, kind, tip) {
        var line = row(parent);
        var label = line.add("statictext", undefined, text, {truncate: "end"});
        var made;
        line.alignChildren = ["left", "center"];
        label.preferredSize = [width, -1];
        made = kind === "edittext" || kind === "checkbox" || kind === "statictext" ?
            line.add(kind, undefined, "") : line.add(kind, undefined, []);
        made.preferredSize = [80, HIGH];
        made.alignment = ["fill", "center"];
        made.helpTip = tip;
        return made;
    }

    /** @param {any} parent @param {number} lines @param {string} tip */
    function words(parent, lines, tip) {
        var made = parent.add("statictext", undefined, "", {multiline: true});
        made.preferredSize = [200, lines * 16];
        made.helpTip = tip;
        return made;
    }

    /** Replaces the entries of a dropdown. @param {any} list @param {string[]} entries @param {boolean} keep What was chosen stays so, where it is there; else the first is. */
    function fill(list, entries, keep) {
        var before = (keep && list.selection !== null) ? list.selection.text : "";
        var at = 0;
        var i;
        list.removeAll();
        for (i = 0; i < entries.length; i += 1) {
            list.add("item", entries[i]);
            if (entries[i] === before) {
                at = i;
            }
        }
        if (entries.length > 0) {
            list.selection = at;
        }
    }

    /** Controls are set by us, which is no choice of the artist's. @param {any} state @param {() => void} action */
    function quietly(state, action) {
        var filling = state.filling;
        state.filling = true;
        try {
            action();
        } finally {
            state.filling = filling;
        }
    }

    /** Rows in pages of so many, with a button that turns them where there are several. @param {any} parent @param {number} most */
    function pager(parent, most) {
        var all = stack(parent);
        /** @type {any[]} */
        var pages = [];
        var count = 0;
        var shown = 0;
        all.alignment = ["fill", "top"];

        /** @param {number} at */
        function turn(at) {
            var i;
            for (i = 0; i < pages.length; i += 1) {
                pages[i].visible = i === at;
            }
            shown = at;
        }

        return {
            /** Where the next row goes. */
            next: function () {
                if (count % most === 0) {
                    pages.push(column(all));
                }
                count += 1;
                return pages[pages.length - 1];
            },
            close: function () {
                turn(0);
                if (pages.length > 1) {
                    button(parent, "More...", "What has no room on this page.").onClick = function () {
                        turn((shown + 1) % pages.length);
                    };
                }
            }
        };
    }

    return {
        pager: pager, row: row, column: column, stack: stack, button: button, named: named, words: words, fill: fill,
        quietly: quietly
    };
}());
