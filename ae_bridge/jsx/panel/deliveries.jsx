/*
 * What is done with deliveries: imported, tried, exchanged for others of the shot, chosen by hand, found again.
 */
SemrenderAE.deliveries = (function () {
    var work = SemrenderAE.work;
    var list = SemrenderAE.list;
    var files = SemrenderAE.files;
    var state = work.state;

    /** @param {any[]} entries @param {any} options */
    function bring(entries, options) {
        options.restoreDeleted = state.c.restore.value === true;
        options.sameShot = state.c.same.value === true;
        if (entries.length > 0) {
            work.show(SemrenderAE.bring.bring(entries, options), options.dry === true);
        }
    }

    /** The shot of the project that imports of a uid go to; null. @param {string} uid */
    function shotOf(uid) {
        var known = SemrenderAE.core.shots();
        var i;
        for (i = 0; i < known.length; i += 1) {
            if (known[i].uid === uid) {
                return known[i];
            }
        }
        return null;
    }

    /** The version or take before the one in the project, or after it. @param {boolean} older */
    function turn(older) {
        var shot = shotOf(list.one(state).uid);
        var there = shot === null ? null : SemrenderAE.core.versions(shot, state.entries);
        /** @type {any} */
        var next = null;
        if (there === null) {
            work.say("The shot is not in the project yet: Import it first.");
            return;
        }
        next = older ? there.down : there.up;
        if (next === null) {
            work.say("There is no " + (older ? "older" : "newer") + " version of it in the list.");
            return;
        }
        bring([next], {});
        list.choose(state, next.folder);
    }

    /** Where a chosen file or folder is, with /. @param {any} chosen */
    function plain(chosen) {
        return chosen.fsName.replace(/\\/g, "/");
    }

    /** A delivery that is in no list. */
    function open() {
        var chosen = /** @type {File} */ (File.openDialog("The delivery.json of a painted shot"));
        var folder;
        var delivery;
        if (chosen === null) {
            return;
        }
        folder = plain(chosen).slice(0, -"/delivery.json".length);
        delivery = (/\/delivery\.json$/).test(plain(chosen)) ? files.readJson(plain(chosen)) : null;
        if (delivery === null || !delivery.shot) {
            work.say("That is no delivery.json that can be read.");
            return;
        }
        state.opened.push(SemrenderAE.shots.entryOf(delivery, folder));
        state.c.find.text = "";
        work.refresh(false, false);
        list.choose(state, folder);
        bring([list.one(state)], {});
    }

    function relink() {
        var chosen = Folder.selectDialog("The folder that the delivery is in now");
        var folder;
        var delivery;
        var entry;
        if (chosen === null) {
            return;
        }
        folder = plain(chosen);
        delivery = files.readJson(folder + "/delivery.json");
        if (delivery === null || !delivery.shot) {
            work.say("No readable delivery.json in " + folder + ".");
            return;
        }
        entry = SemrenderAE.shots.entryOf(delivery, folder);
        if (SemrenderAE.core.home(entry, SemrenderAE.core.shots()) !== null) {
            work.show([SemrenderAE.core.relink(delivery, folder)], false);
            return;
        }
        state.opened.push(entry);
        work.refresh(false, false);
        list.choose(state, folder);
        work.say(delivery.shot.name + " is not in the project, so nothing can be relinked; Import brings it.");
    }

    function doubleClick() {
        var one = list.one(state);
        if (one !== null && !SemrenderAE.core.openComp(one.home === null ? one.uid : one.home.uid)) {
            work.say(one.name + " is not in the project yet: Import it first.");
        }
    }

    function watch() {
        var chosen = Folder.selectDialog("A shared folder with the index of what was painted there");
        var words;
        if (chosen !== null) {
            words = SemrenderAE.shots.watch(plain(chosen));
            work.refresh(true, false);
            work.say(words);
        }
    }

    function reveal() {
        new Folder(list.one(state).folder.replace(/%/g, "%25")).execute();
    }

    /** The shot of the project that a take is compared with: the one that others update, before those beside. @param {string} uid Of the shot. @param {string} not The take itself. */
    function partner(uid, not) {
        var known = SemrenderAE.core.shots();
        var found = "";
        var i;
        for (i = 0; i < known.length; i += 1) {
            if (known[i].uid !== not && (known[i].uid === uid || (found === "" && known[i].uid.indexOf(uid + "@") === 0))) {
                found = known[i].uid;
            }
        }
        return found;
    }

    /** The chosen take over the one in the project; where it is in none of its comps, it is imported beside first. */
    function wipe() {
        var one = list.one(state);
        var other;
        if (one.state !== "current" && one.state !== "new") {
            bring([one], {beside: true});
            one = list.one(state);
        }
        other = one.state === "current" ? partner(one.uid, one.home.uid) : "";
        if (other === "") {
            work.say("Import the shot, then choose another take of it, and Wipe.");
            return;
        }
        work.show([SemrenderAE.core.wipe(other, one.home.uid)], false);
    }

    /** Half-size pictures for the chosen shots, or their own. @param {boolean} on */
    function proxies(on) {
        var some = list.chosen(state);
        /** @type {any[]} */
        var reports = [];
        var report;
        var i;
        for (i = 0; i < some.length; i += 1) {
            if (some[i].home !== null) {
                report = SemrenderAE.core.useProxies(some[i].home.uid, on);
                report.shot.name = some[i].home.name;
                report.shot.version = some[i].home.version;
                reports.push(report);
            }
        }
        if (reports.length === 0) {
            work.say("Choose shots that are in the project.");
        } else {
            work.show(reports, false);
        }
    }

    /** The shot stays as it is when all are updated, or no longer. */
    function pin() {
        var one = list.one(state);
        var pinned = !one.home.pinned;
        SemrenderAE.core.pin(one.home.uid, pinned);
        work.refresh(false, false);
        work.say(one.name + (pinned ? " stays at this version." : " follows new versions."));
    }

    return {
        bring: bring, turn: turn, pin: pin, wipe: wipe, proxies: proxies, open: open, relink: relink, watch: watch, reveal: reveal, doubleClick: doubleClick
    };
}());
