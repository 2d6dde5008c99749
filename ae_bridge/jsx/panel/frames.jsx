/*
 * Which frame of a shot the artist looks at: by the tags of comps and footage, whatever they are called, also where the
 * shot is inside another comp.
 */
SemrenderAE.frames = (function () {
    var tags = SemrenderAE.tags;

    /** The shot, or a take of it that stands beside. @param {TagFields} tag @param {string} uid */
    function shows(tag, uid) {
        return tag !== null && (tag.uid === uid || tag.uid.indexOf(uid + "/") === 0 || tag.uid.indexOf(uid + "@") === 0);
    }

    /** The time of a layer's source at a time of its comp, in seconds. @param {any} layer @param {number} time */
    function within(layer, time) {
        if (layer.timeRemapEnabled) {
            return /** @type {Property<any>} */ (layer.property("ADBE Time Remapping")).valueAtTime(time, false);
        }
        return (time - layer.startTime) * 100 / layer.stretch;
    }

    /** The frame that a source shows at a time of its own; null where it does not show the shot. @param {any} source @param {string} uid @param {number} time */
    function frameOf(source, uid, time) {
        var tag = source ? tags.read(source.comment) : null;
        if (!shows(tag, uid)) {
            return null;
        }
        if (source instanceof CompItem && tag["sf"] !== undefined) {
            return Math.round(time * source.frameRate) + Number(tag["sf"]);
        }
        return tag["f0"] === undefined ? null : Math.round(time * Number(tag["fps"])) + Number(tag["f0"]);
    }

    /** @param {CompItem} comp @param {string} uid */
    function nested(comp, uid) {
        /** @type {any} */
        var best = null;
        var layer;
        var frame;
        var i;
        for (i = comp.layers.length; i >= 1; i -= 1) {
            layer = comp.layers[i];
            if (layer instanceof AVLayer && layer.inPoint <= comp.time && comp.time < layer.outPoint) {
                frame = frameOf(layer.source, uid, within(layer, comp.time));
                best = (frame !== null && (best === null || !best.selected)) ? {frame: frame, selected: layer.selected} : best;
            }
        }
        return best === null ? null : best.frame;
    }

    /**
     * The frame at the current time of the active comp, within the shot. Where that shows another, or a picture is in
     * the viewer, `before`.
     * @param {string} uid Of the shot. @param {any} delivery @param {number} before
     */
    function current(uid, delivery, before) {
        var comp = app.project.activeItem;
        var frame = null;
        if (comp instanceof CompItem) {
            frame = frameOf(comp, uid, comp.time);
            frame = frame === null ? nested(comp, uid) : frame;
        }
        return Math.max(delivery.shot.first, Math.min(delivery.shot.last, frame === null ? before : frame));
    }

    return {current: current};
}());
