/*
 * Markers on layers: what is to be known of some frames. Ours say so in their parameters, which nobody sees; all others
 * are the artist's, and where he has one at the very frame ours stays away. Frames count from the start of the layer,
 * with which markers go along.
 */
SemrenderAE.markers = (function () {
    var OURS = "semrender";

    /** In short, for a tag. @param {MarkerSpan[]} list */
    function sign(list) {
        var mix = SemrenderAE.moving.mix;
        var h = 7;
        var i;
        var k;
        for (i = 0; i < list.length; i += 1) {
            h = mix(mix(h, Math.floor(list[i].at * 100 + 0.5)), list[i].frames);
            for (k = 0; k < list[i].words.length; k += 1) {
                h = mix(h, list[i].words.charCodeAt(k));
            }
        }
        return list.length + "." + h;
    }

    /** @param {Work} work @param {PlannedLayer} planned @returns {MarkerSpan[]} */
    function wanted(work, planned) {
        var start = work.origin + SemrenderAE.times.wantedFrames(work, planned).st;
        /** @type {MarkerSpan[]} */
        var list = [];
        var one;
        var i;
        for (i = 0; i < planned.markers.length; i += 1) {
            one = planned.markers[i];
            list.push({at: one.first - start, frames: one.last - one.first + 1, words: one.words});
        }
        return list;
    }

    /**
     * What stands on a layer: ours, and the frames of the others by "$" + frame.
     * @param {Work} work @param {Layer} layer
     */
    function look(work, layer) {
        var markers = layer.property("ADBE Marker");
        var property = /** @type {MarkerValueProperty} */ (/** @type {any} */ (markers));
        /** @type {MarkerSpan[]} */
        var ours = [];
        /** @type {number[]} */
        var keys = [];
        /** @type {Object<string, boolean>} */
        var taken = {};
        var value;
        var at;
        var i;
        for (i = 1; i <= property.numKeys; i += 1) {
            value = property.keyValue(i);
            at = Math.floor((property.keyTime(i) - layer.startTime) * work.plan.fps * 100 + 0.5) / 100;
            if (/** @type {any} */ (value.getParameters())[OURS] === undefined) {
                taken["$" + at] = true;
            } else {
                ours.push({at: at, frames: Math.round(value.duration * work.plan.fps), words: value.comment});
                keys.push(i);
            }
        }
        return {property: property, ours: ours, keys: keys, taken: taken};
    }

    /** @param {MarkerSpan[]} list @param {Object<string, boolean>} taken */
    function without(list, taken) {
        /** @type {MarkerSpan[]} */
        var free = [];
        var i;
        for (i = 0; i < list.length; i += 1) {
            if (taken["$" + list[i].at] !== true) {
                free.push(list[i]);
            }
        }
        return free;
    }

    /** @param {Work} work @param {Layer} layer @param {MarkerValueProperty} property @param {MarkerSpan[]} list */
    function write(work, layer, property, list) {
        /** @type {number[]} */
        var times = [];
        /** @type {MarkerValue[]} */
        var values = [];
        /** @type {any} */
        var parameters = {};
        var value;
        var i;
        parameters[OURS] = "1";
        for (i = 0; i < list.length; i += 1) {
            value = new MarkerValue(list[i].words);
            value.duration = list[i].frames / work.plan.fps;
            value.setParameters(parameters);
            times.push(layer.startTime + list[i].at / work.plan.fps);
            values.push(value);
        }
        if (times.length > 0) {
            property.setValuesAtTimes(times, values);
        }
    }

    /** On a new layer, once it lies where it belongs in time. @param {Work} work @param {PlannedLayer} planned @param {Layer} layer @param {TagFields} tag */
    function fill(work, planned, layer, tag) {
        var list = wanted(work, planned);
        if (list.length > 0) {
            write(work, layer, look(work, layer).property, list);
            tag["km"] = sign(list);
        }
    }

    /** @param {Work} work @param {KnownLayer} known @param {PlannedLayer} planned @param {TagFields} fields */
    function merge(work, known, planned, fields) {
        var last = SemrenderAE.touch.text(known.tag["km"]);
        var list = wanted(work, planned);
        /** @type {any} */
        var found;
        var decision;
        if (last === undefined && list.length === 0) {
            return;
        }
        fields["km"] = last || sign([]);
        if (last === sign(list)) {
            return; // whatever the artist has made of it: the delivery says nothing new
        }
        found = look(work, known.layer);
        list = without(list, found.taken);
        decision = SemrenderAE.merge.decide(last || sign([]), sign(found.ours), sign(list), SemrenderAE.merge.same);
        fields["km"] = decision.last;
        if (decision.write) {
            SemrenderAE.touch.change(known, function (layer) {
                var i;
                for (i = found.keys.length - 1; i >= 0; i -= 1) {
                    found.property.removeKey(found.keys[i]);
                }
                write(work, layer, found.property, list);
            });
            SemrenderAE.touch.changed(work, known, "markers", "is marked as the delivery says now.");
        } else if (decision.kept) {
            SemrenderAE.touch.kept(work, known, "markers", "its markers; the delivery says otherwise.");
        }
    }

    return {fill: fill, merge: merge};
}());
