/*
 * The layers of a comp as they lie: what it lacks is added, each is merged, mattes linked, effects added, what is gone marked.
 */
SemrenderAE.stack = (function () {
    var tags = SemrenderAE.tags;
    var merge = SemrenderAE.merge;
    var report = SemrenderAE.report;
    var layers = SemrenderAE.layers;
    var touch = SemrenderAE.touch;
    var STALE_LABEL = "1"; // red

    /** @param {Work} work @param {CompWork} comp */
    function addMissing(work, comp) {
        var planned;
        var below = null;
        var present;
        var item;
        var made;
        var i;
        for (i = comp.planned.length - 1; i >= 0; i -= 1) { // Each new layer goes on top.
            planned = comp.planned[i];
            item = work.items["$" + planned.uid];
            present = comp.known["$" + planned.uid];
            if (comp.missing["$" + planned.uid] && work.dry) {
                report.add(work.report.added, "layer", planned, "", "Layer " + planned.name + " was added.");
            } else if (comp.missing["$" + planned.uid] && (item || planned.footage === null)) {
                work.step("layer " + planned.name);
                made = layers.create(work, comp, planned, item, below, aboveOf(comp, i));
                present = [made];
                comp.known["$" + planned.uid] = present;
            } else if (!present && !comp.missing["$" + planned.uid]) {
                report.add(work.report.kept, "layer", planned, "deleted",
                    "Layer " + planned.name + " was deleted and stays away.");
            }
            below = present ? present[0].layer : below;
        }
        if (!work.dry) {
            SemrenderAE.moving.link(comp);
        }
    }

    /**
     * The nearest layer above a place in the stack, for one that has none below.
     * @param {CompWork} comp
     * @param {number} from
     * @returns {Layer}
     */
    function aboveOf(comp, from) {
        var list;
        var i;
        for (i = from - 1; i >= 0; i -= 1) {
            list = comp.known["$" + comp.planned[i].uid];
            if (list) {
                return list[list.length - 1].layer;
            }
        }
        return null;
    }

    /**
     * @param {Work} work
     * @param {CompWork} comp
     * @param {KnownLayer} known
     * @param {PlannedLayer} planned
     * @param {TagFields} fields
     */
    function mergeMatte(work, comp, known, planned, fields) {
        var decision = merge.decide(touch.text(known.tag["mt"]), known.matte, planned.wanted["mt"], merge.same);
        var mattes = comp.known["$" + planned.matteUid];
        if (decision.write && planned.matteUid !== "" && !mattes && !(work.dry && comp.missing["$" + planned.matteUid])) {
            report.add(work.report.warnings, "layer", known, "matte",
                known.name + " has no matte: the layer of the delivery that cuts it is not in the comp.");
            decision.last = touch.text(known.tag["mt"]);
        } else if (decision.write) {
            touch.change(known, function (layer) {
                SemrenderAE.mattes.link(layer, (planned.matteUid === "") ? null : mattes[0].layer,
                    planned.wanted["mt"].split(",")[0]);
            });
            if (!known.isNew) {
                touch.changed(work, known, "matte", "is cut as the delivery says now.");
            }
        } else if (decision.kept) {
            touch.kept(work, known, "matte", (known.matte === "") ? "no matte." : "its matte.");
        }
        if (decision.last === undefined) {
            delete fields["mt"];
        } else {
            fields["mt"] = decision.last;
        }
    }

    /** @param {Work} work @param {KnownLayer} known @param {PlannedLayer} planned @param {TagFields} fields */
    function addEffects(work, known, planned, fields) {
        /** @type {string[]} */
        var done = known.tag["fx"] ? String(known.tag["fx"]).split(",") : [];
        var effect;
        var i;
        for (i = 0; i < planned.effects.length; i += 1) {
            effect = planned.effects[i];
            if (!SemrenderAE.plan.among(done, tags.pack(effect.matchName)) && addEffect(work, known, effect)) {
                done.push(tags.pack(effect.matchName));
            }
        }
        if (done.length > 0) {
            fields["fx"] = done.join(",");
        }
    }

    /** @param {Work} work @param {KnownLayer} known @param {PlannedEffect} effect Whether it is on the layer now. */
    function addEffect(work, known, effect) {
        var parade = /** @type {PropertyGroup} */ (known.layer.property("ADBE Effect Parade"));
        if (parade.property(effect.matchName) !== null) {
            return true; // by hand, as the notes of a project without effects ask for
        }
        if (!parade.canAddProperty(effect.matchName)) {
            report.add(work.report.warnings, "effect", known, "",
                "The effect " + effect.matchName + " for " + known.name + " is not installed here.");
            return false;
        }
        touch.change(known, function () {
            setEffect(work, known, /** @type {PropertyGroup} */ (parade.addProperty(effect.matchName)), effect);
        });
        report.add(work.report.added, "effect", known, "", "The effect " + effect.matchName + " was added to " +
            known.name + ".");
        return true;
    }

    /** @param {Work} work @param {KnownLayer} known @param {PropertyGroup} added @param {PlannedEffect} effect */
    function setEffect(work, known, added, effect) {
        var name;
        var property;
        for (name in effect.set) {
            if (Object.prototype.hasOwnProperty.call(effect.set, name)) {
                property = /** @type {Property<any>} */ (added.property(name));
                try {
                    property.setValue(effect.set[name]);
                } catch (e) {
                    report.add(work.report.warnings, "effect", known, "",
                        effect.matchName + " on " + known.name + ": " + name + " could not be set. " + e.message);
                }
            }
        }
    }

    /**
     * Layers that the delivery no longer has stay, in red.
     * @param {Work} work
     * @param {CompWork} comp
     */
    function markStale(work, comp) {
        var key;
        var list;
        var i;
        for (key in comp.known) {
            if (Object.prototype.hasOwnProperty.call(comp.known, key) && !work.plan.byUid[key]) {
                list = comp.known[key];
                for (i = 0; i < list.length; i += 1) {
                    markOne(work, list[i]);
                }
            }
        }
    }

    /** @param {Work} work @param {KnownLayer} known */
    function markOne(work, known) {
        /** @type {TagFields} */
        var fields = {uid: known.uid};
        var name;
        report.add(work.report.warnings, "layer", known, "stale",
            known.name + " is not in the delivery any more. It stays as it is.");
        if (known.tag["stale"] !== undefined) {
            return;
        }
        for (name in known.tag) {
            if (Object.prototype.hasOwnProperty.call(known.tag, name)) {
                fields[name] = known.tag[name];
            }
        }
        fields["stale"] = work.plan.version;
        if (known.current["lb"] === fields["lb"]) {
            fields["lb"] = STALE_LABEL;
            touch.change(known, function (layer) {
                layer.label = Number(STALE_LABEL);
            });
            touch.changed(work, known, "label", "is red: the delivery no longer has it.");
        }
        touch.sign(work, known, fields);
    }

    /** @param {Work} work @param {CompWork} comp */
    function mergeLayers(work, comp) {
        /** @type {{known: KnownLayer, fields: TagFields}[]} */
        var signed = [];
        var planned;
        var list;
        var fields;
        var i;
        var k;
        for (i = 0; i < comp.planned.length; i += 1) {
            planned = comp.planned[i];
            list = comp.known["$" + planned.uid] || [];
            if (list.length > 1) {
                touch.kept(work, list[0], "duplicate", "its " + (list.length - 1) + " copies; all of them follow.");
            }
            for (k = 0; k < list.length; k += 1) {
                fields = {uid: planned.uid, v: planned.version};
                SemrenderAE.times.merge(work, list[k], planned, fields);
                SemrenderAE.fields.merge(work, list[k], planned, fields);
                if (planned.moves !== null) {
                    SemrenderAE.moving.mergeKeys(work, list[k], planned, fields);
                } else if (planned.footage !== null && !planned.footage.sound) {
                    mergeMatte(work, comp, list[k], planned, fields);
                    addEffects(work, list[k], planned, fields);
                }
                SemrenderAE.markers.merge(work, list[k], planned, fields);
                signed.push({known: list[k], fields: fields});
            }
        }
        for (i = 0; i < signed.length; i += 1) {
            touch.sign(work, signed[i].known, signed[i].fields);
        }
    }

    return {addMissing: addMissing, merge: mergeLayers, markStale: markStale};
}());
