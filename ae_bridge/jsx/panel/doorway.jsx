/*
 * The panel's line to the server: one request a connection, answered at once. The only file that opens a socket.
 */
SemrenderAE.doorway = (function () {
    /** @param {string} words */
    function failed(words) {
        return {ok: false, error: words};
    }

    /** @param {any} request Without the token. @returns {any} {ok, ...} or {ok: false, error}; never throws. */
    function ask(request) {
        var door = SemrenderAE.files.readJson(SemrenderAE.files.home() + "/after_effects/doorway.json");
        var socket;
        var line;
        if (door === null) {
            return failed("No server runs on this machine. Start it with Start Server.");
        }
        request.token = door.token;
        try {
            socket = new Socket();
            socket.timeout = 2; // seconds that the panel may stand still
            if (!socket.open("127.0.0.1:" + door.port, "BINARY")) {
                return failed("The server does not answer. Start it with Start Server.");
            }
            socket.write(SemrenderAE.json.stringify(request) + "\n");
            line = socket.readln();
            socket.close();
            return line ? SemrenderAE.json.parse(line) : failed("The server is busy; try again.");
        } catch (e) {
            return failed("The server could not be asked: " + e.message);
        }
    }

    return {ask: ask};
}());
