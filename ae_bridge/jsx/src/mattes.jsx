/*
 * Class mattes by hand: which there are for the active comp, and one of them on the selected layers. The mattes may be
 * in a comp of their own; the layer that cuts is added to the comp where it is used.
 */
SemrenderAE.mattes = (function () {
    var tags = SemrenderAE.tags;
    var report = SemrenderAE.report;
    var plan = SemrenderAE.plan;

    /** @returns {CompItem} Null where the artist looks at something else. */
    function activeComp() {
        var item = app.project.activeItem;
        return (item instanceof CompItem) ? item : null;
    }

    /** @param {string} uid Of a shot's comp or anything in it. */
    function shotOf(uid) {
        return uid.replace(/\/([LFCD])(\/.*)?$/, "");
    }

    /** The last parts of a matte's uid are layer, "matte" and class. @param {TagFields} tag */
    function layerName(tag) {
        var parts = String(tag["ly"] || tag.uid).split("/");
        return (parts.length > 2 && parts[parts.length - 2] === "matte") ?
            tags.unpack(parts[parts.length - 3]) : "";
    }

    /**
     * @returns {{uid: string, name: string, layer: string}[]} In the order of the project panel.
     */
    function list() {
        /** @type {{uid: string, name: string, layer: string}[]} */
        var found = [];
        /** @type {Object<string, boolean>} */
        var seen = {};
        var comp = activeComp();
        var own = (comp === null) ? null : tags.read(comp.comment);
        var shot = (own === null) ? "" : shotOf(own.uid) + "/";
        var items = app.project.items;
        var count = items.length;
        var fields;
        var i;
        for (i = 1; i <= count; i += 1) {
            fields = tags.read(items[i].comment);
            if (fields !== null && fields["ly"] !== undefined && fields.uid.indexOf(shot) === 0 &&
                    !seen["$" + fields.uid]) {
                seen["$" + fields.uid] = true;
                found.push({
                    uid: fields.uid,
                    name: tags.unpack(String(fields["cl"] || "")) || items[i].name,
                    layer: layerName(fields)
                });
            }
        }
        return found;
    }

    /** @param {CompItem} comp @param {string} uid @returns {AVLayer} */
    function layerIn(comp, uid) {
        var layers = comp.layers;
        var count = layers.length;
        var layer;
        var fields;
        var i;
        for (i = 1; i <= count; i += 1) {
            layer = layers[i];
            fields = tags.read(layer.comment);
            if (fields !== null && fields.uid === uid && layer instanceof AVLayer) {
                return layer;
            }
        }
        return null;
    }

    /**
     * Where comp time 0 of the shot is in this comp, in seconds: by the comp's own tag, or by the selected layer that
     * shows the shot or footage of it.
     * @param {TagFields} compTag @param {AVLayer} layer @param {TagFields} matte Tag of the matte's footage.
     */
    function startOf(compTag, layer, matte) {
        var source = layer.source ? tags.read(layer.source.comment) : null;
        var first = Number(matte["f0"]);
        var fps = Number(matte["fps"]);
        if (matte["f0"] === undefined) {
            return 0; // a still
        }
        if (compTag !== null && shotOf(compTag.uid) === shotOf(matte.uid)) {
            return (first - Number(compTag["sf"])) / fps;
        }
        if (source !== null && source["sf"] !== undefined) {
            return layer.startTime + (first - Number(source["sf"])) / fps;
        }
        if (source !== null && source["f0"] !== undefined) {
            return layer.startTime + (first - Number(source["f0"])) / fps;
        }
        return layer.startTime;
    }

    /** @param {Report} result @param {CompItem} comp @param {TaggedItem} known @param {AVLayer} selected */
    function addMatte(result, comp, known, selected) {
        var item = /** @type {FootageItem} */ (known.item);
        var own = tags.read(comp.comment);
        var start = startOf(own, selected, known.tag);
        var fps = Number(known.tag["fps"]) || comp.frameRate;
        var layer = /** @type {AVLayer} */ (comp.layers.add(item));
        var lead = Math.min(Math.max(0, -Math.round(start * fps)), Math.max(0, Number(known.tag["n"]) - 1));
        layer.startTime = start;
        layer.inPoint = start + lead / fps;
        layer.moveToEnd();
        layer.name = item.name;
        layer.label = item.label;
        layer.shy = true;
        layer.enabled = false;
        layer.comment = tags.write("", {
            uid: String(known.tag["ly"]), v: known.tag["v"], fps: String(fps), st: String(Math.round(start * fps)),
            ti: String(lead), to: String(Math.round((layer.outPoint - start) * fps)),
            bm: "NORMAL", op: "100", gu: "0", sy: "1", lb: String(item.label), en: "0", mt: ""
        });
        report.add(result.added, "layer", {uid: String(known.tag["ly"]), name: item.name}, "",
            "Matte " + item.name + " was added to " + comp.name + ".");
        return layer;
    }

    /** @param {AVLayer} layer @param {AVLayer} matte @param {string} type */
    function link(layer, matte, type) {
        var locked = layer.locked;
        var enabled = matte.enabled;
        layer.locked = false;
        try {
            layer.setTrackMatte(matte, TrackMatteType[/** @type {"ALPHA"} */ (type)]);
        } finally {
            layer.locked = locked;
        }
        matte.enabled = enabled;
    }

    /**
     * @param {Report} result
     * @param {string} uid Of the matte's footage.
     * @param {string} type
     */
    function use(result, uid, type) {
        var comp = activeComp();
        var known = SemrenderAE.project.first(SemrenderAE.project.index(), uid, FootageItem);
        var about = {uid: uid, name: ""};
        var selected;
        var matte;
        var layer;
        var i;
        if (!plan.among(plan.MATTES, type)) {
            report.fail(result, "layer", about, "matte", "There is no matte of the type " + type + ".");
        } else if (comp === null) {
            report.fail(result, "comp", about, "matte", "Open a comp and select the layers that the class is to cut.");
        } else if (known === null || known.tag["ly"] === undefined) {
            report.fail(result, "footage", about, "matte", "The matte is not in the project. Import the delivery.");
        } else if (comp.selectedLayers.length === 0) {
            report.fail(result, "layer", about, "matte", "Select the layers that the class is to cut.");
        }
        if (!result.ok) {
            return;
        }
        result.comp = {id: comp.id, name: comp.name};
        selected = comp.selectedLayers;
        matte = layerIn(comp, String(known.tag["ly"])) ||
            addMatte(result, comp, known, /** @type {AVLayer} */ (selected[0]));
        for (i = 0; i < selected.length; i += 1) {
            layer = selected[i];
            if (layer instanceof AVLayer && layer.index !== matte.index) {
                link(layer, matte, type);
                report.add(result.changed, "layer", {uid: uid, name: layer.name}, "matte",
                    layer.name + " is cut by " + matte.name + ".");
            } else {
                report.add(result.warnings, "layer", {uid: uid, name: layer.name}, "matte",
                    layer.name + " cannot be cut by it.");
            }
        }
    }

    return {list: list, use: use};
}());
