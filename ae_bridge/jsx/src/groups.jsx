/*
 * Several class mattes as one: a comp that adds them up, which is used like a matte of one class.
 */
SemrenderAE.groups = (function () {
    var tags = SemrenderAE.tags;
    var report = SemrenderAE.report;

    /** The mattes by their uids, or null and an error. @param {Report} result @param {any} found @param {string[]} uids */
    function members(result, found, uids) {
        /** @type {TaggedItem[]} */
        var list = [];
        var known;
        var shot = "";
        var i;
        for (i = 0; i < uids.length; i += 1) {
            known = SemrenderAE.mattes.find(found, uids[i]);
            if (known === null) {
                report.fail(result, "footage", {uid: uids[i], name: ""}, "matte",
                    "The matte is not in the project. Import the delivery.");
                return null;
            }
            shot = shot || SemrenderAE.mattes.shotOf(known.tag.uid);
            if (SemrenderAE.mattes.shotOf(known.tag.uid) !== shot || known.tag["f0"] === undefined) {
                report.fail(result, "footage", {uid: uids[i], name: known.item.name}, "matte",
                    "Mattes that are used as one are sequences of one shot.");
                return null;
            }
            list.push(known);
        }
        return list;
    }

    /** @param {TaggedItem[]} list @returns {{first: number, frames: number}} */
    function rangeOf(list) {
        var first = Infinity;
        var end = -Infinity;
        var i;
        for (i = 0; i < list.length; i += 1) {
            first = Math.min(first, Number(list[i].tag["f0"]));
            end = Math.max(end, Number(list[i].tag["f0"]) + Number(list[i].tag["n"]));
        }
        return {first: first, frames: end - first};
    }

    /** @param {TaggedItem[]} list */
    function nameOf(list) {
        var names = [];
        var i;
        for (i = 0; i < list.length; i += 1) {
            names.push(tags.unpack(String(list[i].tag["cl"])));
        }
        return names.join(" + ");
    }

    /** @param {Report} result @param {string} uid @param {TaggedItem[]} list */
    function create(result, uid, list) {
        var range = rangeOf(list);
        var name = nameOf(list);
        var fps = Number(list[0].tag["fps"]);
        var one = /** @type {FootageItem} */ (list[0].item);
        var comp = app.project.items.addComp("m_" + name, one.width, one.height, one.pixelAspect, range.frames / fps, fps);
        /** @type {any} */
        var layer;
        var i;
        comp.parentFolder = one.parentFolder;
        comp.label = one.label;
        for (i = 0; i < list.length; i += 1) {
            layer = comp.layers.add(/** @type {FootageItem} */ (list[i].item));
            layer.startTime = (Number(list[i].tag["f0"]) - range.first) / fps;
            if (i > 0) {
                layer.blendingMode = BlendingMode.ALPHA_ADD; // so that edges that meet leave no seam
            }
        }
        comp.comment = tags.write("", {
            uid: uid, v: list[0].tag["v"], fps: String(fps), f0: range.first, n: range.frames,
            ly: uid.replace("/C/group/", "/L/group/"), cl: tags.pack(name)
        });
        report.add(result.added, "comp", {uid: uid, name: comp.name}, "", "Comp " + comp.name + " adds up the mattes.");
    }

    /**
     * The uid by which several mattes are used as one; their comp is made where it is not there. "" after an error.
     * @param {Report} result @param {string[]} uids Of the mattes, two at least.
     */
    function bring(result, uids) {
        var found = SemrenderAE.project.index();
        var list = members(result, found, uids);
        var uid;
        if (list === null) {
            return "";
        }
        uid = SemrenderAE.mattes.shotOf(uids[0]) + "/C/group/" + SemrenderAE.comps.hash(uids.slice(0).sort().join(" "));
        if (SemrenderAE.project.first(found, uid, CompItem) === null) {
            create(result, uid, list);
        }
        return uid;
    }

    /** The groups of a shot follow their mattes, and become longer with them, never shorter. @param {Work} work */
    function grow(work) {
        var name;
        var known;
        for (name in work.found) {
            if (Object.prototype.hasOwnProperty.call(work.found, name) &&
                    name.indexOf("$" + work.plan.uid + "/C/group/") === 0) {
                known = SemrenderAE.project.first(work.found, name.slice(1), CompItem);
                if (known !== null) {
                    growOne(known);
                }
            }
        }
    }

    /** @param {TaggedItem} known */
    function growOne(known) {
        var comp = /** @type {CompItem} */ (known.item);
        var fps = Number(known.tag["fps"]);
        var first = Number(known.tag["f0"]);
        var frames = Number(known.tag["n"]);
        /** @type {any} */
        var layer;
        var tag;
        var i;
        for (i = 1; i <= comp.numLayers; i += 1) {
            layer = comp.layer(i);
            tag = (layer instanceof AVLayer && layer.source) ? tags.read(layer.source.comment) : null;
            if (tag !== null && tag["f0"] !== undefined) {
                frames = Math.max(frames, Number(tag["f0"]) + Number(tag["n"]) - first);
                if (!SemrenderAE.merge.sameTime(layer.startTime, (Number(tag["f0"]) - first) / fps, 1 / fps)) {
                    layer.startTime = (Number(tag["f0"]) - first) / fps;
                }
            }
        }
        if (frames > Number(known.tag["n"])) {
            comp.duration = frames / fps;
            known.tag["n"] = frames;
            comp.comment = tags.write(comp.comment, known.tag);
            for (i = 1; i <= comp.numLayers; i += 1) {
                comp.layer(i).outPoint = frames / fps; // cut by After Effects to what the matte has
            }
        }
    }

    return {bring: bring, grow: grow};
}());
