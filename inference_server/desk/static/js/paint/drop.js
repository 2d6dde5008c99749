/**
 * Files that are dropped or chosen: their content goes to the desk, one after another, under the names they have.
 *
 * @typedef {{name: string, file: File}} Dropped name: with the folders above it, "/" between
 */
import {isBroken, post, put} from "../server.js";

const AT_ONCE = 3;
const AGAIN = [1, 2, 4, 8]; // seconds between tries of a line that broke

/** All files of what was dropped, folders with what is in them. @param {DataTransfer} data @returns {Promise<Dropped[]>} */
export async function dropped(data) {
    const items = [...data.items].filter((item) => item.kind === "file");
    const found = await Promise.all(items.map((item) => {
        const entry = item.webkitGetAsEntry();
        const file = item.getAsFile(); // where there is no way to what is in a folder
        return entry ? inside(entry) : file ? [{name: file.name, file}] : [];
    }));
    return found.flat().filter(isSeen);
}

/** @param {FileList} files @returns {Dropped[]} */
export function chosen(files) {
    return [...files].map((file) => ({name: file.webkitRelativePath || file.name, file})).filter(isSeen);
}

/** What a system keeps in a folder is nobody's pass. @param {Dropped} one */
function isSeen(one) {
    return !one.name.split("/").some((part) => part.startsWith(".")) && !one.name.endsWith("Thumbs.db");
}

/** @param {FileSystemEntry} entry @returns {Promise<Dropped[]>} */
async function inside(entry) {
    const name = entry.fullPath.replace(/^\//, "");
    if (entry.isFile) {
        const one = /** @type {FileSystemFileEntry} */ (entry);
        return [{name, file: await new Promise((resolve, reject) => one.file(resolve, reject))}];
    }
    const reader = /** @type {FileSystemDirectoryEntry} */ (entry).createReader();
    /** @type {Dropped[]} */
    const found = [];
    for (;;) {
        // A browser tells a hundred at a time.
        const some = /** @type {FileSystemEntry[]} */ (await new Promise((resolve, reject) => reader.readEntries(resolve, reject)));
        if (!some.length) {
            return found;
        }
        found.push(...(await Promise.all(some.map((one) => inside(one)))).flat());
    }
}

/**
 * Let files be dropped on a place.
 * @param {HTMLElement} place @param {HTMLElement} marked while something is held over it @param {(data: DataTransfer) => void} take
 * @returns {() => void} no more
 */
export function dropping(place, marked, take) {
    const over = (/** @type {DragEvent} */ event) => {
        if (event.dataTransfer?.types.includes("Files")) {
            event.preventDefault();
            marked.classList.add("over");
        }
    };
    const out = () => marked.classList.remove("over");
    const drop = (/** @type {DragEvent} */ event) => {
        out();
        if (event.dataTransfer?.types.includes("Files")) {
            event.preventDefault();
            take(event.dataTransfer);
        }
    };
    place.addEventListener("dragover", over);
    place.addEventListener("dragleave", out);
    place.addEventListener("drop", drop);
    return () => {
        place.removeEventListener("dragover", over);
        place.removeEventListener("dragleave", out);
        place.removeEventListener("drop", drop);
    };
}

/**
 * Files on their way to the desk: `run` until all are there. What breaks is tried again for a while; after that, `run`
 * goes on with what is not there yet.
 *
 * @typedef {{files: number, of: number, bytes: number, ofBytes: number, seconds: number, again: boolean}} Way
 * again: the line broke, and is tried anew
 */
export class Upload {
    /** @param {string} drop a folder of the desk's, by its name @param {Dropped[]} files @param {(way: Way) => void} tell */
    constructor(drop, files, tell) {
        this.drop = drop;
        this.missing = new Set(files);
        this.tell = tell;
        this.stopping = new AbortController();
        this.began = performance.now();
        this.of = {files: files.length, bytes: files.reduce((sum, one) => sum + one.file.size, 0)};
        this.bytes = 0; // that are on the disk, or on their way
        this.again = false;
        this.broken = false; // the desk could not be reached, and nothing is on its way any more
    }

    told() {
        if (this.stopping.signal.aborted) {
            return;
        }
        this.tell({files: this.of.files - this.missing.size, of: this.of.files, bytes: this.bytes, ofBytes: this.of.bytes, seconds: (performance.now() - this.began) / 1000, again: this.again});
    }

    async run() {
        this.broken = false;
        this.told();
        const next = [...this.missing].values();
        const some = async () => {
            for (const one of next) {
                await this.send(one);
                this.missing.delete(one);
                this.told();
            }
        };
        const lines = await Promise.allSettled(Array.from({length: AT_ONCE}, some));
        const wrong = lines.find((line) => line.status === "rejected");
        if (wrong) {
            this.broken = isBroken(wrong.reason);
            throw wrong.reason;
        }
    }

    /** @param {Dropped} one */
    async send(one) {
        const path = `/api/paint/dropped/${this.drop}?name=${encodeURIComponent(one.name)}&size=${one.file.size}`;
        let mine = 0;
        const came = (/** @type {number} */ bytes) => {
            this.bytes += bytes - mine;
            mine = bytes;
            this.again &&= !bytes;
            this.told();
        };
        for (const seconds of [...AGAIN, 0]) {
            try {
                await put(path, one.file, came, this.stopping.signal);
                came(one.file.size);
                return;
            } catch (error) {
                came(0);
                if (!seconds || !isBroken(error) || this.stopping.signal.aborted) {
                    throw error;
                }
                this.again = true;
                this.told();
                await new Promise((resolve) => window.setTimeout(resolve, seconds * 1000));
            }
        }
    }

    /** What is there stays. */
    stop() {
        this.stopping.abort();
    }

    /** Nothing of it is kept. */
    async forget() {
        this.stop();
        await post(`/api/paint/dropped/${this.drop}/forget`);
    }
}

/** @param {Dropped[]} files @param {(way: Way) => void} tell */
export async function upload(files, tell) {
    return new Upload((await post("/api/paint/dropped")).drop, files, tell);
}
