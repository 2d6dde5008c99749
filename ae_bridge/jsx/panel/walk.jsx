/*
 * The page of a layer's walk: its keyframes as a table, and whether it is a loop. It begins as the layer was
 * painted; a layer that had no walk begins with a keyframe of its seed. What is set stands in `state.walk`.
 */
SemrenderAE.walk = (function () {
    var kit = SemrenderAE.kit;
    var keyframes = SemrenderAE.keyframes;
    var EASES = ["Walk's", "through", "rest", "hold"];
    var FILE = "W File...";
    var SEED = "Seed";
    var WAVES = 2; // of a circle that says none

    /** Whether the chosen model goes through a walk. @param {any} state */
    function wanted(state) {
        return SemrenderAE.again.takes(state, "walk");
    }

    /** Nothing is known of a walk: another delivery, or another layer. @param {any} state */
    function forget(state) {
        state.walk = state.painted = null;
        state.walkAsked = state.sound = state.soundAsked = "";
        state.walkFiles = [];
    }

    /** What the server says of the layers; what was set stays where they are painted as before. @param {any} state @param {any} answer */
    function take(state, answer) {
        var asked = SemrenderAE.json.stringify(answer.walk);
        if (state.walk !== null && state.walkAsked === asked) {
            return;
        }
        state.walkAsked = asked;
        state.painted = answer.walk;
        state.walk = null;
        state.sound = state.soundAsked = answer.sound;
        if (answer.walk !== null) {
            state.walk = keyframes.copy(answer.walk);
        } else if ((" " + answer.has.join(" ") + " ").indexOf(" walk ") === -1) {
            state.walk = {keys: [{seed: Number(state.look.seed) || 0}]};
        }
        state.walkFiles = files(state.walk);
    }

    /** The w files of the keyframes, each once. @param {any} walk */
    function files(walk) {
        var keys = walk === null ? [] : (walk.keys || []);
        /** @type {string[]} */
        var found = [];
        var i;
        for (i = 0; i < keys.length; i += 1) {
            if (typeof keys[i].w === "string" && ("\n" + found.join("\n") + "\n").indexOf("\n" + keys[i].w + "\n") === -1) {
                found.push(keys[i].w);
            }
        }
        return found;
    }

    /** Index of the keyframe that is chosen, -1 for none. @param {any} state */
    function chosen(state) {
        return state.c.keys.selection === null ? -1 : state.c.keys.selection.index;
    }

    /** @param {any} state @param {number} at Which keyframe is chosen then. */
    function table(state, at) {
        var rows = keyframes.rows(state.walk, state.delivery.shot);
        var list = state.c.keys;
        var item;
        var i;
        list.removeAll();
        for (i = 0; i < rows.length; i += 1) {
            item = list.add("item", rows[i][0]);
            item.subItems[0].text = rows[i][1];
            item.subItems[1].text = rows[i][2];
        }
        if (at >= 0 && at < rows.length) {
            list.selection = at;
        }
    }

    /** What a point can be of: a seed, or a row of one of the files. @param {any} state */
    function points(state) {
        var names = [SEED];
        var i;
        for (i = 0; i < state.walkFiles.length; i += 1) {
            names.push(keyframes.nameOf(state.walkFiles[i]));
        }
        kit.fill(state.c.point, names.concat([FILE]), false);
    }

    /** The fields say what is chosen in the table. @param {any} state */
    function fields(state) {
        kit.quietly(state, function () {
            show(state);
        });
    }

    /** @param {any} state */
    function show(state) {
        var c = state.c;
        var at = chosen(state);
        var key = at === -1 ? {seed: 0} : state.walk.keys[at];
        var i;
        points(state);
        for (i = 0; i < state.walkFiles.length; i += 1) {
            if (state.walkFiles[i] === key.w) {
                c.point.selection = i + 1;
            }
        }
        c.number.text = String(typeof key.w === "string" ? (key.index || 0) : key.seed);
        c.frame.text = at === -1 ? "" : keyframes.rows(state.walk, state.delivery.shot)[at][0];
        kit.fill(c.ease, EASES, false);
        for (i = 1; i < EASES.length; i += 1) {
            if (EASES[i] === key.ease) {
                c.ease.selection = i;
            }
        }
        c.remove.enabled = c.change.enabled = at !== -1;
    }

    /** @param {any} state @returns {string} What the page is about. */
    function words(state) {
        if (state.models.length === 0) {
            return "Connect asks the server how the layer walks.";
        }
        if (!wanted(state)) {
            if (SemrenderAE.led.hears(state)) {
                return "The chosen model hears the sound of the shot.";
            }
            return SemrenderAE.again.card(state) === null ? "The layers have several models: choose a layer." :
                "The chosen model goes through no walk.";
        }
        if (state.walk === null) {
            return "The layers go different ways: choose one.";
        }
        return keyframes.rest(state.walk) || "Where the picture goes, frame by frame.";
    }

    /** All of the page anew. @param {any} state @param {number} at Which keyframe is chosen then. */
    function fill(state, at) {
        var c = state.c;
        var shown = state.walk !== null && wanted(state);
        c.walk.text = words(state);
        c.ways.visible = shown;
        c.led.visible = shown || SemrenderAE.led.hears(state);
        c.table.visible = c.circle.visible = false;
        kit.quietly(state, function () {
            SemrenderAE.led.fill(state, shown);
        });
        if (!shown) {
            return;
        }
        kit.quietly(state, function () {
            var way = keyframes.way(state.walk);
            var circle = way === keyframes.CIRCLE;
            c.table.visible = !circle;
            c.circle.visible = circle;
            kit.fill(c.way, keyframes.WAYS, false);
            c.way.selection = way;
            c.loop.value = circle || state.walk.loop === true;
            c.loop.enabled = !circle;
            c.frame.enabled = way === keyframes.FRAMES;
            if (circle) {
                c.circleSeed.text = String(state.walk.circle.seed);
                c.waves.text = String(state.walk.circle.waves || WAVES);
            } else {
                table(state, at);
                show(state);
            }
        });
    }

    /** @param {any} control @param {string} name @param {number} least */
    function whole(control, name, least) {
        var number = Number(control.text);
        if (control.text === "" || isNaN(number) || number !== Math.floor(number) || number < least) {
            throw new Error(name + ": give a whole number" + (least === -Infinity ? "." : " from " + least + "."));
        }
        return number;
    }

    /** The keyframe that the fields say; throws an Error in words. @param {any} state @param {any} before Keeps its class. @param {number} frame Where none is typed. */
    function typed(state, before, frame) {
        var c = state.c;
        var at = c.point.selection.index;
        /** @type {any} */
        var key = {};
        if (at === 0) {
            key.seed = whole(c.number, "Seed", 0);
            if (before !== null && typeof before["class"] === "number") {
                key["class"] = before["class"];
            }
        } else {
            key.w = state.walkFiles[at - 1];
            key.index = whole(c.number, "Row of the file", 0);
        }
        if (c.ease.selection.index > 0) {
            key.ease = c.ease.selection.text;
        }
        if (keyframes.way(state.walk) === keyframes.FRAMES) {
            key.frame = c.frame.text === "" ? frame : whole(c.frame, "Frame", -Infinity);
        }
        return key;
    }

    /** One more keyframe, on the frame that is typed, else on the one that is looked at. @param {any} state @param {number} looked */
    function add(state, looked) {
        var at = chosen(state);
        var key;
        if (at !== -1 && state.c.frame.text === String(state.walk.keys[at].frame)) {
            state.c.frame.text = ""; // it says where the chosen one is, and nobody has touched it
        }
        key = typed(state, null, looked);
        state.walk = keyframes.add(state.walk, at, key);
        fill(state, keyframes.way(state.walk) === keyframes.FRAMES ? place(state.walk, key.frame) : at + 1);
    }

    /** @param {any} walk @param {number} frame */
    function place(walk, frame) {
        var i;
        for (i = 0; i < walk.keys.length && walk.keys[i].frame !== frame; i += 1) {
            // the next
        }
        return i;
    }

    /** The chosen one becomes what the fields say. @param {any} state */
    function change(state) {
        var at = chosen(state);
        var key = typed(state, state.walk.keys[at], state.walk.keys[at].frame);
        state.walk = keyframes.change(state.walk, at, key);
        fill(state, keyframes.way(state.walk) === keyframes.FRAMES ? place(state.walk, key.frame) : at);
    }

    /** @param {any} state */
    function remove(state) {
        state.walk = keyframes.remove(state.walk, chosen(state));
        fill(state, -1);
    }

    /** Another way of saying where it goes. @param {any} state */
    function turn(state) {
        try {
            state.walk = keyframes.turn(state.walk, state.c.way.selection.index, state.delivery.shot);
        } finally {
            fill(state, -1);
        }
    }

    /** @param {any} state */
    function loop(state) {
        state.walk.loop = state.c.loop.value === true;
        fill(state, chosen(state));
    }

    /** A point of a w file, which may be chosen first. @param {any} state */
    function point(state) {
        /** @type {string} */
        var path;
        var number = state.c.number.text;
        if (state.c.point.selection.text === FILE) {
            path = SemrenderAE.files.choose("A w file (npz), as projection writes it");
            if (path !== "") {
                state.walkFiles.push(path);
            }
            kit.quietly(state, function () {
                points(state);
                state.c.point.selection = path === "" ? 0 : state.walkFiles.length;
                state.c.number.text = path === "" ? number : "0";
            });
        }
    }

    /** What was touched of it goes into a request; throws an Error in words. @param {any} state @param {any} made */
    function request(state, made) {
        var walk = state.walk;
        if (walk === null || !wanted(state)) {
            return;
        }
        if (keyframes.way(walk) === keyframes.CIRCLE) {
            walk = keyframes.copy(walk);
            walk.circle = {seed: whole(state.c.circleSeed, "Seed", 0)};
            if (whole(state.c.waves, "Waves", 1) !== WAVES) {
                walk.circle.waves = Number(state.c.waves.text);
            }
        }
        if (SemrenderAE.json.stringify(walk) !== state.walkAsked) {
            made.walk = walk;
        }
    }

    return {
        forget: forget, take: take, fill: fill, fields: fields, add: add, change: change, remove: remove, turn: turn,
        loop: loop, point: point, request: request
    };
}());
