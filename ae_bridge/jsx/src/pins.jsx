/*
 * Puppet pins that follow joints: pins and their mesh are made by hand, scripts cannot; one that is named as a joint gets
 * an expression that leads to it. All joints on one picture bend like rubber: better a layer a limb, with two pins each.
 */
SemrenderAE.pins = (function () {
    var tags = SemrenderAE.tags;
    var report = SemrenderAE.report;
    var PUPPET = "ADBE FreePin3";
    var OURS = "// semrender";
    var WITHOUT_PLACE = 3; // bend pins have none

    /** As names are compared: "Left Wrist" is left_wrist. @param {string} name */
    function plain(name) {
        return name.toLowerCase().replace(/[^a-z0-9]+/g, "_").replace(/^_+|_+$/g, "");
    }

    /** The joints of a comp, person by person, "$" + id. @param {CompItem} comp */
    function joints(comp) {
        /** @type {any} */
        var people = {};
        var all = SemrenderAE.layers.tagged(comp);
        var found;
        var layer;
        var i;
        for (i = 0; i < all.length; i += 1) {
            layer = all[i].layer;
            found = (/^(.*\/L\/[^\/]+)\/(?:person|joint\/([^\/]+))$/).exec(all[i].tag.uid);
            if (found !== null) {
                people["$" + found[1]] = people["$" + found[1]] || {chosen: false, joints: {}};
                people["$" + found[1]].chosen = people["$" + found[1]].chosen || layer.selected;
                if (found[2]) {
                    people["$" + found[1]].joints["$" + plain(tags.unpack(found[2]))] = layer;
                }
            }
        }
        return people;
    }

    /** The one person that is meant: of whom something is selected, or the only one. @param {any} people */
    function meant(people) {
        /** @type {any[]} */
        var all = [];
        /** @type {any[]} */
        var chosen = [];
        var key;
        for (key in people) {
            if (Object.prototype.hasOwnProperty.call(people, key)) {
                all.push(people[key]);
                if (people[key].chosen) {
                    chosen.push(people[key]);
                }
            }
        }
        all = (chosen.length > 0) ? chosen : all;
        return (all.length === 1) ? all[0] : null;
    }

    /** The pins of a layer's puppets. @param {any} layer @returns {any[]} */
    function pinsOf(layer) {
        var parade = layer.property("ADBE Effect Parade");
        var list = [];
        var meshes;
        var pins;
        var i;
        var k;
        var n;
        for (i = 1; parade !== null && i <= parade.numProperties; i += 1) {
            if (parade.property(i).matchName === PUPPET) {
                meshes = parade.property(i).property(PUPPET + " ARAP Group").property(PUPPET + " Mesh Group");
                for (k = 1; k <= meshes.numProperties; k += 1) {
                    pins = meshes.property(k).property(PUPPET + " PosPins");
                    for (n = 1; pins !== null && n <= pins.numProperties; n += 1) {
                        list.push(pins.property(n));
                    }
                }
            }
        }
        return list;
    }

    /** @param {any} joint */
    function leads(joint) {
        return OURS + "\nvar joint = thisComp.layer(\"" + joint.name.replace(/\\/g, "\\\\").replace(/"/g, "\\\"") +
            "\");\nvar place = fromComp(joint.toComp(joint.transform.anchorPoint));\n[place[0], place[1]];";
    }

    /** @param {Report} result @param {any} layer @param {any} pin @param {any} joint */
    function follow(result, layer, pin, joint) {
        var about = {uid: "", name: layer.name};
        var place = pin.property(PUPPET + " PosPin Position");
        var wanted = leads(joint);
        if (place.expression !== "" && place.expression.indexOf(OURS) !== 0) {
            report.add(result.kept, "layer", about, "keys", layer.name + ": the pin " + pin.name + " keeps its own expression.");
        } else if (place.expression !== wanted) {
            place.expression = wanted;
            report.add(result.changed, "layer", about, "keys", layer.name + ": the pin " + pin.name + " follows " +
                joint.name + ".");
        }
    }

    /** @param {Report} result @param {any} layer @param {any} person */
    function each(result, layer, person) {
        var pins = pinsOf(layer);
        var about = {uid: "", name: layer.name};
        var joint;
        var i;
        for (i = 0; i < pins.length; i += 1) {
            joint = person.joints["$" + plain(pins[i].name)];
            if (pins[i].property(PUPPET + " PosPin Type").value === WITHOUT_PLACE) {
                report.add(result.warnings, "layer", about, "keys", layer.name + ": " + pins[i].name +
                    " is a bend pin, which has no place to follow with.");
            } else if (!joint) {
                report.add(result.warnings, "layer", about, "keys", layer.name + ": no joint is named as the pin " +
                    pins[i].name + ".");
            } else if (layer.locked) {
                report.fail(result, "layer", about, "keys", layer.name + " is locked.");
            } else {
                follow(result, layer, pins[i], joint);
            }
        }
        return pins.length;
    }

    /** The pins of the selected layers follow the joints of their names. @param {Report} result */
    function use(result) {
        var comp = SemrenderAE.mattes.activeComp();
        var person = (comp === null) ? null : meant(joints(comp));
        var list = (comp === null) ? [] : comp.selectedLayers;
        var count = 0;
        var i;
        if (person === null) {
            report.fail(result, "comp", {uid: "", name: ""}, "", "Select layers with puppet pins in the comp of a shot with joints; " +
                "where there are several people, also a null of the one who is meant.");
            return;
        }
        for (i = 0; i < list.length; i += 1) {
            count += each(result, list[i], person);
        }
        if (count === 0) {
            report.fail(result, "comp", {uid: "", name: ""}, "",
                "None of the selected layers has puppet pins: set them with the Puppet tool, and name them as joints (left_wrist).");
        }
    }

    return {use: use};
}());
