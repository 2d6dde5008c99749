/**
 * The shot that the page changes, as a shot.json says it. What is set here goes for every layer, also where the shot
 * said otherwise for one, as on the command line.
 *
 * @typedef {{name: string, labels?: string, picture?: string, label_set?: string, model?: string, seed?: number, hold?: string,
 *     options?: Record<string, unknown>, read?: Record<string, any>, map?: Record<string, string>,
 *     walk?: import("./walk.js").Walk, consent?: import("./consent.js").Consent}} Layer
 * @typedef {{name: string, fps: number | string, first: number, last: number, layers: Layer[], label_set?: string, model?: string,
 *     options?: Record<string, unknown>, map?: Record<string, string>, seed?: number, hold?: string, scale?: string, audio?: string,
 *     width?: number, height?: number}} Shot
 * @typedef {{at: string, title: string, kind: "shot" | "labels" | "picture" | "walk", base: string, shot: Shot, frames: [number, number],
 *     notes: string[], dropped: boolean, out: string}} Source
 */

export const LABEL_SET = "coco_stuff"; // where a shot names none

/** Whether no layer has a pass that says where it is and how large: walks alone. @param {Shot} shot */
export const isAlone = (shot) => !shot.layers.some((layer) => layer.labels || layer.picture);

/** @param {Shot} shot */
export const labelSetOf = (shot) => shot.layers.find((layer) => layer.label_set)?.label_set ?? shot.label_set ?? LABEL_SET;

/** @param {Shot} shot @param {string} name @param {Record<string, unknown>} options that stay */
export function setModel(shot, name, options) {
    shot.model = name;
    shot.options = options;
    for (const layer of shot.layers) {
        delete layer.model;
        delete layer.options;
    }
}

/** @param {Shot} shot @param {string} name @param {unknown} value undefined = the model's default */
export function setOption(shot, name, value) {
    for (const one of [shot, ...shot.layers.filter((layer) => layer.options)]) {
        one.options = put(one.options, name, value);
    }
}

/** @param {Shot} shot @param {"seed" | "hold" | "label_set"} name @param {any} value */
export function setEverywhere(shot, name, value) {
    Object.assign(shot, {[name]: value});
    for (const layer of shot.layers) {
        delete layer[name];
    }
}

/** @param {Shot} shot @param {string} name of an option of reading @param {any} value "" = found out */
export function setRead(shot, name, value) {
    for (const layer of shot.layers) {
        layer.read = put(layer.read, name, value === "" ? undefined : value);
    }
}

/** @param {Shot} shot @param {string} kind @param {string} pattern */
export function setPass(shot, kind, pattern) {
    for (const layer of shot.layers) {
        Object.assign(layer, put(/** @type {any} */ (layer), kind, pattern || undefined));
        if (!pattern) {
            delete (/** @type {any} */ (layer)[kind]);
        }
    }
}

/** A pass as all layers have it; null where they differ. @param {Shot} shot @param {string} kind @returns {string | null} */
export function passOf(shot, kind) {
    const found = new Set(shot.layers.map((layer) => /** @type {any} */ (layer)[kind] ?? ""));
    return found.size === 1 ? [...found][0] : null;
}

/** @param {Shot} shot @param {string} from @param {string} to "" = as itself */
export function setMap(shot, from, to) {
    shot.map = put(shot.map, from, to || undefined);
    for (const layer of shot.layers) {
        if (layer.map && from in layer.map) {
            layer.map = put(layer.map, from, to || undefined);
        }
    }
}

/** @param {Shot} shot @param {string} name @param {string} means */
export function setName(shot, name, means) {
    for (const layer of shot.layers) {
        const names = put(layer.read?.names, name, means || undefined);
        layer.read = put(layer.read, "names", Object.keys(names).length ? names : undefined);
    }
}

/** @template V @param {Record<string, V> | undefined} table @param {string} name @param {V | undefined} value @returns {Record<string, V>} */
function put(table, name, value) {
    const made = {...table};
    if (value === undefined) {
        delete made[name];
    } else {
        made[name] = value;
    }
    return made;
}
