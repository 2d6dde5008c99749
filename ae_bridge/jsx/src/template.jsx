/*
 * A normalised clip: in a comp of its own somebody stands still, since the layer of the clip is keyed against their moves;
 * in the comp of the clip a null puts back what was made there. What they are to be comes ready from
 * shared/comp_templates.py, in pixels of the clip; here it becomes pixels of the layer that shows it.
 */
SemrenderAE.template = (function () {
    var tags = SemrenderAE.tags;
    var report = SemrenderAE.report;
    var moving = SemrenderAE.moving;
    var SAME_SHAPE = 0.005; // part by which the layer may be wider, or less wide, than the clip

    /** Why a file is of no use, in words, or "". @param {any} template */
    function fault(template) {
        if (!template || template.schema !== "semrender.comp_template" || !template.people) {
            return "This is no normalised clip. Choose the normalised.json that semrender clip normalise has written.";
        }
        if (template.schema_version !== 1) {
            return "The normalised clip is of schema version " + template.schema_version + ", this panel reads version 1. " +
                "Update semrender.";
        }
        return (template.fps <= 99) ? "" : "After Effects holds 1 to 99 frames a second, the clip has " + template.fps + ".";
    }

    /** Whether a layer is a null that puts back. @param {any} layer */
    function isBack(layer) {
        var tag = tags.read(layer.comment);
        return tag !== null && /^normalised\/[^\/]+\/L\/[^\/]+\/back$/.test(tag.uid);
    }

    /** The selected layer that shows the clip; null and an error where there is none. @param {Report} result @param {CompItem} comp @param {any} template */
    function shower(result, comp, template) {
        var about = {uid: "", name: ""};
        var list = (comp === null) ? [] : comp.selectedLayers;
        /** @type {any} */
        var layer = (list.length === 1) ? list[0] : null;
        if (layer === null || !(layer instanceof AVLayer) || layer.nullLayer || !layer.hasVideo) {
            report.fail(result, "comp", about, "", "Select the one layer that shows " + template.name + ".");
            return null;
        }
        about.name = layer.name;
        if (Math.abs(layer.width * layer.source.pixelAspect * template.height / (layer.height * template.width) - 1) >
                SAME_SHAPE) {
            report.fail(result, "layer", about, "size", layer.name + " is " + layer.width + " x " + layer.height +
                " pixels, the normalised clip " + template.width + " x " + template.height + ": it is another clip, or turned.");
            return null;
        }
        if (layer.stretch !== 100 || layer.timeRemapEnabled || layer.threeDLayer) {
            report.fail(result, "layer", about, "start", layer.name + " is stretched or remapped in time, or a 3D layer: " +
                "take it as it was imported, the frames of the clip could not be told.");
            return null;
        }
        if (Math.abs(layer.source.frameRate - template.fps) > 1e-3) {
            report.add(result.warnings, "layer", about, "fps", layer.name + " has " + layer.source.frameRate +
                " frames a second, the clip was normalised at " + template.fps +
                ": unless that was asked for (--fps), see Interpret Footage.");
        }
        return layer;
    }

    /** @param {number[][]} rows @param {number} across @param {number} down @returns {number[][]} */
    function times(rows, across, down) {
        /** @type {number[][]} */
        var made = [];
        var i;
        for (i = 0; i < rows.length; i += 1) {
            made.push([rows[i][0] * across, rows[i][1] * down]);
        }
        return made;
    }

    /** @param {any} planned Of the file. @param {string} kind @param {number} first @param {Object<string, number[][]>} keys @returns {PlannedLayer} */
    function plan(planned, kind, first, keys) {
        return {
            uid: planned.uid, name: planned.name, role: "template", version: 1, footage: null,
            moves: {kind: /** @type {"source"} */ (kind), parent: "", first: first, keys: keys}, markers: [], matteUid: "", wanted: {},
            effects: []
        };
    }

    /** The layer of a comp with a uid of ours; where several have it, that which hangs on `parent`. @param {CompItem} comp @param {string} uid @param {Layer} parent */
    function find(comp, uid, parent) {
        var all = SemrenderAE.layers.tagged(comp);
        var layer;
        var i;
        for (i = 0; i < all.length; i += 1) {
            layer = all[i].layer;
            if (all[i].tag.uid === uid && (parent === null || layer.parent === null || layer.parent.id === parent.id)) {
                return all[i];
            }
        }
        return null;
    }

    /**
     * The keys of a layer, new or updated; then its tag.
     * @param {Work} work @param {PlannedLayer} planned @param {any} layer @param {TagFields} tag Null for a new one.
     */
    function bring(work, planned, layer, tag) {
        /** @type {TagFields} */
        var fields = {uid: planned.uid, v: 1};
        /** @type {any} */
        var known = {
            layer: layer, uid: planned.uid, name: layer.name, locked: layer.locked, isNew: tag === null, dry: false, tag: tag
        };
        if (tag === null) {
            moving.fill(work, planned, layer, fields);
            report.add(work.report.added, "layer", known, "", "Layer " + layer.name + " was added.");
        } else {
            moving.mergeKeys(work, known, planned, fields);
        }
        SemrenderAE.touch.sign(work, known, fields);
    }

    /** @param {any} layer @param {string} name @returns {any} */
    function part(layer, name) {
        return layer.property("ADBE Transform Group").property("ADBE " + name);
    }

    /** The comp in which somebody stands still. @param {Work} work @param {any} template @param {any} person @param {any} layer */
    function still(work, template, person, layer) {
        var known = SemrenderAE.project.first(work.found, person.uid, CompItem);
        var comp = (known === null) ? null : /** @type {CompItem} */ (known.item);
        var keys = person.source.keys;
        var larger = layer.height / template.height;
        var planned = plan(person.source, "source", person.first, {
            anchor: times(keys.anchor, layer.width / template.width, larger), scale: times(keys.scale, 1 / larger, 1 / larger),
            rotation: keys.rotation
        });
        /** @type {any} */
        var made;
        work.origin = template.first;
        if (comp === null) {
            comp = app.project.items.addComp(person.name, person.width, person.height, 1, template.frames / template.fps,
                template.fps);
            comp.displayStartFrame = template.first;
            comp.parentFolder = SemrenderAE.project.folder(work, template.uid + "/D", template.name, "");
            comp.comment = tags.write("", {uid: person.uid, v: 1});
            report.add(work.report.added, "comp", {uid: person.uid, name: person.name}, "", "Comp " + person.name + " was made.");
        }
        made = find(comp, planned.uid, null);
        if (made === null) {
            made = {layer: comp.layers.add(layer.source), tag: null};
            made.layer.startTime = 0;
            made.layer.name = person.source.name;
            made.layer.label = person.source.label;
        }
        bring(work, planned, made.layer, made.tag);
        work.report.comp = {id: comp.id, name: comp.name};
    }

    /** The null that puts back. @param {Work} work @param {any} template @param {any} person @param {CompItem} comp @param {any} layer */
    function back(work, template, person, comp, layer) {
        var keys = person.back.keys;
        var larger = layer.height / template.height;
        var planned = plan(person.back, "null_2d", person.first, {
            anchor: keys.anchor, position: times(keys.position, layer.width / template.width, larger),
            scale: times(keys.scale, larger, larger), rotation: keys.rotation
        });
        var made = find(comp, planned.uid, layer);
        var span = {start: layer.startTime, inPoint: 0, outPoint: comp.duration};
        var added;
        work.origin = template.first - layer.startTime * template.fps;
        if (made === null) {
            added = SemrenderAE.touch.keepingSelection(comp, function () {
                var one = moving.create(work, /** @type {any} */ ({item: comp}), planned);
                one.source.pixelAspect = 1; // those of the canvas are square
                return one;
            });
            SemrenderAE.times.set(added, span);
            added.label = person.back.label;
            added.setParentWithJump(layer);
            bring(work, planned, added, null);
            return;
        }
        if (Math.abs(made.layer.startTime - span.start) > 0.05 / template.fps) { // the clip was slid: keys go along
            SemrenderAE.touch.change(/** @type {any} */ ({layer: made.layer, locked: made.layer.locked}), function (one) {
                one.startTime = span.start;
            });
            report.add(work.report.changed, "layer", {uid: planned.uid, name: made.layer.name}, "start",
                made.layer.name + " went along with " + layer.name + ".");
        }
        bring(work, planned, made.layer, made.tag);
    }

    /**
     * @param {Report} result @param {any} template What `normalised.comp.json` holds, parsed.
     */
    function use(result, template) {
        var words = fault(template);
        var comp = SemrenderAE.mattes.activeComp(); // before others are made, one of which may become it
        var layer;
        /** @type {any} */
        var work;
        var i;
        if (words !== "") {
            report.fail(result, "project", {uid: "", name: ""}, "", words);
            return;
        }
        result.shot = {uid: template.uid, name: template.name, version: 1, previous: null};
        layer = shower(result, comp, template);
        if (layer === null) {
            return;
        }
        work = {
            plan: {uid: template.uid, name: template.name, version: 1, fps: template.fps, width: comp.width, height: comp.height},
            report: result, found: SemrenderAE.project.index(), dry: false, origin: template.first
        };
        for (i = 0; i < template.people.length; i += 1) {
            still(work, template, template.people[i], layer);
            back(work, template, template.people[i], comp, layer);
        }
    }

    /** The one null of a comp that is meant: the selected one, or the only one. @param {CompItem} comp */
    function meant(comp) {
        /** @type {any[]} */
        var all = [];
        /** @type {any[]} */
        var selected = [];
        var i;
        for (i = 1; i <= comp.layers.length; i += 1) {
            if (isBack(comp.layers[i])) {
                all.push(comp.layers[i]);
                if (comp.layers[i].selected) {
                    selected.push(comp.layers[i]);
                }
            }
        }
        all = (selected.length > 0) ? selected : all;
        return (all.length === 1) ? all[0] : null;
    }

    /** Whether a layer is a picture of the whole canvas that lies as it was put into the comp. @param {any} layer @param {number[]} middle */
    function isCanvas(layer, middle) {
        var names = ["Anchor Point", "Position", "Scale", "Rotate Z"];
        var one;
        var i;
        if (!(layer instanceof AVLayer) || layer.width !== middle[0] * 2 || layer.height !== middle[1] * 2) {
            return false;
        }
        for (i = 0; i < names.length; i += 1) {
            one = part(layer, names[i]);
            if (one.numKeys > 0 || one.expressionEnabled || (one.isSeparationLeader && one.dimensionsSeparated)) {
                return false;
            }
        }
        return true;
    }

    /**
     * The selected layers, made on the canvas, go where the canvas was. A picture of the whole canvas comes to lie on it;
     * all others keep their numbers, which are those that they have on the canvas.
     * @param {Report} result
     */
    function putBack(result) {
        var comp = SemrenderAE.mattes.activeComp();
        var target = (comp === null) ? null : meant(comp);
        var list = (comp === null) ? [] : comp.selectedLayers;
        var about;
        var middle;
        /** @type {any} */
        var layer;
        var done = 0;
        var i;
        if (target === null) {
            report.fail(result, "comp", {uid: "", name: ""}, "",
                "Select what was made on the normalised clip, and the null that is to put it back.");
            return;
        }
        middle = part(target, "Anchor Point").value;
        for (i = 0; i < list.length; i += 1) {
            layer = list[i];
            about = {uid: "", name: layer.name};
            if (isBack(layer) || (target.parent !== null && layer.id === target.parent.id)) {
                continue;
            }
            done += 1;
            if (layer.locked || layer.threeDLayer) {
                report.fail(result, "layer", about, "", layer.name + " is locked, or a 3D layer.");
                continue;
            }
            if (isCanvas(layer, middle)) {
                part(layer, "Anchor Point").setValue(middle.slice(0, 2));
                part(layer, "Position").setValue(middle.slice(0, 2));
                part(layer, "Scale").setValue([100, 100]);
                part(layer, "Rotate Z").setValue(0);
            }
            layer.setParentWithJump(target);
            report.add(result.changed, "layer", about, "", layer.name + " hangs on " + target.name + ".");
        }
        if (done === 0) {
            report.fail(result, "comp", {uid: "", name: ""}, "", "Select what was made on the normalised clip.");
        }
    }

    return {use: use, putBack: putBack};
}());
