/*
 * Layers with a key on every frame: a camera, nulls, joints, a normalised clip. What they are to be comes ready from
 * shared/comp_tracks.py and shared/comp_templates.py, in the units of After Effects; here it is only put into properties, and only while nobody else
 * has touched them.
 */
SemrenderAE.moving = (function () {
    var PRIME = 2147483647;
    var FACTOR = 48271;
    var SLIDER = "ADBE Slider Control";
    var CONFIDENCE = "confidence";
    var OWN = "own"; // No file says this: what we separated and is in one piece is the artist's, and the other way round.

    var TRANSFORM = "ADBE Transform Group";

    /** @type {{key: string, name: string, group: string, match: string}[]} Without a group: the slider. */
    var PROPERTIES = [
        {key: "kp", name: "position", group: TRANSFORM, match: "ADBE Position"},
        {key: "ko", name: "orientation", group: TRANSFORM, match: "ADBE Orientation"},
        {key: "kz", name: "zoom", group: "ADBE Camera Options Group", match: "ADBE Camera Zoom"},
        {key: "ka", name: "anchor", group: TRANSFORM, match: "ADBE Anchor Point"},
        {key: "ks", name: "scale", group: TRANSFORM, match: "ADBE Scale"},
        {key: "kr", name: "rotation", group: TRANSFORM, match: "ADBE Rotate Z"},
        {key: "kc", name: CONFIDENCE, group: "", match: ""}
    ];

    /** Null for a slider that the artist has removed. @param {Layer} layer @param {{group: string, match: string}} one @returns {Property<any>} */
    function find(layer, one) {
        return (one.group === "") ? sliderOf(layer) : inGroup(layer, one.group, one.match);
    }

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
     * Keys in short, for a tag: how many, a hash of their frames and values, and the first of the frames.
     * ae_bridge/moving.py makes the same.
     * @param {number[]} frames In hundredths; empty for a value that stands still.
     * @param {number[][]} rows
     * @param {string} first "" where no keys are ours, or their first frame is not known.
     */
    function sign(frames, rows, first) {
        var h = 7;
        var i;
        var k;
        for (i = 0; i < rows.length; i += 1) {
            h = (frames.length > 0) ? mix(h, frames[i]) : h;
            for (k = 0; k < rows[i].length; k += 1) {
                h = mix(h, Math.floor(rows[i][k] * 10000 + 0.5));
            }
        }
        return frames.length + "." + h + (first === "" ? "" : "." + first);
    }

    /** What a tag says in its three parts; those of before have two. @param {string} said */
    function parts(said) {
        var three = (said === undefined) ? ["0", "", ""] : said.split(".");
        return {count: Number(three[0]), first: (three[2] === undefined) ? "" : three[2]};
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
        return sign(frames, rows, (rows.length > 1) ? String(moves.first) : "");
    }

    /**
     * The frames whose keys are ours: those that the tag speaks of, and those that are to be. Null: all, as in tags of
     * before. What an artist sets beside them is nobody else's.
     * @param {string} last @param {PlannedMoves} moves @param {number} rows
     */
    function ours(last, moves, rows) {
        var before = parts(last);
        /** @type {number[]} */
        var ends = [];
        if (before.count > 0 && before.first === "") {
            return null;
        }
        if (before.count > 0) {
            ends.push(Number(before.first), Number(before.first) + before.count - 1);
        }
        if (rows > 1) {
            ends.push(moves.first, moves.first + rows - 1);
        }
        return (ends.length === 0) ? null : {first: Math.min.apply(null, ends), last: Math.max.apply(null, ends)};
    }

    /** @param {Property<any>} property @param {number} axes @returns {Property<any>[]} Itself, or its axes where they are apart. */
    function channels(property, axes) {
        /** @type {Property<any>[]} */
        var list = [];
        var i;
        if (!property.isSeparationLeader || !property.dimensionsSeparated) {
            return [property];
        }
        for (i = 0; i < axes; i += 1) {
            list.push(property.getSeparationFollower(i));
        }
        return list;
    }

    /** The frame of a key, in hundredths. @param {Work} work @param {Property<any>} property @param {number} at */
    function frameOf(work, property, at) {
        return Math.floor((property.keyTime(at) * work.plan.fps + work.origin) * 100 + 0.5);
    }

    /**
     * What stands there now, as far as it is ours.
     * @param {Work} work @param {Property<any>} property @param {PlannedMoves} moves @param {number[][]} wanted
     * @param {string} last
     */
    function signCurrent(work, property, moves, wanted, last) {
        var axes = wanted[0].length;
        var span = ours(last, moves, wanted.length);
        var before = parts(last);
        var first = (last === undefined) ? String(moves.first) : before.first;
        var list = channels(property, axes);
        var apart = list[0] !== property;
        /** @type {number[]} */
        var frames = [];
        /** @type {number[][]} */
        var rows = [];
        /** @type {number[]} */
        var still = [];
        var value;
        var frame;
        var found;
        var i;
        var k;
        if (before.count > 0 && apart !== (before.first !== "" && moves.kind === "null_2d" && property.isSeparationLeader)) {
            return OWN;
        }
        for (k = 0; k < list.length; k += 1) {
            found = 0;
            for (i = 1; i <= list[k].numKeys; i += 1) {
                frame = frameOf(work, list[k], i);
                if (span !== null && (frame < span.first * 100 - 50 || frame > span.last * 100 + 50)) {
                    continue;
                }
                value = row(list[k].keyValue(i), apart ? 1 : axes);
                if (k === 0) {
                    frames.push(frame);
                    rows.push(value);
                } else if (frames[found] === frame) {
                    rows[found].push(value[0]);
                } else {
                    return OWN;
                }
                found += 1;
            }
            value = (frames.length > 0) ? [] : row(list[k].value, apart ? 1 : axes);
            still = still.concat(value);
        }
        return sign(frames, (frames.length > 0) ? rows : [still], (frames.length > 0) ? first : "");
    }

    /** @param {any} value @param {number} axes @returns {number[]} */
    function row(value, axes) {
        return (axes === 1) ? [value] : value.slice(0, axes);
    }

    /** @param {number[]} values @returns {any} */
    function valueOf(values) {
        return (values.length === 1) ? values[0] : values;
    }

    /**
     * Places of the picture go axis by axis: keys of two numbers may get tangents, as the artist's preference has it, and
     * then lead past what lies between them.
     * @param {Work} work @param {PlannedMoves} moves @param {Property<any>} property @param {number[][]} rows
     * @param {string} last What the tag says of the keys that are there.
     */
    function write(work, moves, property, rows, last) {
        var axes = rows[0].length;
        var span = ours(last, moves, rows.length);
        var list;
        /** @type {number[][]} */
        var own;
        var i;
        var k;
        if (property.isSeparationLeader && moves.kind === "null_2d" && rows.length > 1 && !property.dimensionsSeparated) {
            property.dimensionsSeparated = true;
        }
        list = channels(property, axes);
        for (k = 0; k < list.length; k += 1) {
            own = [];
            for (i = 0; i < rows.length; i += 1) {
                own.push((list.length > 1) ? [rows[i][k]] : rows[i]);
            }
            writeOne(work, moves, list[k], own, span);
        }
    }

    /** @param {Work} work @param {PlannedMoves} moves @param {Property<any>} property @param {number[][]} rows @param {{first: number, last: number}} span */
    function writeOne(work, moves, property, rows, span) {
        var keyed = rows.length > 1;
        /** @type {number[]} */
        var times = [];
        /** @type {any[]} */
        var values = [];
        var frame;
        var i;
        for (i = property.numKeys; i >= 1; i -= 1) {
            frame = frameOf(work, property, i);
            if (span === null || (frame >= span.first * 100 - 50 && frame <= span.last * 100 + 50)) {
                property.removeKey(i);
            }
        }
        if (!keyed && property.numKeys === 0) {
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
            // What hangs on a null keeps its place in pixels of the null, not of the comp.
            layer.source.pixelAspect = comp.item.pixelAspect;
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
                write(work, moves, find(layer, PROPERTIES[i]), moves.keys[PROPERTIES[i].name], undefined);
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
        if (last === wanted || (last !== undefined && wanted === last + "." + moves.first)) {
            return ""; // whatever the artist has made of it: the delivery says nothing new
        }
        property = find(known.layer, one);
        if (property === null) {
            return "kept";
        }
        decision = SemrenderAE.merge.decide(last, signCurrent(work, property, moves, rows, last), wanted,
            SemrenderAE.merge.same);
        if (decision.last === undefined) {
            delete fields[one.key];
        } else {
            fields[one.key] = decision.last;
        }
        if (decision.write) {
            SemrenderAE.touch.change(known, function () {
                write(work, moves, property, rows, last);
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

    return {create: create, fill: fill, mergeKeys: mergeKeys, link: link, mix: mix};
}());
