/*
 * Files for the panel: the state folder, texts, deliveries. The only file of the panel that opens any.
 */
SemrenderAE.files = (function () {
    var MOST = 64 * 1024 * 1024;

    /** File decodes what it is given. @param {string} path */
    function at(path) {
        return new File(path.replace(/%/g, "%25"));
    }

    /** Where semrender keeps things; as shared/places.py says. */
    function home() {
        var chosen = $.getenv("SEMRENDER_HOME");
        var local = $.getenv("LOCALAPPDATA");
        if (chosen) {
            return chosen.replace(/\\/g, "/");
        }
        if ($.os.indexOf("Windows") !== -1 && local) {
            return local.replace(/\\/g, "/") + "/semrender";
        }
        return decodeURI(Folder.userData.absoluteURI) + "/semrender";
    }

    /** The object in a JSON file; null where there is none that can be read. @param {string} path */
    function readJson(path) {
        var file = at(path);
        var text;
        if (!file.exists || file.length > MOST) {
            return null;
        }
        file.encoding = "UTF-8";
        if (!file.open("r")) {
            return null;
        }
        text = file.read();
        file.close();
        try {
            return SemrenderAE.json.parse(text);
        } catch (e) {
            return null;
        }
    }

    /** The path of a file that the artist chooses, with /; "" for none. @param {string} title */
    function choose(title) {
        var chosen = /** @type {File} */ (File.openDialog(title));
        return chosen === null ? "" : chosen.fsName.replace(/\\/g, "/");
    }

    /** When a file was changed, in milliseconds; 0 where there is none. @param {string} path */
    function modified(path) {
        var file = at(path);
        return file.exists ? file.modified.getTime() : 0;
    }

    /** What the comp files of a delivery's tracks hold, null for one that cannot be read. @param {any} delivery @param {string} folder */
    function readTracks(delivery, folder) {
        var named = delivery.tracks || [];
        /** @type {any[]} */
        var found = [];
        var i;
        for (i = 0; i < named.length; i += 1) {
            found.push(readJson(folder + "/" + named[i].comp));
        }
        return found;
    }

    /** Found out by doing it: the preference has had several names. */
    function mayWrite() {
        var file = at(decodeURI(Folder.temp.absoluteURI) + "/semrender_probe.txt");
        var able = false;
        try {
            file.encoding = "UTF-8";
            if (file.open("w")) {
                file.write("semrender");
                file.close();
                able = file.length === 9;
            }
        } catch (e) {
            able = false;
        }
        try {
            file.close();
            file.remove();
        } catch (e2) {
            // What could not be written need not be removed.
        }
        return able;
    }

    /** What starts the server, written by ae_bridge/starter.py; "" where no server ever ran here. */
    function starter() {
        var path = home() + "/after_effects/start_server." + ($.os.indexOf("Windows") !== -1 ? "bat" : "command");
        return at(path).exists ? path : "";
    }

    return {
        at: at, home: home, choose: choose, readJson: readJson, modified: modified, readTracks: readTracks, mayWrite: mayWrite,
        starter: starter
    };
}());
