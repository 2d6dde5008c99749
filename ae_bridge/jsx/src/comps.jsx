/*
 * A comp of ours as a whole: found or made, its layers added and merged, mattes linked, what is gone remembered.
 */
SemrenderAE.comps = (function () {
    var tags = SemrenderAE.tags;
    var merge = SemrenderAE.merge;
    var report = SemrenderAE.report;
    var project = SemrenderAE.project;
    var layers = SemrenderAE.layers;
    var COMMENT_ROOM = 15000; // of the 15,999 bytes a comment holds; the rest is for people
    var HASH_LENGTH = 6;

    /**
     * A short name for a uid (FNV-1a), so that the tag of a comp can hold which layers it has had: a layer that it has
     * had and that is not there was deleted by the artist. ae_bridge/aep.py makes the same.
     * @param {string} uid
     */
    function hash(uid) {
        var h = 0x811c9dc5;
        var text;
        var i;
        for (i = 0; i < uid.length; i += 1) {
            h = h ^ uid.charCodeAt(i);
            h = (h + (h << 1) + (h << 4) + (h << 7) + (h << 8) + (h << 24)) >>> 0;
        }
        text = (h % 2176782336).toString(36); // 36 to the 6th
        return "000000".slice(text.length) + text;
    }

    /** @param {string} had @returns {Object<string, boolean>} */
    function readHad(had) {
        /** @type {Object<string, boolean>} */
        var set = {};
        var i;
        for (i = 0; i < had.length; i += HASH_LENGTH) {
            set["$" + had.substr(i, HASH_LENGTH)] = true;
        }
        return set;
    }

    /**
     * What the project has of a comp; `item` is null where it is to be made.
     * @param {Work} work
     * @param {string} uid
     * @returns {CompWork}
     */
    function find(work, uid) {
        var known = project.first(work.found, uid, CompItem);
        var had = (known === null) ? "" : layers.text(known.tag["had"]);
        return {
            uid: uid,
            item: (known === null) ? null : /** @type {CompItem} */ (known.item),
            tag: (known === null) ? null : known.tag,
            isNew: known === null,
            known: (known === null) ? {} : layers.readAll(/** @type {CompItem} */ (known.item), work.plan.uid),
            had: (had === undefined) ? null : readHad(had),
            planned: [],
            missing: {}
        };
    }

    /** Whether the comp has, or once had, a layer. @param {Work} work @param {CompWork} comp @param {PlannedLayer} one */
    function holds(work, comp, one) {
        if (comp.known["$" + one.uid]) {
            return true;
        }
        if (comp.isNew) {
            return false;
        }
        if (comp.had !== null) {
            return comp.had["$" + hash(one.uid)] === true;
        }
        // Too many layers to remember, or a tag without it: the footage that is still there tells.
        return one.footage !== null && !work.mattes.known["$" + one.uid] &&
            work.found["$" + one.footage.uid] !== undefined;
    }

    /**
     * Which of the planned layers belong to the comp of the shot, and which to that of the mattes: where they are,
     * else where the plan puts them. A matte in use is needed beside its layer.
     * @param {Work} work
     */
    function assign(work) {
        /** @type {Object<string, boolean>} */
        var aside = {};
        /** @type {Object<string, boolean>} */
        var used = {};
        var planned = work.plan.layers;
        var inShot;
        var inMattes;
        var key;
        var i;
        for (i = 0; i < work.plan.aside.length; i += 1) {
            aside["$" + work.plan.aside[i].uid] = true;
        }
        for (i = 0; i < planned.length; i += 1) {
            used["$" + planned[i].matteUid] = true;
        }
        for (i = 0; i < planned.length; i += 1) {
            key = "$" + planned[i].uid;
            inShot = holds(work, work.shot, planned[i]);
            inMattes = holds(work, work.mattes, planned[i]);
            if (inShot || (inMattes ? used[key] : !aside[key])) {
                place(work, work.shot, planned[i], inShot);
            }
            if (inMattes || (!inShot && aside[key])) {
                place(work, work.mattes, planned[i], inMattes);
            }
        }
    }

    /** @param {Work} work @param {CompWork} comp @param {PlannedLayer} planned @param {boolean} held */
    function place(work, comp, planned, held) {
        comp.planned.push(planned);
        if (!comp.known["$" + planned.uid] && (work.restoreDeleted || !held)) {
            comp.missing["$" + planned.uid] = true;
        }
    }

    /** @param {Work} work @param {CompWork} comp @param {string} name @param {FolderItem} folder */
    function create(work, comp, name, folder) {
        var plan = work.plan;
        var item = app.project.items.addComp(
            name, plan.width, plan.height, plan.aspect, plan.frames / plan.fps, plan.fps);
        comp.item = item;
        item.displayStartFrame = plan.first;
        item.parentFolder = folder;
        comp.tag = {uid: comp.uid, v: plan.version, fps: String(plan.fps), sf: plan.first, n: String(plan.frames)};
        report.add(work.report.added, "comp", {uid: comp.uid, name: name}, "", "Comp " + name + " was made.");
    }

    /** @param {Work} work @param {CompWork} comp @param {string} field @param {string} words */
    function warn(work, comp, field, words) {
        report.add(work.report.warnings, "comp", {uid: comp.uid, name: comp.item.name}, field,
            "Comp " + comp.item.name + " " + words);
    }

    /**
     * The comp itself grows with the shot and never shrinks; everything else about it is only compared.
     * @param {Work} work
     * @param {CompWork} comp
     */
    function mergeComp(work, comp) {
        var plan = work.plan;
        var item = comp.item;
        var fps = Number(comp.tag["fps"]) || plan.fps;
        var frames = plan.last - work.origin + 1;
        var duration = merge.decide(layers.text(comp.tag["n"]), String(Math.round(item.duration * fps)),
            String(frames), merge.same);
        if (duration.write && frames > Number(comp.tag["n"])) {
            item.duration = frames / plan.fps;
            report.add(work.report.changed, "comp", {uid: comp.uid, name: item.name}, "duration",
                "Comp " + item.name + " lasts " + frames + " frames now.");
        } else {
            if (duration.write || duration.kept) {
                report.add(work.report.kept, "comp", {uid: comp.uid, name: item.name}, "duration",
                    "Comp " + item.name + " keeps its length; the delivery says " + frames + " frames.");
            }
            duration.last = duration.kept || duration.write ? layers.text(comp.tag["n"]) : duration.last;
        }
        if (item.width !== plan.width || item.height !== plan.height ||
                Math.abs(item.pixelAspect - plan.aspect) > 1e-3) {
            warn(work, comp, "size", "is " + item.width + " x " + item.height + ", pixel aspect " + item.pixelAspect +
                "; the delivery says " + plan.width + " x " + plan.height + ", " + plan.aspect + ".");
        }
        if (Math.abs(item.frameRate - plan.fps) > 1e-3) {
            warn(work, comp, "fps", "has " + item.frameRate + " frames a second; the delivery says " + plan.fps +
                ". Change it in the composition settings.");
        }
        if (work.origin !== plan.first) {
            warn(work, comp, "start", "begins with frame " + work.origin + ", the shot with " + plan.first +
                ". Frames before the comp are there as handles.");
        }
        return duration.last;
    }

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
            if (comp.missing["$" + planned.uid] && (item || planned.moves !== null)) {
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
        SemrenderAE.moving.link(comp);
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
        var decision = merge.decide(layers.text(known.tag["mt"]), known.matte, planned.wanted["mt"], merge.same);
        var mattes = comp.known["$" + planned.matteUid];
        if (decision.write && planned.matteUid !== "" && !mattes) {
            report.add(work.report.warnings, "layer", known, "matte",
                known.name + " has no matte: the layer of the delivery that cuts it is not in the comp.");
            decision.last = layers.text(known.tag["mt"]);
        } else if (decision.write) {
            layers.change(known, function (layer) {
                SemrenderAE.mattes.link(layer, (planned.matteUid === "") ? null : mattes[0].layer,
                    planned.wanted["mt"].split(",")[0]);
            });
            if (!known.isNew) {
                layers.changed(work, known, "matte", "is cut as the delivery says now.");
            }
        } else if (decision.kept) {
            layers.kept(work, known, "matte", (known.matte === "") ? "no matte." : "its matte.");
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
        layers.change(known, function () {
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
            fields["lb"] = layers.STALE_LABEL;
            layers.change(known, function (layer) {
                layer.label = Number(layers.STALE_LABEL);
            });
            layers.changed(work, known, "label", "is red: the delivery no longer has it.");
        }
        layers.sign(work, known, fields);
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
                layers.kept(work, list[0], "duplicate", "its " + (list.length - 1) + " copies; all of them follow.");
            }
            for (k = 0; k < list.length; k += 1) {
                fields = {uid: planned.uid, v: planned.version};
                layers.mergeTimes(work, list[k], planned, fields);
                layers.mergeFields(work, list[k], planned, fields);
                if (planned.moves !== null) {
                    SemrenderAE.moving.mergeKeys(work, list[k], planned, fields);
                } else if (!planned.footage.sound) {
                    mergeMatte(work, comp, list[k], planned, fields);
                    addEffects(work, list[k], planned, fields);
                }
                signed.push({known: list[k], fields: fields});
            }
        }
        for (i = 0; i < signed.length; i += 1) {
            layers.sign(work, signed[i].known, signed[i].fields);
        }
    }

    /** @param {Work} work @param {CompWork} comp @param {string} frames */
    function sign(work, comp, frames) {
        var before = comp.item.comment;
        /** @type {TagFields} */
        var fields = {
            uid: comp.uid, v: work.plan.version, d: tags.pack(work.plan.deliveryId), fps: String(work.plan.fps),
            sf: work.origin
        };
        /** @type {string[]} */
        var had = [];
        /** @type {Object<string, boolean>} */
        var seen = {};
        var all = comp.had || {};
        var key;
        var comment;
        var i;
        /** @param {string} name */
        function note(name) {
            if (!seen[name]) {
                seen[name] = true;
                had.push(name.slice(1));
            }
        }
        for (key in all) {
            if (Object.prototype.hasOwnProperty.call(all, key)) {
                note(key);
            }
        }
        for (i = 0; i < comp.planned.length; i += 1) {
            if (comp.known["$" + comp.planned[i].uid] || !comp.missing["$" + comp.planned[i].uid]) {
                note("$" + hash(comp.planned[i].uid));
            }
        }
        if (frames !== undefined) {
            fields["n"] = frames;
        }
        if (had.length * HASH_LENGTH < COMMENT_ROOM - 2000) {
            fields["had"] = had.join("");
        }
        comment = tags.write(before, fields);
        if (comment !== before) {
            comp.item.comment = comment;
        }
    }

    /**
     * Brings one comp up to date; its footage is.
     * @param {Work} work
     * @param {CompWork} comp
     */
    function bring(work, comp) {
        var frames = mergeComp(work, comp);
        addMissing(work, comp);
        mergeLayers(work, comp);
        markStale(work, comp);
        sign(work, comp, frames);
    }

    /** @param {CompWork} comp */
    function restoreTimes(comp) {
        var key;
        var i;
        for (key in comp.known) {
            if (Object.prototype.hasOwnProperty.call(comp.known, key)) {
                for (i = 0; i < comp.known[key].length; i += 1) {
                    layers.restoreTimes(comp.known[key][i]);
                }
            }
        }
    }

    return {restoreTimes: restoreTimes, find: find, assign: assign, create: create, bring: bring, hash: hash};
}());
