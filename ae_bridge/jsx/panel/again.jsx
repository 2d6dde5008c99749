/*
 * What is set for painting again. Everything begins as the delivery was painted ("As Painted"), and only what was
 * touched is asked for. Models, and whether a layer has what they take, are the server's word.
 */
SemrenderAE.again = (function () {
    var kit = SemrenderAE.kit;
    var looks = SemrenderAE.looks;
    var HOLDS = ["off", "gentle", "strong"];
    var SCALES = ["fine", "medium", "coarse"];
    var PASS_SIZE = "As the Pass";
    var ROWS = 7; // of options, that a small panel has room for

    /** @param {any} list @param {string} name */
    function holds(list, name) {
        var i;
        for (i = 0; i < list.length; i += 1) {
            if (list[i] === name) {
                return true;
            }
        }
        return false;
    }

    /** The name of the layer that is chosen; "" for all of them. @param {any} state */
    function layer(state) {
        var chosen = state.c.layer.selection;
        return (chosen === null || chosen.index === 0) ? "" : chosen.text;
    }

    /** The card of a model by its name; null. @param {any} state @param {string} name */
    function cardOf(state, name) {
        var i;
        for (i = 0; i < state.models.length; i += 1) {
            if (state.models[i].name === name) {
                return state.models[i];
            }
        }
        return null;
    }

    /** The card of the model that is chosen; null where it is not known. @param {any} state */
    function card(state) {
        var at = state.c.model.selection === null ? 0 : state.c.model.selection.index;
        return at === 0 ? cardOf(state, state.look.model) : state.models[at - 1];
    }

    /** Whether the chosen model takes an input; false where no model is known. @param {any} state @param {string} input */
    function takes(state, input) {
        var chosen = card(state);
        return chosen !== null && (holds(chosen.needs, input) || holds(chosen.uses, input));
    }

    /** "As Painted (gentle)". @param {string} what */
    function asPainted(what) {
        return "As Painted" + (what === "" ? "" : " (" + what + ")");
    }

    /** Usable models first, in the server's order. @param {any} state @param {any} answer */
    function models(state, answer) {
        /** @type {any[]} */
        var usable = [];
        /** @type {any[]} */
        var others = [];
        var i;
        for (i = 0; i < answer.models.length; i += 1) {
            (answer.models[i].lacks === "" ? usable : others).push(answer.models[i]);
        }
        state.models = usable.concat(others);
        state.has = answer.has;
        state.fault = answer.fault;
    }

    /** The controls say what painted the delivery, or the layer that is chosen of it. @param {any} state @param {boolean} other Another delivery than before. */
    function fill(state, other) {
        var c = state.c;
        var names = ["All Layers"];
        var all = looks.paintings(state.delivery, "");
        var titles;
        var model;
        var i;
        for (i = 0; i < all.length; i += 1) {
            names.push(all[i].name);
        }
        kit.fill(c.layer, names, !other);
        state.look = looks.common(looks.paintings(state.delivery, layer(state)));
        model = cardOf(state, state.look.model);
        titles = [asPainted(model === null ? state.look.model : model.title)];
        for (i = 0; i < state.models.length; i += 1) {
            titles.push(state.models[i].title + (state.models[i].lacks === "" ? "" : " (" + state.models[i].lacks + ")"));
        }
        kit.fill(c.model, titles, !other);
        kit.fill(c.hold, [asPainted(state.look.hold)].concat(HOLDS), !other);
        kit.fill(c.scale, [asPainted(state.look.scale)].concat(SCALES, [PASS_SIZE]), !other);
        c.seed.text = state.look.seed;
        build(state);
    }

    /** Controls for what the chosen model is given, and for its options. @param {any} state */
    function build(state) {
        var page = state.c.options;
        var chosen = card(state);
        var painted;
        var start;
        var rows;
        var i;
        while (page.children.length > 0) {
            page.remove(0);
        }
        state.controls = [];
        state.pictures = [];
        state.picture = null;
        if (chosen === null) {
            kit.words(page, 3, "What this page is for.").text = state.models.length === 0 ?
                "Connect asks the server for the model's options." : "The layers have several models: choose a layer, or a model.";
            return;
        }
        rows = kit.pager(page, ROWS);
        if (takes(state, "picture")) {
            if (holds(state.has, "picture")) {
                state.pictures.push({text: "As Before", value: ""});
            } else if (!holds(chosen.needs, "picture")) {
                state.pictures.push({text: "None", value: ""});
            }
            state.pictures.push({text: "Its Painting", value: "painting"});
            state.pictures.push({text: "Selected Layer", value: "selected"});
            state.picture = SemrenderAE.options.pictures(rows.next(), state.pictures);
        }
        if (takes(state, "reference")) {
            SemrenderAE.options.reference(rows.next(), state, holds(state.has, "reference") ? "As before" : "None");
        }
        painted = chosen.name === state.look.model ? state.look.options : {};
        for (i = 0; i < chosen.options.length; i += 1) {
            start = SemrenderAE.options.begin(chosen.options[i], painted[chosen.options[i].name]);
            state.controls.push({given: chosen.options[i], start: start,
                control: SemrenderAE.options.control(rows.next(), chosen.options[i], start)});
        }
        rows.close();
    }

    /** The footage of the selected layer of the active comp; throws an Error in words. */
    function footage() {
        var comp = app.project.activeItem;
        var chosen = (comp instanceof CompItem) ? comp.selectedLayers : [];
        /** @type {any} */
        var source = (chosen.length === 1 && chosen[0] instanceof AVLayer) ? /** @type {any} */ (chosen[0]).source : null;
        if (!(source instanceof FootageItem) || source.file === null) {
            throw new Error("Picture: select one layer of the active comp that has footage.");
        }
        return {path: source.file.fsName.replace(/\\/g, "/"), sequence: !source.mainSource.isStill};
    }

    /** @param {any} state @param {any} made */
    function addChoices(state, made) {
        var c = state.c;
        var seed = Number(c.seed.text);
        if (c.model.selection !== null && c.model.selection.index > 0) {
            made.model = card(state).name;
        }
        if (c.seed.text !== state.look.seed) {
            if (c.seed.text === "" || isNaN(seed) || seed < 0 || seed !== Math.floor(seed)) {
                throw new Error("Seed: give a whole number from 0.");
            }
            made.seed = seed;
        }
        if (c.hold.selection !== null && c.hold.selection.index > 0) {
            made.hold = c.hold.selection.text;
        }
        if (c.scale.selection !== null && c.scale.selection.index > 0) {
            if (layer(state) !== "") {
                throw new Error("Scale is of all layers alike: choose All Layers, or leave it as painted.");
            }
            made.scale = c.scale.selection.text === PASS_SIZE ? "" : c.scale.selection.text;
        }
    }

    /**
     * What is asked of the server: what was touched, nothing else. Throws an Error in words where something is no value.
     * @param {any} state @param {string} folder
     */
    function request(state, folder) {
        /** @type {any} */
        var made = {verb: "repaint", folder: folder, options: {}};
        var picture;
        var value;
        var i;
        addChoices(state, made);
        if (layer(state) !== "") {
            made.layer = layer(state);
        }
        if (state.picture !== null) {
            picture = state.pictures[state.picture.selection.index].value;
            if (picture !== "") {
                made.picture = (picture === "selected") ? footage() : picture;
            }
        }
        if (state.reference !== "") {
            made.reference = state.reference;
        }
        for (i = 0; i < state.controls.length; i += 1) {
            value = SemrenderAE.options.value(state.controls[i].given, state.controls[i].control, state.controls[i].start);
            if (value !== state.controls[i].start) {
                made.options[state.controls[i].given.name] = value;
            }
        }
        SemrenderAE.walk.request(state, made);
        SemrenderAE.led.request(state, made);
        return made;
    }

    return {card: card, layer: layer, takes: takes, models: models, fill: fill, build: build, request: request};
}());
