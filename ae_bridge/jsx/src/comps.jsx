/*
 * A comp of ours as a whole: found or made, its length, what it has had remembered.
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
        var had = (known === null) ? "" : SemrenderAE.touch.text(known.tag["had"]);
        return {
            uid: uid,
            item: (known === null) ? null : /** @type {CompItem} */ (known.item),
            tag: (known === null) ? null : known.tag,
            isNew: known === null,
            known: (known === null) ? {} : layers.readAll(/** @type {CompItem} */ (known.item), work.plan.uid, work.dry),
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
        var duration = merge.decide(SemrenderAE.touch.text(comp.tag["n"]), String(Math.round(item.duration * fps)),
            String(frames), merge.same);
        if (duration.write && frames > Number(comp.tag["n"])) {
            if (!work.dry) {
                item.duration = frames / plan.fps;
            }
            report.add(work.report.changed, "comp", {uid: comp.uid, name: item.name}, "duration",
                "Comp " + item.name + " lasts " + frames + " frames now.");
        } else {
            if (duration.write || duration.kept) {
                report.add(work.report.kept, "comp", {uid: comp.uid, name: item.name}, "duration",
                    "Comp " + item.name + " keeps its length; the delivery says " + frames + " frames.");
            }
            duration.last = duration.kept || duration.write ? SemrenderAE.touch.text(comp.tag["n"]) : duration.last;
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
        if (comp.tag["pin"] !== undefined) {
            fields["pin"] = comp.tag["pin"];
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
        SemrenderAE.stack.addMissing(work, comp);
        SemrenderAE.stack.merge(work, comp);
        SemrenderAE.stack.markStale(work, comp);
        if (!work.dry) {
            sign(work, comp, frames);
        }
    }

    /** @param {CompWork} comp */
    function restoreTimes(comp) {
        var key;
        var i;
        for (key in comp.known) {
            if (Object.prototype.hasOwnProperty.call(comp.known, key)) {
                for (i = 0; i < comp.known[key].length; i += 1) {
                    SemrenderAE.times.restore(comp.known[key][i]);
                }
            }
        }
    }

    return {restoreTimes: restoreTimes, find: find, assign: assign, create: create, bring: bring, hash: hash};
}());
