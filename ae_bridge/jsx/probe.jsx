/*
 * For a person with After Effects: File > Scripts > Run Script File. Asks this After Effects what its documentation does
 * not say, in a project of its own making. Save your work and close the project first; it refuses to run in one that has
 * items. Please send back what it leaves on the desktop: semrender_probe_report.txt and semrender_probe.aep.
 *
 * The report is saved before and after each question, so that one that never ends is named in it. What may take minutes
 * or ask something comes last, and is asked for.
 */
(function () {
    var PLACE = Folder.desktop.absoluteURI;
    var REPORT = PLACE + "/semrender_probe_report.txt";
    var lines = ["semrender probe 3", "After Effects " + app.version + ", " + $.os + ", " + app.isoLanguage];

    function save() {
        written(REPORT, lines.join("\n") + "\n");
    }

    /** @param {string} name @param {function(): any} question */
    function ask(name, question) {
        var answer;
        lines.push(name + ": NO ANSWER CAME");
        save();
        try {
            answer = String(question());
        } catch (e) {
            answer = "ERROR " + e.message;
        }
        lines[lines.length - 1] = name + ": " + answer;
        save();
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

    /** Scripts may be kept from writing: then the file is made and stays empty. */
    function mayWrite() {
        try {
            save();
            return new File(REPORT).length > 0;
        } catch (e) {
            return false;
        }
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
            try {
                solid.name = "probe locked";
                solid.comment = "c";
                solid.blendingMode = BlendingMode.SCREEN;
            } finally {
                solid.locked = false;
            }
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
        ask("separated position of a null, keys of x and of the whole, its value; a marker's parameter and length", function () {
            var made = comp.layers.addNull();
            /** @type {any} */
            var place = made.property("ADBE Transform Group").property("ADBE Position");
            /** @type {any} */
            var markers = made.property("ADBE Marker");
            var marker = new MarkerValue("probe");
            var found;
            place.dimensionsSeparated = true;
            place.getSeparationFollower(0).setValuesAtTimes([0, 0.5], [1, 3.25]);
            marker.setParameters({semrender: "1"});
            marker.duration = 7 / 24;
            markers.setValueAtTime(0.25, marker);
            found = markers.keyValue(1);
            return place.getSeparationFollower(0).numKeys + ", " + place.numKeys + ", " + place.value + "; " +
                found.getParameters().semrender + ", " + found.duration;
        });
        ask("where a layer is that hangs on a null in a comp of pixels 2 to 1, with its position at 10, 10", function () {
            var wide = app.project.items.addComp("probe wide", 64, 36, 2, 1, 24);
            var parent = wide.layers.addNull();
            var child = wide.layers.addNull();
            var both = [parent, child];
            /** @type {any} */
            var group;
            var i;
            for (i = 0; i < both.length; i += 1) {
                group = both[i].property("ADBE Transform Group");
                group.property("ADBE Anchor Point").setValue([0, 0]);
                group.property("ADBE Position").setValue([10 * i, 10 * i]);
            }
            child.setParentWithJump(parent);
            return parent.source.pixelAspect + "; " + child.sourcePointToComp([0, 0]);
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
        ask("track matte: off, another instead, taken away; then the type that stays", function () {
            var one = comp.layers.addSolid([1, 1, 1], "one", 64, 36, 1);
            var two = comp.layers.addSolid([1, 1, 1], "two", 64, 36, 1);
            var told = [];
            solid.setTrackMatte(one, TrackMatteType.ALPHA);
            told.push(one.enabled);
            solid.setTrackMatte(two, TrackMatteType.LUMA);
            told.push(one.enabled + " " + two.enabled);
            solid.removeTrackMatte();
            told.push(two.enabled, solid.trackMatteType);
            return told.join(", ");
        });
        ask("what is selected after a layer was added", function () {
            solid.selected = true;
            comp.layers.addNull();
            return comp.selectedLayers.length + ", " + comp.selectedLayers[0].name;
        });
        ask("a text layer is an AVLayer, a TextLayer; can be cut", function () {
            /** @type {any} */
            var text = comp.layers.addText("probe");
            text.setTrackMatte(solid, TrackMatteType.ALPHA);
            return (text instanceof AVLayer) + ", " + (text instanceof TextLayer) + ", " + text.hasTrackMatte;
        });
        ask("a matte that hangs on the layer it cuts; Linear Wipe and its first two values", function () {
            /** @type {any} */
            var hangs = comp.layers.addSolid([1, 1, 1], "hangs", 64, 36, 1);
            /** @type {any} */
            var wipe = solid.property("ADBE Effect Parade").addProperty("ADBE Linear Wipe");
            var told;
            hangs.setParentWithJump(solid);
            solid.setTrackMatte(hangs, TrackMatteType.ALPHA);
            told = solid.hasTrackMatte + ", " + wipe.property(1).matchName + ", " + wipe.property(2).matchName;
            solid.removeTrackMatte();
            wipe.remove();
            return told;
        });
        ask("Cryptomatte, EXtractoR, IDentifier can be added", function () {
            /** @type {any} */
            var effects = solid.property("ADBE Effect Parade");
            return effects.canAddProperty("Cryptomatte") + ", " + effects.canAddProperty("EXtractoR") + ", " +
                effects.canAddProperty("IDentifier");
        });
        ask("colour management system, then working space", function () {
            return app.project.colorManagementSystem + ", " + app.project.workingSpace;
        });
        ask("network and file preference", function () {
            return app.preferences.getPrefAsLong("Main Pref Section v2", "Pref_SCRIPTING_FILE_NETWORK_SECURITY");
        });
        ask("JSON is there", function () {
            return typeof $.global.JSON;
        });
    }

    /** Its items with comments, as this After Effects stores them. @param {any} comp */
    function keep(comp) {
        ask("a project with comments is saved", function () {
            var folder = app.project.items.addFolder("probe folder");
            folder.comment = "comment of a folder";
            comp.comment = "comment of a comp";
            comp.layer(1).comment = "comment of a layer";
            comp.layer(comp.numLayers).source.comment = "comment of footage"; // the solid of the first question
            app.project.save(new File(PLACE + "/semrender_probe.aep"));
            return app.project.file !== null;
        });
    }

    /** Whether this After Effects takes what `semrender aep` writes, and keeps the tags. @param {any} file */
    function ours(file) {
        var before = app.project.numItems;
        ask("a project of semrender is imported: items, with comments; layers, with comments", function () {
            var told = [0, 0, 0, 0];
            var i;
            var k;
            /** @type {any} */
            var item;
            app.project.importFile(new ImportOptions(file));
            for (i = 1; i <= app.project.numItems; i += 1) {
                item = app.project.item(i);
                if (item.name !== "probe" && item.name !== "probe folder") {
                    told[0] += 1;
                    told[1] += item.comment === "" ? 0 : 1;
                    for (k = 1; item instanceof CompItem && k <= item.numLayers; k += 1) {
                        told[2] += 1;
                        told[3] += item.layer(k).comment === "" ? 0 : 1;
                    }
                }
            }
            return told.join(", ") + " (before there were " + before + " items)";
        });
    }

    /** @param {any} comp @param {any} first of pictures: probe.0001.png ... with number 3 missing */
    function sequence(comp, first) {
        var options = new ImportOptions(first);
        /** @type {any} */
        var item;
        var layer;
        options.sequence = true;
        ask("import with a gap, dialogs suppressed", function () {
            item = app.project.importFile(options);
            return item.duration + " s, " + item.mainSource.nativeFrameRate + " fps, alpha " + item.mainSource.alphaMode;
        });
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
        ask("a proxy, once the files of its item are replaced: there, used", function () {
            item.setProxyWithSequence(first, false);
            item.replaceWithSequence(first, false);
            return (item.proxySource !== null) + ", " + item.useProxy;
        });
    }

    /** Each reading of app.effects makes the list anew, which took minutes in 26.3. */
    function slow() {
        ask("effects with Cryptomatte or EXtractoR in a name", function () {
            var all = app.effects;
            var found = [];
            var i;
            for (i = 0; i < all.length; i += 1) {
                if (/crypto|extractor|identifier/i.test(all[i].matchName)) {
                    found.push(all[i].matchName);
                }
            }
            return all.length + ": " + found.join(", ");
        });
        ask("working space can be set with OCIO", function () {
            var set;
            try {
                app.project.colorManagementSystem = 1;
                app.project.workingSpace = "ACEScg";
                set = app.project.workingSpace;
            } finally {
                app.project.colorManagementSystem = 0;
            }
            return set;
        });
    }

    /** What the panel believes of windows and sockets. @param {any} comp */
    function panels(comp) {
        ask("pixels of a button, a line, a dropdown and a field with 18 letters; a docked width is fitted by resize", function () {
            /** @type {any} */
            var window = new Window("palette", "probe", undefined, {resizeable: true});
            var kinds = ["button", "statictext", "edittext"];
            var sizes = [];
            var i;
            window.alignChildren = ["fill", "top"];
            for (i = 0; i < kinds.length; i += 1) {
                window.add(kinds[i], undefined, "Import Delivery...");
            }
            window.add("dropdownlist", undefined, ["Import Delivery..."]).selection = 0;
            window.layout.layout(true);
            for (i = 0; i < window.children.length; i += 1) {
                sizes.push(window.children[i].size.width + "x" + window.children[i].size.height);
            }
            window.size = [120, 200];
            window.layout.resize();
            return sizes.join(" ") + ", then " + window.children[0].size.width;
        });
        ask("a second selection in a list of many is added", function () {
            /** @type {any} */
            var list = new Window("palette", "probe").add("listbox", undefined, ["a", "b", "c"], {multiselect: true});
            list.selection = 0;
            list.selection = 2;
            return list.selection.length;
        });
        ask("seconds that a refused socket takes", function () {
            var began = new Date().getTime();
            var socket = new Socket();
            var opened;
            socket.timeout = 2;
            opened = socket.open("127.0.0.1:9", "BINARY");
            socket.close();
            return (new Date().getTime() - began) / 1000 + ", open: " + opened;
        });
        ask("the active item while a footage viewer is in front", function () {
            var item = /** @type {any} */ (comp.layer(1)).source;
            var active;
            item.openInViewer();
            active = app.project.activeItem;
            return active === null ? "none" : active.name;
        });
    }

    /** @param {function(): void} work */
    function inOneStep(work) {
        app.beginUndoGroup("semrender probe");
        app.beginSuppressDialogs();
        try {
            work();
        } finally {
            app.endSuppressDialogs(false);
            app.endUndoGroup();
        }
    }

    function run() {
        /** @type {any} */
        var comp;
        /** @type {any} */
        var first;
        /** @type {any} */
        var made;
        /** @type {any} */
        var patient;
        if (app.project.numItems > 0) {
            alert("Close the project first: the probe works in an empty one.");
            return;
        }
        if (!mayWrite()) {
            alert("Switch on Preferences > Scripting & Expressions > Allow Scripts to Write Files and Access Network, " +
                "and run the probe again: else its report cannot be written.");
            return;
        }
        first = File.openDialog("First file of a PNG sequence with a frame missing (Cancel to leave this out)");
        made = File.openDialog("A project that `semrender aep` or `semrender demo` wrote (Cancel to leave this out)");
        patient = confirm("Two questions may take several minutes, in which After Effects does not answer. Ask them, last?");
        inOneStep(function () {
            comp = app.project.items.addComp("probe", 64, 36, 1, 4, 24);
            questions(comp);
            panels(comp);
            keep(comp);
            if (first !== null) {
                sequence(comp, first);
            }
            if (made !== null) {
                ours(made);
            }
            if (patient) {
                slow();
            }
        });
        alert("The report is on the desktop: semrender_probe_report.txt, and beside it semrender_probe.aep");
    }

    run();
}());
