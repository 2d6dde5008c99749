/*
 * Layers that have no picture: a camera, nulls, joints, with a key on every frame. What they are to be comes ready from
 * shared/comp_tracks.py, in the units of After Effects; here it is only put into properties, and only while nobody else
 * has touched them.
 */
SemrenderAE.moving = (function () {
    var PRIME = 2147483647;
    var FACTOR = 48271;
    var SLIDER = "ADBE Slider Control";
    var CONFIDENCE = "confidence";
    var OWN = "own"; // No file says this: separated dimensions are the artist's.

    /** @type {{key: string, name: string, find: (layer: Layer) => Property<any>}[]} */
    var PROPERTIES = [
        {
            key: "kp", name: "position",
            find: function (layer) {
                return inGroup(layer, "ADBE Transform Group", "ADBE Position");
            }
        },
        {
            key: "ko", name: "orientation",
            find: function (layer) {
                return inGroup(layer, "ADBE Transform Group", "ADBE Orientation");
            }
        },
        {
            key: "kz", name: "zoom",
            find: function (layer) {
                return inGroup(layer, "ADBE Camera Options Group", "ADBE Camera Zoom");
            }
        },
        {
            key: "kc", name: CONFIDENCE,
            find: sliderOf
        }
    ];

    /** @param {Layer} layer @param {string} group @param {string} name @returns {Property<any>} */
    function inGroup(layer, group, name) {
        return /** @type {any} */ (/** @type {PropertyGroup} */ (layer.property(group)).property(name));
    }

    /** Null where the artist has removed it. @param {Layer} layer @returns {Property<any>} */
    function sliderOf(layer) {
        var parade = /** @type {PropertyGroup} */ (layer.property("ADBE Effect Parade"));
        var effect;
        var i;
        for (i = 1; i <= parade.numProperties; i += 1) {
            effect = /** @type {PropertyGroup} */ (parade.property(i));
            if (effect.matchName === SLIDER && effect.name === CONFIDENCE) {
                return /** @type {any} */ (effect.property(SLIDER + "-0001"));
            }
        }
        return null;
    }

    /** A number taken into a hash: exact, since all of it stays below 2 to the 53rd. @param {number} h @param {number} n */
    function mix(h, n) {
        return (h * FACTOR + ((n % PRIME) + PRIME) % PRIME) % PRIME;
    }

    /**
     * Keys in short, for a tag: how many, and a hash of their frames and values. ae_bridge/moving.py makes the same.
     * @param {number[]} frames In hundredths; empty for a value that stands still.
     * @param {number[][]} rows
     */
    function sign(frames, rows) {
        var h = 7;
        var i;
        var k;
        for (i = 0; i < rows.length; i += 1) {
            h = (frames.length > 0) ? mix(h, frames[i]) : h;
            for (k = 0; k < rows[i].length; k += 1) {
                h = mix(h, Math.floor(rows[i][k] * 10000 + 0.5));
            }
        }
        return frames.length + "." + h;
    }

    /** @param {PlannedMoves} moves @param {string} name */
    function signWanted(moves, name) {
        var rows = moves.keys[name];
        /** @type {number[]} */
        var frames = [];
        var i;
        for (i = 0; rows.length > 1 && i < rows.length; i += 1) {
            frames.push((moves.first + i) * 100);
        }
        return sign(frames, rows);
    }

    /** What stands there now. @param {Work} work @param {Property<any>} property @param {number} axes */
    function signCurrent(work, property, axes) {
        /** @type {number[]} */
        var frames = [];
        /** @type {number[][]} */
        var rows = [];
        var count = property.numKeys;
        var i;
        if (property.isSeparationLeader && property.dimensionsSeparated) {
            return OWN;
        }
        for (i = 1; i <= count; i += 1) {
            frames.push(Math.floor((property.keyTime(i) * work.plan.fps + work.origin) * 100 + 0.5));
            rows.push(row(property.keyValue(i), axes));
        }
        return sign(frames, (count > 0) ? rows : [row(property.value, axes)]);
    }

    /** @param {any} value @param {number} axes @returns {number[]} */
    function row(value, axes) {
        return (axes === 1) ? [value] : value.slice(0, axes);
    }

    /** @param {number[]} values @returns {any} */
    function valueOf(values) {
        return (values.length === 1) ? values[0] : values;
    }

    /** @param {Work} work @param {PlannedMoves} moves @param {Property<any>} property @param {number[][]} rows */
    function write(work, moves, property, rows) {
        /** @type {number[]} */
        var times = [];
        /** @type {any[]} */
        var values = [];
        var i;
        for (i = property.numKeys; i >= 1; i -= 1) {
            property.removeKey(i);
        }
        if (rows.length === 1) {
            property.setValue(valueOf(rows[0]));
            return;
        }
        for (i = 0; i < rows.length; i += 1) {
            times.push((moves.first + i - work.origin) / work.plan.fps);
            values.push(valueOf(rows[i]));
        }
        property.setValuesAtTimes(times, values);
    }

    /** A new layer on top of the comp, with its keys. @param {Work} work @param {CompWork} comp @param {PlannedLayer} planned */
    function create(work, comp, planned) {
        var moves = planned.moves;
        /** @type {any} */
        var layer;
        var slider;
        if (moves.kind === "camera") {
            layer = comp.item.layers.addCamera(planned.name, [work.plan.width / 2, work.plan.height / 2]);
            layer.autoOrient = AutoOrientType.NO_AUTO_ORIENT; // else it would look at its point of interest
        } else {
            layer = comp.item.layers.addNull();
            layer.source.name = planned.name;
            layer.source.parentFolder = SemrenderAE.project.folder(work, work.plan.uid + "/D/nulls", "nulls",
                work.plan.uid + "/D");
            layer.threeDLayer = moves.kind === "null_3d";
            inGroup(layer, "ADBE Transform Group", "ADBE Anchor Point").setValue(
                layer.threeDLayer ? [0, 0, 0] : [0, 0]);
        }
        layer.name = planned.name;
        if (moves.keys[CONFIDENCE]) {
            slider = /** @type {PropertyGroup} */ (layer.property("ADBE Effect Parade")).addProperty(SLIDER);
            slider.name = CONFIDENCE;
        }
        return layer;
    }

    /**
     * The first keys of a new layer, once it lies where it belongs in time: keys go along with their layer.
     * @param {Work} work @param {PlannedLayer} planned @param {Layer} layer @param {TagFields} tag
     */
    function fill(work, planned, layer, tag) {
        var moves = planned.moves;
        var i;
        for (i = 0; i < PROPERTIES.length; i += 1) {
            if (moves.keys[PROPERTIES[i].name]) {
                write(work, moves, PROPERTIES[i].find(layer), moves.keys[PROPERTIES[i].name]);
                tag[PROPERTIES[i].key] = signWanted(moves, PROPERTIES[i].name);
            }
        }
    }

    /** @param {Work} work @param {KnownLayer} known @param {PlannedLayer} planned @param {TagFields} fields */
    function mergeKeys(work, known, planned, fields) {
        var wrote = false;
        var kept = false;
        var i;
        for (i = 0; i < PROPERTIES.length; i += 1) {
            if (planned.moves.keys[PROPERTIES[i].name]) {
                switch (mergeOne(work, known, planned.moves, PROPERTIES[i], fields)) {
                case "written":
                    wrote = true;
                    break;
                case "kept":
                    kept = true;
                    break;
                default:
                }
            }
        }
        if (wrote) {
            SemrenderAE.touch.changed(work, known, "keys", "moves as the delivery says now.");
        }
        if (kept) {
            SemrenderAE.touch.kept(work, known, "keys", "how it moves; the delivery says otherwise.");
        }
    }

    /** @param {Work} work @param {KnownLayer} known @param {PlannedMoves} moves @param {any} one @param {TagFields} fields */
    function mergeOne(work, known, moves, one, fields) {
        var rows = moves.keys[one.name];
        var wanted = signWanted(moves, one.name);
        var last = SemrenderAE.touch.text(known.tag[one.key]);
        /** @type {Property<any>} */
        var property;
        var decision;
        fields[one.key] = (last === undefined) ? wanted : last;
        if (last === wanted) {
            return ""; // whatever the artist has made of it: the delivery says nothing new
        }
        property = one.find(known.layer);
        if (property === null) {
            return "kept";
        }
        decision = SemrenderAE.merge.decide(last, signCurrent(work, property, rows[0].length), wanted,
            SemrenderAE.merge.same);
        if (decision.last === undefined) {
            delete fields[one.key];
        } else {
            fields[one.key] = decision.last;
        }
        if (decision.write) {
            SemrenderAE.touch.change(known, function () {
                write(work, moves, property, rows);
            });
            return "written";
        }
        return decision.kept ? "kept" : "";
    }

    /**
     * Hangs new layers on theirs. With the jump: places are those of the parent's own space.
     * @param {CompWork} comp
     */
    function link(comp) {
        var planned;
        var known;
        var parent;
        var i;
        for (i = 0; i < comp.planned.length; i += 1) {
            planned = comp.planned[i];
            known = comp.known["$" + planned.uid];
            if (planned.moves !== null && planned.moves.parent !== "" && known && known[0].isNew) {
                parent = comp.known["$" + planned.moves.parent];
                if (parent) {
                    known[0].layer.setParentWithJump(parent[0].layer);
                }
            }
        }
    }

    return {create: create, fill: fill, mergeKeys: mergeKeys, link: link, signWanted: signWanted};
}());
