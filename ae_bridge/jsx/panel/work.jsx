/*
 * What the panel does. It polls one small file and, while something is painted, the server; it never waits for either
 * longer than the socket's two seconds. The state lives here, so that closing and reopening the panel loses nothing.
 */
SemrenderAE.panel = (function () {
    var EVERY = 2000; // milliseconds
    var SECTION = "semrender";
    /** @type {{[state: string]: string}} */
    var STATES = {
        "new": "New", "current": "In project", "update": "Update", "older": "Older version", "changed": "New take"
    };
    /** @type {{[state: string]: string}} */
    var ENDS = {done: "Painted.", cancelled: "Painting has been cancelled.", failed: "Painting has failed: "};
    var OFF = "After Effects does not let scripts write files or use the network: deliveries can be imported, nothing " +
        "can be painted again. Preferences > Scripting & Expressions > Allow Scripts to Write Files and Access Network.";
    var session = /** @type {any} */ (SemrenderAE);
    var state = session.panelState || {task: 0, failures: 0, modified: "", entries: [], models: [], controls: [],
        mattes: [], c: null, window: null, able: false, has: [], fault: "", judged: "", pictures: [], picture: null,
        reference: "", filling: false};
    session.panelState = state;

    /** @param {string} words */
    function say(words) {
        state.c.status.text = words;
    }

    function job() {
        return app.settings.haveSetting(SECTION, "job") ? app.settings.getSetting(SECTION, "job") : "";
    }

    /** @param {string} id "" when nothing is painted any more. */
    function remember(id) {
        app.settings.saveSetting(SECTION, "job", id);
    }

    function selected() {
        return state.c.list.selection === null ? null : state.entries[state.c.list.selection.index];
    }

    function enable() {
        var one = selected();
        var painting = job() !== "";
        var card = SemrenderAE.again.card(state);
        state.c.bring.enabled = state.c.reveal.enabled = one !== null;
        state.c.paint.enabled = state.c.preview.enabled =
            one !== null && state.able && !painting && card !== null && card.lacks === "" && state.fault === "";
        state.c.cancel.enabled = painting;
        state.c.connect.enabled = state.c.server.enabled = state.able;
        state.c.bring.text = (one !== null && one.state !== "new") ? "Update" : "Import";
    }

    /** Reads the drop folder and shows it. */
    function refresh() {
        var found = SemrenderAE.files.readJson(SemrenderAE.files.home() + "/after_effects/inbox/index.json");
        var known = SemrenderAE.core.shots();
        var before = selected();
        var row;
        var i;
        state.entries = found === null ? [] : found.entries;
        state.c.list.removeAll();
        for (i = 0; i < state.entries.length; i += 1) {
            state.entries[i].state = SemrenderAE.core.state(state.entries[i], known);
            row = state.c.list.add("item", state.entries[i].name);
            row.subItems[0].text = "v" + ("000" + state.entries[i].version).slice(-3);
            row.subItems[1].text = STATES[state.entries[i].state];
            if (before !== null && before.folder === state.entries[i].folder) {
                state.c.list.selection = i;
            }
        }
        if (state.c.list.selection === null && state.entries.length > 0) {
            state.c.list.selection = 0;
        }
        if (state.entries.length === 0) {
            say("No deliveries yet. A painted shot appears here by itself.");
        }
        listMattes();
        enable();
        judge();
    }

    function listMattes() {
        var before = state.c.matte.selection === null ? 0 : state.c.matte.selection.index;
        var i;
        state.mattes = SemrenderAE.core.classMattes();
        state.c.matte.removeAll();
        for (i = 0; i < state.mattes.length; i += 1) {
            state.c.matte.add("item", state.mattes[i].name + (state.mattes[i].layer === "" ? "" :
                " (" + state.mattes[i].layer + ")"));
        }
        if (state.mattes.length > 0) {
            state.c.matte.selection = Math.min(before, state.mattes.length - 1);
        }
        state.c.use.enabled = state.mattes.length > 0;
    }

    /** @param {any} report */
    function show(report) {
        var parts = [["errors", "Not done"], ["warnings", "Look at"], ["kept", "Kept as you have it"],
            ["changed", "Changed"], ["added", "Added"]];
        var lines = [];
        var list;
        var i;
        var k;
        for (i = 0; i < parts.length; i += 1) {
            list = report[parts[i][0]];
            if (list.length > 0) {
                lines.push(parts[i][1] + " (" + list.length + ")");
            }
            for (k = 0; k < list.length; k += 1) {
                lines.push("  " + list[k].words);
            }
        }
        state.c.report.text = lines.length > 0 ? lines.join("\n") : "Nothing to do: the project is up to date.";
        say((report.ok ? "Done: " : "With errors: ") + (report.shot.name || "class matte") + ", " + report.changed.length + " changed, " +
            report.kept.length + " kept, " + report.added.length + " added");
    }

    /** @param {string} folder @param {boolean} relinks */
    function bring(folder, relinks) {
        var delivery = SemrenderAE.files.readJson(folder + "/delivery.json");
        if (delivery === null) {
            say("No readable delivery.json in " + folder + ". Use Relink... where the folder was moved.");
            return;
        }
        show(relinks ? SemrenderAE.core.relink(delivery, folder) :
            SemrenderAE.core.importDelivery(delivery, folder, {
                restoreDeleted: state.c.restore.value, tracks: SemrenderAE.files.readTracks(delivery, folder)
            }));
        refresh();
    }

    function relink() {
        var chosen = Folder.selectDialog("The folder that the delivery is in now");
        if (chosen !== null) {
            bring(decodeURI(chosen.absoluteURI), true);
        }
    }

    /** Controls for the chosen model, and why it cannot be used where it cannot. */
    function showModel() {
        var card = SemrenderAE.again.card(state);
        SemrenderAE.again.build(state);
        state.window.layout.layout(true);
        enable();
        if (state.fault !== "") {
            say(state.fault);
        } else if (card !== null && card.lacks !== "") {
            say(card.title + " " + card.lacks + ".");
        }
    }

    /** Asks what there is, and what of it the selected delivery, or a layer of it, can be painted with. */
    function connect() {
        var request = /** @type {any} */ ({verb: "models"});
        var answer;
        if (selected() !== null) {
            request.folder = selected().folder;
            if (request.folder === state.judged && SemrenderAE.again.layer(state) !== null) {
                request.layer = SemrenderAE.again.layer(state);
            }
        }
        state.judged = request.folder || "";
        answer = SemrenderAE.doorway.ask(request);
        if (!answer.ok) {
            say(answer.error);
            return;
        }
        say("Connected to the server.");
        state.filling = true;
        SemrenderAE.again.fill(state, answer);
        state.filling = false;
        showModel();
    }

    /** Another delivery is selected: its layers are others, and so is what they have. */
    function judge() {
        if (state.models.length > 0 && selected() !== null && selected().folder !== state.judged) {
            connect();
        }
    }

    /** The frame of the shot at the time of its comp; its first where the comp is not the active one. */
    function currentFrame() {
        var comp = app.project.activeItem;
        var delivery = SemrenderAE.files.readJson(selected().folder + "/delivery.json");
        var frame = delivery === null ? 0 : delivery.shot.first;
        if (comp instanceof CompItem && comp.name === selected().name) {
            frame = Math.round(comp.time * comp.frameRate) + comp.displayStartFrame;
        }
        return delivery === null ? frame : Math.max(delivery.shot.first, Math.min(delivery.shot.last, frame));
    }

    /** @param {boolean} preview */
    function paint(preview) {
        /** @type {any} */
        var request;
        var answer;
        try {
            request = SemrenderAE.again.request(state, selected().folder);
        } catch (e) {
            say(e.message);
            return;
        }
        if (preview) {
            request.frame = currentFrame();
        }
        answer = SemrenderAE.doorway.ask(request);
        if (!answer.ok) {
            say(answer.error);
            return;
        }
        remember(answer.job);
        state.preview = preview;
        state.c.bar.value = 0;
        say("Painting ...");
        enable();
    }

    /** Asks how far the painting is. */
    function follow() {
        var answer = SemrenderAE.doorway.ask({verb: "progress", job: job()});
        if (!answer.ok) {
            say(answer.error);
            if (answer.error.indexOf("know that job") !== -1) {
                remember("");
                enable();
            }
            return;
        }
        state.c.bar.value = answer.total > 0 ? Math.round(100 * answer.done / answer.total) : 0;
        if (answer.state !== "done" && answer.state !== "failed" && answer.state !== "cancelled") {
            say("Painting: " + answer.done + " of " + answer.total + " frames");
            return;
        }
        remember("");
        say(ENDS[answer.state] + answer.error);
        if (answer.state === "done" && state.preview) {
            SemrenderAE.files.at(answer.preview).execute();
        }
        refresh();
    }

    function poll() {
        var index = SemrenderAE.files.at(SemrenderAE.files.home() + "/after_effects/inbox/index.json");
        var modified = index.exists ? String(index.modified) + index.length : "";
        if (modified !== state.modified) {
            state.modified = modified;
            refresh();
        }
        if (state.able && job() !== "") {
            follow();
        }
    }

    function stop() {
        if (state.task !== 0) {
            try {
                app.cancelTask(state.task);
            } catch (e) {
                state.failures = 0; // After Effects has forgotten it by itself.
            }
            state.task = 0;
        }
    }

    /** Called by After Effects; an error here would be a dialog each time. */
    function tick() {
        var alive = false;
        try {
            alive = state.c.status.text !== undefined; // Controls of a closed panel throw.
            poll();
            state.failures = 0;
        } catch (e) {
            state.failures += 1;
            if (!alive || state.failures > 2) {
                stop();
            }
        }
    }

    /** @param {any} window */
    function open(window) {
        /** @type {any} */
        var c;
        state.able = SemrenderAE.files.mayWrite();
        c = SemrenderAE.view.build(window, state.able ? "" : OFF);
        stop();
        state.c = c;
        state.window = window;
        state.modified = "";
        state.models = [];
        state.controls = [];
        state.fault = state.judged = "";
        state.filling = false;
        c.list.onChange = function () {
            enable();
            judge();
        };
        c.list.onDoubleClick = function () {
            SemrenderAE.core.openComp(selected().uid);
        };
        c.bring.onClick = function () {
            bring(selected().folder, false);
        };
        c.relink.onClick = relink;
        c.reveal.onClick = function () {
            new Folder(selected().folder.replace(/%/g, "%25")).execute();
        };
        c.refresh.onClick = refresh;
        c.use.onClick = function () {
            show(SemrenderAE.core.useClassMatte(state.mattes[c.matte.selection.index].uid, "ALPHA"));
        };
        c.layer.onChange = function () {
            if (!state.filling) { // What a script selects is news to the list, too.
                connect();
            }
        };
        c.model.onChange = function () {
            if (!state.filling) {
                showModel();
            }
        };
        c.connect.onClick = connect;
        c.paint.onClick = function () {
            paint(false);
        };
        c.preview.onClick = function () {
            paint(true);
        };
        c.cancel.onClick = function () {
            var answer = SemrenderAE.doorway.ask({verb: "cancel", job: job()});
            say(answer.ok ? "Cancelling ..." : answer.error);
        };
        c.prefs.onClick = function () {
            app.executeCommand(2359);
        };
        c.server.onClick = function () {
            var starter = SemrenderAE.files.writeStarter();
            say(starter === "" ? "semrender never ran on this machine: run `semrender serve` once." : "Starting ...");
            if (starter !== "") {
                SemrenderAE.files.at(starter.replace(/\\/g, "/")).execute();
            }
        };
        window.onClose = stop;
        say(SemrenderAE.core.hostFault() || "Ready");
        refresh();
        state.task = app.scheduleTask("SemrenderAE.panel.tick()", EVERY, true);
    }

    return {open: open, tick: tick};
}());
