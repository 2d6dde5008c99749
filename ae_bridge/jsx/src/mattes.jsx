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
        var all = SemrenderAE.layers.tagged(comp);
        var i;
        for (i = 0; i < all.length; i += 1) {
            if (all[i].tag.uid === uid && all[i].layer instanceof AVLayer) {
                return all[i].layer;
            }
        }
        return null;
    }

    /** The tag of what a layer shows, or null. @param {any} layer @returns {TagFields} */
    function sourceTag(layer) {
        return (layer instanceof AVLayer && layer.source) ? tags.read(layer.source.comment) : null;
    }

    /**
     * The layer that shows a shot, its comp or footage of it: a selected one before all others. Null where there is none.
     * @param {CompItem} comp @param {Layer[]} selected @param {string} shot
     * @returns {AVLayer}
     */
    function showing(comp, selected, shot) {
        var layers = comp.layers;
        /** @type {Layer[]} */
        var all = selected.slice(0);
        var fields;
        var i;
        for (i = 1; i <= layers.length; i += 1) {
            all.push(layers[i]);
        }
        for (i = 0; i < all.length; i += 1) {
            fields = sourceTag(all[i]);
            if (fields !== null && fields["ly"] === undefined && shotOf(fields.uid) === shot) {
                return /** @type {AVLayer} */ (all[i]);
            }
        }
        return null;
    }

    /**
     * Lays a new matte over the layer that shows its shot, so that it goes where that goes.
     * @param {AVLayer} matte @param {AVLayer} shows @param {TagFields} tag Of the matte's footage.
     */
    function follow(matte, shows, tag) {
        var source = sourceTag(shows);
        var zero = Number((source["sf"] === undefined) ? source["f0"] : source["sf"]); // frame at the layer's start
        var offset = (tag["f0"] === undefined || isNaN(zero)) ? 0 : (Number(tag["f0"]) - zero) / Number(tag["fps"]);
        var scale = 100 * shows.width / matte.width;
        var group = /** @type {any} */ (matte.property("ADBE Transform Group"));
        matte.stretch = shows.stretch;
        matte.startTime = shows.startTime + offset * shows.stretch / 100;
        matte.threeDLayer = shows.threeDLayer;
        matte.setParentWithJump(shows);
        group.property("ADBE Position").setValue([shows.width / 2, shows.height / 2, 0]);
        group.property("ADBE Scale").setValue([scale, scale, 100]);
    }

    /** @param {Report} result @param {CompItem} comp @param {TaggedItem} known @param {AVLayer} shows */
    function warnOfTimes(result, comp, known, shows) {
        var words = "";
        if (shows === null) {
            words = "No layer of " + comp.name + " shows the shot: see where the matte lies, and when it begins.";
        } else if (shows.timeRemapEnabled || shows.stretch < 0) {
            words = shows.name + " is " + (shows.timeRemapEnabled ? "remapped in time" : "reversed") +
                ", the matte is not: precompose it without that, and cut it there.";
        }
        if (words !== "") {
            report.add(result.warnings, "layer", {uid: String(known.tag["ly"]), name: known.item.name}, "matte", words);
        }
    }

    /** @param {Report} result @param {CompItem} comp @param {TaggedItem} known @param {Layer[]} selected */
    function addMatte(result, comp, known, selected) {
        var item = /** @type {AVItem} */ (known.item);
        var own = tags.read(comp.comment);
        var inShot = own !== null && shotOf(own.uid) === shotOf(known.tag.uid);
        var shows = inShot ? null : showing(comp, selected, shotOf(known.tag.uid));
        var fps = Number(known.tag["fps"]) || comp.frameRate;
        var still = known.tag["f0"] === undefined;
        var layer = SemrenderAE.touch.keepingSelection(comp, function () {
            return comp.layers.add(item);
        });
        var start;
        var lead;
        layer.startTime = (inShot && !still) ? (Number(known.tag["f0"]) - Number(own["sf"])) / fps : selected[0].startTime;
        if (shows !== null) {
            follow(layer, shows, known.tag);
        } else if (inShot && still) {
            layer.startTime = 0;
        }
        if (!inShot) {
            warnOfTimes(result, comp, known, shows);
        }
        start = layer.startTime;
        lead = Math.min(Math.max(0, -Math.round(start * fps)), Math.max(0, Number(known.tag["n"]) - 1));
        if (layer.stretch === 100) {
            layer.inPoint = start + lead / fps;
        }
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

    /** @param {any} layer @param {(layer: any) => void} action */
    function unlocked(layer, action) {
        var locked = layer.locked;
        layer.locked = false;
        try {
            action(layer);
        } finally {
            layer.locked = locked;
        }
    }

    /**
     * Gives a layer another matte, or takes it away. After Effects switches a matte off and the one before it on
     * again, whoever had switched them: here both stay as they are.
     * @param {any} layer @param {AVLayer} matte Null takes it away. @param {string} type
     */
    function link(layer, matte, type) {
        /** @type {{layer: any, enabled: boolean}[]} */
        var shown = [];
        var i;
        if (layer.hasTrackMatte) {
            shown.push({layer: layer.trackMatteLayer, enabled: layer.trackMatteLayer.enabled});
        }
        if (matte !== null) {
            shown.push({layer: matte, enabled: matte.enabled});
        }
        unlocked(layer, function () {
            if (matte === null) {
                layer.removeTrackMatte();
            } else {
                layer.setTrackMatte(matte, TrackMatteType[/** @type {"ALPHA"} */ (type)]);
            }
        });
        for (i = 0; i < shown.length; i += 1) {
            if (shown[i].layer.enabled !== shown[i].enabled) {
                unlocked(shown[i].layer, enable(shown[i].enabled));
            }
        }
    }

    /** @param {boolean} enabled @returns {(layer: any) => void} */
    function enable(enabled) {
        return function (layer) {
            layer.enabled = enabled;
        };
    }

    /** Cameras and lights have no mattes; a text or a shape is no AVLayer to scripts. @param {any} layer */
    function canBeCut(layer) {
        return (layer instanceof AVLayer || layer instanceof TextLayer || layer instanceof ShapeLayer) &&
            layer.hasVideo;
    }

    /** Whether a layer shows a class matte itself. @param {any} layer */
    function isMatte(layer) {
        var fields = sourceTag(layer);
        return fields !== null && fields["ly"] !== undefined;
    }

    /** A class matte, or several as one. @param {any} found @param {string} uid @returns {TaggedItem} Null where there is none. */
    function find(found, uid) {
        var known = SemrenderAE.project.first(found, uid, FootageItem) || SemrenderAE.project.first(found, uid, CompItem);
        return (known === null || known.tag["ly"] === undefined) ? null : known;
    }

    /**
     * @param {Report} result
     * @param {CompItem} comp That the artist looks at; null.
     * @param {string} uid Of the matte's footage.
     * @param {string} type
     */
    function use(result, comp, uid, type) {
        var known = find(SemrenderAE.project.index(), uid);
        var about = {uid: uid, name: ""};
        var selected;
        var matte;
        var layer;
        var i;
        if (!plan.among(plan.MATTES, type)) {
            report.fail(result, "layer", about, "matte", "There is no matte of the type " + type + ".");
        } else if (comp === null) {
            report.fail(result, "comp", about, "matte", "Open a comp and select the layers that the class is to cut.");
        } else if (known === null) {
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
            addMatte(result, comp, known, selected);
        for (i = 0; i < selected.length; i += 1) {
            layer = selected[i];
            if (isMatte(layer)) {
                report.add(result.warnings, "layer", {uid: uid, name: layer.name}, "matte",
                    layer.name + " is a class matte itself and stays uncut.");
            } else if (canBeCut(layer)) {
                link(layer, matte, type);
                report.add(result.changed, "layer", {uid: uid, name: layer.name}, "matte",
                    layer.name + " is cut by " + matte.name + ".");
            } else {
                report.add(result.warnings, "layer", {uid: uid, name: layer.name}, "matte",
                    layer.name + " cannot be cut by it.");
            }
        }
    }

    return {activeComp: activeComp, list: list, use: use, link: link, find: find, shotOf: shotOf};
}());
