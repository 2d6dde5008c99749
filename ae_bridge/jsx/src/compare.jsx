/*
 * Two shots of the project over each other, mostly takes of one, with a slider between them.
 */
SemrenderAE.compare = (function () {
    var report = SemrenderAE.report;
    var WIPE = "ADBE Linear Wipe";

    /** The comp of a shot by its uid; null and an error where there is none. @param {Report} result @param {any} found @param {string} uid */
    function compOf(result, found, uid) {
        var known = SemrenderAE.project.first(found, uid, CompItem);
        if (known === null || known.tag["sf"] === undefined) {
            report.fail(result, "comp", {uid: uid, name: ""}, "", "The project has no shot " + uid + " to compare.");
            return null;
        }
        return known;
    }

    /** The upper one is wiped away from one side. @param {Report} result @param {any} layer @param {TaggedItem} about */
    function addSlider(result, layer, about) {
        var parade = /** @type {PropertyGroup} */ (layer.property("ADBE Effect Parade"));
        /** @type {any} */
        var effect;
        if (!parade.canAddProperty(WIPE)) {
            report.add(result.warnings, "effect", {uid: about.tag.uid, name: layer.name}, "",
                "The effect Linear Wipe is not installed here: use the opacity of " + layer.name + ".");
            return;
        }
        effect = parade.addProperty(WIPE);
        effect.name = "wipe";
        effect.property(WIPE + "-0001").setValue(50); // per cent gone
        effect.property(WIPE + "-0002").setValue(90); // degrees: a vertical edge
    }

    /**
     * A comp with both, shown; the same two again show the comp that is there, as the artist has left it.
     * @param {Report} result
     * @param {string} lower Uid of a shot.
     * @param {string} upper
     */
    function wipe(result, lower, upper) {
        var found = SemrenderAE.project.index();
        var below = compOf(result, found, lower);
        var above = (below === null) ? null : compOf(result, found, upper);
        var uid = lower + "/C/wipe/" + SemrenderAE.comps.hash(upper);
        var there = SemrenderAE.project.first(found, uid, CompItem);
        /** @type {CompItem} */
        var a;
        /** @type {CompItem} */
        var b;
        /** @type {CompItem} */
        var comp;
        var layer;
        var offset;
        if (above === null) {
            return;
        }
        if (there === null) {
            a = /** @type {CompItem} */ (below.item);
            b = /** @type {CompItem} */ (above.item);
            offset = (Number(above.tag["sf"]) - Number(below.tag["sf"])) / a.frameRate;
            comp = app.project.items.addComp(a.name + " | " + b.name, a.width, a.height, a.pixelAspect,
                Math.max(a.duration, offset + b.duration), a.frameRate);
            comp.displayStartFrame = a.displayStartFrame;
            comp.parentFolder = a.parentFolder;
            comp.comment = SemrenderAE.tags.write("", {uid: uid, v: below.tag["v"]});
            comp.layers.add(a).startTime = 0;
            layer = comp.layers.add(b);
            layer.startTime = offset;
            addSlider(result, layer, above);
            report.add(result.added, "comp", {uid: uid, name: comp.name}, "", "Comp " + comp.name +
                " was made: move the slider wipe of its upper layer.");
        } else {
            comp = /** @type {CompItem} */ (there.item);
        }
        result.comp = {id: comp.id, name: comp.name};
        comp.openInViewer();
    }

    return {wipe: wipe};
}());
