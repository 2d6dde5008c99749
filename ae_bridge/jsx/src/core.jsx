//@include "namespace.jsx"
//@include "json.jsx"
//@include "tags.jsx"
//@include "merge.jsx"
//@include "plan.jsx"
//@include "report.jsx"
//@include "project.jsx"
//@include "reads.jsx"
//@include "proxies.jsx"
//@include "footage.jsx"
//@include "touch.jsx"
//@include "fields.jsx"
//@include "times.jsx"
//@include "layers.jsx"
//@include "moving.jsx"
//@include "markers.jsx"
//@include "notice.jsx"
//@include "stack.jsx"
//@include "comps.jsx"
//@include "takes.jsx"
//@include "mattes.jsx"
//@include "groups.jsx"
//@include "compare.jsx"
//@include "template.jsx"
//@include "pins.jsx"
/*
 * The public functions, see README.md. Whatever writes is one undo step that is closed also after a failure, and
 * leaves the session's settings as it found them.
 */
SemrenderAE.core = (function () {
    var OLDEST = 23; // mattes that may lie anywhere in the stack

    /** @returns {string} */
    function hostFault() {
        if (parseFloat(app.version) >= OLDEST) {
            return "";
        }
        return "After Effects " + app.version + " is too old: semrender needs version " + OLDEST +
            " (2023), which brought mattes for any layer.";
    }

    /**
     * @param {string} words What the Edit menu offers to undo.
     * @param {Report} report
     * @param {() => void} action
     * @returns {Report}
     */
    function inOneStep(words, report, action) {
        var rendering = app.disableRendering;
        app.beginUndoGroup(words);
        try {
            app.beginSuppressDialogs();
            try {
                app.disableRendering = true;
                action();
            } finally {
                app.disableRendering = rendering;
                app.endSuppressDialogs(false);
            }
        } catch (e) {
            SemrenderAE.report.fail(report, "project", {uid: "", name: ""}, "",
                "After Effects stopped the work: " + e.message + " Undo takes back what was done.");
        } finally {
            app.endUndoGroup();
        }
        return report;
    }

    /** @param {any} delivery */
    function shotOf(delivery) {
        var shot = (delivery && delivery.shot) ? delivery.shot : {};
        /** @type {number} */
        var none = null;
        return {
            uid: String(shot.uid || ""), name: String(shot.name || ""), version: Number(shot.version) || 0,
            previous: none
        };
    }

    /**
     * What an import works with; null where it cannot begin, and the report says why.
     * @param {Report} result @param {any} delivery @param {string} folder @param {any} options
     * @param {any[]} tracks What the comp files of its tracks hold; null where only the footage matters.
     * @returns {Work}
     */
    function begin(result, delivery, folder, options, tracks) {
        var fault = hostFault() || SemrenderAE.plan.fault(delivery, folder) ||
            (tracks === null ? "" : SemrenderAE.plan.tracksFault(delivery, tracks));
        var found = SemrenderAE.project.index();
        var total = 0;
        var done = 0;
        var of = {delivery: delivery, tracks: tracks || []};
        /** @type {Work} */
        var work;
        if (fault !== "") {
            SemrenderAE.report.fail(result, "project", {uid: "", name: ""}, "", fault);
            return null;
        }
        if (options.beside === true || options.take) {
            of = SemrenderAE.takes.apart(delivery, of.tracks, options.take || SemrenderAE.takes.nameFor(found, delivery, folder));
            result.shot = shotOf(of.delivery);
        }
        work = {
            plan: SemrenderAE.plan.make(of.delivery, folder, of.tracks),
            report: result,
            found: found,
            items: {},
            fresh: false,
            dry: options.dry === true,
            folder: folder,
            origin: delivery.shot.first,
            restoreDeleted: options.restoreDeleted === true,
            shot: null,
            mattes: null,
            step: function (words) {
                done += 1;
                if (options.progress) {
                    options.progress(Math.min(done, total), total, words);
                }
            }
        };
        total = 2 * work.plan.layers.length;
        fault = (tracks === null || options.sameShot === true) ? "" : SemrenderAE.takes.elsewhere(work);
        if (fault !== "") {
            SemrenderAE.report.fail(result, "comp", {uid: work.plan.uid, name: work.plan.name}, "elsewhere", fault);
            return null;
        }
        return work;
    }

    /** @param {Work} work */
    function open(work) {
        var comps = SemrenderAE.comps;
        work.shot = comps.find(work, work.plan.uid);
        work.mattes = comps.find(work, work.plan.uid + "/C/mattes");
        if (work.shot.tag !== null) {
            work.report.action = "update";
            work.report.shot.previous = Number(work.shot.tag["v"]);
            work.origin = (work.shot.tag["sf"] === undefined) ? work.origin : Number(work.shot.tag["sf"]);
            work.fresh = work.shot.tag["d"] !== SemrenderAE.tags.pack(work.plan.deliveryId);
        }
        comps.assign(work);
    }

    /** Footage first: layers take their length from it. @param {Work} work */
    function bringFootage(work) {
        var layers = work.plan.layers;
        var key;
        var item;
        var i;
        for (i = 0; i < layers.length; i += 1) {
            if (layers[i].footage !== null) {
                key = "$" + layers[i].uid;
                work.step("footage " + layers[i].footage.name);
                item = SemrenderAE.footage.bring(work, layers[i].footage,
                    work.shot.missing[key] || work.mattes.missing[key]);
                if (item !== null) {
                    work.items[key] = item;
                }
            }
        }
    }

    /** @param {Work} work @param {CompWork} comp @param {string} name @param {() => FolderItem} folder */
    function bringComp(work, comp, name, folder) {
        var i;
        if (comp.item === null && work.dry) {
            SemrenderAE.report.add(work.report.added, "comp", {uid: comp.uid, name: name}, "", "Comp " + name +
                " was made.");
            for (i = comp.planned.length - 1; i >= 0; i -= 1) {
                SemrenderAE.report.add(work.report.added, "layer", comp.planned[i], "",
                    "Layer " + comp.planned[i].name + " was added.");
            }
            return;
        }
        if (comp.item === null) {
            SemrenderAE.comps.create(work, comp, name, folder());
        }
        SemrenderAE.comps.bring(work, comp);
    }

    /** @param {Work} work */
    function bringComps(work) {
        var folder = SemrenderAE.project.folder;
        var plan = work.plan;
        var isNew = work.shot.item === null;
        bringComp(work, work.shot, plan.name, function () {
            return folder(work, plan.uid + "/D", plan.name, "");
        });
        if (work.mattes.planned.length > 0) {
            bringComp(work, work.mattes, plan.name + "_mattes", function () {
                return folder(work, plan.uid + "/D/mattes", "mattes", plan.uid + "/D");
            });
        }
        if (work.shot.item !== null) {
            if (isNew) {
                work.shot.item.hideShyLayers = true; // Once: whether shy layers show is the artist's.
            }
            work.report.comp = {id: work.shot.item.id, name: work.shot.item.name};
        }
    }

    /** @param {Work} work */
    function tellBefore(work) {
        var words = (work.shot.item === null) ? SemrenderAE.takes.ofBefore(work) : "";
        if (words !== "") {
            SemrenderAE.report.add(work.report.warnings, "comp", {uid: work.plan.uid, name: work.plan.name}, "elsewhere", words);
        }
    }

    /** Items that the artist has copied are his; they are told, not touched. @param {Work} work */
    function tellCopies(work) {
        var key;
        var list;
        var i;
        for (key in work.found) {
            if (Object.prototype.hasOwnProperty.call(work.found, key) &&
                    (key === "$" + work.plan.uid || key.indexOf("$" + work.plan.uid + "/") === 0)) {
                list = work.found[key];
                for (i = 1; i < list.length; i += 1) {
                    SemrenderAE.report.add(work.report.kept, kindOf(list[i].item),
                        {uid: key.slice(1), name: list[i].item.name}, "duplicate",
                        list[i].item.name + " is a copy and stays as it is.");
                }
            }
        }
    }

    /** @param {any} item */
    function kindOf(item) {
        if (item instanceof CompItem) {
            return "comp";
        }
        return (item instanceof FolderItem) ? "folder" : "footage";
    }

    /**
     * @param {any} delivery
     * @param {string} folder
     * @param {{restoreDeleted?: boolean, tracks?: any[], beside?: boolean, sameShot?: boolean, dry?: boolean,
     *     progress?: (done: number, total: number, words: string) => void}} options
     * @returns {Report}
     */
    function importDelivery(delivery, folder, options) {
        var shot = shotOf(delivery);
        var result = SemrenderAE.report.create("import", shot);
        var given = options || {};
        function run() {
            var empty = app.project.numItems === 0;
            var work = begin(result, delivery, folder, given, given.tracks || []);
            if (work === null) {
                return;
            }
            if (!work.dry) {
                SemrenderAE.project.colours(work, empty);
            }
            SemrenderAE.project.checkAdding(work);
            SemrenderAE.project.checkData(work);
            open(work);
            tellBefore(work);
            tellCopies(work);
            bringFootage(work);
            bringComps(work);
            if (!work.dry) {
                SemrenderAE.groups.grow(work);
            }
        }
        if (given.dry === true) {
            run();
            return result;
        }
        return inOneStep("Import " + shot.name, result, run);
    }

    /**
     * @param {any} delivery
     * @param {string} folder
     * @returns {Report}
     */
    function relink(delivery, folder) {
        var shot = shotOf(delivery);
        var result = SemrenderAE.report.create("relink", shot);
        return inOneStep("Relink " + shot.name, result, function () {
            var work = begin(result, delivery, folder, {take: SemrenderAE.takes.beside(delivery, shots())}, null);
            var i;
            if (work === null) {
                return;
            }
            open(work);
            result.action = "relink";
            for (i = 0; i < work.plan.layers.length; i += 1) {
                if (work.plan.layers[i].footage !== null) {
                    SemrenderAE.footage.bring(work, work.plan.layers[i].footage, false);
                }
            }
            SemrenderAE.comps.restoreTimes(work.shot);
            SemrenderAE.comps.restoreTimes(work.mattes);
        });
    }

    /** @returns {ShotEntry[]} */
    function shots() {
        return SemrenderAE.project.shotsIn(SemrenderAE.project.index());
    }

    /**
     * Whether a shot stays as it is when all are updated.
     * @param {string} uid @param {boolean} pinned @returns {boolean} False where the project has no such shot.
     */
    function pin(uid, pinned) {
        var known = SemrenderAE.project.first(SemrenderAE.project.index(), uid, CompItem);
        var tag = (known === null) ? null : known.tag;
        if (tag === null) {
            return false;
        }
        delete tag["pin"];
        if (pinned) {
            tag["pin"] = "1";
        }
        return inOneStep(pinned ? "Pin" : "Unpin", SemrenderAE.report.create("pin", shotOf(null)), function () {
            known.item.comment = SemrenderAE.tags.write(known.item.comment, tag);
        }).ok;
    }

    /** @returns {{uid: string, name: string, layer: string}[]} */
    function classMattes() {
        return SemrenderAE.mattes.list();
    }

    /** @param {string|string[]} uids @param {string} type @returns {Report} */
    function useClassMatte(uids, type) {
        var result = SemrenderAE.report.create("matte", shotOf(null));
        return inOneStep("Use class matte", result, function () {
            var comp = SemrenderAE.mattes.activeComp(); // before another is made, which may become it
            var uid = uids;
            if (uids instanceof Array) {
                uid = (uids.length > 1) ? SemrenderAE.groups.bring(result, uids) : String(uids[0]);
            }
            if (result.ok) {
                SemrenderAE.mattes.use(result, comp, String(uid), type || "ALPHA");
            }
        });
    }

    /** @param {string} uid @param {boolean} on @returns {Report} */
    function useProxies(uid, on) {
        var result = SemrenderAE.report.create("proxies", shotOf(null));
        return inOneStep(on ? "Use proxies" : "Use no proxies", result, function () {
            SemrenderAE.proxies.use(result, uid, on);
        });
    }

    /** @param {string} lower @param {string} upper @returns {Report} */
    function wipe(lower, upper) {
        var result = SemrenderAE.report.create("compare", shotOf(null));
        return inOneStep("Compare", result, function () {
            SemrenderAE.compare.wipe(result, lower, upper);
        });
    }

    /** @param {any} template @returns {Report} */
    function useTemplate(template) {
        var result = SemrenderAE.report.create("template", shotOf(null));
        return inOneStep("Normalised clip", result, function () {
            SemrenderAE.template.use(result, template);
        });
    }

    /** @returns {Report} */
    function putBack() {
        var result = SemrenderAE.report.create("template", shotOf(null));
        return inOneStep("Put back", result, function () {
            SemrenderAE.template.putBack(result);
        });
    }

    /** @returns {Report} */
    function pinJoints() {
        var result = SemrenderAE.report.create("pins", shotOf(null));
        return inOneStep("Pins to joints", result, function () {
            SemrenderAE.pins.use(result);
        });
    }

    /** @param {string} uid @returns {boolean} */
    function openComp(uid) {
        var known = SemrenderAE.project.first(SemrenderAE.project.index(), uid, CompItem);
        if (known === null) {
            return false;
        }
        /** @type {CompItem} */ (known.item).openInViewer();
        return true;
    }

    return {
        importDelivery: importDelivery, relink: relink, shots: shots, state: SemrenderAE.takes.state,
        home: SemrenderAE.takes.home, versions: SemrenderAE.takes.versions, pin: pin, classMattes: classMattes,
        useClassMatte: useClassMatte, wipe: wipe, useProxies: useProxies, useTemplate: useTemplate, putBack: putBack,
        pinJoints: pinJoints, openComp: openComp, hostFault: hostFault
    };
}());
