/*
 * For a person with After Effects: File > Scripts > Run Script File. Asks this After Effects what its documentation does
 * not say, in a project of its own making, and writes semrender_probe_report.txt to the desktop. Save your work and
 * close the project first; it refuses to run in one that has items. Please send the report back.
 */
(function () {
    var lines = ["semrender probe 1", "After Effects " + app.version + ", " + $.os + ", " + app.isoLanguage];

    /** @param {string} name @param {function(): any} question */
    function ask(name, question) {
        var answer;
        try {
            answer = String(question());
        } catch (e) {
            answer = "ERROR " + e.message;
        }
        lines.push(name + ": " + answer);
    }

    /** A file that need not be a picture. @param {string} path @param {string} text */
    function written(path, text) {
        var file = new File(path);
        file.encoding = "UTF-8";
        file.open("w");
        file.write(text);
        file.close();
        return file;
    }

    /** @param {any} comp */
    function questions(comp) {
        var temp = Folder.temp.absoluteURI;
        var solid = comp.layers.addSolid([1, 1, 1], "probe", 64, 36, 1);
        ask("File with %25 in its name", function () {
            var file = written(temp + "/semrender%2520probe.txt", "x");
            var name = file.fsName;
            file.remove();
            return name;
        });
        ask("write, then length", function () {
            var file = written(temp + "/semrender_probe.txt", "semrender");
            var length = file.length;
            file.remove();
            return length;
        });
        ask("a sound, what it has of a picture", function () {
            var header = "RIFF\x64\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x80\xBB\x00\x00\x00\x77\x01\x00" +
                "\x02\x00\x10\x00data\x40\x00\x00\x00";
            var file = new File(temp + "/semrender_probe.wav");
            /** @type {any} */
            var item;
            var layer;
            file.encoding = "BINARY";
            file.open("w");
            file.write(header + new Array(65).join("\x00"));
            file.close();
            item = app.project.importFile(new ImportOptions(file));
            layer = comp.layers.add(item);
            return [item.hasVideo, item.hasAudio, item.pixelAspect, item.duration, layer.hasVideo, layer.enabled,
                layer.audioEnabled, layer.blendingMode, layer.property("ADBE Transform Group"), layer.label].join(" ");
        });
        ask("user data folder", function () {
            return Folder.userData.fsName;
        });
        ask("this script's folder", function () {
            return new File($.fileName).parent.fsName;
        });
        ask("comment of a layer, longest", function () {
            solid.comment = new Array(15999).join("x") + "y";
            return solid.comment.length;
        });
        ask("locked layer: name, comment, blend", function () {
            solid.locked = true;
            solid.name = "probe locked";
            solid.comment = "c";
            solid.blendingMode = BlendingMode.SCREEN;
            solid.locked = false;
            return solid.name + ", " + solid.comment + ", " + (solid.blendingMode === BlendingMode.SCREEN);
        });
        ask("new null: anchor, position, numbers of a 2D position, name and folder of its solid", function () {
            var made = comp.layers.addNull();
            var group = made.property("ADBE Transform Group");
            var place = group.property("ADBE Position");
            place.setValuesAtTimes([0, 0.5], [[1, 2], [3.25, 4.0001]]);
            return group.property("ADBE Anchor Point").value + "; " + place.keyValue(2) + "; " + place.value.length +
                "; " + made.source.name + " in " + made.source.parentFolder.name;
        });
        ask("new camera: position, zoom; then orientation 359.99995 and its point of interest once it turns freely", function () {
            var made = comp.layers.addCamera("probe cam", [32, 18]);
            var group = made.property("ADBE Transform Group");
            var told = group.property("ADBE Position").value + "; " +
                made.property("ADBE Camera Options Group").property("ADBE Camera Zoom").value;
            made.autoOrient = AutoOrientType.NO_AUTO_ORIENT;
            group.property("ADBE Orientation").setValue([0, 359.9999, 400]);
            told += "; " + group.property("ADBE Orientation").value + "; ";
            try {
                group.property("ADBE Anchor Point").setValue([0, 0, 0]);
                return told + "can be set";
            } catch (e) {
                return told + e.message;
            }
        });
        ask("keys and a layer that is moved in time", function () {
            var made = comp.layers.addNull();
            var place = made.property("ADBE Transform Group").property("ADBE Position");
            place.setValueAtTime(0.5, [1, 2]);
            made.startTime = 0.25;
            return place.keyTime(1);
        });
        ask("track matte switches its layer off", function () {
            var matte = comp.layers.addSolid([1, 1, 1], "matte", 64, 36, 1);
            solid.setTrackMatte(matte, TrackMatteType.ALPHA);
            return !matte.enabled;
        });
        ask("effects with Cryptomatte or EXtractoR in a name", function () {
            var found = [];
            var i;
            for (i = 0; i < app.effects.length; i += 1) {
                if (/crypto|extractor|identifier/i.test(app.effects[i].matchName + app.effects[i].displayName)) {
                    found.push(app.effects[i].matchName);
                }
            }
            return found.join(", ");
        });
        ask("Cryptomatte can be added", function () {
            return solid.property("ADBE Effect Parade").canAddProperty("Cryptomatte");
        });
        ask("colour management system, then working space", function () {
            return app.project.colorManagementSystem + ", " + app.project.workingSpace;
        });
        ask("working space can be set with OCIO", function () {
            var before = app.project.workingSpace;
            app.project.colorManagementSystem = 1;
            app.project.workingSpace = "ACEScg";
            before = app.project.workingSpace;
            app.project.colorManagementSystem = 0;
            return before;
        });
        ask("network and file preference", function () {
            return app.preferences.getPrefAsLong("Main Pref Section v2", "Pref_SCRIPTING_FILE_NETWORK_SECURITY");
        });
        ask("JSON is there", function () {
            return typeof $.global.JSON;
        });
    }

    /** Needs pictures: probe.0001.png ... with number 3 missing. @param {any} comp */
    function sequence(comp) {
        /** @type {any} */
        var first = File.openDialog("First file of a PNG sequence with a frame missing (Cancel to leave this out)");
        /** @type {ImportOptions} */
        var options;
        /** @type {any} */
        var item;
        var layer;
        if (first === null) {
            lines.push("sequence: left out");
            return;
        }
        options = new ImportOptions(first);
        options.sequence = true;
        app.beginSuppressDialogs();
        ask("import with a gap, dialogs suppressed", function () {
            item = app.project.importFile(options);
            return item.duration + " s, " + item.mainSource.nativeFrameRate + " fps, alpha " + item.mainSource.alphaMode;
        });
        app.endSuppressDialogs(false);
        ask("layer length before and after a late conform", function () {
            layer = comp.layers.add(item);
            var before = layer.outPoint - layer.inPoint;
            item.mainSource.conformFrameRate = 12;
            return before + " s, " + (layer.outPoint - layer.inPoint) + " s";
        });
        ask("replaceWithSequence keeps the frame rate", function () {
            item.replaceWithSequence(first, false);
            return item.mainSource.conformFrameRate;
        });
    }

    function run() {
        var comp;
        if (app.project.numItems > 0) {
            alert("Close the project first: the probe works in an empty one.");
            return;
        }
        app.beginUndoGroup("semrender probe");
        try {
            comp = app.project.items.addComp("probe", 64, 36, 1, 4, 24);
            questions(comp);
            sequence(comp);
        } finally {
            app.endUndoGroup();
        }
        written(Folder.desktop.absoluteURI + "/semrender_probe_report.txt", lines.join("\n") + "\n");
        alert("The report is on the desktop: semrender_probe_report.txt");
    }

    run();
}());
