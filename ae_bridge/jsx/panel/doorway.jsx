/*
 * The panel's line to the server: one request a connection, answered at once. The only file that opens a socket.
 *
 * After Effects stands still while a socket waits, on Windows two seconds for a server that is gone. So a server shows
 * that it lives by touching the door's file, and one that does not is not asked; nor is one that has refused once, unless
 * the artist presses a button that needs it.
 */
SemrenderAE.doorway = (function () {
    var SILENT = 4; // beats after which the server is taken for dead
    var refused = ""; // token of the door that did not answer

    /** @param {string} words */
    function failed(words) {
        return {ok: false, error: words};
    }

    /** Why a door need not be tried; "". @param {any} door @param {number} modified @param {boolean} gently */
    function closed(door, modified, gently) {
        var silence;
        if (door === null) {
            return "No server runs on this machine. Start it with Start Server.";
        }
        silence = Math.round((new Date().getTime() - modified) / 1000);
        if (typeof door.beat === "number" && silence > SILENT * door.beat) {
            return "The server has given no sign of life for " + silence + " seconds. Start it with Start Server.";
        }
        return (gently && refused === door.token) ? "The server does not answer. Start it with Start Server." : "";
    }

    /**
     * @param {any} request Without the token.
     * @param {boolean} gently Nobody pressed a button for it: a server that did not answer before is left alone.
     * @returns {any} {ok, ...} or {ok: false, error}; never throws.
     */
    function ask(request, gently) {
        var path = SemrenderAE.files.home() + "/after_effects/doorway.json";
        var door = SemrenderAE.files.readJson(path);
        var fault = closed(door, SemrenderAE.files.modified(path), gently);
        var socket;
        var line;
        if (fault !== "") {
            return failed(fault);
        }
        request.token = door.token;
        try {
            socket = new Socket();
            socket.timeout = 2; // seconds that the panel may stand still
            if (!socket.open("127.0.0.1:" + door.port, "BINARY")) {
                refused = door.token;
                return failed("The server does not answer. Start it with Start Server.");
            }
            socket.write(SemrenderAE.json.stringify(request) + "\n");
            line = socket.readln();
            socket.close();
            refused = line ? "" : door.token;
            return line ? SemrenderAE.json.parse(line) : failed("The server is busy; try again.");
        } catch (e) {
            return failed("The server could not be asked: " + e.message);
        }
    }

    return {ask: ask};
}());
