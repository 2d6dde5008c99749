/*
 * A disk in memory, File and Folder. Pictures on it have a size and perhaps alpha, sounds a
 * length in seconds, other files a text. `modified` is in seconds.
 * With `preferences.write` off a file opens for writing, is made, and stays empty: what After Effects does.
 */
"use strict";

const {Refusal} = require("./strict.js");

const NUMBERED = /^(.*?)(\d+)(\.[^./]+)$/;

class Disk {
    constructor(host) {
        this.host = host;
        this.files = new Map(); // path with / -> {width, height, alpha} or {text}
        this.sequences = new Map(); // prefix + "\n" + suffix -> numbers
        this.clock = 1;
    }

    put(path, content) {
        this.files.set(path, {modified: (this.clock += 1), ...content});
        const parts = NUMBERED.exec(path);
        if (parts) {
            const key = `${parts[1]}\n${parts[3]}`;
            this.sequences.set(key, (this.sequences.get(key) || new Set()).add(Number(parts[2])));
        }
    }

    remove(path) {
        const parts = NUMBERED.exec(path);
        if (parts && this.files.has(path)) {
            this.sequences.get(`${parts[1]}\n${parts[3]}`).delete(Number(parts[2]));
        }
        return this.files.delete(path);
    }

    /** First and last number of the sequence that a file is of, as After Effects finds it: the whole of it. */
    sequenceOf(path) {
        const parts = NUMBERED.exec(path);
        if (!parts) {
            return null;
        }
        const numbers = [...this.sequences.get(`${parts[1]}\n${parts[3]}`)];
        const first = numbers.reduce((a, b) => Math.min(a, b));
        const last = numbers.reduce((a, b) => Math.max(a, b));
        return {first, last, missing: last - first + 1 - numbers.length};
    }
}

function decode(text) {
    try {
        return decodeURIComponent(text);
    } catch {
        return text; // a lone % stays
    }
}

class File {
    static api = `fsName absoluteURI name displayName parent exists length modified error encoding= lineFeed= open()
        read() readln() write() writeln() close() remove() rename() copy() execute() eof path creator= type= fullName`;
    static plain = true;
    static content = ["open", "read", "readln", "write", "writeln", "close", "remove", "rename", "copy", "execute"];

    constructor(host, text) {
        this.host = host;
        this.place = decode(String(text)).replace(/\\/g, "/").replace(/^\/([a-z])\//,
            (whole, drive) => (host.windows ? `${drive.toUpperCase()}:/` : whole));
        this.encoding = "UTF-8";
        this.lineFeed = "Unix";
        this.error = "";
        this.mode = "";
        this.at = 0;
    }

    static at(host, place) {
        const file = new File(host, "");
        file.place = place; // a path is no URI
        return file;
    }

    get fsName() { return this.host.windows ? this.place.replace(/\//g, "\\") : this.place; }
    get absoluteURI() { return encodeURI(this.place); }
    get fullName() { return this.absoluteURI; }
    get name() { return encodeURI(this.displayName); }
    get displayName() { return this.place.split("/").pop(); }
    get path() { return encodeURI(this.place.replace(/\/[^/]*$/, "")); }
    get parent() { return new Folder(this.host, this.place.replace(/\/[^/]*$/, "")); }
    get exists() { return this.host.disk.files.has(this.place); }
    get modified() { return this.host.date((this.host.disk.files.get(this.place) || {modified: 0}).modified * 1000); }
    get eof() { return this.at >= (this.text() || "").length; }

    get length() {
        const file = this.host.disk.files.get(this.place);
        return file === undefined ? -1 : Buffer.byteLength(file.text || "", "utf8");
    }

    text() {
        const file = this.host.disk.files.get(this.place);
        return file === undefined ? null : file.text || "";
    }

    access() {
        if (!this.host.mayTouchFiles) {
            this.host.violate("the core opened a file");
        }
    }

    open(mode) {
        this.access();
        if (mode === "r" ? !this.exists : !["w", "a", "e"].includes(mode)) {
            this.error = "File or folder does not exist";
            return false;
        }
        if (mode === "w") {
            this.host.disk.put(this.place, {text: ""});
        }
        this.mode = mode;
        this.at = 0;
        return true;
    }

    need(mode) {
        if (this.mode !== mode) {
            this.host.violate(`File.${mode === "r" ? "read" : "write"} without open`);
        }
    }

    read(count) {
        this.need("r");
        const text = this.text().slice(this.at, count === undefined ? undefined : this.at + count);
        this.at += text.length;
        return text;
    }

    readln() {
        this.need("r");
        const line = /^[^\n]*/.exec(this.text().slice(this.at))[0];
        this.at += line.length + 1;
        return line;
    }

    write(text) {
        this.need("w");
        if (!this.host.preferences.write) {
            throw new Refusal("Permission denied (is Preferences > Scripting > Allow Scripts To Write Files ... off?)");
        }
        this.host.disk.put(this.place, {text: this.text() + text});
        return true;
    }

    writeln(text) { return this.write(`${text}\n`); }

    close() {
        this.mode = "";
        return true;
    }

    remove() {
        this.access();
        return this.host.disk.remove(this.place);
    }

    rename(name) {
        this.access();
        const target = this.place.replace(/[^/]*$/, name);
        if (!this.exists || this.host.disk.files.has(target)) {
            return false;
        }
        this.host.disk.put(target, this.host.disk.files.get(this.place));
        this.host.disk.remove(this.place);
        this.place = target;
        return true;
    }

    copy(target) {
        this.access();
        this.host.disk.put(String(target.place || target), this.host.disk.files.get(this.place));
        return true;
    }

    execute() {
        this.access();
        this.host.execute(this.place);
        return this.exists;
    }
}

class Folder {
    static api = "fsName absoluteURI name displayName parent exists create() getFiles() remove() execute() error path";
    static plain = true;

    constructor(host, text) {
        this.host = host;
        this.place = decode(String(text)).replace(/\\/g, "/").replace(/\/+$/, "");
        this.error = "";
    }

    get fsName() { return this.host.windows ? this.place.replace(/\//g, "\\") : this.place; }
    get absoluteURI() { return encodeURI(this.place); }
    get displayName() { return this.place.split("/").pop(); }
    get name() { return encodeURI(this.displayName); }
    get path() { return encodeURI(this.place.replace(/\/[^/]*$/, "")); }
    get parent() { return new Folder(this.host, this.place.replace(/\/[^/]*$/, "")); }

    get exists() {
        return this.host.folders.has(this.place) ||
            [...this.host.disk.files.keys()].some((path) => path.startsWith(`${this.place}/`));
    }

    create() {
        this.host.folders.add(this.place);
        return true;
    }

    getFiles(mask) {
        if (mask !== undefined && typeof mask !== "string") {
            this.host.violate("Folder.getFiles of the fake takes a mask, no function");
        }
        const pattern = new RegExp(`^${(mask || "*").replace(/[.+^${}()|[\]\\]/g, "\\$&").replace(/\*/g, ".*")}$`);
        return [...this.host.disk.files.keys()]
            .filter((path) => path.replace(/\/[^/]*$/, "") === this.place && pattern.test(path.split("/").pop()))
            .map((path) => File.at(this.host, path));
    }

    remove() { return this.host.folders.delete(this.place); }

    execute() {
        this.host.execute(this.place);
        return this.exists;
    }
}

module.exports = {Disk, File, Folder};
