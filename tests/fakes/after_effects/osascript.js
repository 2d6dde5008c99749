#!/usr/bin/env node
/*
 * osascript, as far as After Effects is told a script by it: `tell application "PATH" to DoScriptFile "FILE"`, within
 * `with timeout of N seconds` or without. The application is started where it does not run, and works on when osascript
 * has given up. FAKE_OSASCRIPT chooses: "not_allowed" (Automation is switched off for who asks),
 * "gives_up" (sooner than it was told).
 * FAKE_APPLE_SECONDS is what an Apple event is waited for by default, two minutes in a real one.
 */
"use strict";

const fs = require("fs");
const path = require("path");
const {spawn} = require("child_process");

const lines = process.argv.slice(2).filter((_, at) => at % 2 === 1).join("\n");
const [, application, script] = /tell application "([^"]+)" to DoScriptFile "([^"]+)"/.exec(lines);
const within = /^with timeout of (\d+) seconds?$[^]*^end timeout$/m.exec(lines);
const seconds = process.env.FAKE_OSASCRIPT === "gives_up" ? 0.1 : within ? Number(within[1]) : Number(process.env.FAKE_APPLE_SECONDS || 120);
const answered = path.join(process.env.FAKE_AFTERFX_STATE, "answered");

function fail(words) {
    process.stderr.write(`0:1: execution error: ${words}\n`);
    process.exit(1);
}

const name = path.basename(application, ".app");
if (process.env.FAKE_OSASCRIPT === "not_allowed") {
    fail(`Not authorized to send Apple events to ${name}. (-1743)`);
}
if (!fs.existsSync(application)) {
    fail(`Can\u2019t get application "${application}". (-1728)`);
}
if (name.includes("Render Engine")) {
    fail(`${name} got an error: Can\u2019t continue DoScriptFile. (-1708)`);
}
fs.rmSync(answered, {force: true});
const argv0 = process.env.FAKE_ARTIST ? "within a person's" : `${application}/Contents/MacOS/After Effects`;
spawn(process.execPath, [path.join(__dirname, "afterfx.js"), "--apple", script],
    {argv0, detached: true, stdio: "ignore"}).unref();
const until = Date.now() + seconds * 1000;
setInterval(() => {
    if (fs.existsSync(answered)) {
        process.exit(0);
    }
    if (Date.now() > until) {
        fail(`${name} got an error: AppleEvent timed out. (-1712)`);
    }
}, 20);
