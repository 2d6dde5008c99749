#!/usr/bin/env node
/*
 * AfterFX as a program, with the habits of the real one: -m -noui -r SCRIPT, a quoted path or one with a space runs
 * nothing and exits at once, the exit code says nothing, and it stays open until a script quits it. Where it was killed
 * (FAKE_AFTERFX_STATE, a folder, remembers) the next start asks whether to repair: once.
 * FAKE_AFTERFX chooses a bad day: "hang" (also: a modal dialog waits), "crash", "lingers" (does not quit), "readonly"
 * (scripts may not write files: what then throws is a message that waits, unless dialogs are suppressed), "slow".
 * As an application of macOS (osascript.js) it is started with --apple SCRIPT; with FAKE_ARTIST, "empty" or "busy", the
 * script comes into the instance of a person.
 * The script runs in the strict fake; what it writes is then on the real disk.
 */
"use strict";

const fs = require("fs");
const path = require("path");
const {Host} = require("./host.js");

const mood = process.env.FAKE_AFTERFX || "";
const artist = process.env.FAKE_ARTIST || "";
const state = process.env.FAKE_AFTERFX_STATE;
const marker = path.join(state, "running");
const wait = () => setInterval(() => {}, 1000);

function walk(folder, found = {}) {
    for (const entry of fs.readdirSync(folder, {withFileTypes: true})) {
        const file = path.posix.join(folder, entry.name);
        if (entry.isDirectory()) {
            walk(file, found);
        } else if (/\.(png|exr)$/.test(entry.name)) {
            found[file] = {width: 64, height: 36, alpha: true};
        }
    }
    return found;
}

function work(script) {
    const text = fs.readFileSync(script, "ascii");
    const folder = /"folder": "([^"]*)"/.exec(text)[1];
    const preferences = {write: mood !== "readonly"};
    const host = new Host({mayTouchFiles: true, windows: false, preferences, files: walk(folder)});
    if (artist === "busy") {
        host.run("app.project.items.addFolder(\"a day's work\")", null, "artist");
    }
    const done = host.run(text, null, "script");
    for (const [name, content] of host.disk.files) {
        if (content.text !== undefined && content.text !== "") {
            fs.writeFileSync(name, content.text);
        }
    }
    fs.writeFileSync(`${folder}/fake.json`, JSON.stringify({...done, saved: host.project.saved, quit: host.hasQuit}));
    if (!done.alert) { // an error message waits for a person
        fs.writeFileSync(path.join(state, "answered"), "");
    }
    if (artist || (host.hasQuit && mood !== "lingers")) {
        fs.rmSync(marker, {force: true});
        process.exit(0);
    }
    wait();
}

function start(script) {
    if (mood === "hang" || fs.existsSync(marker)) {
        fs.rmSync(marker, {force: true});
        return wait();
    }
    fs.writeFileSync(marker, "");
    return mood === "slow" ? setTimeout(() => work(script), 1500) : work(script);
}

const [own, noui, flag, script, ...more] = process.argv.slice(2);
if (own === "--apple") {
    start(noui);
} else if (own !== "-m" || noui !== "-noui" || flag !== "-r" || more.length > 0 || /["' ]/.test(script)) {
    process.exit(0);
} else if (mood === "crash") {
    process.exit(3);
} else {
    start(script);
}
