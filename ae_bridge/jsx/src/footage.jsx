/*
 * Footage items: files first, then what After Effects should think of them, then the layers that use them.
 * Replacing files makes a new source object and guesses its alpha again: everything is asserted on the new one.
 */
SemrenderAE.footage = (function () {
    var tags = SemrenderAE.tags;
    var merge = SemrenderAE.merge;
    var report = SemrenderAE.report;
    var project = SemrenderAE.project;
    var PAINTED_BY = /Painted by [^\n\[]*?, seed [0-9]+(?:, labels [^\n\[]*?)?(?:, a face was changed \([^)]*\))?\.(?= |$)/;

    /** @param {string} path */
    function fileOf(path) {
        return new File(path.replace(/%/g, "%25")); // File takes a path for a URI and decodes it.
    }

    /** @param {AlphaMode} mode */
    function alphaName(mode) {
        if (mode === AlphaMode.PREMULTIPLIED) {
            return "PREMULTIPLIED";
        }
        return (mode === AlphaMode.STRAIGHT) ? "STRAIGHT" : "IGNORE";
    }

    /** @param {PlannedFootage} planned @param {boolean} ranged @returns {FootageItem} */
    function importFiles(planned, ranged) {
        var options = new ImportOptions(fileOf(planned.path));
        options.importAs = ImportAsType.FOOTAGE;
        options.sequence = planned.sequence;
        if (planned.sequence) {
            options.forceAlphabetical = false; // Alphabetical order hides gaps.
            if (ranged) {
                options.rangeEnd = planned.last; // The end first: the start may not lie behind it.
                options.rangeStart = planned.first;
            }
        }
        return /** @type {FootageItem} */ (app.project.importFile(options));
    }

    /** @param {FootageItem} item @param {PlannedFootage} planned */
    function conform(item, planned) {
        if (planned.sequence) {
            item.mainSource.conformFrameRate = planned.fps; // Before it is a layer, which takes its length from it.
        }
    }

    /** @param {PlannedFootage} planned */
    function describe(planned) {
        /** @type {TagFields} */
        var fields = {uid: planned.uid, v: planned.version, fp: tags.pack(planned.relative), n: planned.frames};
        if (planned.sound) {
            return fields;
        }
        fields["al"] = planned.alpha;
        fields["par"] = String(planned.aspect);
        if (planned.sequence) {
            fields["fps"] = String(planned.fps);
            fields["f0"] = planned.start;
        }
        if (planned.matte) {
            fields["ly"] = planned.layerUid;
            fields["cl"] = tags.pack(planned.className);
        }
        return fields;
    }

    /** @param {PlannedFootage} planned @returns {FootageItem} */
    function importConformed(planned) {
        var item = importFiles(planned, false);
        conform(item, planned);
        if (planned.sequence && SemrenderAE.reads.framesOf(item) !== planned.frames) {
            item.remove(); // The folder holds more of this sequence, as an earlier, longer render leaves it.
            item = importFiles(planned, true);
            conform(item, planned);
        }
        return item;
    }

    /** @param {Work} work @param {PlannedFootage} planned @returns {FootageItem} */
    function create(work, planned) {
        var item = importConformed(planned);
        try {
            interpret(work, item, planned);
        } catch (e) {
            item.remove(); // Without its tag the next import would not know it.
            throw e;
        }
        report.add(work.report.added, "footage", planned, "", "Footage " + planned.name + " was imported.");
        SemrenderAE.reads.check(work, item, planned);
        return item;
    }

    /** @param {Work} work @param {FootageItem} item @param {PlannedFootage} planned */
    function interpret(work, item, planned) {
        var shot = work.plan.uid;
        if (item.mainSource.hasAlpha) {
            item.mainSource.alphaMode = AlphaMode[planned.alpha];
        }
        if (!planned.sound) {
            item.pixelAspect = planned.aspect;
        }
        item.name = planned.name;
        item.label = planned.label;
        item.parentFolder = planned.matte ?
            project.folder(work, shot + "/D/mattes", "mattes", shot + "/D") :
            project.folder(work, shot + "/D/footage", "footage", shot + "/D");
        item.comment = tags.write(planned.paintedBy, describe(planned));
    }

    /** Whether the files are still those we set: an artist may have put others there. @param {TaggedItem} known */
    function ours(known) {
        var source = /** @type {FootageItem} */ (known.item).mainSource;
        var parts;
        var now;
        var i;
        if (!(source instanceof FileSource)) {
            return false; // a solid or a placeholder
        }
        if (known.tag["fp"] === undefined || source.file === null) {
            return true;
        }
        parts = tags.unpack(String(known.tag["fp"])).split("/");
        now = source.file.fsName.replace(/\\/g, "/").split("/");
        for (i = 1; i <= parts.length; i += 1) {
            // Systems spell accents in two ways; such a part counts as the same.
            if (/^[\x20-\x7e]*$/.test(parts[parts.length - i]) &&
                    String(now[now.length - i]) !== parts[parts.length - i]) {
                return false;
            }
        }
        return true;
    }

    /**
     * The folder holds more of this sequence, as an earlier, longer render leaves it: replacing takes all of it, only an
     * import can be limited. So an item with the frames of the delivery takes the place of the old one in every layer.
     * @param {Work} work @param {TaggedItem} known @param {PlannedFootage} planned
     */
    function takeRange(work, known, planned) {
        var old = /** @type {FootageItem} */ (known.item);
        var item = importFiles(planned, true);
        var comps = old.usedIn;
        var i;
        conform(item, planned);
        item.name = old.name;
        item.comment = old.comment;
        item.label = old.label;
        item.pixelAspect = old.pixelAspect;
        item.parentFolder = old.parentFolder;
        for (i = 0; i < comps.length; i += 1) {
            exchangeIn(comps[i], old, item);
        }
        if (/** @type {any} */ (old).proxySource !== null) {
            report.add(work.report.warnings, "footage", planned, "files", item.name +
                " lost its proxy: set it again, or switch the half-size pictures on.");
        }
        old.remove();
        known.item = item;
        known.id = item.id;
    }

    /** @param {CompItem} comp @param {FootageItem} old @param {FootageItem} item */
    function exchangeIn(comp, old, item) {
        /** @type {any} */
        var layer;
        var locked;
        var i;
        for (i = 1; i <= comp.numLayers; i += 1) {
            layer = comp.layer(i);
            if (layer instanceof AVLayer && layer.source.id === old.id) {
                locked = layer.locked;
                layer.locked = false;
                try {
                    layer.replaceSource(item, false);
                } finally {
                    layer.locked = locked;
                }
            }
        }
    }

    /** Whether there are others now. @param {Work} work @param {TaggedItem} known @param {PlannedFootage} planned */
    function replaceFiles(work, known, planned) {
        var item = /** @type {FootageItem} */ (known.item);
        var source = /** @type {FileSource} */ (item.mainSource);
        var file = fileOf(planned.path);
        var samePlace = source.file !== null && source.file.fsName === file.fsName;
        if (samePlace && String(planned.frames) === String(known.tag["n"]) &&
                source.isStill !== (planned.sequence || planned.sound)) {
            if (work.fresh) {
                if (!work.dry) {
                    source.reload();
                }
                report.add(work.report.changed, "footage", planned, "files",
                    planned.name + " was read again from the same place.");
            }
            return work.fresh;
        }
        // By what the new files are: a still replaced as a file by the first of a sequence would show one frame.
        if (!work.dry && planned.sequence) {
            item.replaceWithSequence(file, false);
            if (SemrenderAE.reads.framesOf(item) !== planned.frames * item.mainSource.loop) {
                takeRange(work, known, planned);
            }
        } else if (!work.dry) {
            item.replace(file);
        }
        report.add(work.report.changed, "footage", planned, "files",
            planned.name + ((String(known.tag["v"]) === String(planned.version)) ?
                " shows the files of the delivery." :
                " went from version " + known.tag["v"] + " to " + planned.version + "."));
        return true;
    }

    /** @param {Work} work @param {PlannedFootage} planned @param {string} field @param {Decision} d @param {string} is */
    function tell(work, planned, field, d, is) {
        if (d.kept) {
            report.add(work.report.kept, "footage", planned, field,
                planned.name + " keeps " + is + " " + d.value + ".");
        } else if (d.write) {
            report.add(work.report.changed, "footage", planned, field,
                planned.name + " has " + is + " " + d.value + " now.");
        }
    }

    /** @param {Decision} decision @param {TagFields} fields @param {string} key */
    function remember(decision, fields, key) {
        if (decision.last === undefined) {
            delete fields[key];
        } else {
            fields[key] = decision.last;
        }
    }

    /**
     * The tag, and the line for people before it, unless somebody has written another one.
     * @param {FootageItem} item
     * @param {PlannedFootage} planned
     * @param {TagFields} fields
     */
    function sign(item, planned, fields) {
        var before = item.comment;
        var comment = tags.write(before, fields);
        var line = PAINTED_BY.exec(comment);
        if (planned.paintedBy !== "" && line !== null) {
            comment = comment.slice(0, line.index) + planned.paintedBy + comment.slice(line.index + line[0].length);
        }
        if (comment !== before) {
            item.comment = comment;
        }
    }

    /** @param {Work} work @param {TaggedItem} known @param {PlannedFootage} planned */
    function update(work, known, planned) {
        var item = /** @type {FootageItem} */ (known.item);
        var source = item.mainSource;
        var fields = describe(planned);
        var hadAlpha = source.hasAlpha;
        var before = {
            alpha: alphaName(source.alphaMode), premul: source.premulColor, inverted: source.invertAlpha, loop: source.loop,
            fps: String(source.conformFrameRate), aspect: String(item.pixelAspect), still: source.isStill
        };
        var others;
        var decision;
        if (!ours(known)) {
            report.add(work.report.kept, "footage", planned, "files",
                planned.name + " keeps the files that were put in place of the delivery's.");
            return;
        }
        others = replaceFiles(work, known, planned);
        item = /** @type {FootageItem} */ (known.item);
        source = item.mainSource; // Replacing made a new one.
        if (planned.sequence) {
            decision = merge.decide(before.still ? before.fps : asText(known.tag["fps"]), before.fps,
                String(planned.fps), merge.sameNumber);
            remember(decision, fields, "fps");
            tell(work, planned, "fps", decision, "the frame rate");
            if (!work.dry && !merge.sameNumber(String(source.conformFrameRate), decision.value)) {
                source.conformFrameRate = Number(decision.value);
            }
            if (!work.dry && source.loop !== before.loop && !before.still) {
                source.loop = before.loop;
            }
        }
        if (!planned.sound && source.hasAlpha) {
            decision = merge.decide(hadAlpha ? asText(known.tag["al"]) : before.alpha, before.alpha, planned.alpha,
                merge.same);
            remember(decision, fields, "al");
            tell(work, planned, "alpha", decision, "the alpha");
            if (!work.dry) {
                setAlpha(source, before, decision);
            }
        }
        if (!planned.sound) {
            decision = merge.decide(asText(known.tag["par"]), before.aspect, String(planned.aspect), merge.sameNumber);
            remember(decision, fields, "par");
            tell(work, planned, "aspect", decision, "the pixel aspect");
            if (!work.dry && !merge.sameNumber(String(item.pixelAspect), decision.value)) {
                item.pixelAspect = Number(decision.value);
            }
        }
        if (!work.dry) {
            sign(item, planned, fields);
            if (others) {
                SemrenderAE.proxies.follow(work, item, tags.unpack(String(known.tag["fp"])));
            }
            SemrenderAE.reads.check(work, item, planned);
        }
    }

    /** @param {FootageSource} source @param {any} before @param {Decision} decision */
    function setAlpha(source, before, decision) {
        if (alphaName(source.alphaMode) !== decision.value) {
            source.alphaMode = AlphaMode[/** @type {"STRAIGHT"} */ (decision.value)];
        }
        if (decision.kept && decision.value === "PREMULTIPLIED" &&
                String(source.premulColor) !== String(before.premul)) {
            source.premulColor = before.premul;
        }
        if (source.invertAlpha !== before.inverted) {
            source.invertAlpha = before.inverted;
        }
    }

    /** @param {string|number|undefined} value */
    function asText(value) {
        return (value === undefined) ? undefined : String(value);
    }

    /**
     * The footage item of a layer, brought up to date or imported. Null where that fails; the report says why.
     * @param {Work} work @param {PlannedFootage} planned @param {boolean} needed Import it where it is not there.
     * @returns {FootageItem}
     */
    function bring(work, planned, needed) {
        var known = project.first(work.found, planned.uid, FootageItem);
        var item;
        try {
            if (known !== null) {
                item = /** @type {FootageItem} */ (known.item);
                update(work, known, planned);
                return /** @type {FootageItem} */ (known.item);
            }
            if (needed && work.dry) {
                report.add(work.report.added, "footage", planned, "", "Footage " + planned.name + " was imported.");
            }
            if (!needed || work.dry) {
                return null;
            }
            item = create(work, planned);
            work.found["$" + planned.uid] = [{item: item, id: item.id, tag: tags.read(item.comment)}];
            return item;
        } catch (e) {
            report.fail(work.report, "footage", planned, "files",
                "Layer " + planned.layerName + ": " + planned.path + " could not be imported. " + e.message);
            return item || null;
        }
    }

    return {bring: bring};
}());
