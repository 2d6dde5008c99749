/*
 * Which delivery is in the project, which others there are of the shot, and one beside another: in a comp of its own,
 * which has the uid of the shot with @ and the take.
 */
SemrenderAE.takes = (function () {
    var tags = SemrenderAE.tags;

    /** What a folder of a delivery is called beside others of the shot. @param {string} folder @param {number} version */
    function takeOf(folder, version) {
        var found = /_take([0-9]+)\/*$/.exec(folder);
        return (found !== null) ? "take" + found[1] : "v" + ("000" + version).slice(-Math.max(3, String(version).length));
    }

    /**
     * A copy in which every uid of the shot is one of the take.
     * @param {any} value @param {string} name Of the key it stands under. @param {string} from @param {string} to
     * @returns {any}
     */
    function renamed(value, name, from, to) {
        /** @type {any} */
        var copy;
        var key;
        if (typeof value === "string") {
            return (/^(uid|parent|layer)$/.test(name) && (value === from || value.indexOf(from + "/") === 0)) ?
                to + value.slice(from.length) : value;
        }
        if (value === null || typeof value !== "object") {
            return value;
        }
        copy = (value instanceof Array) ? [] : {};
        for (key in value) {
            if (Object.prototype.hasOwnProperty.call(value, key)) {
                copy[key] = renamed(value[key], key, from, to);
            }
        }
        return copy;
    }

    /**
     * A delivery, and what its comp files hold, as a shot of their own: SH020_take002.
     * @param {any} delivery One without fault. @param {any[]} tracks @param {string} take
     * @returns {{delivery: any, tracks: any[]}}
     */
    function apart(delivery, tracks, take) {
        var from = delivery.shot.uid;
        var made = renamed(delivery, "", from, from + "@" + take);
        made.shot.name += "_" + take;
        return {delivery: made, tracks: renamed(tracks, "", from, from + "@" + take)};
    }

    /**
     * The name of a take beside others: that of its folder, with a number where somebody else's folder is called so.
     * @param {Object<string, TaggedItem[]>} found @param {any} delivery @param {string} folder
     */
    function nameFor(found, delivery, folder) {
        var take = takeOf(folder, delivery.shot.version);
        var name = take;
        var number = 1;
        var known = SemrenderAE.project.first(found, delivery.shot.uid + "@" + name, CompItem);
        while (known !== null && known.tag["d"] !== tags.pack(delivery.delivery_id) &&
                !samePlace(folderOf(found, delivery.shot.uid + "@" + name), folder)) {
            number += 1;
            name = take + "_" + number;
            known = SemrenderAE.project.first(found, delivery.shot.uid + "@" + name, CompItem);
        }
        return name;
    }

    /** @param {string} before "" where nothing tells. @param {string} folder */
    function samePlace(before, folder) {
        return before === "" || before.toLowerCase() === folder.replace(/\/+$/, "").toLowerCase();
    }

    /**
     * The take beside that shows a delivery, as its uid has it; "" where it is not one beside.
     * @param {any} delivery @param {ShotEntry[]} known
     */
    function beside(delivery, known) {
        var uid = (delivery && delivery.shot) ? String(delivery.shot.uid) : "";
        var entry = /** @type {any} */ ({uid: uid, deliveryId: delivery ? delivery.delivery_id : ""});
        var at = home(entry, known);
        return (at === null || at.uid === uid) ? "" : at.uid.slice(uid.length + 1);
    }

    /** Whether a shot of the project is that of a delivery, or a take of it beside. @param {string} known @param {string} uid */
    function isOf(known, uid) {
        return known === uid || known.indexOf(uid + "@") === 0;
    }

    /**
     * The shot of the project that shows a delivery: the one whose delivery it is, else that which an import would update.
     * @param {Entry} entry @param {ShotEntry[]} known
     * @returns {ShotEntry} Null where there is none.
     */
    function home(entry, known) {
        /** @type {ShotEntry} */
        var found = null;
        var i;
        for (i = 0; i < known.length; i += 1) {
            if (isOf(known[i].uid, entry.uid) && known[i].deliveryId === entry.deliveryId) {
                return known[i];
            }
            found = (known[i].uid === entry.uid) ? known[i] : found;
        }
        return found;
    }

    /** An id of a delivery begins with the time at which it was made. @param {string} id @param {string} other */
    function madeBefore(id, other) {
        var time = /^\d{4}-\d\d-\d\dT\d\d.\d\d.\d\d/;
        return time.test(id) && time.test(other) && id.slice(0, 19) < other.slice(0, 19);
    }

    /** @param {Entry} entry @param {ShotEntry[]} known @returns {string} */
    function state(entry, known) {
        var at = home(entry, known);
        if (at === null) {
            return "new";
        }
        if (at.deliveryId === entry.deliveryId) {
            return "current";
        }
        if (at.version !== entry.version) {
            return (at.version < entry.version) ? "update" : "older";
        }
        return madeBefore(entry.deliveryId, at.deliveryId) ? "take" : "changed";
    }

    /** @param {Entry} a @param {Entry} b */
    function byAge(a, b) {
        if (a.version !== b.version) {
            return a.version - b.version;
        }
        if (String(a.created) === String(b.created)) {
            return 0;
        }
        return (String(a.created) < String(b.created)) ? -1 : 1;
    }

    /**
     * What there is of a shot, oldest first, and what lies above and below the one that the project shows.
     * @param {ShotEntry} shot @param {Entry[]} entries
     * @returns {{list: Entry[], at: number, up: Entry, down: Entry}}
     */
    function versions(shot, entries) {
        var uid = shot.uid.replace(/@[^\/@]*$/, "");
        /** @type {Entry[]} */
        var list = [];
        var at = -1;
        var i;
        for (i = 0; i < entries.length; i += 1) {
            if (entries[i].uid === uid) {
                list.push(entries[i]);
            }
        }
        list.sort(byAge);
        for (i = 0; i < list.length; i += 1) {
            at = (list[i].deliveryId === shot.deliveryId) ? i : at;
        }
        return {
            list: list, at: at, up: (at >= 0 && at + 1 < list.length) ? list[at + 1] : null, down: (at > 0) ? list[at - 1] : null
        };
    }

    /** @param {string} path */
    function parentOf(path) {
        return path.replace(/\/+$/, "").replace(/\/[^\/]*$/, "").toLowerCase();
    }

    /**
     * The folder that a shot of the project was imported from, by its footage; "" where nothing tells.
     * @param {Object<string, TaggedItem[]>} found @param {string} uid
     */
    function folderOf(found, uid) {
        var name;
        var known;
        var file;
        var path;
        for (name in found) {
            if (Object.prototype.hasOwnProperty.call(found, name) && name.indexOf("$" + uid + "/F/") === 0) {
                known = found[name][0];
                file = (known.item instanceof FootageItem) ? known.item.file : null;
                path = (file === null) ? "" : file.fsName.replace(/\\/g, "/");
                file = "/" + tags.unpack(String(known.tag["fp"]));
                if (path.slice(-file.length) === file) {
                    return path.slice(0, -file.length);
                }
            }
        }
        return "";
    }

    /**
     * Why a delivery may be of another shot than the one of its uid in the project, in words, or "". A uid that names
     * the project and the sequence is believed; another is not, where the delivery comes from elsewhere than beside the
     * last one and is not that one itself.
     * @param {Work} work
     */
    function elsewhere(work) {
        var known = SemrenderAE.project.first(work.found, work.plan.uid, CompItem);
        var same = known !== null && known.tag["d"] === tags.pack(work.plan.deliveryId);
        var before = (same || work.plan.uid.split("/").length > 2) ? "" : folderOf(work.found, work.plan.uid);
        if (before === "" || parentOf(before) === parentOf(work.folder)) {
            return "";
        }
        return "The project has a shot " + work.plan.name + " from " + before + ", and this one is from " + work.folder +
            ": two shots of one name are kept apart. If it is the same, say so; if not, import it beside, or give both a " +
            "project and a sequence and deliver them again.";
    }

    /**
     * A new shot that the project may have by a uid of before, which was the name alone: in words, or "".
     * @param {Work} work
     */
    function ofBefore(work) {
        var name = work.plan.uid.slice(work.plan.uid.lastIndexOf("/") + 1);
        var folder = (name === work.plan.uid) ? "" : folderOf(work.found, name);
        if (folder === "" || parentOf(folder) !== parentOf(work.folder)) {
            return "";
        }
        return "The project has a shot " + work.plan.name + " from " + folder + " that knew neither project nor sequence: " +
            "this one is apart from it. What you did there stays there.";
    }

    return {
        ofBefore: ofBefore, apart: apart, beside: beside, nameFor: nameFor, home: home, state: state, versions: versions, elsewhere: elsewhere
    };
}());
