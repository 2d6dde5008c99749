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

    /**
     * What a click does, after a look at what has changed: the press itself may have looked already, where the host tells
     * of it. An error becomes words.
     * @param {any} control @param {() => void} action
     */
    function act(control, action) {
        control.onClick = function () {
            try {
                if (!state.pressed) {
                    work.look(false);
                }
                state.pressed = false;
                if (control.enabled) {
                    action();
                }
            } catch (e) {
                work.say("That could not be done: " + e.message);
            }
        };
    }

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
            work.filter();
        };
        c.list.onChange = function () {
            if (!state.filling) {
                work.subject();
                work.enable();
            }
        };
        c.list.onDoubleClick = deliveries.doubleClick;
        act(c.refresh, function () {
            work.refresh(true, false);
        });
        act(c.bring, function () {
            deliveries.bring(list.chosen(state), {});
        });
        act(c.all, function () {
            deliveries.bring(SemrenderAE.shots.outdated(state.entries), {});
        });
        act(c.dry, function () {
            deliveries.bring(list.chosen(state), {dry: true});
        });
        act(c.beside, function () {
            deliveries.bring(list.chosen(state), {beside: true});
        });
        act(c.wipe, deliveries.wipe);
        act(c.pin, deliveries.pin);
        act(c.older, function () {
            deliveries.turn(true);
        });
        act(c.newer, function () {
            deliveries.turn(false);
        });
        act(c.file, deliveries.open);
        act(c.relink, deliveries.relink);
        act(c.reveal, deliveries.reveal);
        act(c.watch, deliveries.watch);
    }

    /** @param {any} c */
    function bindRest(c) {
        c.matte.onChange = function () {
            SemrenderAE.comp.enable(state);
        };
        c.layer.onChange = work.chooseLayer;
        c.model.onChange = work.chooseModel;
        act(c.connect, work.connect);
        act(c.paint, function () {
            work.begin(false);
        });
        act(c.preview, function () {
            work.begin(true);
        });
        act(c.cancel, function () {
            work.say(SemrenderAE.paint.cancel(state));
            work.enable();
        });
        act(c.server, startServer);
        act(c.use, function () {
            work.show([SemrenderAE.comp.use(state)], false);
        });
        act(c.normalised, function () {
            var report = SemrenderAE.comp.normalised();
            if (report !== null) {
                work.show([report], false);
            }
        });
        act(c.back, function () {
            work.show([SemrenderAE.core.putBack()], false);
        });
        act(c.pins, function () {
            work.show([SemrenderAE.core.pinJoints()], false);
        });
        act(c.half, function () {
            deliveries.proxies(true);
        });
        act(c.full, function () {
            deliveries.proxies(false);
        });
        act(c.prefs, function () {
            app.executeCommand(SCRIPTING);
        });
    }

    /** @param {any} c */
    function bindWalk(c) {
        var walk = SemrenderAE.walk;
        /** @param {any} control @param {(state: any, frame: number) => void} action */
        function chosen(control, action) {
            control.onChange = function () {
                work.touch(action);
            };
        }
        chosen(c.keys, walk.fields);
        chosen(c.way, walk.turn);
        chosen(c.point, walk.point);
        chosen(c.drive, SemrenderAE.led.drive);
        chosen(c.sound, SemrenderAE.led.sound);
        c.loop.onClick = function () {
            work.touch(walk.loop);
        };
        act(c.add, function () {
            work.touch(walk.add);
        });
        act(c.change, function () {
            work.touch(walk.change);
        });
        act(c.remove, function () {
            work.touch(walk.remove);
        });
    }

    /** @param {any} c @param {string} title */
    function bindTab(c, title) {
        act(c.tabs[title], function () {
            SemrenderAE.view.turn(c, title);
        });
    }

    /** @param {any} window */
    function build(window) {
        var pages = SemrenderAE.view.PAGES;
        var c = SemrenderAE.view.build(window);
        var i;
        state.c = c;
        state.window = window;
        state.able = files.mayWrite();
        state.entries = state.rows = state.models = state.controls = state.mattes = state.pictures = state.has = [];
        state.subject = state.matteNames = state.places = null;
        state.fault = "";
        state.delivery = state.picture = null;
        state.filling = state.pressed = false;
        bindShots(c);
        SemrenderAE.walk.forget(state);
        bindRest(c);
        bindWalk(c);
        for (i = 0; i < pages.length; i += 1) {
            bindTab(c, pages[i]);
        }
        SemrenderAE.view.turn(c, pages[0]);
        window.addEventListener("mousedown", function (/** @type {any} */ event) {
            state.pressed = true;
            work.look(event.target === c.list);
        });
        window.onActivate = function () {
            work.look(false);
        };
        work.say(SemrenderAE.core.hostFault() || "Ready");
        work.refresh(true, false);
    }

    return {build: build};
}());
