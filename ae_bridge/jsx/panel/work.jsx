/*
 * What the panel shows. It looks at files, project and server when the artist presses something in it, and at no other
 * time: a task that waits in After Effects ends all scripts of the session when a dialog opens (26). The state lives
 * here, so that closing and reopening the panel loses nothing.
 */
SemrenderAE.work = (function () {
    var OFF = "Scripts may not write files or use the network: import works, painting again does not. See Comp > Preferences...";
    var files = SemrenderAE.files;
    var list = SemrenderAE.list;
    var again = SemrenderAE.again;
    var paint = SemrenderAE.paint;
    var looks = SemrenderAE.looks;
    var walk = SemrenderAE.walk;
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
        c.bring.enabled = c.dry.enabled = some.length > 0;
        c.reveal.enabled = c.beside.enabled = c.wipe.enabled = c.older.enabled = c.newer.enabled = one !== null;
        c.paint.enabled = c.preview.enabled = one !== null && state.delivery !== null && state.able && !painting &&
            state.fault === "" && (card === null || card.lacks === "");
        c.cancel.enabled = painting;
        c.connect.enabled = c.server.enabled = state.able;
        c.pin.enabled = one !== null && one.home !== null;
        c.pin.text = (one !== null && one.home !== null && one.home.pinned) ? "Unpin" : "Pin";
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
        walk.forget(state);
        form(true);
    }

    /** The page for painting, anew. @param {boolean} other Another delivery than before. */
    function form(other) {
        var one = list.one(state);
        var c = state.c;
        state.filling = true;
        try {
            again.fill(state, other);
            walk.fill(state, -1);
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
        walk.take(state, answer);
        form(false);
        say(state.fault === "" ? "Connected to the server." : state.fault);
    }

    /** The model is another. */
    function chooseModel() {
        var card;
        if (!state.filling) {
            again.build(state);
            walk.fill(state, -1);
            arrange();
            enable();
            card = again.card(state);
            say(card !== null && card.lacks !== "" ? card.title + " " + card.lacks + "." : "");
        }
    }

    /** The layer is another: its look, and where the server was asked, what it lacks. */
    function chooseLayer() {
        if (!state.filling) {
            walk.forget(state);
            form(false);
            if (state.models.length > 0) {
                connect();
            }
        }
    }

    /** The walk is touched; what is no value is said. @param {(state: any, frame: number) => void} action Is told the frame that is looked at. */
    function touch(action) {
        var one = list.one(state);
        if (!state.filling && one !== null && state.walk !== null) {
            try {
                action(state, SemrenderAE.frames.current(one.uid, state.delivery, state.looked["$" + one.uid] || 0));
                arrange();
            } catch (e) {
                say(e.message);
            }
        }
    }

    /** Other words to search for. */
    function filter() {
        say(list.show(state, false));
        subject();
        enable();
    }

    /** Reads files and project again. @param {boolean} shared The shared folders too. @param {boolean} pressed The list itself is pressed. */
    function refresh(shared, pressed) {
        list.read(state, shared);
        say(list.show(state, pressed));
        SemrenderAE.comp.list(state);
        subject();
        enable();
    }

    /** Before each click: what the artist changed elsewhere, and how far the painting is. @param {boolean} pressed The list itself is. */
    function look(pressed) {
        var words;
        try {
            if (!state.able) {
                state.able = files.mayWrite();
                if (state.able) {
                    form(false);
                }
            }
            words = paint.follow(state);
            refresh(false, pressed);
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

    /** @param {boolean} preview */
    function begin(preview) {
        say(paint.start(state, list.one(state), preview));
        enable();
    }

    return {
        state: state, say: say, enable: enable, connect: connect, chooseModel: chooseModel, chooseLayer: chooseLayer,
        touch: touch, subject: subject, filter: filter, refresh: refresh, look: look, show: show, begin: begin
    };
}());
