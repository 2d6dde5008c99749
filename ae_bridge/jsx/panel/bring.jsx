/*
 * Deliveries into the project: one or several, tried or done, beside or in place, with a palette that shows how far it is.
 */
SemrenderAE.bring = (function () {
    /** @type {Object<string, string>} What a report is of that is of no shot. */
    var NAMES = {template: "normalised clip", pins: "puppet pins"};

    /** What a report says, part by part. @param {any} report @param {boolean} dry */
    function linesOf(report, dry) {
        var parts = [["errors", "Not done"], ["warnings", "Look at"], ["kept", "Kept as you have it"],
            ["changed", dry ? "Would change" : "Changed"], ["added", dry ? "Would be added" : "Added"]];
        /** @type {string[]} */
        var lines = [];
        var list;
        var i;
        var k;
        for (i = 0; i < parts.length; i += 1) {
            list = report[parts[i][0]];
            if (list.length > 0) {
                lines.push(parts[i][1] + " (" + list.length + ")");
            }
            for (k = 0; k < list.length; k += 1) {
                lines.push("  " + list[k].words);
            }
        }
        return lines;
    }

    /** Reports as a text and a line. @param {any[]} reports @param {boolean} dry */
    function told(reports, dry) {
        var sums = {changed: 0, kept: 0, added: 0};
        /** @type {string[]} */
        var lines = [];
        var ok = true;
        var said;
        var begins;
        var i;
        for (i = 0; i < reports.length; i += 1) {
            ok = ok && reports[i].ok;
            sums.changed += reports[i].changed.length;
            sums.kept += reports[i].kept.length;
            sums.added += reports[i].added.length;
            said = linesOf(reports[i], dry);
            if (reports.length > 1) {
                lines.push((reports[i].shot.name || NAMES[reports[i].action] || "class matte") + " v" + reports[i].shot.version +
                    (said.length > 0 ? "" : ": up to date"));
            }
            lines = lines.concat(said);
        }
        begins = dry ? "Dry run: " : "Done: ";
        said = reports.length === 1 ? (reports[0].shot.name || NAMES[reports[0].action] || "class matte") : reports.length + " shots";
        return {
            text: lines.length > 0 ? lines.join("\n") : "Nothing to do: the project is up to date.",
            line: (ok ? begins : "With errors: ") + said + ", " + sums.changed + " changed, " +
                sums.kept + " kept, " + sums.added + " added"
        };
    }

    /** A window that shows how far an import is: After Effects stands still meanwhile. @param {number} count Of deliveries. */
    function palette(count) {
        /** @type {any} */
        var window = new Window("palette", "semrender", undefined, {closeButton: false});
        var words = window.add("statictext", undefined, "", {truncate: "end"});
        var bar = window.add("progressbar", undefined, 0, 100);
        words.preferredSize = [320, 16];
        bar.preferredSize = [320, 10];
        window.layout.layout(true);
        window.center();
        window.show();
        return {
            /** @param {number} at @param {string} name */
            progress: function (at, name) {
                return function (/** @type {number} */ done, /** @type {number} */ total, /** @type {string} */ what) {
                    bar.value = Math.round(100 * (at + (total > 0 ? done / total : 0)) / count);
                    words.text = name + ": " + what;
                    window.update();
                };
            },
            close: function () {
                window.close();
            }
        };
    }

    /** The report of a delivery that is not there. @param {any} entry */
    function missing(entry) {
        var report = SemrenderAE.report.create("import", {
            uid: entry.uid, name: entry.name, version: entry.version, previous: null
        });
        SemrenderAE.report.fail(report, "project", {uid: entry.uid, name: entry.name}, "",
            "No readable delivery.json in " + entry.folder + ". Use Relink... where the folder was moved.");
        return report;
    }

    /**
     * @param {any[]} entries @param {any} options Of the core's importDelivery.
     * @returns {any[]} A report each.
     */
    function bring(entries, options) {
        var shown = palette(entries.length);
        var reports = [];
        var delivery;
        var i;
        try {
            for (i = 0; i < entries.length; i += 1) {
                delivery = SemrenderAE.files.readJson(entries[i].folder + "/delivery.json");
                if (delivery === null) {
                    reports.push(missing(entries[i]));
                } else {
                    options.tracks = SemrenderAE.files.readTracks(delivery, entries[i].folder);
                    options.progress = shown.progress(i, entries[i].name);
                    reports.push(SemrenderAE.core.importDelivery(delivery, entries[i].folder, options));
                }
            }
        } finally {
            shown.close();
        }
        return reports;
    }

    return {bring: bring, told: told};
}());
