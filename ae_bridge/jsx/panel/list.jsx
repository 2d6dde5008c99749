/*
 * The list of shots as it stands in the panel: which rows, what they say, which are chosen.
 */
SemrenderAE.list = (function () {
    var shots = SemrenderAE.shots;

    /** The entries that are chosen, in the order of the list. @param {any} state @returns {any[]} */
    function chosen(state) {
        var picked = state.c.list.selection;
        /** @type {any[]} */
        var found = [];
        var i;
        for (i = 0; picked !== null && i < picked.length; i += 1) {
            found.push(state.rows[picked[i].index]);
        }
        return found;
    }

    /** The one that is chosen; null for none or several. @param {any} state */
    function one(state) {
        var all = chosen(state);
        return all.length === 1 ? all[0] : null;
    }

    /** @param {any[]} rows */
    function places(rows) {
        /** @type {string[]} */
        var all = [];
        var i;
        for (i = 0; i < rows.length; i += 1) {
            all.push(rows[i].folder);
        }
        return all.join("\n");
    }

    /** @param {any} item @param {any} entry */
    function say(item, entry) {
        item.subItems[0].text = shots.versionOf(entry);
        item.subItems[1].text = shots.stateOf(entry);
    }

    /** Rows anew, with the same ones chosen; the newest where none is left of them. @param {any} state @param {any[]} rows */
    function rebuild(state, rows) {
        /** @type {any} */
        var before = {};
        var list = state.c.list;
        var picked = chosen(state);
        /** @type {number[]} */
        var again = [];
        var i;
        for (i = 0; i < picked.length; i += 1) {
            before["$" + picked[i].folder] = true;
        }
        state.rows = rows;
        list.removeAll();
        for (i = 0; i < rows.length; i += 1) {
            say(list.add("item", shots.label(rows[i])), rows[i]);
            if (before["$" + rows[i].folder]) {
                again.push(i);
            }
        }
        if (again.length === 0 && rows.length > 0) {
            again.push(0);
        }
        for (i = 0; i < again.length; i += 1) {
            list.selection = again[i];
        }
    }

    /** What there is, and what of it is in the project. @param {any} state @param {boolean} again Shared folders too. */
    function read(state, again) {
        var known = SemrenderAE.core.shots();
        var i;
        state.entries = shots.all(state.shared, state.opened, again);
        for (i = 0; i < state.entries.length; i += 1) {
            state.entries[i].state = SemrenderAE.core.state(state.entries[i], known);
            state.entries[i].home = SemrenderAE.core.home(state.entries[i], known);
        }
    }

    /**
     * The rows that are searched for. They are not exchanged under the cursor: where the list itself is pressed they only
     * say what they are now.
     * @param {any} state @param {boolean} pressed @returns {string} What to say, "" for nothing.
     */
    function show(state, pressed) {
        var rows = shots.matching(state.entries, state.c.find.text);
        var i;
        if (places(rows) === state.places) {
            state.rows = rows;
            for (i = 0; i < rows.length; i += 1) {
                say(state.c.list.items[i], rows[i]);
            }
            return "";
        }
        if (pressed) {
            return "There are new deliveries: press Refresh.";
        }
        state.places = places(rows);
        state.filling = true;
        try {
            rebuild(state, rows);
        } finally {
            state.filling = false;
        }
        return state.entries.length === 0 ? "No deliveries yet. A painted shot appears here by itself." : "";
    }

    /** Chooses the row of a folder alone. @param {any} state @param {string} folder */
    function choose(state, folder) {
        var i;
        for (i = 0; i < state.rows.length; i += 1) {
            if (state.rows[i].folder === folder) {
                state.c.list.selection = null;
                state.c.list.selection = i;
            }
        }
    }

    return {chosen: chosen, one: one, read: read, show: show, choose: choose};
}());
