/*
 * Sizes and places of ScriptUI's controls. Nobody has published ScriptUI's own numbers: these are a little larger than
 * what After Effects draws, so that what fits here fits there. What is known and kept: hidden controls keep their place;
 * `layout(true)` lays a container out at the size it wishes for, also in a docked panel, which stays as large as it is
 * and cuts the rest off; only `resize()` fits the content to the panel. A fixed control that is too wide is cut.
 */
"use strict";

const SIGN = 6.2; // pixels of a letter
const LINE = 16;

const wide = (text) => Math.ceil(String(text).length * SIGN);
const shown = (kid) => kid.proxy !== undefined;
const two = (value) => (Array.isArray(value) || (value && value.length === 2) ? [value[0], value[1]] : [-1, -1]);
const isContainer = (own) => ["group", "panel", "window"].includes(own.kind);

function margins(own) {
    const given = own.margins === undefined ? (own.kind === "group" ? 0 : 15) : own.margins;
    return typeof given === "number" ? [given, given, given, given] : Array.from(given);
}

const spacing = (own) => (own.spacing === undefined ? 10 : own.spacing);

function natural(own) {
    const items = own.kids.filter((kid) => !shown(kid)).map((kid) => wide(kid.text));
    switch (own.kind) {
    case "button": return [wide(own.text) + 14, 24];
    case "checkbox": return [wide(own.text) + 22, 18];
    case "statictext": return [own.characters ? own.characters * 7 : wide(own.text) + 4, LINE];
    case "edittext": return [own.characters ? own.characters * 7 + 10 : Math.max(80, wide(own.text)), 24];
    case "dropdownlist": return [Math.max(60, ...items) + 34, 24];
    case "listbox": return [Math.max(100, ...items), 100];
    default: return [100, 10];
    }
}

/** What a control asks for. */
function wished(own) {
    let size = natural(own);
    if (isContainer(own)) {
        const [left, top, right, bottom] = margins(own);
        const sides = own.kids.filter(shown).map(wished);
        const gaps = spacing(own) * Math.max(0, sides.length - 1);
        const sum = (at) => sides.reduce((all, side) => all + side[at], 0) + gaps;
        const most = (at) => Math.max(0, ...sides.map((side) => side[at]));
        const inner = {row: () => [sum(0), most(1)], column: () => [most(0), sum(1)],
            stack: () => [most(0), most(1)]}[own.orientation || "column"]();
        size = [inner[0] + left + right, inner[1] + top + bottom];
    }
    const chosen = two(own.preferredSize);
    const least = two(own.minimumSize);
    return size.map((side, at) => Math.max(chosen[at] === -1 ? side : chosen[at], least[at]));
}

/** [across, down] as "fill", "left" ..., of a child in its container. */
function alignment(parent, own) {
    const given = own.alignment || parent.alignChildren || (parent.orientation === "row" ? ["left", "center"] :
        ["center", "top"]);
    return typeof given === "string" ? [given, given] : [given[0], given[1]];
}

/** Puts a control into a box [x, y, width, height] of the window, and its children into theirs. */
function place(own, box) {
    own.box = box;
    if (!isContainer(own)) {
        return;
    }
    const [left, top, right, bottom] = margins(own);
    const inner = [box[0] + left, box[1] + top, box[2] - left - right, box[3] - top - bottom];
    const kids = own.kids.filter(shown);
    const along = {row: 0, column: 1}[own.orientation || "column"];
    const sides = kids.map(wished);
    const fills = kids.map((kid) => alignment(own, kid).map((word) => word === "fill"));
    if (along !== undefined) {
        let free = inner[2 + along] - sides.reduce((all, side) => all + side[along], 0) -
            spacing(own) * Math.max(0, kids.length - 1);
        const elastic = kids.map((_, i) => i).filter((i) => fills[i][along]);
        elastic.forEach((i, at) => { // each gives or takes its share, none below its least
            const before = sides[i][along];
            sides[i][along] = Math.max(before + free / (elastic.length - at), two(kids[i].minimumSize)[along], 0);
            free -= sides[i][along] - before;
        });
    }
    let at = along === undefined ? 0 : inner[along];
    kids.forEach((kid, i) => {
        const spot = [inner[0], inner[1], ...sides[i]];
        [0, 1].forEach((axis) => {
            if (axis === along) {
                spot[axis] = at;
            } else if (fills[i][axis]) {
                spot[2 + axis] = inner[2 + axis];
            } else if (alignment(own, kid)[axis] === "center") {
                spot[axis] += Math.max(0, (inner[2 + axis] - spot[2 + axis]) / 2);
            }
        });
        place(kid, spot);
        at += along === undefined ? 0 : sides[i][along] + spacing(own);
    });
}

/** What of a visible control is cut off, or covered by another, in words. */
function cut(window) {
    const found = [];
    const seenBoxes = [];
    const walk = (own, visible) => {
        const seen = visible && own.visible;
        if (seen && own !== window) {
            const [x, y, w, h] = own.box || [0, 0, 0, 0];
            const name = own.helpTip || own.text || own.kind;
            if (own.box === undefined || x < 0 || y < 0 || x + w > window.actual[0] + 0.5 ||
                    y + h > window.actual[1] + 0.5) {
                found.push(`${name} (${own.kind}) reaches out of the panel: ${[x, y, w, h].map(Math.round)}`);
            } else if (["button", "checkbox"].includes(own.kind) && wide(own.text) + (own.kind === "button" ? 8 : 20) > w) {
                found.push(`${own.text}: ${Math.round(w)} pixels are too few for its words`);
            } else if (!isContainer(own) && (w < 8 || h < 8)) {
                found.push(`${name} (${own.kind}) has no room: ${Math.round(w)} x ${Math.round(h)}`);
            }
            if (!isContainer(own)) {
                seenBoxes.filter(([, a]) => x + 1 < a[0] + a[2] && a[0] + 1 < x + w && y + 1 < a[1] + a[3] &&
                    a[1] + 1 < y + h).forEach(([other]) => found.push(`${name} lies over ${other}`));
                seenBoxes.push([name, own.box]);
            }
        }
        own.kids.filter(shown).forEach((kid) => walk(kid, seen));
    };
    walk(window, true);
    return found;
}

exports.layout = function layout(own) {
    const size = wished(own);
    if (own.kind === "window" && !own.docked) {
        own.actual = size;
    }
    place(own, [0, 0, ...size]);
};
exports.resize = function resize(own) { place(own, [0, 0, ...(own.actual || wished(own))]); };
exports.cut = cut;
