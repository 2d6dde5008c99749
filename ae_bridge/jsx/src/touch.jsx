/*
 * How a layer is touched: a new one, a change to one that may be locked, its tag, and what the report says of it.
 */
SemrenderAE.touch = (function () {
    var tags = SemrenderAE.tags;
    var report = SemrenderAE.report;

    /**
     * Makes a layer: After Effects selects what is added, and nothing else.
     * @param {CompItem} comp
     * @param {() => any} make
     * @returns {any}
     */
    function keepingSelection(comp, make) {
        var before = comp.selectedLayers;
        var made = make();
        var i;
        made.selected = false;
        for (i = 0; i < before.length; i += 1) {
            before[i].selected = true;
        }
        return made;
    }

    /**
     * A change to a layer that may be locked; none where it is only asked what an update would do.
     * @param {KnownLayer} known @param {(layer: any) => void} action
     */
    function change(known, action) {
        if (known.dry) {
            return;
        }
        if (!known.locked) {
            action(known.layer);
            return;
        }
        known.layer.locked = false;
        try {
            action(known.layer);
        } finally {
            known.layer.locked = true;
        }
    }

    /** @param {Work} work @param {KnownLayer} known @param {string} field @param {string} words */
    function kept(work, known, field, words) {
        report.add(work.report.kept, "layer", known, field, known.name + " keeps " + words);
    }

    /** @param {Work} work @param {KnownLayer} known @param {string} field @param {string} words */
    function changed(work, known, field, words) {
        report.add(work.report.changed, "layer", known, field, known.name + " " + words);
    }

    /** @param {string|number|undefined} value */
    function text(value) {
        return (value === undefined) ? undefined : String(value);
    }

    /**
     * The tag of a layer: what we have written, without what we have left to the artist.
     * @param {Work} work @param {KnownLayer} known @param {TagFields} fields
     */
    function sign(work, known, fields) {
        var before = known.layer.comment;
        var comment = tags.write(before, fields);
        if (comment === before) {
            return;
        }
        try {
            change(known, function (layer) {
                layer.comment = comment;
            });
        } catch (e) {
            report.fail(work.report, "layer", known, "",
                "The comment of " + known.name + " has no room for its tag: shorten it. " + e.message);
        }
    }

    return {
        keepingSelection: keepingSelection, change: change, kept: kept, changed: changed, text: text, sign: sign
    };
}());
