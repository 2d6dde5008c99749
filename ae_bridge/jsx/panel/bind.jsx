/*
 * The panel opened in a window: its controls, and what each of them does.
 */
SemrenderAE.panel = (function () {
    var SCRIPTING = 3131; // the menu command of Preferences > Scripting & Expressions
    var files = SemrenderAE.files;
    var list = SemrenderAE.list;
    var work = SemrenderAE.work;
    var deliveries = SemrenderAE.deliveries;
    var state = work.state;

    function startServer() {
        var starter = files.starter();
        if (starter === "" || !files.at(starter).execute()) {
            work.say("semrender never ran on this machine: run `semrender serve` once.");
            return;
        }
        work.say("Starting ...");
    }

    /** @param {any} c */
    function bindShots(c) {
        c.find.onChanging = c.find.onChange = function () {
            work.refresh(false, false);
        };
        c.list.onChange = function () {
            if (!state.filling) {
                work.subject();
                work.enable();
            }
        };
        c.list.onDoubleClick = deliveries.doubleClick;
        c.refresh.onClick = function () {
            work.refresh(true, false);
        };
        c.bring.onClick = function () {
            deliveries.bring(list.chosen(state), {});
        };
        c.all.onClick = function () {
            deliveries.bring(SemrenderAE.shots.outdated(state.entries), {});
        };
        c.dry.onClick = function () {
            deliveries.bring(list.chosen(state), {dry: true});
        };
        c.beside.onClick = function () {
            deliveries.bring(list.chosen(state), {beside: true});
        };
        c.pin.onClick = deliveries.pin;
        c.older.onClick = function () {
            deliveries.turn(1);
        };
        c.newer.onClick = function () {
            deliveries.turn(-1);
        };
        c.file.onClick = deliveries.open;
        c.relink.onClick = deliveries.relink;
        c.reveal.onClick = deliveries.reveal;
        c.watch.onClick = deliveries.watch;
    }

    /** @param {any} c */
    function bindRest(c) {
        c.layer.onChange = work.chooseLayer;
        c.model.onChange = work.chooseModel;
        c.connect.onClick = work.connect;
        c.paint.onClick = function () {
            work.begin(false);
        };
        c.preview.onClick = function () {
            work.begin(true);
        };
        c.cancel.onClick = function () {
            work.say(SemrenderAE.paint.cancel(state));
            work.enable();
        };
        c.server.onClick = startServer;
        c.use.onClick = function () {
            work.show([SemrenderAE.comp.use(state)], false);
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
        window.addEventListener("mousedown", work.look);
        window.onActivate = function () {
            work.look(null);
        };
        work.say(SemrenderAE.core.hostFault() || "Ready");
        work.refresh(true, false);
    }

    return {build: build};
}());
