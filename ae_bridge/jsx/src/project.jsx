/*
 * What is in the open project: one pass over its items finds everything of ours by uid. And its colour settings,
 * which are set in an empty project only.
 */
SemrenderAE.project = (function () {
    var tags = SemrenderAE.tags;
    var report = SemrenderAE.report;
    var OCIO = 1; // Project.colorManagementSystem; 0 is Adobe's own

    /**
     * The items of ours by "$" + uid, each list in the order of their making: a copy that an artist made comes after
     * what it is a copy of, and is his.
     * @returns {Object<string, TaggedItem[]>}
     */
    function index() {
        /** @type {Object<string, TaggedItem[]>} */
        var found = {};
        var items = app.project.items;
        var count = items.length;
        var item;
        var fields;
        var list;
        var id;
        var at;
        var i;
        for (i = 1; i <= count; i += 1) {
            item = items[i];
            fields = tags.read(item.comment);
            if (fields !== null) {
                id = item.id;
                list = found["$" + fields.uid] || (found["$" + fields.uid] = []);
                at = list.length;
                while (at > 0 && list[at - 1].id > id) {
                    at -= 1;
                }
                list.splice(at, 0, {item: item, id: id, tag: fields});
            }
        }
        return found;
    }

    /**
     * @param {Object<string, TaggedItem[]>} found @param {string} uid @param {Function} kind CompItem, FolderItem ...
     * @returns {TaggedItem}
     */
    function first(found, uid, kind) {
        var list = found["$" + uid] || [];
        var i;
        for (i = 0; i < list.length; i += 1) {
            if (list[i].item instanceof kind) {
                return list[i];
            }
        }
        return null;
    }

    /** @param {Object<string, TaggedItem[]>} found @returns {ShotEntry[]} */
    function shotsIn(found) {
        /** @type {ShotEntry[]} */
        var shots = [];
        /** @type {Object<string, number>} */
        var missing = {};
        var name;
        var comp;
        var cut;
        var own;
        for (name in found) {
            if (Object.prototype.hasOwnProperty.call(found, name)) {
                own = found[name][0].item;
                cut = name.lastIndexOf("/F/");
                if (cut > 0 && own instanceof FootageItem && own.footageMissing) {
                    missing[name.slice(0, cut)] = (missing[name.slice(0, cut)] || 0) + 1;
                }
            }
        }
        for (name in found) {
            if (Object.prototype.hasOwnProperty.call(found, name)) {
                comp = first(found, name.slice(1), CompItem);
                if (comp !== null && comp.tag["sf"] !== undefined && !/\/C\/mattes$/.test(name)) {
                    shots.push({
                        uid: name.slice(1),
                        name: comp.item.name,
                        compId: comp.id,
                        version: Number(comp.tag["v"]),
                        deliveryId: tags.unpack(String(comp.tag["d"] || "")),
                        pinned: comp.tag["pin"] !== undefined,
                        missing: missing[name] || 0
                    });
                }
            }
        }
        return shots;
    }

    /**
     * A folder of the shot, made where there is none; the artist may have moved or renamed it.
     * @param {Work} work @param {string} uid @param {string} name @param {string} parent Uid of the one around it, "".
     * @returns {FolderItem}
     */
    function folder(work, uid, name, parent) {
        var found = first(work.found, uid, FolderItem);
        var outer;
        var made;
        if (found !== null) {
            return /** @type {FolderItem} */ (found.item);
        }
        outer = (parent === "") ? null : folder(work, parent, work.plan.name, "");
        made = app.project.items.addFolder(name);
        if (outer !== null) {
            made.parentFolder = outer;
        }
        made.comment = tags.write("", {uid: uid, v: work.plan.version});
        work.found["$" + uid] = [{item: made, id: made.id, tag: tags.read(made.comment)}];
        report.add(work.report.added, "folder", {uid: uid, name: name}, "", "Folder " + name + " was made.");
        return made;
    }

    /** @param {boolean} linear */
    function yesNo(linear) {
        return linear ? "yes" : "no";
    }

    /** "" where none is set: After Effects says "None", its guide "". */
    function workingSpace() {
        var space = app.project.workingSpace;
        return (!space || space === "None") ? "" : space;
    }

    /** @param {any} wanted Of delivery.project. @returns {{name: string, now: string, wanted: string}[]} */
    function differences(wanted) {
        var project = app.project;
        var ocio = wanted.color.mode === "ocio";
        /** @type {{name: string, now: string, wanted: string}[]} */
        var list = [];
        /** @param {string} name @param {any} now @param {any} should */
        function compare(name, now, should) {
            if (String(now) !== String(should)) {
                list.push({name: name, now: String(now), wanted: String(should)});
            }
        }
        compare("colour management", (project.colorManagementSystem === OCIO) ? "OCIO" : "Adobe",
            ocio ? "OCIO" : "Adobe");
        compare("bits per channel", project.bitsPerChannel, bits(wanted));
        if (ocio ? wanted.color.working_space : true) {
            compare("working space", workingSpace() || "none", wanted.color.working_space || "none");
        }
        if (!ocio) {
            compare("linear working space", yesNo(project.linearizeWorkingSpace), yesNo(wanted.color.linearize));
        }
        return list;
    }

    /** After Effects refuses 16 bits per channel together with OCIO. @param {any} wanted */
    function bits(wanted) {
        return (wanted.color.mode === "ocio" && wanted.bits_per_channel === 16) ? 32 : wanted.bits_per_channel;
    }

    /** @param {any} wanted @param {string[]} faults */
    function setColours(wanted, faults) {
        var project = app.project;
        /** @param {() => void} action */
        function attempt(action) {
            try {
                action();
            } catch (e) {
                faults.push(e.message);
            }
        }
        if (wanted.color.mode === "ocio") {
            attempt(function () {
                project.colorManagementSystem = OCIO;
                if (wanted.color.ocio_config) {
                    project.ocioConfigurationFile = wanted.color.ocio_config;
                }
            });
        } else {
            attempt(function () {
                project.linearizeWorkingSpace = wanted.color.linearize;
            });
        }
        attempt(function () {
            project.bitsPerChannel = bits(wanted);
        });
        if (wanted.color.working_space) {
            attempt(function () {
                project.workingSpace = wanted.color.working_space;
            });
        }
    }

    /**
     * Sets the colours of an empty project as the delivery says; of any other, and where setting failed, it only says
     * what differs.
     * @param {Work} work
     * @param {boolean} empty
     */
    function colours(work, empty) {
        var wanted = work.plan.project;
        /** @type {string[]} */
        var faults = [];
        var list;
        var i;
        if (!wanted || wanted.apply !== "if_empty") {
            return;
        }
        list = differences(wanted);
        if (empty && list.length > 0) {
            setColours(wanted, faults);
            report.add(work.report.changed, "project", {uid: "", name: ""}, "colour",
                "The empty project got the colour settings of the delivery.");
            list = differences(wanted);
        }
        for (i = 0; i < list.length; i += 1) {
            report.add(work.report.warnings, "project", {uid: "", name: ""}, "colour",
                "Project settings, " + list[i].name + ": " + list[i].now + "; the delivery was made for " +
                list[i].wanted + "." + (faults.length > 0 ? " After Effects said: " + faults.join(" ") : ""));
        }
    }

    /** Light is added rightly in linear light with 32 bits only. @param {Work} work */
    function checkAdding(work) {
        var project = app.project;
        var layers = work.plan.layers;
        /** @type {string[]} */
        var names = [];
        var i;
        for (i = 0; i < layers.length; i += 1) {
            if (layers[i].wanted.bm === "ADD" || layers[i].wanted.bm === "LINEAR_DODGE") {
                names.push(layers[i].name);
            }
        }
        if (names.length > 0 &&
                (project.bitsPerChannel !== 32 || !(project.linearizeWorkingSpace || project.linearBlending ||
                project.colorManagementSystem === OCIO))) {
            report.add(work.report.warnings, "project", {uid: "", name: ""}, "colour",
                "Adding light (" + names.join(", ") + ") is right in a linear project of 32 bits per channel; " +
                "highlights clip in this one.");
        }
    }

    /** Scripts cannot switch off the management of colours for footage that has none. @param {Work} work */
    function checkData(work) {
        var project = app.project;
        var layers = work.plan.layers;
        /** @type {string[]} */
        var names = [];
        var i;
        for (i = 0; i < layers.length; i += 1) { // Of mattes only the alpha counts, which is never managed.
            if (layers[i].footage !== null && layers[i].footage.data && !layers[i].footage.matte) {
                names.push(layers[i].name);
            }
        }
        if (names.length > 0 && (workingSpace() !== "" || project.colorManagementSystem === OCIO)) {
            report.add(work.report.warnings, "project", {uid: "", name: ""}, "colour",
                "This project manages colours, and " + names.join(", ") + " hold values: switch on Preserve RGB in " +
                "Interpret Footage > Color Management of each.");
        }
    }

    return {
        index: index, first: first, shotsIn: shotsIn, folder: folder, colours: colours, checkAdding: checkAdding,
        checkData: checkData
    };
}());
