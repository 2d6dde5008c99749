/*
 * What the panel does in the comp: class mattes on the selected layers, and normalised clips.
 */
SemrenderAE.comp = (function () {
    var kit = SemrenderAE.kit;
    var CUTS = ["Alpha", "Alpha Inverted", "Luma", "Luma Inverted"];
    var TYPES = ["ALPHA", "ALPHA_INVERTED", "LUMA", "LUMA_INVERTED"];

    /** The class mattes of the active comp. @param {any} state */
    function list(state) {
        /** @type {string[]} */
        var names = [];
        var i;
        state.mattes = SemrenderAE.core.classMattes();
        for (i = 0; i < state.mattes.length; i += 1) {
            names.push(state.mattes[i].name + (state.mattes[i].layer === "" ? "" : " (" + state.mattes[i].layer + ")"));
        }
        if (names.join("\n") !== state.matteNames) {
            state.matteNames = names.join("\n");
            refill(state.c.matte, names);
        }
        if (state.c.cut.selection === null) {
            kit.fill(state.c.cut, CUTS, false);
        }
        enable(state);
    }

    /** The same ones stay chosen. @param {any} box @param {string[]} names */
    function refill(box, names) {
        /** @type {any} */
        var before = {};
        var i;
        for (i = 0; box.selection !== null && i < box.selection.length; i += 1) {
            before["$" + box.selection[i].text] = true;
        }
        box.removeAll();
        for (i = 0; i < names.length; i += 1) {
            box.add("item", names[i]);
            if (before["$" + names[i]]) {
                box.selection = i;
            }
        }
    }

    /** @param {any} state */
    function enable(state) {
        state.c.use.enabled = state.c.matte.selection !== null;
    }

    /** @param {any} state @returns {any} The report. */
    function use(state) {
        var chosen = state.c.matte.selection;
        /** @type {string[]} */
        var uids = [];
        var i;
        for (i = 0; i < chosen.length; i += 1) {
            uids.push(state.mattes[chosen[i].index].uid);
        }
        return SemrenderAE.core.useClassMatte(uids, TYPES[state.c.cut.selection.index]);
    }

    /** Of the clip that the selected layer shows. @returns {any} The report; null where nothing was chosen. */
    function normalised() {
        var chosen = /** @type {File} */ (File.openDialog("The normalised.json of the clip that the selected layer shows"));
        return (chosen === null) ? null : SemrenderAE.core.useTemplate(SemrenderAE.files.readJson(
            chosen.fsName.replace(/\\/g, "/").replace(/[^\/]*$/, "normalised.comp.json")));
    }

    return {list: list, enable: enable, use: use, normalised: normalised};
}());
