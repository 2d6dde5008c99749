/*
 * A painted frame in the viewer: one footage item of the project that each preview takes over. Nothing is executed, so
 * After Effects asks nothing.
 */
SemrenderAE.preview = (function () {
    var UID = "semrender-preview";

    /** @returns {any} The item of an earlier preview; null. */
    function known() {
        var found = SemrenderAE.project.first(SemrenderAE.project.index(), UID, FootageItem);
        return found === null ? null : found.item;
    }

    /** @param {string} path @param {string} name */
    function show(path, name) {
        var file = SemrenderAE.files.at(path);
        /** @type {any} */
        var item;
        app.beginUndoGroup("Show preview");
        try {
            item = known();
            if (item === null) {
                item = app.project.importFile(new ImportOptions(file));
                item.comment = SemrenderAE.tags.write("", {uid: UID, v: 1});
            } else {
                item.replace(file); // the same path too: the picture behind it is another
            }
            item.name = name;
        } finally {
            app.endUndoGroup();
        }
        item.mainSource.reload();
        item.openInViewer();
    }

    return {show: show};
}());
