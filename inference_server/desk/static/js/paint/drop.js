/**
 * Files that are dropped or chosen: their content goes to the desk, one after another, under the names they have.
 *
 * @typedef {{name: string, file: File}} Dropped name: with the folders above it, "/" between
 */
import {post, put} from "../server.js";

const AT_ONCE = 3;

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

/** @param {Dropped[]} files @param {(done: number, total: number) => void} tell @returns {Promise<string>} the name of the drop */
export async function sent(files, tell) {
    const {drop} = await post("/api/paint/dropped");
    let next = 0;
    let done = 0;
    async function some() {
        while (next < files.length) {
            const {name, file} = files[next++];
            await put(`/api/paint/dropped/${drop}?name=${encodeURIComponent(name)}&size=${file.size}`, file);
            tell(++done, files.length);
        }
    }
    await Promise.all(Array.from({length: AT_ONCE}, some));
    return drop;
}
