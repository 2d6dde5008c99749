/*
 * The layers of one comp of ours. First everything is read, once; then footage changes under the layers
 * (footage.jsx); then each value is merged and written where it must be. Layers are never removed, renamed or moved.
 */
SemrenderAE.layers = (function () {
    var tags = SemrenderAE.tags;
    var merge = SemrenderAE.merge;
    var report = SemrenderAE.report;
    var KEYED = "animated"; // No delivery says this: keyframes and expressions are the artist's.
    var STALE_LABEL = "1"; // red
    var TRIM = /^(-?[0-9.]+|a-?[0-9.]+,-?[0-9.]+)$/;

    /** @type {Object<string, string>} */
    var blendNames = {};

    /** @param {BlendingMode} mode */
    function blendName(mode) {
        var names = SemrenderAE.plan.BLENDS;
        var i;
        if (blendNames["$" + mode] === undefined) {
            for (i = 0; i < names.length; i += 1) {
                blendNames["$" + BlendingMode[/** @type {"ADD"} */ (names[i])]] = names[i];
            }
        }
        return blendNames["$" + mode] || String(mode);
    }

    /** @param {AVLayer} layer @returns {Property<any>} */
    function opacityOf(layer) {
        return /** @type {any} */ (layer.property("ADBE Transform Group").property("ADBE Opacity"));
    }

    /** @param {boolean} flag */
    function bit(flag) {
        return flag ? "1" : "0";
    }

    /**
     * What is merged one by one, of cameras and sounds only what they have; enabled is last, since a layer that becomes a
     * matte is switched off.
     * @type {{of: "all" | "seen" | "heard", key: string, field: string, words: string, equal: (a: string, b: string) => boolean,
     *     read: (layer: AVLayer) => string, write: (layer: AVLayer, value: string) => void}[]}
     */
    var FIELDS = [
        {
            of: "seen", key: "bm", field: "blend", words: "blending mode", equal: merge.same,
            read: function (layer) {
                return blendName(layer.blendingMode);
            },
            write: function (layer, value) {
                layer.blendingMode = BlendingMode[/** @type {"ADD"} */ (value)];
            }
        },
        {
            of: "seen", key: "op", field: "opacity", words: "opacity", equal: merge.sameNumber,
            read: function (layer) {
                var opacity = opacityOf(layer);
                return (opacity.numKeys > 0 || opacity.expressionEnabled) ? KEYED : String(opacity.value);
            },
            write: function (layer, value) {
                opacityOf(layer).setValue(Number(value));
            }
        },
        {
            of: "seen", key: "gu", field: "guide", words: "guide layer", equal: merge.same,
            read: function (layer) {
                return bit(layer.guideLayer);
            },
            write: function (layer, value) {
                layer.guideLayer = value === "1";
            }
        },
        {
            of: "all", key: "sy", field: "shy", words: "shy", equal: merge.same,
            read: function (layer) {
                return bit(layer.shy);
            },
            write: function (layer, value) {
                layer.shy = value === "1";
            }
        },
        {
            of: "heard", key: "au", field: "audible", words: "sound", equal: merge.same,
            read: function (layer) {
                return bit(layer.audioEnabled);
            },
            write: function (layer, value) {
                layer.audioEnabled = value === "1";
            }
        },
        {
            of: "all", key: "lb", field: "label", words: "label colour", equal: merge.same,
            read: function (layer) {
                return String(layer.label);
            },
            write: function (layer, value) {
                layer.label = Number(value);
            }
        },
        {
            of: "all", key: "en", field: "enabled", words: "visible", equal: merge.same,
            read: function (layer) {
                return bit(layer.enabled);
            },
            write: function (layer, value) {
                layer.enabled = value === "1";
            }
        }
    ];

    /** @param {any} layer */
    function matteOf(layer) {
        var matte = (layer instanceof AVLayer && layer.hasTrackMatte) ? layer.trackMatteLayer : null;
        var fields;
        if (matte === null) {
            return "";
        }
        fields = tags.read(matte.comment);
        return matteType(layer.trackMatteType) + "," + ((fields === null) ? matte.name : fields.uid);
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

    /** @param {Layer} layer @returns {Span} */
    function spanOf(layer) {
        return {start: layer.startTime, inPoint: layer.inPoint, outPoint: layer.outPoint};
    }

    /** @param {any} layer @param {TagFields} tag @returns {KnownLayer} */
    function look(layer, tag) {
        /** @type {Object<string, string>} */
        var current = {};
        var pictured = layer instanceof AVLayer;
        var source = pictured ? layer.source : null;
        var fields = (source === null || source === undefined) ? null : tags.read(source.comment);
        var of = "";
        var i;
        if (pictured) { // footage of ours that has an alpha is seen, without asking the host
            of = ((fields !== null && fields["al"] !== undefined) || layer.hasVideo) ? "seen" : "heard";
        }
        for (i = 0; i < FIELDS.length; i += 1) {
            if (FIELDS[i].of === "all" || FIELDS[i].of === of) {
                current[FIELDS[i].key] = FIELDS[i].read(layer);
            }
        }
        return {
            layer: layer,
            uid: String(tag.uid),
            name: layer.name,
            tag: tag,
            current: current,
            matte: matteOf(layer),
            span: spanOf(layer),
            ownTime: layer.stretch !== 100 || (pictured && layer.timeRemapEnabled),
            source: (fields === null) ? "" : String(fields.uid),
            locked: layer.locked,
            isNew: false
        };
    }

    /**
     * The layers of the comp that carry a tag of the shot, top first, by "$" + uid; copies by the artist stand in the
     * same list.
     * @param {CompItem} comp @param {string} shot
     * @returns {Object<string, KnownLayer[]>}
     */
    function readAll(comp, shot) {
        /** @type {Object<string, KnownLayer[]>} */
        var known = {};
        var layers = comp.layers;
        var count = layers.length;
        var layer;
        var tag;
        var i;
        for (i = 1; i <= count; i += 1) {
            layer = layers[i];
            tag = tags.read(layer.comment);
            if (tag !== null && tag.uid.indexOf(shot + "/L/") === 0 && (layer instanceof AVLayer || layer instanceof CameraLayer)) {
                (known["$" + tag.uid] || (known["$" + tag.uid] = [])).push(look(layer, tag));
            }
        }
        return known;
    }

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

    /** A change to a layer that may be locked. @param {KnownLayer} known @param {(layer: any) => void} action */
    function change(known, action) {
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

    /** Where the layer belongs in time, in seconds of the comp. @param {Work} work @param {PlannedLayer} planned */
    function wantedSpan(work, planned) {
        var frames = wantedFrames(work, planned);
        var fps = work.plan.fps;
        return {start: frames.st / fps, inPoint: (frames.st + frames.ti) / fps, outPoint: (frames.st + frames.to) / fps};
    }

    /**
     * The same in frames; in and out count from the start of the layer.
     * @param {Work} work
     * @param {PlannedLayer} planned
     */
    function wantedFrames(work, planned) {
        var footage = planned.footage;
        var timed = footage !== null && (footage.sequence || footage.sound);
        var files = timed ? footage.frames : Math.max(1, work.plan.last - work.origin + 1);
        var start = timed ? footage.start - work.origin : 0;
        // Handles before the comp stay reachable but hidden.
        return {st: start, ti: Math.min(Math.max(0, -start), files - 1), to: files};
    }

    /** Sets in and out in an order in which in is never behind out. @param {Layer} layer @param {Span} span */
    function setSpan(layer, span) {
        if (layer.startTime !== span.start) {
            layer.startTime = span.start; // in and out go along
        }
        if (span.outPoint > layer.outPoint) {
            layer.outPoint = span.outPoint;
            layer.inPoint = span.inPoint;
        } else {
            layer.inPoint = span.inPoint;
            layer.outPoint = span.outPoint;
        }
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
        var layer = keepingSelection(comp.item, function () {
            return moves ? SemrenderAE.moving.create(work, comp, planned) : comp.item.layers.add(item);
        });
        var frames = wantedFrames(work, planned);
        /** @type {Object<string, string>} */
        var current = {};
        /** @type {TagFields} */
        var tag = {
            uid: planned.uid, fps: String(work.plan.fps), st: String(frames.st), ti: String(frames.ti),
            to: String(frames.to)
        };
        var key;
        var i;
        setSpan(layer, wantedSpan(work, planned));
        if (below !== null && below.index !== layer.index + 1) {
            layer.moveBefore(below);
        } else if (below === null && above !== null) {
            layer.moveAfter(above);
        }
        layer.name = planned.name;
        for (i = 0; i < FIELDS.length; i += 1) {
            key = FIELDS[i].key;
            if (planned.wanted[key] !== undefined) {
                FIELDS[i].write(layer, planned.wanted[key]);
                current[key] = planned.wanted[key];
                tag[key] = planned.wanted[key];
            }
        }
        if (moves) {
            SemrenderAE.moving.fill(work, planned, layer, tag);
        } else if (!planned.footage.sound) {
            tag["mt"] = "";
        }
        report.add(work.report.added, "layer", planned, "", "Layer " + planned.name + " was added.");
        return {
            layer: layer, uid: planned.uid, name: planned.name, locked: false, isNew: true, ownTime: false,
            current: current, matte: "", span: wantedSpan(work, planned), tag: tag,
            source: moves ? "" : planned.footage.uid
        };
    }

    /** @param {Work} work @param {KnownLayer} known @param {string} field @param {string} words */
    function kept(work, known, field, words) {
        report.add(work.report.kept, "layer", known, field, known.name + " keeps " + words);
    }

    /** @param {Work} work @param {KnownLayer} known @param {string} field @param {string} words */
    function changed(work, known, field, words) {
        report.add(work.report.changed, "layer", known, field, known.name + " " + words);
    }

    /** @param {Work} work @param {KnownLayer} known @param {PlannedLayer} planned @param {TagFields} fields */
    function mergeFields(work, known, planned, fields) {
        var decision;
        var f;
        var i;
        for (i = 0; i < FIELDS.length; i += 1) {
            f = FIELDS[i];
            if (planned.wanted[f.key] === undefined) {
                continue;
            }
            if (known.current[f.key] === undefined) { // another source, which has none of it
                if (known.tag[f.key] !== undefined) {
                    fields[f.key] = known.tag[f.key];
                }
                continue;
            }
            decision = merge.decide(text(known.tag[f.key]), known.current[f.key], planned.wanted[f.key], f.equal);
            if (decision.last === undefined) {
                delete fields[f.key];
            } else {
                fields[f.key] = decision.last;
            }
            known.current[f.key] = decision.value;
            if (decision.write) {
                writeField(known, f, decision.value);
                changed(work, known, f.field, "has " + f.words + " " + spoken(decision.value, f.field) + " now.");
            } else if (decision.kept) {
                kept(work, known, f.field, f.words + " " + spoken(decision.value, f.field) + "; the delivery says " +
                    spoken(planned.wanted[f.key], f.field) + ".");
            }
        }
    }

    /** @param {KnownLayer} known @param {any} field @param {string} value */
    function writeField(known, field, value) {
        change(known, function (layer) {
            field.write(layer, value);
        });
    }

    /** @param {string} value @param {string} field */
    function spoken(value, field) {
        if (field === "guide" || field === "shy" || field === "enabled" || field === "audible") {
            return (value === "1") ? "on" : "off";
        }
        return value;
    }

    /** @param {string|number|undefined} value */
    function text(value) {
        return (value === undefined) ? undefined : String(value);
    }

    /**
     * As we wrote it, in seconds; null where no tag says it. A trim of the artist's stands in the tag as "a", where in
     * the comp he wants it, and after a comma where it stood.
     * @param {KnownLayer} known
     * @returns {LastSpan}
     */
    function lastSpan(known) {
        var start = Number(known.tag["st"]);
        var fps = Number(known.tag["fps"]);
        var ti = String(known.tag["ti"]);
        var to = String(known.tag["to"]);
        if (!TRIM.test(ti) || !TRIM.test(to) || !(fps > 0)) {
            return null;
        }
        return {
            start: start / fps,
            inPoint: (start + Number(ti)) / fps,
            outPoint: (start + Number(to)) / fps,
            ownIn: readTrim(ti, fps),
            ownOut: readTrim(to, fps)
        };
    }

    /** @param {string} value @param {number} fps @returns {OwnTrim} */
    function readTrim(value, fps) {
        var parts = value.slice(1).split(",");
        if (value.charAt(0) !== "a") {
            return undefined;
        }
        return {wanted: Number(parts[0]) / fps, stood: Number(parts[1]) / fps};
    }

    /** @param {number} wanted @param {number} stands @param {number} fps */
    function writeTrim(wanted, stands, fps) {
        return "a" + Math.round(wanted * fps * 1000) / 1000 + "," + Math.round(stands * fps * 1000) / 1000;
    }

    /**
     * Why the times of a layer are not ours to merge, in words, or "".
     * @param {KnownLayer} known
     * @param {PlannedLayer} planned
     * @param {Span} last
     * @param {Span} wanted
     */
    function ownTimes(known, planned, last, wanted) {
        var frame = 1 / Number(known.tag["fps"] || 25);
        if (planned.footage !== null && known.source !== planned.footage.uid) {
            return "another source than the delivery's.";
        }
        if (last === null) {
            return sameSpan(known.span, wanted, frame) ? "" : "its times, which no tag speaks of.";
        }
        if (known.ownTime) {
            return "its time stretch or remapping; look at its beginning and end.";
        }
        return "";
    }

    /** @param {Work} work @param {KnownLayer} known @param {PlannedLayer} planned @param {TagFields} fields */
    function mergeTimes(work, known, planned, fields) {
        var wanted = wantedSpan(work, planned);
        var frames = wantedFrames(work, planned);
        var last = lastSpan(known);
        var own = ownTimes(known, planned, last, wanted);
        var frame = 1 / work.plan.fps;
        /** @type {Times} */
        var result;
        if (own !== "") {
            kept(work, known, "start", own);
            keepTimes(known, fields);
            return;
        }
        last = last || known.span;
        result = merge.times(last, known.span, wanted, frame,
            planned.footage !== null && (planned.footage.sequence || planned.footage.sound) &&
            known.layer.source.mainSource.loop === 1);
        fields["fps"] = String(work.plan.fps);
        fields["st"] = String(frames.st);
        fields["ti"] = (result.ownIn === undefined) ? String(frames.ti) :
            writeTrim(result.ownIn, result.span.inPoint, work.plan.fps);
        fields["to"] = (result.ownOut === undefined) ? String(frames.to) :
            writeTrim(result.ownOut, result.span.outPoint, work.plan.fps);
        if (!result.reached) {
            report.add(work.report.warnings, "layer", known, "in",
                known.name + " is trimmed to where its new footage does not reach. Look at its beginning and end.");
        }
        // Read again: new footage under a layer may have shortened it.
        if (!sameSpan(spanOf(known.layer), result.span, frame)) {
            change(known, function (layer) {
                setSpan(layer, result.span);
            });
        }
        tellTimes(work, known, last, wanted, result, frame);
    }

    /** @param {Span} a @param {Span} b @param {number} frame */
    function sameSpan(a, b, frame) {
        return merge.sameTime(a.start, b.start, frame) && merge.sameTime(a.inPoint, b.inPoint, frame) &&
            merge.sameTime(a.outPoint, b.outPoint, frame);
    }

    /** @param {KnownLayer} known @param {TagFields} fields */
    function keepTimes(known, fields) {
        var names = ["fps", "st", "ti", "to"];
        var i;
        for (i = 0; i < names.length; i += 1) {
            if (known.tag[names[i]] === undefined) {
                delete fields[names[i]];
            } else {
                fields[names[i]] = known.tag[names[i]];
            }
        }
    }

    /**
     * @param {Work} work
     * @param {KnownLayer} known
     * @param {Span} last
     * @param {Span} wanted
     * @param {any} result
     * @param {number} frame
     */
    function tellTimes(work, known, last, wanted, result, frame) {
        if (result.slid) {
            kept(work, known, "start", "its place, " + Math.round((known.span.start - last.start) / frame) +
                " frames from the delivery's.");
        }
        if (result.ownIn !== undefined) {
            kept(work, known, "in", "the trim at its beginning.");
        }
        if (result.ownOut !== undefined) {
            kept(work, known, "out", "the trim at its end.");
        }
        if (!merge.sameTime(last.start, wanted.start, frame)) {
            changed(work, known, "start", "begins " + Math.round((wanted.start - last.start) / frame) +
                " frames later than before.");
        }
        if (result.ownOut === undefined && !merge.sameTime(last.outPoint, wanted.outPoint, frame)) {
            changed(work, known, "out", "ends with its new footage.");
        }
    }

    /** New files under a layer may have shortened it. @param {KnownLayer} known */
    function restoreTimes(known) {
        if (!sameSpan(spanOf(known.layer), known.span, known.layer.containingComp.frameDuration)) {
            change(known, function (layer) {
                setSpan(layer, known.span);
            });
        }
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
        FIELDS: FIELDS, STALE_LABEL: STALE_LABEL, readAll: readAll, create: create, keepingSelection: keepingSelection, change: change,
        mergeFields: mergeFields, mergeTimes: mergeTimes, restoreTimes: restoreTimes, sign: sign, kept: kept, changed: changed,
        wantedFrames: wantedFrames, text: text
    };
}());
