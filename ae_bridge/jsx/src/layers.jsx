/*
 * The layers of one comp of ours. First everything is read, once; then footage changes under the layers
 * (footage.jsx); then each value is merged and written where it must be. Layers are never removed, renamed or moved.
 */
SemrenderAE.layers = (function () {
    var tags = SemrenderAE.tags;
    var report = SemrenderAE.report;
    var fields = SemrenderAE.fields;
    var times = SemrenderAE.times;

    /** @param {any} layer */
    function matteOf(layer) {
        var matte = (layer instanceof AVLayer && layer.hasTrackMatte) ? layer.trackMatteLayer : null;
        var tag;
        if (matte === null) {
            return "";
        }
        tag = tags.read(matte.comment);
        return matteType(layer.trackMatteType) + "," + ((tag === null) ? matte.name : tag.uid);
    }

    /** @param {TrackMatteType} type */
    function matteType(type) {
        var names = SemrenderAE.plan.MATTES;
        var i;
        for (i = 0; i < names.length; i += 1) {
            if (TrackMatteType[/** @type {"ALPHA"} */ (names[i])] === type) {
                return names[i];
            }
        }
        return "NO_TRACK_MATTE";
    }

    /** @param {any} layer @param {TagFields} tag @param {boolean} dry @returns {KnownLayer} */
    function look(layer, tag, dry) {
        /** @type {Object<string, string>} */
        var current = {};
        var pictured = layer instanceof AVLayer;
        var source = pictured ? layer.source : null;
        var shown = (source === null || source === undefined) ? null : tags.read(source.comment);
        var of = "";
        var i;
        if (pictured) { // footage of ours that has an alpha is seen, without asking the host
            of = ((shown !== null && shown["al"] !== undefined) || layer.hasVideo) ? "seen" : "heard";
        }
        if (layer instanceof TextLayer) {
            of = "read";
        }
        for (i = 0; i < fields.LIST.length; i += 1) {
            if (fields.LIST[i].of === "all" || fields.LIST[i].of === of) {
                current[fields.LIST[i].key] = fields.LIST[i].read(layer);
            }
        }
        return {
            layer: layer,
            uid: String(tag.uid),
            name: layer.name,
            tag: tag,
            current: current,
            matte: matteOf(layer),
            span: times.of(layer),
            ownTime: layer.stretch !== 100 || (pictured && layer.timeRemapEnabled),
            source: (shown === null) ? "" : String(shown.uid),
            locked: layer.locked,
            isNew: false,
            dry: dry
        };
    }

    /**
     * The layers of a comp that carry a tag of ours, top first.
     * @param {CompItem} comp @returns {{layer: any, tag: TagFields}[]}
     */
    function tagged(comp) {
        /** @type {{layer: any, tag: TagFields}[]} */
        var found = [];
        var layers = comp.layers;
        var count = layers.length;
        var layer;
        var tag;
        var i;
        for (i = 1; i <= count; i += 1) {
            layer = layers[i];
            tag = tags.read(layer.comment);
            if (tag !== null) {
                found.push({layer: layer, tag: tag});
            }
        }
        return found;
    }

    /**
     * The layers of the comp that carry a tag of the shot, top first, by "$" + uid; copies by the artist stand in the
     * same list.
     * @param {CompItem} comp @param {string} shot @param {boolean} dry Whether they are only to be looked at.
     * @returns {Object<string, KnownLayer[]>}
     */
    function readAll(comp, shot, dry) {
        /** @type {Object<string, KnownLayer[]>} */
        var known = {};
        var all = tagged(comp);
        var layer;
        var tag;
        var i;
        for (i = 0; i < all.length; i += 1) {
            layer = all[i].layer;
            tag = all[i].tag;
            if (tag.uid.indexOf(shot + "/L/") === 0 && (layer instanceof AVLayer || layer instanceof CameraLayer ||
                    layer instanceof TextLayer)) {
                (known["$" + tag.uid] || (known["$" + tag.uid] = [])).push(look(layer, tag, dry));
            }
        }
        return known;
    }

    /**
     * A layer of the delivery that is not in the comp. Between its neighbours, where they are.
     * @param {Work} work @param {CompWork} comp @param {PlannedLayer} planned @param {FootageItem} item
     * @param {Layer} below The nearest layer of the delivery below it. @param {Layer} above
     * @returns {KnownLayer}
     */
    function create(work, comp, planned, item, below, above) {
        var moves = planned.moves !== null;
        /** @type {any} */
        var layer = SemrenderAE.touch.keepingSelection(comp.item, function () {
            if (planned.notice !== undefined) {
                return SemrenderAE.notice.create(comp, planned);
            }
            return moves ? SemrenderAE.moving.create(work, comp, planned) : comp.item.layers.add(item);
        });
        var frames = times.wantedFrames(work, planned);
        /** @type {Object<string, string>} */
        var current = {};
        /** @type {TagFields} */
        var tag = {
            uid: planned.uid, fps: String(work.plan.fps), st: String(frames.st), ti: String(frames.ti),
            to: String(frames.to)
        };
        var key;
        var i;
        times.set(layer, times.wanted(work, planned));
        if (below !== null && below.index !== layer.index + 1) {
            layer.moveBefore(below);
        } else if (below === null && above !== null) {
            layer.moveAfter(above);
        }
        layer.name = planned.name;
        for (i = 0; i < fields.LIST.length; i += 1) {
            key = fields.LIST[i].key;
            if (planned.wanted[key] !== undefined) {
                fields.LIST[i].write(layer, planned.wanted[key]);
                current[key] = planned.wanted[key];
                tag[key] = planned.wanted[key];
            }
        }
        if (moves) {
            SemrenderAE.moving.fill(work, planned, layer, tag);
        } else if (planned.footage !== null && !planned.footage.sound) {
            tag["mt"] = "";
        }
        SemrenderAE.markers.fill(work, planned, layer, tag);
        report.add(work.report.added, "layer", planned, "", "Layer " + planned.name + " was added.");
        return {
            layer: layer, uid: planned.uid, name: planned.name, locked: false, isNew: true, ownTime: false, dry: false,
            current: current, matte: "", span: times.wanted(work, planned), tag: tag,
            source: (planned.footage === null) ? "" : planned.footage.uid
        };
    }

    return {readAll: readAll, create: create, tagged: tagged};
}());
