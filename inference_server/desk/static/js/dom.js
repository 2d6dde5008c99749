/**
 * Elements without strings of HTML: what is shown is always text, whatever it contains.
 *
 * @typedef {Node | string | number | null | undefined | false} Child
 */

/**
 * An element. A property that begins with "on" listens; "class", "aria-…", "data-…" and the rest are attributes;
 * `true` is an attribute without a value, `false`, null and undefined are none.
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Record<string, any>} [properties]
 * @param {...(Child | Child[])} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export function h(tag, properties = {}, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(properties)) {
        if (typeof value === "function") {
            made.addEventListener(name.slice(2), value);
        } else {
            attribute(made, name, value);
        }
    }
    made.append(...kept(children));
    return made;
}

/**
 * @param {Element} element
 * @param {string} name
 * @param {any} value
 */
export function attribute(element, name, value) {
    if (value === false || value === null || value === undefined) {
        element.removeAttribute(name);
    } else if (element.getAttribute(name) !== String(value === true ? "" : value)) {
        element.setAttribute(name, value === true ? "" : String(value));
    }
}

/**
 * Put these in an element instead of what is there.
 * @param {Element} element
 * @param {...(Child | Child[])} children
 */
export function fill(element, ...children) {
    element.replaceChildren(...kept(children));
}

/**
 * Text, where it is another one: what did not change is not drawn again, nor said again.
 * @param {Node} element
 * @param {string} text
 */
export function say(element, text) {
    if (element.textContent !== text) {
        element.textContent = text;
    }
}

/**
 * What a picture shows, where it is another one; hidden where it is nothing.
 * @param {HTMLImageElement} image
 * @param {string} source an address, or empty
 */
export function picture(image, source) {
    if ((image.dataset.of ?? "") !== source) {
        image.dataset.of = source;
        image.hidden = !source;
        if (source) {
            image.src = source;
        } else {
            image.removeAttribute("src");
        }
    }
}

/** @param {(Child | Child[])[]} children @returns {(Node | string)[]} */
function kept(children) {
    return children
        .flat()
        .filter((child) => child !== null && child !== undefined && child !== false)
        .map((child) => (child instanceof Node ? child : String(child)));
}
