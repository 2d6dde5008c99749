/**
 * The parts of the desk, each a module that is loaded when it is shown.
 *
 * @typedef {{leave: () => void, go?: (path: string[]) => void}} Shown
 * leave: another part is shown; go: the address below the part changed (#/part/one/two).
 * @typedef {{show: (place: HTMLElement, path: string[]) => Shown}} Part
 */

/** @type {Record<string, () => Promise<Part>>} */
export const PARTS = {
    queue: () => import("./queue/queue.js"),
    look: () => import("./look/look.js"),
    paint: () => import("./paint/paint.js"),
    models: () => import("./models/models.js"),
};
