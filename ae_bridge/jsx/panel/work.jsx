/*
 * What the panel does. It looks at files, project and server when the artist presses something in it, and at no other
 * time: a task that waits in After Effects ends all scripts of the session when a dialog opens (26). The state lives
 * here, so that closing and reopening the panel loses nothing.
 */
SemrenderAE.panel = (function () {
    var SCRIPTING = 3131; // the menu command of Preferences > Scripting & Expressions
    var OFF = "Scripts may not write files or use the network: import works, painting again does not. See Comp > Preferences...";
    var files = SemrenderAE.files;
    var list = SemrenderAE.list;
    var again = SemrenderAE.again;
    var paint = SemrenderAE.paint;
    var looks = SemrenderAE.looks;
    var session = /** @type {any} */ (SemrenderAE);
    var state = session.panelState || {
        opened: [], shared: {}, looked: {}, unanswered: 0, reference: ""
    };
    session.panelState = state;

    /** @param {string} words "" leaves what is said. */
    function say(words) {
        if (words !== "") {
            state.c.status.text = words;
            state.c.status.helpTip = words; // the line may be cut
        }
    }

    /** What can be pressed now. */
    function enable() {
        var c = state.c;
        var one = list.one(state);
        var some = list.chosen(state);
        var card = again.card(state);
        var painting = paint.job() !== "";
        c.bring.enabled = some.length > 0;
        c.reveal.enabled = c.older.enabled = c.newer.enabled = one !== null;
        c.paint.enabled = c.preview.enabled = one !== null && state.delivery !== null && state.able && !painting &&
            state.fault === "" && (card === null || card.lacks === "");
        c.cancel.enabled = painting;
        c.connect.enabled = c.server.enabled = state.able;
        c.all.enabled = SemrenderAE.shots.outdated(state.entries).length > 0;
        c.bring.text = (some.length > 0 && some[0].state !== "new") ? "Update" : "Import";
    }

    /** Another delivery is chosen: what painted it, and what it can be painted with. */
    function subject() {
        var one = list.one(state);
        var key = one === null ? "" : one.folder + "\n" + one.deliveryId;
        var other = key !== state.subject;
        if (!other) {
            return;
        }
        state.subject = key;
        state.delivery = one === null ? null : files.readJson(one.folder + "/delivery.json");
        state.fault = state.reference = "";
        state.models = [];
        form(true);
    }

    /** The page for painting, anew. @param {boolean} other Another delivery than before. */
    function form(other) {
        var one = list.one(state);
        var c = state.c;
        state.filling = true;
        try {
            again.fill(state, other);
        } finally {
            state.filling = false;
        }
        c.about.text = c.subject.text = "";
        if (one !== null) {
            c.about.text = (one.by === "" ? "" : one.by + ": ") + one.created.slice(0, 16).replace("T", " ") + ", " +
                looks.words(looks.common(looks.paintings(state.delivery, "")));
            c.subject.text = SemrenderAE.shots.label(one) + " " + SemrenderAE.shots.versionOf(one) + ": " +
                looks.words(state.look);
        }
        c.subject.text = state.able ? c.subject.text || "Choose one shot in the list." : OFF;
        c.about.helpTip = c.about.text || "What painted the chosen shot.";
        arrange();
        enable();
    }

    /** The page of options has other controls: laid out, then all of it fitted to the window, which keeps its size. */
    function arrange() {
        state.c.options.layout.layout(true);
        state.window.layout.resize();
    }

    /** Asks what there is, and what of it the chosen delivery, or a layer of it, can be painted with. */
    function connect() {
        var one = list.one(state);
        var request = /** @type {any} */ ({verb: "models"});
        var answer;
        if (one !== null) {
            request.folder = one.folder;
            if (again.layer(state) !== "") {
                request.layer = again.layer(state);
            }
        }
        answer = SemrenderAE.doorway.ask(request, false);
        if (!answer.ok) {
            say(answer.error);
            return;
        }
        again.models(state, answer);
        form(false);
        say(state.fault === "" ? "Connected to the server." : state.fault);
    }

    /** The model is another. */
    function chooseModel() {
        var card;
        if (!state.filling) {
            again.build(state);
            arrange();
            enable();
            card = again.card(state);
            say(card !== null && card.lacks !== "" ? card.title + " " + card.lacks + "." : "");
        }
    }

    /** The layer is another: its look, and where the server was asked, what it lacks. */
    function chooseLayer() {
        if (!state.filling) {
            form(false);
            if (state.models.length > 0) {
                connect();
            }
        }
    }

    /** Reads files and project again. @param {boolean} shared The shared folders too. @param {boolean} pressed The list itself is pressed. */
    function refresh(shared, pressed) {
        say(list.refresh(state, shared, pressed));
        SemrenderAE.comp.list(state);
        subject();
        enable();
    }

    /** Before each click: what the artist changed elsewhere, and how far the painting is. @param {any} event */
    function look(event) {
        var words;
        try {
            if (!state.able) {
                state.able = files.mayWrite();
                if (state.able) {
                    form(false);
                }
            }
            words = paint.follow(state);
            refresh(false, event !== null && event.target === state.c.list);
            say(words);
        } catch (e) {
            say("The panel could not look: " + e.message);
        }
    }

    /** @param {any[]} reports @param {boolean} dry */
    function show(reports, dry) {
        var told = SemrenderAE.bring.told(reports, dry);
        state.c.report.text = told.text;
        refresh(false, false);
        say(told.line);
    }

    /** @param {any[]} entries @param {any} options */
    function bring(entries, options) {
        options.restoreDeleted = state.c.restore.value === true;
        if (entries.length > 0) {
            show(SemrenderAE.bring.bring(entries, options), options.dryRun === true);
        }
    }

    /** @param {number} step 1 for the one before. */
    function turn(step) {
        var next = SemrenderAE.shots.neighbour(state.entries, list.one(state), step);
        if (next === null) {
            say(step > 0 ? "There is no older version of it in the list." : "There is no newer version of it in the list.");
            return;
        }
        bring([next], {});
        list.choose(state, next.folder);
    }

    /** Where a chosen file or folder is, with /. @param {any} chosen */
    function plain(chosen) {
        return chosen.fsName.replace(/\\/g, "/");
    }

    /** A delivery that is in no list. */
    function open() {
        var chosen = /** @type {File} */ (File.openDialog("The delivery.json of a painted shot"));
        var folder;
        var delivery;
        if (chosen === null) {
            return;
        }
        folder = plain(chosen).slice(0, -"/delivery.json".length);
        delivery = (/\/delivery\.json$/).test(plain(chosen)) ? files.readJson(plain(chosen)) : null;
        if (delivery === null || !delivery.shot) {
            say("That is no delivery.json that can be read.");
            return;
        }
        state.opened.push(SemrenderAE.shots.entryOf(delivery, folder));
        state.c.find.text = "";
        refresh(false, false);
        list.choose(state, folder);
        bring([list.one(state)], {});
    }

    function relink() {
        var chosen = Folder.selectDialog("The folder that the delivery is in now");
        var folder;
        var delivery;
        var known;
        var i;
        if (chosen === null) {
            return;
        }
        folder = plain(chosen);
        delivery = files.readJson(folder + "/delivery.json");
        if (delivery === null || !delivery.shot) {
            say("No readable delivery.json in " + folder + ".");
            return;
        }
        known = SemrenderAE.core.shots();
        for (i = 0; i < known.length; i += 1) {
            if (known[i].uid === delivery.shot.uid) {
                show([SemrenderAE.core.relink(delivery, folder)], false);
                return;
            }
        }
        state.opened.push(SemrenderAE.shots.entryOf(delivery, folder));
        refresh(false, false);
        list.choose(state, folder);
        say(delivery.shot.name + " is not in the project, so nothing can be relinked; Import brings it.");
    }

    function doubleClick() {
        var one = list.one(state);
        if (one !== null && !SemrenderAE.core.openComp(one.uid)) {
            say(one.name + " is not in the project yet: Import it first.");
        }
    }

    /** @param {boolean} preview */
    function begin(preview) {
        say(paint.start(state, list.one(state), preview));
        enable();
    }

    function startServer() {
        var starter = files.writeStarter();
        say(starter === "" ? "semrender never ran on this machine: run `semrender serve` once." : "Starting ...");
        if (starter !== "") {
            files.at(starter.replace(/\\/g, "/")).execute();
        }
    }

    /** @param {any} c */
    function bindShots(c) {
        c.find.onChanging = c.find.onChange = function () {
            refresh(false, false);
        };
        c.list.onChange = function () {
            if (!state.filling) {
                subject();
                enable();
            }
        };
        c.list.onDoubleClick = doubleClick;
        c.refresh.onClick = function () {
            refresh(true, false);
        };
        c.bring.onClick = function () {
            bring(list.chosen(state), {});
        };
        c.all.onClick = function () {
            bring(SemrenderAE.shots.outdated(state.entries), {});
        };
        c.older.onClick = function () {
            turn(1);
        };
        c.newer.onClick = function () {
            turn(-1);
        };
        c.file.onClick = open;
        c.relink.onClick = relink;
        c.reveal.onClick = function () {
            new Folder(list.one(state).folder.replace(/%/g, "%25")).execute();
        };
        c.watch.onClick = function () {
            var chosen = Folder.selectDialog("A shared folder with the index of what was painted there");
            var words;
            if (chosen !== null) {
                words = SemrenderAE.shots.watch(plain(chosen));
                refresh(true, false);
                say(words);
            }
        };
    }

    /** @param {any} c */
    function bindRest(c) {
        c.layer.onChange = chooseLayer;
        c.model.onChange = chooseModel;
        c.connect.onClick = connect;
        c.paint.onClick = function () {
            begin(false);
        };
        c.preview.onClick = function () {
            begin(true);
        };
        c.cancel.onClick = function () {
            say(paint.cancel(state));
            enable();
        };
        c.server.onClick = startServer;
        c.use.onClick = function () {
            show([SemrenderAE.comp.use(state)], false);
        };
        c.prefs.onClick = function () {
            app.executeCommand(SCRIPTING);
        };
    }

    /** @param {any} c @param {string} title */
    function bindTab(c, title) {
        c.tabs[title].onClick = function () {
            SemrenderAE.view.turn(c, title);
        };
    }

    /** @param {any} window */
    function build(window) {
        var pages = SemrenderAE.view.PAGES;
        var c = SemrenderAE.view.build(window);
        var i;
        state.c = c;
        state.window = window;
        state.able = files.mayWrite();
        state.entries = state.rows = state.models = state.controls = state.mattes = state.pictures = [];
        state.subject = state.matteNames = state.places = null;
        state.fault = "";
        state.delivery = state.picture = null;
        state.filling = false;
        bindShots(c);
        bindRest(c);
        for (i = 0; i < pages.length; i += 1) {
            bindTab(c, pages[i]);
        }
        SemrenderAE.view.turn(c, pages[0]);
        window.addEventListener("mousedown", look);
        window.onActivate = function () {
            look(null);
        };
        say(SemrenderAE.core.hostFault() || "Ready");
        refresh(true, false);
    }

    return {build: build};
}());
