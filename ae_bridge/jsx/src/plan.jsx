/*
 * A delivery, judged and turned into what the project should hold. No host call in this file.
 * Python has read and checked the files of the delivery; here is judged what would damage a comp.
 */
SemrenderAE.plan = (function () {
    var MATTES_IN_COMP = 12; // More make the layer stack unreadable; they move to a comp of their own.
    var BLENDS = (
        "NORMAL DISSOLVE DANCING_DISSOLVE DARKEN MULTIPLY COLOR_BURN CLASSIC_COLOR_BURN LINEAR_BURN DARKER_COLOR " +
        "ADD LIGHTEN SCREEN COLOR_DODGE CLASSIC_COLOR_DODGE LINEAR_DODGE LIGHTER_COLOR OVERLAY SOFT_LIGHT " +
        "HARD_LIGHT LINEAR_LIGHT VIVID_LIGHT PIN_LIGHT HARD_MIX DIFFERENCE CLASSIC_DIFFERENCE EXCLUSION SUBTRACT " +
        "DIVIDE HUE SATURATION COLOR LUMINOSITY STENCIL_ALPHA STENCIL_LUMA SILHOUETE_ALPHA SILHOUETTE_LUMA " +
        "ALPHA_ADD LUMINESCENT_PREMUL"
    ).split(" ");
    var ALPHAS = ["STRAIGHT", "PREMULTIPLIED", "IGNORE"];
    var MATTES = ["ALPHA", "ALPHA_INVERTED", "LUMA", "LUMA_INVERTED"];

    /** @param {string[]} list @param {string} value */
    function among(list, value) {
        var i;
        for (i = 0; i < list.length; i += 1) {
            if (list[i] === value) {
                return true;
            }
        }
        return false;
    }

    /** @param {number} number */
    function whole(number) {
        return typeof number === "number" && Math.floor(number) === number;
    }

    /**
     * Why nothing of a delivery can be imported, in words, or "".
     * @param {any} delivery
     * @param {string} folder
     */
    function fault(delivery, folder) {
        var shot;
        var again = " Deliver the shot again.";
        if (!delivery || delivery.schema !== "semrender.delivery" || !delivery.shot || !delivery.layers) {
            return "This is no delivery of semrender. Choose a delivery.json.";
        }
        if (delivery.schema_version !== 1) {
            return "The delivery is of schema version " + delivery.schema_version + ", this panel reads version 1. " +
                "Update semrender.";
        }
        if (typeof folder !== "string" || !/^(\/|[A-Za-z]:\/)/.test(folder)) {
            return "The folder of the delivery must be an absolute path with /, not '" + folder + "'.";
        }
        shot = delivery.shot;
        if (!shot.uid || !shot.name || !whole(shot.first) || !whole(shot.frames) || shot.frames < 1) {
            return "The shot of the delivery has no uid, no name or no frames." + again;
        }
        if (!(shot.fps >= 1 && shot.fps <= 99)) {
            return "After Effects holds 1 to 99 frames a second, the shot has " + shot.fps + ".";
        }
        if (!(shot.width >= 4 && shot.width <= 30000 && shot.height >= 4 && shot.height <= 30000)) {
            return "After Effects holds comps of 4 to 30000 pixels a side, the shot has " + shot.width + " x " +
                shot.height + ".";
        }
        if (shot.frames / shot.fps > 10800) {
            return "After Effects holds comps of at most three hours, the shot has " + shot.frames + " frames.";
        }
        return layersFault(delivery.layers, again) || soundsFault(delivery.audio || [], again);
    }

    /** @param {any[]} layers @param {string} again */
    function layersFault(layers, again) {
        /** @type {Object<string, boolean>} */
        var seen = {};
        var layer;
        var footage;
        var where;
        var i;
        for (i = 0; i < layers.length; i += 1) {
            layer = layers[i];
            footage = layer.footage;
            where = "Layer " + layer.name + ": ";
            if (!layer.uid || !footage || !footage.uid || !footage.path) {
                return where + "no uid or no files." + again;
            }
            if (seen["$" + layer.uid] || seen["$" + footage.uid]) {
                return where + "another one has the same uid." + again;
            }
            seen["$" + layer.uid] = true;
            seen["$" + footage.uid] = true;
            if (footage.missing && footage.missing.length > 0) {
                return where + "frame " + footage.missing.join(", ") + " is missing, After Effects would show colour " +
                    "bars there. Render again; what is finished is skipped.";
            }
            if (!among(BLENDS, layer.blend) || !among(ALPHAS, footage.alpha) ||
                    (layer.matte && !among(MATTES, layer.matte.type))) {
                return where + "a blending mode, alpha or matte type that After Effects does not know." + again;
            }
        }
        return "";
    }

    /** @param {any[]} sounds @param {string} again */
    function soundsFault(sounds, again) {
        var footage;
        var i;
        for (i = 0; i < sounds.length; i += 1) {
            footage = sounds[i].footage;
            if (!sounds[i].uid || !footage || !footage.uid || !footage.path || !(footage.samples > 0) ||
                    !(footage.rate > 0) || !whole(footage.start)) {
                return "Layer " + sounds[i].name + ": no uid, no file or no length." + again;
            }
        }
        return "";
    }

    /**
     * Why the tracks of a delivery cannot be imported, in words, or "".
     * @param {any} delivery
     * @param {any[]} tracks The content of its comp files, in their order; null for one that could not be read.
     */
    function tracksFault(delivery, tracks) {
        var named = (delivery && delivery.tracks) || [];
        var i;
        for (i = 0; i < named.length; i += 1) {
            if (!tracks[i] || tracks[i].schema !== "semrender.comp_tracks" || tracks[i].schema_version !== 1) {
                return "The file " + named[i].comp + " of the delivery cannot be read. Deliver the shot again, or " +
                    "update semrender.";
            }
        }
        return "";
    }

    /** A camera, a null, a joint. @param {any} layer @param {number} first @param {any} shot @returns {PlannedLayer} */
    function planMoving(layer, first, shot) {
        return {
            uid: layer.uid,
            name: layer.name,
            role: "tracks",
            version: shot.version,
            footage: null,
            moves: {kind: layer.kind, parent: layer.parent, first: first, keys: layer.keys},
            markers: layer.markers || [],
            matteUid: "",
            wanted: {sy: layer.shy ? "1" : "0", lb: String(layer.label)},
            effects: []
        };
    }

    /** The visible label: a text. @param {any} notice @param {any} shot @returns {PlannedLayer} */
    function planNotice(notice, shot) {
        return {
            uid: notice.uid, name: notice.name, role: "notice", version: shot.version, footage: null, moves: null,
            notice: notice.text, markers: [], matteUid: "",
            wanted: {tx: SemrenderAE.tags.pack(notice.text), en: notice.enabled ? "1" : "0", sy: "0", lb: String(notice.label)}, effects: []
        };
    }

    /** A sound: a layer that is heard. @param {any} layer @param {any} shot @param {string} folder @returns {PlannedLayer} */
    function planSound(layer, shot, folder) {
        var footage = layer.footage;
        return {
            uid: layer.uid,
            name: layer.name,
            role: "audio",
            version: footage.version,
            footage: {
                uid: footage.uid,
                name: footage.name,
                path: folder.replace(/\/+$/, "") + "/" + footage.path,
                relative: footage.path,
                sequence: false,
                sound: true,
                first: 0,
                last: 0,
                frames: Math.max(1, Math.round(footage.samples / footage.rate * shot.fps)),
                start: footage.start,
                fps: shot.fps,
                alpha: "IGNORE",
                aspect: 1,
                width: 0,
                height: 0,
                version: footage.version,
                label: layer.label,
                matte: false,
                data: false,
                className: "",
                layerUid: layer.uid,
                layerName: layer.name,
                paintedBy: ""
            },
            moves: null,
            markers: [],
            matteUid: "",
            wanted: {sy: "0", au: layer.enabled ? "1" : "0", lb: String(layer.label)},
            effects: []
        };
    }

    /** @param {any} layer @param {any} shot @param {string} folder @returns {PlannedFootage} */
    function planFootage(layer, shot, folder) {
        var footage = layer.footage;
        var start = (footage.start === null || footage.start === undefined) ? footage.first : footage.start;
        var made = layer.provenance || {};
        return {
            uid: footage.uid,
            name: footage.name,
            path: folder.replace(/\/+$/, "") + "/" + footage.path,
            relative: footage.path,
            sequence: footage.sequence,
            sound: false,
            first: footage.first,
            last: footage.last,
            frames: footage.sequence ? footage.last - footage.first + 1 : 1,
            start: footage.sequence ? start : null,
            fps: shot.fps,
            alpha: footage.alpha,
            aspect: footage.pixel_aspect,
            width: footage.width,
            height: footage.height,
            version: footage.version,
            label: layer.label,
            matte: layer.role === "matte",
            data: footage.data === true,
            className: layer["class"] ? layer["class"].name : "",
            layerUid: layer.uid,
            layerName: layer.name,
            paintedBy: made.model ?
                "Painted by " + made.model + ", seed " + made.seed +
                (made.label_set ? ", labels " + made.label_set : "") +
                (made.synthetic ? ", a face was changed (" + made.consent.split(",")[0] + ")" : "") + "." : ""
        };
    }

    /** @param {number} value As Python writes it with :g. */
    function rounded(value) {
        return String(Number(value.toPrecision(6)));
    }

    /** @param {any} layer @param {any} shot @param {string} folder @returns {PlannedLayer} */
    function planLayer(layer, shot, folder) {
        var flags = {
            enabled: layer.enabled && layer.role !== "cryptomatte",
            guide: layer.guide || layer.role === "labels"
        };
        return {
            uid: layer.uid,
            name: layer.name,
            role: layer.role,
            version: layer.footage.version,
            footage: planFootage(layer, shot, folder),
            moves: null,
            markers: layer.markers || [],
            matteUid: layer.matte ? layer.matte.uid : "",
            wanted: {
                bm: layer.blend,
                en: flags.enabled ? "1" : "0",
                op: rounded(layer.opacity),
                gu: flags.guide ? "1" : "0",
                sy: layer.shy ? "1" : "0",
                lb: String(layer.label),
                mt: layer.matte ? layer.matte.type + "," + layer.matte.uid : ""
            },
            effects: (layer.role === "cryptomatte") ? [{matchName: "Cryptomatte", set: {}}] : []
        };
    }

    /** @param {PlannedLayer} layer @param {string} matchName */
    function effectOf(layer, matchName) {
        var i;
        for (i = 0; i < layer.effects.length; i += 1) {
            if (layer.effects[i].matchName === matchName) {
                return layer.effects[i];
            }
        }
        layer.effects.push({matchName: matchName, set: {}});
        return layer.effects[layer.effects.length - 1];
    }

    /**
     * The mattes that move to a comp of their own: all that no layer uses, where there are more than a dozen.
     * After Effects links mattes within one comp only.
     * @param {PlannedLayer[]} layers
     * @param {Object<string, PlannedLayer>} byUid
     * @returns {PlannedLayer[]}
     */
    function aside(layers, byUid) {
        /** @type {Object<string, boolean>} */
        var used = {};
        /** @type {PlannedLayer[]} */
        var apart = [];
        var mattes = 0;
        var layer;
        var i;
        for (i = 0; i < layers.length; i += 1) {
            mattes += (layers[i].role === "matte") ? 1 : 0;
            if (layers[i].matteUid !== "" && byUid["$" + layers[i].matteUid]) {
                used["$" + layers[i].matteUid] = true;
            }
        }
        for (i = 0; i < layers.length; i += 1) {
            layer = layers[i];
            if (mattes > MATTES_IN_COMP && layer.role === "matte" && layer.matteUid === "" && !used["$" + layer.uid]) {
                apart.push(layer);
            }
        }
        return apart;
    }

    /**
     * What the project should hold for a delivery without fault().
     * @param {any} delivery
     * @param {string} folder
     * @param {any[]} tracks The content of its comp files.
     * @returns {Plan}
     */
    function make(delivery, folder, tracks) {
        /** @type {PlannedLayer[]} */
        var layers = [];
        /** @type {Object<string, PlannedLayer>} */
        var byUid = {};
        var shot = delivery.shot;
        var effects = delivery.effects || [];
        var sounds = delivery.audio || [];
        var notices = delivery.notices || [];
        var effect;
        var name;
        var i;
        var k;
        for (i = 0; i < notices.length; i += 1) {
            layers.push(planNotice(notices[i], shot)); // above all others
        }
        for (i = 0; i < tracks.length; i += 1) {
            for (k = 0; k < tracks[i].layers.length; k += 1) {
                layers.push(planMoving(tracks[i].layers[k], tracks[i].first, shot));
            }
        }
        for (i = 0; i < delivery.layers.length; i += 1) {
            layers.push(planLayer(delivery.layers[i], shot, folder));
        }
        for (i = 0; i < sounds.length; i += 1) {
            layers.push(planSound(sounds[i], shot, folder)); // below all that is seen
        }
        for (i = 0; i < layers.length; i += 1) {
            byUid["$" + layers[i].uid] = layers[i];
        }
        for (i = 0; i < effects.length; i += 1) {
            if (byUid["$" + effects[i].layer]) {
                effect = effectOf(byUid["$" + effects[i].layer], effects[i].match_name);
                for (name in effects[i].set) {
                    if (Object.prototype.hasOwnProperty.call(effects[i].set, name)) {
                        effect.set[name] = effects[i].set[name];
                    }
                }
            }
        }
        return {
            uid: shot.uid,
            name: shot.name,
            version: shot.version,
            deliveryId: delivery.delivery_id,
            width: shot.width,
            height: shot.height,
            aspect: shot.pixel_aspect,
            fps: shot.fps,
            first: shot.first,
            last: shot.first + shot.frames - 1,
            frames: shot.frames,
            project: delivery.project,
            layers: layers,
            byUid: byUid,
            aside: aside(layers, byUid)
        };
    }

    return {fault: fault, tracksFault: tracksFault, make: make, BLENDS: BLENDS, MATTES: MATTES, among: among};
}());
