/*
 * When a layer begins and ends: where the delivery wants it, where it is, and what of that is the artist's.
 */
SemrenderAE.times = (function () {
    var merge = SemrenderAE.merge;
    var report = SemrenderAE.report;
    var touch = SemrenderAE.touch;
    var TRIM = /^(-?[0-9.]+|a-?[0-9.]+,-?[0-9.]+)$/;

    /** @param {Layer} layer @returns {Span} */
    function spanOf(layer) {
        return {start: layer.startTime, inPoint: layer.inPoint, outPoint: layer.outPoint};
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

    /** Where the layer belongs in time, in seconds of the comp. @param {Work} work @param {PlannedLayer} planned */
    function wantedSpan(work, planned) {
        var frames = wantedFrames(work, planned);
        var fps = work.plan.fps;
        return {start: frames.st / fps, inPoint: (frames.st + frames.ti) / fps, outPoint: (frames.st + frames.to) / fps};
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
            touch.kept(work, known, "start", own);
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
            touch.change(known, function (layer) {
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
            touch.kept(work, known, "start", "its place, " + Math.round((known.span.start - last.start) / frame) +
                " frames from the delivery's.");
        }
        if (result.ownIn !== undefined) {
            touch.kept(work, known, "in", "the trim at its beginning.");
        }
        if (result.ownOut !== undefined) {
            touch.kept(work, known, "out", "the trim at its end.");
        }
        if (!merge.sameTime(last.start, wanted.start, frame)) {
            touch.changed(work, known, "start", "begins " + Math.round((wanted.start - last.start) / frame) +
                " frames later than before.");
        }
        if (result.ownOut === undefined && !merge.sameTime(last.outPoint, wanted.outPoint, frame)) {
            touch.changed(work, known, "out", "ends with its new footage.");
        }
    }

    /** New files under a layer may have shortened it. @param {KnownLayer} known */
    function restoreTimes(known) {
        if (!sameSpan(spanOf(known.layer), known.span, known.layer.containingComp.frameDuration)) {
            touch.change(known, function (layer) {
                setSpan(layer, known.span);
            });
        }
    }

    return {
        of: spanOf, wanted: wantedSpan, wantedFrames: wantedFrames, set: setSpan, merge: mergeTimes,
        restore: restoreTimes
    };
}());
