/*
 * What the panel does in the comp: class mattes on the selected layers.
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
            kit.fill(state.c.matte, names);
        }
        if (state.c.cut.selection === null) {
            kit.fill(state.c.cut, CUTS);
        }
        state.c.use.enabled = state.mattes.length > 0;
    }

    /** @param {any} state @returns {any} The report. */
    function use(state) {
        return SemrenderAE.core.useClassMatte(state.mattes[state.c.matte.selection.index].uid,
            TYPES[state.c.cut.selection.index]);
    }

    return {list: list, use: use};
}());
