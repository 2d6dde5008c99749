/** A model that was chosen before what it is to paint was opened. */
const KEY = "paint-with";

/** @param {string} model */
export const wish = (model) => sessionStorage.setItem(KEY, model);

export const wished = () => sessionStorage.getItem(KEY);

/** It is wished for once. */
export const granted = () => sessionStorage.removeItem(KEY);
