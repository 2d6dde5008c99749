/*
 * The painting that is on its way: asked for, looked after at each click, shown at its end. Which it is stands in the
 * settings of After Effects, so that it is found again after a restart.
 */
SemrenderAE.paint = (function () {
    var SECTION = "semrender";
    var PATIENCE = 3; // looks without an answer, then the panel stops asking for a painting
    /** @type {{[state: string]: string}} */
    var ENDS = {done: "Painted.", cancelled: "Painting has been cancelled.", failed: "Painting has failed: "};

    /** @param {string} key */
    function setting(key) {
        return app.settings.haveSetting(SECTION, key) ? app.settings.getSetting(SECTION, key) : "";
    }

    /** The id of the painting, "" for none. */
    function job() {
        return setting("job");
    }

    /** @param {string} id "" when nothing is painted any more. @param {string} shown Name of the preview that it makes, "" of a take. */
    function remember(id, shown) {
        app.settings.saveSetting(SECTION, "job", id);
        app.settings.saveSetting(SECTION, "preview", shown);
    }

    /** @param {any} state */
    function forget(state) {
        remember("", "");
        state.unanswered = 0;
    }

    /**
     * @param {any} state @param {any} entry @param {boolean} preview
     * @returns {string} What to say.
     */
    function start(state, entry, preview) {
        /** @type {any} */
        var request;
        var answer;
        try {
            request = SemrenderAE.again.request(state, entry.folder);
        } catch (e) {
            return e.message;
        }
        if (preview) {
            request.frame = SemrenderAE.frames.current(entry.uid, state.delivery, state.looked["$" + entry.uid] || 0);
            state.looked["$" + entry.uid] = request.frame;
        }
        answer = SemrenderAE.doorway.ask(request, false);
        if (!answer.ok) {
            return answer.error;
        }
        state.unanswered = 0;
        remember(answer.job, preview ? SemrenderAE.shots.label(entry) + " preview " + request.frame : "");
        state.c.bar.value = 0;
        return preview ? "Painting frame " + request.frame + "; click here to see it." : "Painting; a click here says how far.";
    }

    /** No answer about the painting. @param {any} state @param {string} words */
    function unanswered(state, words) {
        state.unanswered += 1;
        if (words.indexOf("know that job") !== -1) {
            forget(state);
            return words;
        }
        if (state.unanswered >= PATIENCE) {
            forget(state);
            return words + " It is not followed any more; what the server finishes appears in the list.";
        }
        return words;
    }

    /** @param {number} seconds */
    function time(seconds) {
        return seconds < 90 ? Math.max(1, Math.round(seconds)) + " s" : Math.round(seconds / 60) + " min";
    }

    /** A painting that goes on, by this machine or several, in words. @param {any} answer */
    function progress(answer) {
        var said = "Painting: " + answer.done + " of " + answer.total + " frames";
        var machines = answer.machines || {painting: 0, words: []}; // a server of before does not say
        if (answer.state === "paused") {
            return "Paused: " + answer.done + " of " + answer.total + " frames. " + (answer.paused === "asked" ? "" : answer.paused);
        }
        if (machines.painting > 0) {
            said += " on " + machines.painting + (machines.painting === 1 ? " machine" : " machines");
        }
        if (typeof answer.left === "number") {
            said += ", about " + time(answer.left) + " left";
        }
        return [said].concat(machines.words).join(". ");
    }

    /** How far the painting is; shows a preview that is finished. @param {any} state @returns {string} What to say, "" for nothing. */
    function follow(state) {
        var shown = setting("preview");
        var answer;
        if (job() === "") {
            return "";
        }
        answer = SemrenderAE.doorway.ask({verb: "progress", job: job()}, true);
        if (!answer.ok) {
            return unanswered(state, answer.error);
        }
        state.c.bar.value = answer.total > 0 ? Math.round(100 * answer.done / answer.total) : 0;
        if (answer.state !== "done" && answer.state !== "failed" && answer.state !== "cancelled") {
            state.unanswered = 0;
            if (answer.looks) {
                return "Looking at the frames: " + answer.looks.done + " of " + answer.looks.total;
            }
            return progress(answer);
        }
        if (answer.state === "done" && shown !== "") {
            if (!SemrenderAE.files.at(answer.preview).exists) { // a share may be late
                return unanswered(state, "The picture is not there yet: " + answer.preview);
            }
            SemrenderAE.preview.show(answer.preview, shown);
        }
        forget(state);
        return ENDS[answer.state] + answer.error;
    }

    /** @param {any} state @returns {string} What to say. */
    function cancel(state) {
        var answer = SemrenderAE.doorway.ask({verb: "cancel", job: job()}, false);
        return answer.ok ? "Cancelling ..." : unanswered(state, answer.error);
    }

    return {job: job, start: start, follow: follow, cancel: cancel};
}());
