/*
 * The values of a layer that are merged one by one: read, written, and told.
 */
SemrenderAE.fields = (function () {
    var merge = SemrenderAE.merge;
    var touch = SemrenderAE.touch;
    var KEYED = "animated"; // No delivery says this: keyframes and expressions are the artist's.

    /** @type {Object<string, string>} */
    var blendNames = {};

    /** @param {BlendingMode} mode */
    function blendName(mode) {
        var names = SemrenderAE.plan.BLENDS;
        var i;
        if (blendNames["$" + mode] === undefined) {
            for (i = 0; i < names.length; i += 1) {
                blendNames["$" + BlendingMode[/** @type {"ADD"} */ (names[i])]] = names[i];
            }
        }
        return blendNames["$" + mode] || String(mode);
    }

    /** @param {AVLayer} layer @returns {Property<any>} */
    function opacityOf(layer) {
        return /** @type {any} */ (layer.property("ADBE Transform Group").property("ADBE Opacity"));
    }

    /** @param {boolean} flag */
    function bit(flag) {
        return flag ? "1" : "0";
    }

    /**
     * What is merged one by one, of cameras, texts and sounds only what they have.
     * @type {{of: "all" | "seen" | "heard" | "read", key: string, field: string, words: string, equal: (a: string, b: string) => boolean,
     *     read: (layer: AVLayer) => string, write: (layer: AVLayer, value: string) => void}[]}
     */
    var FIELDS = [
        {
            of: "seen", key: "bm", field: "blend", words: "blending mode", equal: merge.same,
            read: function (layer) {
                return blendName(layer.blendingMode);
            },
            write: function (layer, value) {
                layer.blendingMode = BlendingMode[/** @type {"ADD"} */ (value)];
            }
        },
        {
            of: "seen", key: "op", field: "opacity", words: "opacity", equal: merge.sameNumber,
            read: function (layer) {
                var opacity = opacityOf(layer);
                return (opacity.numKeys > 0 || opacity.expressionEnabled) ? KEYED : String(opacity.value);
            },
            write: function (layer, value) {
                opacityOf(layer).setValue(Number(value));
            }
        },
        {
            of: "seen", key: "gu", field: "guide", words: "guide layer", equal: merge.same,
            read: function (layer) {
                return bit(layer.guideLayer);
            },
            write: function (layer, value) {
                layer.guideLayer = value === "1";
            }
        },
        {
            of: "all", key: "sy", field: "shy", words: "shy", equal: merge.same,
            read: function (layer) {
                return bit(layer.shy);
            },
            write: function (layer, value) {
                layer.shy = value === "1";
            }
        },
        {
            of: "heard", key: "au", field: "audible", words: "sound", equal: merge.same,
            read: function (layer) {
                return bit(layer.audioEnabled);
            },
            write: function (layer, value) {
                layer.audioEnabled = value === "1";
            }
        },
        {
            of: "read", key: "tx", field: "text", words: "text", equal: merge.same,
            read: function (layer) {
                return SemrenderAE.tags.pack(SemrenderAE.notice.read(layer));
            },
            write: function (layer, value) {
                SemrenderAE.notice.write(layer, SemrenderAE.tags.unpack(value));
            }
        },
        {
            of: "all", key: "lb", field: "label", words: "label colour", equal: merge.same,
            read: function (layer) {
                return String(layer.label);
            },
            write: function (layer, value) {
                layer.label = Number(value);
            }
        },
        {
            of: "all", key: "en", field: "enabled", words: "visible", equal: merge.same,
            read: function (layer) {
                return bit(layer.enabled);
            },
            write: function (layer, value) {
                layer.enabled = value === "1";
            }
        }
    ];

    /** @param {Work} work @param {KnownLayer} known @param {PlannedLayer} planned @param {TagFields} fields */
    function mergeFields(work, known, planned, fields) {
        var decision;
        var f;
        var i;
        for (i = 0; i < FIELDS.length; i += 1) {
            f = FIELDS[i];
            if (planned.wanted[f.key] === undefined) {
                continue;
            }
            if (known.current[f.key] === undefined) { // another source, which has none of it
                if (known.tag[f.key] !== undefined) {
                    fields[f.key] = known.tag[f.key];
                }
                continue;
            }
            decision = merge.decide(touch.text(known.tag[f.key]), known.current[f.key], planned.wanted[f.key], f.equal);
            if (decision.last === undefined) {
                delete fields[f.key];
            } else {
                fields[f.key] = decision.last;
            }
            known.current[f.key] = decision.value;
            if (decision.write) {
                writeField(known, f, decision.value);
                touch.changed(work, known, f.field, "has " + f.words + " " + spoken(decision.value, f.field) + " now.");
            } else if (decision.kept) {
                touch.kept(work, known, f.field, f.words + " " + spoken(decision.value, f.field) + "; the delivery says " +
                    spoken(planned.wanted[f.key], f.field) + ".");
            }
        }
    }

    /** @param {KnownLayer} known @param {any} field @param {string} value */
    function writeField(known, field, value) {
        touch.change(known, function (layer) {
            field.write(layer, value);
        });
    }

    /** @param {string} value @param {string} field */
    function spoken(value, field) {
        if (field === "guide" || field === "shy" || field === "enabled" || field === "audible") {
            return (value === "1") ? "on" : "off";
        }
        return value;
    }

    return {LIST: FIELDS, merge: mergeFields};
}());
