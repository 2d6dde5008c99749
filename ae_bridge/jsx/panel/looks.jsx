/*
 * What painted a delivery, by its own provenance: model, seed, hold, scale and options of its layers. Plain data.
 */
SemrenderAE.looks = (function () {
    var KEYS = ["model", "seed", "hold", "scale"];

    /** The painted layers, top first. @param {any} delivery @param {string} layer Only this one; "" for all. */
    function paintings(delivery, layer) {
        /** @type {any[]} */
        var found = [];
        var i;
        for (i = 0; delivery !== null && i < delivery.layers.length; i += 1) {
            if (delivery.layers[i].role === "painting" && (layer === "" || delivery.layers[i].name === layer)) {
                found.push(delivery.layers[i]);
            }
        }
        return found;
    }

    /** @param {any} provenance @param {string} key */
    function text(provenance, key) {
        var value = (provenance || {})[key];
        return (value === null || value === undefined) ? "" : String(value);
    }

    /**
     * What these layers have in common, as texts: "" where they differ, or where nobody wrote it down; null of an option.
     * @param {any[]} layers @returns {any} {model, seed, hold, scale, options}
     */
    function common(layers) {
        /** @type {any} */
        var look = {options: {}};
        var i;
        for (i = 0; i < KEYS.length; i += 1) {
            look[KEYS[i]] = shared(layers, KEYS[i]);
        }
        if (look.model !== "" && layers.length > 0) {
            look.options = sharedOptions(layers);
        }
        return look;
    }

    /** @param {any[]} layers @param {string} key */
    function shared(layers, key) {
        var value = layers.length > 0 ? text(layers[0].provenance, key) : "";
        var i;
        for (i = 1; i < layers.length; i += 1) {
            if (text(layers[i].provenance, key) !== value) {
                return "";
            }
        }
        return value;
    }

    /** Each option that a layer was painted with; null where not all of them had the same. @param {any[]} layers */
    function sharedOptions(layers) {
        /** @type {any} */
        var found = {};
        var options;
        var name;
        var i;
        for (i = 0; i < layers.length; i += 1) {
            options = layers[i].provenance.options || {};
            for (name in options) {
                if (Object.prototype.hasOwnProperty.call(options, name) && found[name] === undefined) {
                    found[name] = sameOption(layers, name, String(options[name]));
                }
            }
        }
        return found;
    }

    /** @param {any[]} layers @param {string} name @param {string} value */
    function sameOption(layers, name, value) {
        var i;
        for (i = 0; i < layers.length; i += 1) {
            if (text(layers[i].provenance.options, name) !== value) {
                return null;
            }
        }
        return value;
    }

    /** "countryside, seed 2020, look summer". @param {any} look */
    function words(look) {
        var said = [look.model === "" ? "several models" : look.model, look.seed === "" ? "several seeds" : "seed " + look.seed];
        var name;
        for (name in look.options) {
            if (Object.prototype.hasOwnProperty.call(look.options, name) && look.options[name] !== null) {
                said.push(name + " " + look.options[name]);
            }
        }
        if (look.hold !== "") {
            said.push("hold " + look.hold);
        }
        if (look.scale !== "") {
            said.push("scale " + look.scale);
        }
        return said.join(", ");
    }

    return {paintings: paintings, common: common, words: words};
}());
