/*
 * The deliveries that the panel knows: those of this machine, of watched shared folders, and those chosen by hand. Plain
 * data; no control is touched here.
 */
SemrenderAE.shots = (function () {
    var SECTION = "semrender";
    var INDEX = "semrender_index.json";
    var SLOW = 1500; // milliseconds; a folder that took longer is read again on Refresh alone
    var PAUSE = 20000; // milliseconds between two looks into the shared folders
    /** @type {{[state: string]: string}} */
    var STATES = {
        "new": "New", "current": "In project", "update": "Update", "older": "Older version", "changed": "New take",
        "take": "Other take"
    };

    function now() {
        return new Date().getTime();
    }

    /** @param {string} path */
    function tidy(path) {
        return path.replace(/\\/g, "/").replace(/\/+$/, "");
    }

    /** The folders watched by this panel's own settings. */
    function ownFolders() {
        var text = app.settings.haveSetting(SECTION, "folders") ? app.settings.getSetting(SECTION, "folders") : "";
        return text === "" ? [] : text.split("\n");
    }

    /**
     * Watches a folder, or no longer where it was watched.
     * @param {string} folder @returns {string} What was done, in words.
     */
    function watch(folder) {
        var had = ownFolders();
        /** @type {string[]} */
        var kept = [];
        var i;
        for (i = 0; i < had.length; i += 1) {
            if (had[i] !== tidy(folder)) {
                kept.push(had[i]);
            }
        }
        if (kept.length === had.length) {
            kept.push(tidy(folder));
        }
        try {
            app.settings.saveSetting(SECTION, "folders", kept.join("\n"));
        } catch (e) {
            return "After Effects keeps no more folders: " + e.message;
        }
        if (kept.length < had.length) {
            return tidy(folder) + " is not watched any more.";
        }
        return SemrenderAE.files.readJson(tidy(folder) + "/" + INDEX) === null ?
            "Watching " + tidy(folder) + "; it has no " + INDEX + " yet." : "Watching " + tidy(folder) + ".";
    }

    /** All watched folders: those of the installation, then those of the panel. */
    function folders() {
        var told = SemrenderAE.files.readJson(SemrenderAE.files.home() + "/after_effects/watched.json");
        var list = (told === null || !told.folders) ? [] : told.folders;
        return list.concat(ownFolders());
    }

    /** The entries of an index; those of a shared one are relative to its folder. @param {any} index @param {string} base */
    function entriesOf(index, base) {
        /** @type {any[]} */
        var found = [];
        var list = (index === null || !index.entries) ? [] : index.entries;
        var one;
        var i;
        for (i = 0; i < list.length; i += 1) {
            one = list[i];
            if (one && typeof one.uid === "string" && typeof one.folder === "string") {
                found.push({
                    uid: one.uid, name: String(one.name), version: Number(one.version), by: String(one.by || ""),
                    deliveryId: String(one.deliveryId), created: String(one.created), state: "new", home: null,
                    folder: (/^([A-Za-z]:)?\//).test(tidy(one.folder)) ? tidy(one.folder) : base + "/" + tidy(one.folder)
                });
            }
        }
        return found;
    }

    /**
     * The entries of the watched folders; read again when asked for, else now and then, and slow ones not at all.
     * @param {any} memory The panel's: what each folder had. @param {boolean} again
     */
    function shared(memory, again) {
        var list = folders();
        /** @type {any[]} */
        var found = [];
        var began;
        var known;
        var i;
        for (i = 0; i < list.length; i += 1) {
            known = memory["$" + list[i]];
            began = now();
            if (known === undefined || again || (!known.slow && began - known.at > PAUSE)) {
                known = {
                    entries: entriesOf(SemrenderAE.files.readJson(tidy(list[i]) + "/" + INDEX), tidy(list[i])),
                    at: now(), slow: now() - began > SLOW
                };
                memory["$" + list[i]] = known;
            }
            found = found.concat(known.entries);
        }
        return found;
    }

    /** @param {any} a @param {any} b */
    function newestFirst(a, b) {
        if (a.created !== b.created) {
            return a.created < b.created ? 1 : -1;
        }
        return a.folder < b.folder ? 1 : -1;
    }

    /**
     * All entries, newest first, each folder once.
     * @param {any} memory @param {any[]} opened Those chosen by hand. @param {boolean} again
     */
    function all(memory, opened, again) {
        var inbox = SemrenderAE.files.readJson(SemrenderAE.files.home() + "/after_effects/inbox/index.json");
        var list = entriesOf(inbox, "").concat(shared(memory, again), opened);
        /** @type {any} */
        var seen = {};
        /** @type {any[]} */
        var found = [];
        var i;
        for (i = 0; i < list.length; i += 1) {
            if (seen["$" + list[i].folder] === undefined) {
                seen["$" + list[i].folder] = true;
                found.push(list[i]);
            }
        }
        return found.sort(newestFirst);
    }

    /** The entry of a delivery that was chosen by hand. @param {any} delivery @param {string} folder */
    function entryOf(delivery, folder) {
        return entriesOf({entries: [{
            uid: delivery.shot.uid, name: delivery.shot.name, version: delivery.shot.version, folder: folder,
            deliveryId: delivery.delivery_id, created: delivery.created
        }]}, "")[0];
    }

    /** "sq010 / sh010 take 2": two sequences may have a shot of one name. @param {any} entry */
    function label(entry) {
        var parts = entry.uid.split("/");
        var take = (/_take0*(\d+)$/).exec(entry.folder);
        return (parts.length > 2 ? SemrenderAE.tags.unpack(parts[parts.length - 2]) + " / " : "") + entry.name +
            (take === null ? "" : " take " + take[1]);
    }

    /** @param {any} entry */
    function versionOf(entry) {
        return "v" + ("000" + entry.version).slice(-Math.max(3, String(entry.version).length));
    }

    /** In words. @param {any} entry */
    function stateOf(entry) {
        return (entry.state === "current" && entry.home !== null && entry.home.pinned) ? "Pinned" : STATES[entry.state];
    }

    /** Those that have all the words. @param {any[]} entries @param {string} text */
    function matching(entries, text) {
        var wanted = text.toLowerCase().split(" ");
        /** @type {any[]} */
        var found = [];
        var words;
        var fits;
        var i;
        var k;
        for (i = 0; i < entries.length; i += 1) {
            words = [label(entries[i]), entries[i].uid, entries[i].folder, entries[i].by, versionOf(entries[i]),
                stateOf(entries[i])].join(" ").toLowerCase();
            fits = true;
            for (k = 0; k < wanted.length; k += 1) {
                fits = fits && words.indexOf(wanted[k]) !== -1;
            }
            if (fits) {
                found.push(entries[i]);
            }
        }
        return found;
    }

    /** The newest version of each shot that the project has an older one of, but for pinned ones. @param {any[]} entries Newest first. */
    function outdated(entries) {
        /** @type {any} */
        var seen = {};
        /** @type {any[]} */
        var found = [];
        var i;
        for (i = 0; i < entries.length; i += 1) {
            if (entries[i].state === "update" && !entries[i].home.pinned && seen["$" + entries[i].uid] === undefined) {
                seen["$" + entries[i].uid] = true;
                found.push(entries[i]);
            }
        }
        return found;
    }

    return {
        stateOf: stateOf, all: all, watch: watch, entryOf: entryOf, label: label, versionOf: versionOf, matching: matching,
        outdated: outdated
    };
}());
