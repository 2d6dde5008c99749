/*
 * What is set for painting again: layer, model, what the model is given, its options. All of it is built from what the
 * server says; whether a layer has what a model takes is the server's word, too.
 */
SemrenderAE.again = (function () {
    /** The model that is chosen; null for none. @param {any} state */
    function card(state) {
        return state.c.model.selection === null ? null : state.models[state.c.model.selection.index];
    }

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

    /** The name of the layer that is chosen; null for all of them. @param {any} state */
    function layer(state) {
        var chosen = state.c.layer.selection;
        return (chosen === null || chosen.index === 0) ? null : chosen.text;
    }

    /**
     * Layers and models as the server tells them; those that cannot be used come last, with the reason.
     * @param {any} state @param {any} answer
     */
    function fill(state, answer) {
        var before = card(state);
        var named = layer(state);
        /** @type {any[]} */
        var usable = [];
        /** @type {any[]} */
        var others = [];
        var wanted = -1;
        var i;
        for (i = 0; i < answer.models.length; i += 1) {
            (answer.models[i].lacks === "" ? usable : others).push(answer.models[i]);
        }
        state.models = usable.concat(others);
        state.has = answer.has;
        state.fault = answer.fault;
        state.c.layer.removeAll();
        state.c.layer.add("item", "All Layers");
        state.c.layer.selection = 0;
        for (i = 0; i < answer.layers.length; i += 1) {
            state.c.layer.add("item", answer.layers[i]);
            if (answer.layers[i] === named) {
                state.c.layer.selection = i + 1;
            }
        }
        state.c.model.removeAll();
        for (i = 0; i < state.models.length; i += 1) {
            state.c.model.add("item", state.models[i].title +
                (state.models[i].lacks === "" ? "" : " (" + state.models[i].lacks + ")"));
            if (state.models[i].name === (before === null ? answer["default"] : before.name)) {
                wanted = i;
            }
        }
        if (wanted === -1 || (before === null && state.models[wanted].lacks !== "")) {
            wanted = 0;
        }
        if (state.models.length > 0) {
            state.c.model.selection = wanted;
        }
    }

    /** Controls for what the chosen model is given, and for its options. @param {any} state */
    function build(state) {
        var chosen = card(state);
        var i;
        while (state.c.options.children.length > 0) {
            state.c.options.remove(0);
        }
        state.controls = [];
        state.pictures = [];
        state.picture = null;
        if (chosen === null) {
            return;
        }
        if (holds(chosen.needs, "picture") || holds(chosen.uses, "picture")) {
            if (holds(state.has, "picture")) {
                state.pictures.push({text: "As Before", value: ""});
            } else if (!holds(chosen.needs, "picture")) {
                state.pictures.push({text: "None", value: ""});
            }
            state.pictures.push({text: "Its Painting", value: "painting"});
            state.pictures.push({text: "Selected Layer", value: "selected"});
            state.picture = SemrenderAE.view.pictures(state.c.options, state.pictures);
        }
        if (holds(chosen.needs, "reference") || holds(chosen.uses, "reference")) {
            SemrenderAE.view.reference(state.c.options, state, holds(state.has, "reference") ? "As before" : "None");
        }
        for (i = 0; i < chosen.options.length; i += 1) {
            state.controls.push({given: chosen.options[i],
                control: SemrenderAE.view.option(state.c.options, chosen.options[i])});
        }
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

    /**
     * What is asked of the server; throws an Error in words where something is no value.
     * @param {any} state @param {string} folder
     */
    function request(state, folder) {
        /** @type {any} */
        var made = {verb: "repaint", folder: folder, model: card(state).name, options: {}};
        var seed = Number(state.c.seed.text);
        var picture;
        var i;
        if (state.c.seed.text === "" || isNaN(seed) || seed < 0 || seed !== Math.floor(seed)) {
            throw new Error("Seed: give a whole number from 0.");
        }
        made.seed = seed;
        if (layer(state) !== null) {
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
            made.options[state.controls[i].given.name] =
                SemrenderAE.view.value(state.controls[i].given, state.controls[i].control);
        }
        return made;
    }

    return {card: card, layer: layer, fill: fill, build: build, request: request};
}());
