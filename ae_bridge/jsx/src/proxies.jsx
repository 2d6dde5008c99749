/*
 * Half-size pictures in place of the delivered ones, switched on and off for a shot. They lie in the folder proxy of the
 * delivery, under the same names; ae_bridge/proxies.py makes them, and a file that says of which delivery they are: a
 * later painting in the same place has none before they are made anew. Proxies that the artist has set are his.
 */
SemrenderAE.proxies = (function () {
    var tags = SemrenderAE.tags;
    var report = SemrenderAE.report;
    var FOLDER = "/proxy/";

    /** @param {any} file */
    function pathOf(file) {
        return file.fsName.replace(/\\/g, "/");
    }

    /** Where the half-size pictures of an item are, or "". @param {any} item @param {TagFields} tag */
    function placeOf(item, tag) {
        var relative = tags.unpack(String(tag["fp"]));
        var path = (item.file === null) ? "" : pathOf(item.file);
        return (tag["f0"] !== undefined && path.slice(-relative.length - 1) === "/" + relative) ?
            path.slice(0, -relative.length - 1) + FOLDER + relative : "";
    }

    /** Whether the proxy that is set is one of ours. @param {any} item @param {string} relative Of the delivered files. */
    function ours(item, relative) {
        var source = item.proxySource;
        return source instanceof FileSource && source.file !== null &&
            pathOf(source.file).slice(-FOLDER.length - relative.length) === FOLDER + relative;
    }

    /** @param {any} item @param {TagFields} tag @param {string} path */
    function set(item, tag, path) {
        item.setProxyWithSequence(new File(path.replace(/%/g, "%25")), false);
        item.proxySource.conformFrameRate = Number(tag["fps"]);
        if (item.proxySource.hasAlpha && tag["al"] !== undefined) {
            item.proxySource.alphaMode = AlphaMode[/** @type {"STRAIGHT"} */ (String(tag["al"]))];
        }
    }

    /**
     * Whether a place has half-size pictures, and those of this delivery.
     * @param {string} path @param {string} relative What of it the delivery says. @param {string} deliveryId
     */
    function exists(path, relative, deliveryId) {
        var said = path.slice(0, -relative.length) + "of_" + deliveryId.replace(/[^A-Za-z0-9_.\-]/g, "_");
        return path !== "" && new File(said.replace(/%/g, "%25")).exists &&
            new File(path.replace(/%/g, "%25")).exists;
    }

    /**
     * @param {Report} result @param {any} item @param {TagFields} tag @param {boolean} on
     * @param {string} deliveryId The one that the shot shows.
     * @returns {boolean} False where there is none.
     */
    function switchOne(result, item, tag, on, deliveryId) {
        var relative = tags.unpack(String(tag["fp"]));
        var path = placeOf(item, tag);
        var isOurs = ours(item, relative);
        if (item.proxySource !== null && !isOurs) {
            report.add(result.kept, "footage", {uid: tag.uid, name: item.name}, "files", item.name +
                " keeps the proxy that was set by hand.");
            return true;
        }
        if (on && !exists(path, relative, deliveryId)) {
            return false;
        }
        if (on && !isOurs) {
            set(item, tag, path);
        }
        if (item.useProxy !== on || (on && !isOurs)) {
            item.useProxy = on;
            report.add(result.changed, "footage", {uid: tag.uid, name: item.name}, "files", item.name +
                (on ? " shows its half-size pictures." : " shows its own pictures."));
        }
        return true;
    }

    /** @param {Report} result @param {string} uid Of a shot. @param {boolean} on */
    function use(result, uid, on) {
        var found = SemrenderAE.project.index();
        var comp = SemrenderAE.project.first(found, uid, CompItem);
        var deliveryId = (comp !== null) ? tags.unpack(String(comp.tag["d"])) : "";
        var missing = 0;
        var name;
        var known;
        for (name in found) {
            if (Object.prototype.hasOwnProperty.call(found, name) && name.indexOf("$" + uid + "/F/") === 0) {
                known = SemrenderAE.project.first(found, name.slice(1), FootageItem);
                if (known !== null && known.tag["f0"] !== undefined && !switchOne(result, known.item, known.tag, on, deliveryId)) {
                    missing += 1;
                }
            }
        }
        if (missing > 0) {
            report.add(result.warnings, "footage", {uid: uid, name: ""}, "files", missing +
                " sequences have no half-size pictures: `semrender ae proxies` with the delivery makes them.");
        }
    }

    /**
     * After an update: half-size pictures of the files before would show the painting before.
     * @param {Work} work @param {FootageItem} item @param {string} before What the files were, relative to the delivery.
     */
    function follow(work, item, before) {
        var one = /** @type {any} */ (item);
        var tag;
        var path;
        var on;
        if (one.proxySource === null || !ours(one, before)) {
            return;
        }
        tag = tags.read(item.comment);
        path = placeOf(one, tag);
        on = one.useProxy;
        if (!exists(path, tags.unpack(String(tag["fp"])), work.plan.deliveryId)) {
            one.setProxyToNone();
            report.add(work.report.warnings, "footage", {uid: tag.uid, name: item.name}, "files", item.name +
                " shows its own pictures now: the half-size ones were of the painting before.");
        } else if (pathOf(one.proxySource.file) !== path) {
            set(one, tag, path);
            one.useProxy = on;
        } else if (work.fresh) {
            one.proxySource.reload();
        }
    }

    return {use: use, follow: follow};
}());
