/* The project as plain data, everything that an artist could have set. */
"use strict";

const enums = require("./enums.js");

/** The value where it stands still, else [time, value] of each key. */
const dumpProperty = (property) => (property.numKeys > 0 ? {keys: [...property.keys]} : {value: property.now});

/** Keys in the time of the layer, with which they go along. */
const ownKeys = (property) => [...property.keys].map(([time, value]) =>
    [Math.round((time - property.layer.startTime) * 1e4) / 1e4, value]);

function dumpMoves(layer) {
    const found = [...layer.keyed].filter((one) => one.matchName !== "ADBE Opacity" && one.range && !one.isMarkers &&
        !one.separated && !(one.leader !== null && one.isHidden));
    return Object.fromEntries(found.map((one) => [one.matchName, dumpProperty(one)]));
}

/** The expression of each pin's place, by its name. */
const pinsOf = (one) => Object.fromEntries(one.list[0].list[0].list[0].list[0].list.map((pin) =>
    [pin.name, pin.list[1].expression]));

function dumpLayer(layer) {
    const {name, comment, label, enabled, shy, solo, guideLayer, stretch, timeRemapEnabled} = layer.hidden;
    return {
        id: layer.id, name, comment, label, enabled, shy, solo, guide: guideLayer, stretch, timeRemapEnabled,
        locked: layer.locked, selected: layer.selected, audible: layer.hidden.audible, blend: enums.nameOf("BlendingMode", layer.hidden.blend),
        start: layer.hidden.start, in: layer.inPoint, out: layer.outPoint, source: layer.source ? layer.source.id : null,
        kind: layer.constructor.name, null: layer.nullLayer, threeD: layer.hidden.threeDLayer,
        orient: enums.nameOf("AutoOrientType", layer.hidden.orient), moves: dumpMoves(layer),
        markers: [...layer.markers.keys].map(([time, one]) => [time, one.plainly]),
        parent: layer.hidden.parent && layer.hidden.parent.id,
        matte: layer.matte && {layer: layer.matte.id, type: enums.nameOf("TrackMatteType", layer.matteKind)},
        ...(layer.opacity ? {
            opacity: layer.opacity.now, keys: ownKeys(layer.opacity), expression: layer.opacity.expression,
        } : {}),
        ...(layer.document ? {text: {
            words: layer.document.now.words, size: layer.document.now.size, fill: layer.document.now.colour,
            side: enums.nameOf("ParagraphJustification", layer.document.now.side),
        }} : {}),
        effects: layer.effects.list.map((one) => ({
            name: one.matchName, values: Object.fromEntries(one.list.map((p) => [p.matchName, p.now])),
            ...(one.matchName === "ADBE FreePin3" ? {pins: pinsOf(one)} : {}),
        })),
    };
}

function dumpItem(item) {
    const common = {
        id: item.id, kind: item.constructor.name, name: item.name, comment: item.comment, label: item.label,
        folder: item.parentFolder && item.parentFolder.id,
    };
    if (item.stack !== undefined) {
        return {
            ...common, width: item.width, height: item.height, aspect: item.pixelAspect, fps: item.frameRate,
            duration: item.duration, first: item.displayStartFrame, hideShy: item.hideShyLayers,
            layers: item.stack.map(dumpLayer),
        };
    }
    if (item.mainSource !== undefined) {
        const source = item.mainSource;
        return {
            ...common, source: source.constructor.name, path: source.path || "", still: source.isStill,
            proxy: item.proxySource && [item.proxySource.path, item.proxySource.rate, item.useProxy],
            fps: source.rate, frames: source.frames, first: source.first, alpha: enums.nameOf("AlphaMode", source.alpha),
            hasAlpha: source.hasAlpha, aspect: item.pixelAspect, loop: source.repeats, width: item.width,
            sound: source.sound === undefined ? null : source.sound, height: item.height, premul: [...source.color], inverted: source.inverted,
        };
    }
    return common;
}

function dump(host) {
    const {project} = host;
    return {
        items: project.all.map(dumpItem),
        bits: project.bitsPerChannel, space: project.hidden.space, linear: project.linearizeWorkingSpace,
        ocio: project.hidden.ocio, config: project.ocioConfigurationFile,
        undo: host.undoSteps, reloads: host.reloads, asked: host.asked, taskErrors: host.taskErrors,
        broken: host.broken, frozen: host.frozen, sockets: host.sockets,
        saved: project.saved, closed: project.closed, quit: host.hasQuit,
    };
}

module.exports = {dump};
