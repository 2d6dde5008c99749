/* Where a layer of 2D lies in its comp: about its anchor scaled, then turned, then put to its place, then its parent's. */
"use strict";

/** [a, b, c, d, e, f]: x' = a x + b y + c, y' = d x + e y + f. The first is done last. */
function joined([a, b, c, d, e, f], [g, h, i, j, k, l]) {
    return [a * g + b * j, a * h + b * k, a * i + b * l + c, d * g + e * j, d * h + e * k, d * i + e * l + f];
}

/** The aspect of its own pixels: what hangs on it keeps its position in these, else in those of the comp. */
const aspectOf = (layer) => (layer.source === null ? 1 : layer.source.pixelAspect);

function ownOf(layer, time) {
    const [[ax, ay], [px, py], [sx, sy]] = [layer.anchor, layer.position, layer.scale].map((one) => one.at(time));
    const angle = (layer.turn.at(time) * Math.PI) / 180; // y goes down, so this is clockwise
    const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
    const wide = (layer.parent === null) ? layer.containingComp.pixelAspect : aspectOf(layer.parent);
    const turned = joined([cos / wide, -sin / wide, px, sin, cos, py], [sx / 100, 0, 0, 0, sy / 100, 0]);
    return joined(turned, [aspectOf(layer), 0, -ax * aspectOf(layer), 0, 1, -ay]);
}

function worldOf(layer, time) {
    const own = ownOf(layer, time);
    return layer.parent === null ? own : joined(worldOf(layer.parent, time), own);
}

module.exports = {worldOf};
