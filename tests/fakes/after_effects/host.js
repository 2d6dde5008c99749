/*
 * One After Effects with an untitled project, for scripts in a realm of their own.
 *
 *     const host = new Host({version: 26, files: {"/shot/a.1001.png": {width: 64, height: 36, alpha: true}}});
 *     host.load("core.jsx", code);
 *     host.run("SemrenderAE.core.shots()", null, "script");
 *
 * A plugin is a function (host, define): it adds globals with define(name, value) before any script is loaded. That is
 * where windows, sockets and dialogs come from; a host without plugins has none, and calling alert is a violation.
 * As actor "artist" code may do what a person does: write without an undo group.
 */
"use strict";

const vm = require("vm");
const enums = require("./enums.js");
const files = require("./files.js");
const items = require("./items.js");
const layers = require("./layers.js");
const {MarkerValue} = require("./properties.js");
const strict = require("./strict.js");
const {makeRealm} = require("./realm.js");

const PREFERENCES = {
    write: true, // Allow Scripts to Write Files and Access Network
    saves: true, // else the disk refuses the project
    sequenceRate: 30, // Import > Sequence Footage
    stillSeconds: null, // Import > Still Footage; null is the length of the comp
    guessedAlpha: enums.ENUMS.AlphaMode.PREMULTIPLIED, // what Guess makes of unlabelled alpha
    madeCompIsActive: false, // whether a script's new comp is what the artist looks at: nobody says
    replaceKeepsRate: true, // and the loop; false for versions that nobody has measured
    footageCutsLayers: false, // for good, where the source becomes shorter; measured is: cut when it is asked for
    warnsOfExecuting: true, // Warn User When Executing Files
    pressesArrive: true, // at the window, before the click on a control in it
    refusalSeconds: 2, // how long a socket to a port where nobody listens holds everything up (Windows)
    // What a dialog of After Effects itself does to scheduled tasks: "error" is one message a tick, "kill" ends all
    // scripts of the session as soon as it opens where one is pending. null goes by the version: kill from 26.
    tasksInDialogs: null,
    noSpace: "None", // how a project without a working space names that; "" by the words of the guide
    profiles: ["sRGB IEC61966-2.1", "ACEScg"],
    // Values by match name: [default, ...range], null for arbitrary data.
    effects: {
        "Cryptomatte": {"Cryptomatte-0001": null, "Cryptomatte-0002": [1, 3]},
        "ADBE Slider Control": {"ADBE Slider Control-0001": [0, 100]},
        "ADBE Linear Wipe": {"ADBE Linear Wipe-0001": [0, 100], "ADBE Linear Wipe-0002": [0, 36000]},
    },
};

class Settings {
    static api = "haveSetting() getSetting() saveSetting()";
    static plain = true;
    saved = new Map();

    haveSetting(section, key) { return this.saved.has(`${section}\n${key}`); }
    getSetting(section, key) { return this.saved.get(`${section}\n${key}`); }
    saveSetting(section, key, value) {
        if (typeof value !== "string" || Buffer.byteLength(value, "utf8") > 1999) {
            throw new strict.Refusal("After Effects error: a setting is a string of at most 1999 bytes");
        }
        this.saved.set(`${section}\n${key}`, value);
    }
}

class App {
    static api = `version buildName isoLanguage project beginUndoGroup() endUndoGroup() beginSuppressDialogs()
        endSuppressDialogs() disableRendering= scheduleTask() cancelTask() settings executeCommand() newProject()
        open() quit() exitCode= onError= activate() activeViewer effects preferences`;
    static plain = true;

    constructor(host) {
        Object.assign(this, {host, isoLanguage: "de_DE", disableRendering: false, exitCode: 0, onError: null});
        this.project = new items.Project(host);
        this.settings = new Settings();
        this.buildName = "fake";
        this.activeViewer = null;
    }

    /** Made anew each time somebody asks: 41 seconds in 26.3. */
    get effects() {
        this.host.frozen = (this.host.frozen || 0) + 41;
        this.host.meanwhile = new Map(this.host.disk.files);
        return Object.keys(this.host.preferences.effects).map((matchName) => ({matchName, displayName: matchName}));
    }

    get preferences() { throw new strict.Refusal("After Effects error: the preference is not found"); } // 26.3

    get version() { return `${this.host.version.toFixed(1)}x1`; }

    beginUndoGroup(name) {
        strict.typed(this.host, name, "string", "beginUndoGroup");
        this.host.undoDepth += 1;
        if (this.host.undoDepth === 1) {
            this.host.undoSteps.push({name, writes: 0});
        }
    }

    endUndoGroup() {
        if (this.host.undoDepth === 0) {
            this.host.violate("Undo group mismatch: endUndoGroup without begin");
        }
        this.host.undoDepth -= 1;
    }

    beginSuppressDialogs() { this.host.suppressed += 1; }
    endSuppressDialogs(show) {
        strict.typed(this.host, show, "boolean", "endSuppressDialogs");
        if (this.host.suppressed === 0) {
            this.host.violate("endSuppressDialogs without begin");
        }
        this.host.suppressed -= 1;
    }

    scheduleTask(code, delay, repeat) {
        if (typeof code !== "string" || typeof delay !== "number" || typeof repeat !== "boolean") {
            this.host.violate("scheduleTask takes a string, milliseconds and a boolean");
        }
        const id = (this.host.lastTask += 1);
        this.host.tasks.set(id, {code, delay, repeat, due: this.host.now + delay});
        return id;
    }

    cancelTask(id) {
        if (!this.host.tasks.delete(id)) {
            throw new strict.Refusal("After Effects error: there is no such task");
        }
    }

    executeCommand(id) { this.host.commands.push(id); }
    newProject() { this.host.modal("newProject asks to save"); }
    open() { this.host.modal("open asks to save"); }
    quit() { this.host.hasQuit = true; }
    activate() {}
}

class Host {
    constructor({version = 26, windows = false, mayTouchFiles = false, preferences = {}, files: pictures = {},
        plugins = []} = {}) {
        Object.assign(this, {version, windows, mayTouchFiles});
        this.preferences = {...PREFERENCES, ...preferences};
        Object.assign(this, {
            lastId: 100, lastTask: 0, now: 0, undoDepth: 0, suppressed: 0, writes: 0, hasQuit: false, actor: "script",
            tasks: new Map(), calls: new Map(), folders: new Set(), kept: new WeakMap(), violations: [], undoSteps: [],
            reloads: [], executed: [], commands: [], asked: [], taskErrors: 0, frozen: 0, sockets: 0,
            dialog: false, broken: false,
        });
        this.realm = makeRealm();
        this.constructors = new Map();
        this.disk = new files.Disk(this);
        for (const [path, picture] of Object.entries(pictures)) {
            this.disk.put(path, picture);
        }
        this.app = new App(this);
        this.furnish(plugins);
    }

    furnish(plugins) {
        const host = this;
        const define = (name, value) => {
            this.realm.inside[name] = value;
        };
        const constructor = (name, type, make) => {
            const made = function (...given) {
                if (make === undefined) {
                    host.violate(`new ${name}()`);
                }
                return strict.expose(host, make(...given.map(strict.unwrap)));
            };
            made.prototype = {constructor: made};
            define(name, made);
            this.constructors.set(type, made);
        };
        define("app", strict.expose(this, this.app));
        Object.keys(enums.ENUMS).forEach((name) => define(name, enums.exposeEnum(this, name)));
        constructor("File", files.File, (path) => new files.File(this, path));
        constructor("Folder", files.Folder, (path) => new files.Folder(this, path));
        constructor("ImportOptions", items.ImportOptions, (file) => new items.ImportOptions(this, file));
        constructor("MarkerValue", MarkerValue, (...texts) => new MarkerValue(this, ...texts));
        for (const name of ["CompItem", "FileSource", "FolderItem", "FootageItem", "PlaceholderSource", "SolidSource"]) {
            constructor(name, items[name]);
        }
        for (const name of ["AVLayer", "CameraLayer", "TextLayer", "ShapeLayer"]) {
            constructor(name, layers[name]);
        }
        ["LightLayer", "Layer", "PropertyBase"].forEach((name) => constructor(name, name));
        ["alert", "confirm", "prompt"].forEach((name) => define(name, () => this.modal(name)));
        plugins.forEach((plugin) => plugin(this, define));
    }

    prototypeOf(type) {
        const found = this.constructors.get(type);
        return found === undefined ? this.realm.inside.Object.prototype : found.prototype;
    }

    /** A mistake of the script: noted, so that catching it does not hide it. */
    violate(words) {
        this.violations.push(words);
        throw new Error(words);
    }

    /** A window that waits for a person. */
    modal(words) { this.violate(`a dialog would block After Effects: ${words}`); }

    /** After Effects asks the person each time, unless that was switched off; here the answer is yes. */
    execute(place) {
        if (this.preferences.warnsOfExecuting) {
            this.asked.push(place);
        }
        this.executed.push(place);
    }

    count(what) { this.calls.set(what, (this.calls.get(what) || 0) + 1); }

    writing(what) {
        if (this.actor === "artist") {
            return;
        }
        if (this.undoDepth === 0) {
            this.violate(`${what} outside an undo group`);
        }
        this.writes += 1;
        this.undoSteps[this.undoSteps.length - 1].writes += 1;
    }

    numbered(list, at, what) {
        if (!Number.isInteger(at) || at < 1 || at > list.length) {
            this.violate(`${what}(${at}): the index runs from 1 to ${list.length}`);
        }
        return list[at - 1];
    }

    once(owner, key, make) {
        const made = this.kept.get(owner) || {};
        this.kept.set(owner, made);
        made[key] = made[key] || make();
        return made[key];
    }

    array(list) {
        const made = this.realm.inside.Array();
        list.forEach((one, i) => {
            made[i] = one;
        });
        return made;
    }

    object(fields) { return Object.assign(new this.realm.inside.Object(), fields); }

    date(milliseconds) { return new this.realm.inside.Date(milliseconds); }

    load(name, code) { return vm.runInContext(code, this.realm.context, {filename: name}); }

    /** The value of a script, its violations, and how many host calls and writes it took. */
    run(code, input, actor) {
        const from = this.violations.length;
        this.calls = new Map();
        this.writes = 0;
        this.actor = actor;
        this.realm.inside.input = this.realm.parseInside(JSON.stringify(input === undefined ? null : input));
        const answer = {};
        if (actor === "script" && (this.dialog || this.broken)) {
            return {error: "Cannot run a script while a modal dialog is waiting for response", violations: []};
        }
        try {
            const value = this.load(actor, code);
            answer.value = value === undefined ? null : JSON.parse(JSON.stringify(value));
        } catch (error) {
            answer.error = String(error && error.message);
            answer.at = String(error && error.stack);
            answer.alert = this.suppressed === 0; // a message that waits for a person
        }
        this.settle();
        return {
            ...answer, violations: this.violations.slice(from), writes: this.writes,
            calls: [...this.calls.values()].reduce((a, b) => a + b, 0), byMember: Object.fromEntries(this.calls),
        };
    }

    /** What a script may not leave behind. */
    settle() {
        if (this.undoDepth !== 0) {
            this.violations.push("Undo group mismatch: a group was left open");
        }
        if (this.suppressed !== 0) {
            this.violations.push("dialogs were left suppressed");
        }
        if (this.app.disableRendering) {
            this.violations.push("rendering was left off");
        }
        Object.assign(this, {undoDepth: 0, suppressed: 0});
        this.app.disableRendering = false;
    }

    /** The artist opens a dialog of After Effects (composition settings, preferences), or closes it. */
    setDialog(open) {
        const mood = this.preferences.tasksInDialogs || (this.version >= 26 ? "kill" : "error");
        this.dialog = open;
        if (open && mood === "kill" && this.tasks.size > 0) {
            this.tasks.clear();
            this.broken = true;
        }
    }

    /** Whether a task that is due may run; in a dialog it ends in a message. */
    mayTick() {
        this.taskErrors += this.dialog ? 1 : 0;
        return !this.dialog && !this.broken;
    }

    /** Lets time pass: scheduled tasks run as After Effects runs them, each as a script of its own. */
    advance(milliseconds) {
        const end = this.now + milliseconds;
        for (;;) {
            const due = [...this.tasks].filter(([, task]) => task.due <= end).sort((a, b) => a[1].due - b[1].due)[0];
            if (due === undefined) {
                break;
            }
            const [id, task] = due;
            this.now = task.due;
            task.due += task.delay;
            if (!task.repeat) {
                this.tasks.delete(id);
            }
            const done = this.mayTick() ? this.run(task.code, null, "script") : {};
            if (done.error) {
                this.violations.push(`a scheduled task threw: ${done.error}`);
            }
        }
        this.now = end;
    }
}

module.exports = {Host};
