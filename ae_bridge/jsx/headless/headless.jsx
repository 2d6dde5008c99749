//@include "../src/core.jsx"
/*
 * A job without a person: import, save, write the result file, quit. Python appends the call with its data.
 * Nothing here may open a dialog; newProject and open would.
 */
SemrenderAE.headless = (function () {
    /** @param {string} path */
    function fileAt(path) {
        return new File(path.replace(/%/g, "%25")); // File decodes what it is given.
    }

    /** Whole under its final name: the runner looks for that. @param {string} path @param {string} text */
    function write(path, text) {
        var file = fileAt(path + ".tmp");
        file.encoding = "UTF-8";
        file.lineFeed = "Unix";
        if (!file.open("w")) {
            throw new Error("The result file cannot be opened: " + file.error);
        }
        file.write(text);
        file.close();
        file.rename(path.replace(/^.*\//, ""));
    }

    /** @param {string} words */
    function failed(words) {
        return {ok: false, errors: [{kind: "project", uid: "", name: "", field: "", words: words}]};
    }

    /** @param {any} job */
    function work(job) {
        var report;
        if (app.project.numItems > 0 || app.project.file !== null) {
            return failed("A project is open in this After Effects; it is left alone.");
        }
        report = SemrenderAE.core.importDelivery(job.delivery, job.folder, {tracks: job.tracks});
        if (report.ok) {
            app.project.save(fileAt(job.project));
        }
        return report;
    }

    /** quit: the instance is ours, whatever it has open. @param {any} job {delivery, folder, tracks, project, result, quit} */
    function run(job) {
        var mine = job.quit || (app.project.numItems === 0 && app.project.file === null); // else a person works in it
        var result;
        app.beginSuppressDialogs();
        try {
            try {
                result = work(job);
            } catch (e) {
                result = failed("After Effects stopped the work: " + e.message);
            }
            try {
                write(job.result, SemrenderAE.json.stringify(result));
            } catch (e2) {
                // Scripts may not write files. That there is no result says it; a message would wait for a person.
            }
            if (mine) {
                app.project.close(CloseOptions.DO_NOT_SAVE_CHANGES);
            }
            if (job.quit) {
                app.quit();
            }
        } finally {
            app.endSuppressDialogs(false);
        }
    }

    return {run: run};
}());
