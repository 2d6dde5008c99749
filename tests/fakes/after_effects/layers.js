/* Layers: with pictures, and cameras. Times are seconds of the comp, 0 is its first frame. */
"use strict";

const enums = require("./enums.js");
const {tick} = require("./clock.js");
const {worldOf} = require("./matrix.js");
const {Markers, Property, PropertyGroup, TextProperty, puppet} = require("./properties.js");
const {Refusal, within, typed, shortEnough} = require("./strict.js");

const SIMPLE = ["enabled", "shy", "solo", "guideLayer", "adjustmentLayer", "timeRemapEnabled"];
const SEEN = ["enabled", "guideLayer", "adjustmentLayer"]; // switches of what has a picture
const SPACE = [-1e9, 1e9];

const leaves = (one) => (one.list === undefined ? [one] : one.list.flatMap(leaves));

/** What cameras and layers with pictures have in common. */
class Layer {
    static api = `index id@22 name= comment= label= enabled= shy= solo= locked= startTime= inPoint= outPoint= stretch=
        parent= setParentWithJump() selected= containingComp isTrackMatte moveBefore() moveAfter() moveToBeginning()
        moveToEnd() remove() duplicate() property() marker hasVideo nullLayer isNameSet autoOrient=`;
    static writers = ["moveBefore", "moveAfter", "moveToBeginning", "moveToEnd", "remove", "duplicate",
        "setParentWithJump"];
    nullLayer = false;
    isCamera = false;

    constructor(host, comp, {name, label, length}) {
        Object.assign(this, {host, containingComp: comp, isValid: true, selected: false});
        this.id = (host.lastId += 1);
        // Where the artist's preference "Create Layers at Composition Start Time" is off.
        const at = comp.time;
        this.hidden = {
            name, comment: "", label, enabled: true, shy: false, solo: false, guideLayer: false,
            adjustmentLayer: false, threeDLayer: false, timeRemapEnabled: false, stretch: 100,
            blend: enums.ENUMS.BlendingMode.NORMAL, parent: null,
            start: this.tick(at), in: this.tick(at), out: this.tick(at + length),
            orient: enums.ENUMS.AutoOrientType.NO_AUTO_ORIENT,
        };
        this.locked = false;
        this.markers = new Markers(this);
        this.matte = null;
        this.matteKind = enums.ENUMS.TrackMatteType.NO_TRACK_MATTE;
    }

    /** Every property of the layer that can have keys. */
    get keyed() { return [...this.transform.list, ...this.effects.list.flatMap(leaves), this.markers]; }

    tick(seconds) { return tick(seconds, this.containingComp.frameRate); }

    mayChange(what) {
        if (this.locked) {
            this.host.violate(`AVLayer.${what} on the locked layer ${this.name}`);
        }
    }

    get autoOrient() { return this.hidden.orient; }
    set autoOrient(value) {
        this.mayChange("autoOrient");
        this.hidden.orient = enums.member(this.host, "AutoOrientType", value);
    }

    get index() { return this.containingComp.stack.indexOf(this) + 1; }
    get name() { return this.hidden.name; }
    set name(value) {
        this.mayChange("name");
        this.hidden.name = typed(this.host, value, "string", "name");
    }

    get comment() { return this.hidden.comment; }
    set comment(value) {
        this.mayChange("comment");
        this.hidden.comment = shortEnough(typed(this.host, value, "string", "comment"));
    }

    get label() { return this.hidden.label; }
    set label(value) {
        this.mayChange("label");
        this.hidden.label = within(value, 0, 16, "label");
    }

    /** The layer stays where it is: its own values change by what the parent adds. */
    get parent() { return this.hidden.parent; }
    set parent(value) {
        this.mayChange("parent");
        this.linked(value);
        this.position.moveBy(value === null ? [0, 0, 0] : value.position.value.map((one) => -one));
    }

    /** The values stay, and the layer jumps. */
    setParentWithJump(value) {
        this.mayChange("setParentWithJump");
        this.linked(value);
    }

    linked(value) {
        if (value !== null && (!(value instanceof Layer) || value.containingComp !== this.containingComp)) {
            this.host.violate("a parent is a layer of the same comp");
        }
        for (let at = value; at; at = at.parent) {
            if (at === this) {
                throw new Refusal("After Effects error: a layer cannot hang on itself or on its children");
            }
        }
        this.hidden.parent = value;
    }

    get stretch() { return this.hidden.stretch; }
    set stretch(value) { this.hidden.stretch = within(value, -9900, 9900, "stretch"); }
    get marker() { return this.property("ADBE Marker"); }

    get startTime() { return this.hidden.start; }
    set startTime(value) {
        this.mayChange("startTime");
        const by = this.tick(value) - this.hidden.start;
        this.hidden.start += by;
        this.hidden.in += by;
        this.hidden.out += by;
        this.keyed.forEach((one) => one.shift(by));
    }

    /** What it can show, in seconds of the comp. */
    get limits() { return [-10800, 10800]; }

    /** Both are kept as they were set, and cut to what there is to show whenever they are asked for. */
    get inPoint() { return Math.max(this.hidden.in, this.limits[0]); }
    set inPoint(value) {
        this.mayChange("inPoint");
        this.hidden.in = this.tick(value);
        this.ordered();
    }

    get outPoint() { return Math.min(this.hidden.out, this.limits[1]); }
    set outPoint(value) {
        this.mayChange("outPoint");
        this.hidden.out = this.tick(value);
        this.ordered();
    }

    ordered() {
        if (this.inPoint >= this.outPoint) {
            this.host.violate(`the in point ${this.inPoint} of ${this.name} is not before its out point ${this.outPoint}`);
        }
    }

    get isTrackMatte() { return this.containingComp.stack.some((one) => one.matte === this); }

    get groups() {
        return {
            "ADBE Transform Group": this.transform, "ADBE Effect Parade": this.effects, "ADBE Marker": this.markers,
        };
    }

    property(which) {
        if (["Transform", "Effects", "Opacity", "Position", "Camera Options"].includes(which)) {
            this.host.violate(`property("${which}") is a name of the English interface`);
        }
        return this.groups[which] || null;
    }

    move(to) {
        this.mayChange("move");
        const stack = this.containingComp.stack;
        stack.splice(stack.indexOf(this), 1);
        stack.splice(to(stack), 0, this);
    }

    moveBefore(other) { this.move((stack) => stack.indexOf(other)); }
    moveAfter(other) { this.move((stack) => stack.indexOf(other) + 1); }
    moveToBeginning() { this.move(() => 0); }
    moveToEnd() { this.move((stack) => stack.length); }

    remove() {
        this.mayChange("remove");
        this.vanish();
    }

    vanish() {
        this.isValid = false;
        const stack = this.containingComp.stack;
        stack.splice(stack.indexOf(this), 1);
        for (const one of stack) {
            one.matte = one.matte === this ? null : one.matte;
            one.hidden.parent = one.hidden.parent === this ? null : one.hidden.parent;
        }
    }

    duplicate() {
        const copy = this.copy(this.containingComp);
        this.containingComp.stack.splice(this.index - 1, 0, copy);
        return copy;
    }

    copied(copy) {
        copy.hidden = {...this.hidden};
        copy.locked = this.locked;
        copy.matte = this.matte;
        copy.matteKind = this.matteKind;
        copy.keyed.forEach((one, i) => one.takeOver(this.keyed[i]));
        return copy;
    }
}

/** Position and what turns a layer, with the places of a new layer. */
function spatial(layer, anchor, position) {
    layer.position = new Property(layer.host, "ADBE Position", position, layer, SPACE);
    layer.orientation = new Property(layer.host, "ADBE Orientation", [0, 0, 0], layer, SPACE);
    layer.anchor = new Property(layer.host, "ADBE Anchor Point", anchor, layer, SPACE);
    layer.scale = new Property(layer.host, "ADBE Scale", [100, 100, 100], layer, SPACE);
    layer.turn = new Property(layer.host, "ADBE Rotate Z", 0, layer, SPACE);
    layer.position.followers = position.map((one, axis) =>
        Object.assign(new Property(layer.host, `ADBE Position_${axis}`, one, layer, SPACE), {leader: layer.position}));
    return [layer.anchor, layer.position, ...layer.position.followers, layer.orientation, layer.scale, layer.turn];
}

class AVLayer extends Layer {
    static api = `guideLayer= adjustmentLayer= threeDLayer= timeRemapEnabled= blendingMode= source hasTrackMatte
        trackMatteType trackMatteLayer@23 setTrackMatte()@23 removeTrackMatte()@23 replaceSource() width height hasAudio
        audioEnabled= audioActive sourcePointToComp() pinned()`;
    static writers = [...Layer.writers, "setTrackMatte", "removeTrackMatte", "replaceSource"];

    constructor(host, comp, source, seconds) {
        const still = source.mainSource !== undefined && source.mainSource.isStill;
        const length = still ? seconds || host.preferences.stillSeconds || comp.duration : source.duration;
        super(host, comp, {name: source.name, label: source.label, length});
        this.origin = source;
        this.hidden.audible = true;
        this.opacity = new Property(host, "ADBE Opacity", 100, this, [0, 100]);
        const middle = [source.width / 2, source.height / 2, 0];
        const places = spatial(this, middle, [comp.width / 2, comp.height / 2, 0]);
        this.orientation.hidden = true; // until the layer is one of 3D
        this.transform = new PropertyGroup(host, "ADBE Transform Group", "Transform", [...places, this.opacity], this);
        this.effects = new PropertyGroup(host, "ADBE Effect Parade", "Effects", [], this);
    }

    get hasVideo() { return this.origin.hasVideo; }
    get hasAudio() { return this.origin.hasAudio; }
    get audioEnabled() { return this.hidden.audible; }
    set audioEnabled(value) {
        this.mayChange("audioEnabled");
        if (!this.hasAudio) {
            throw new Refusal("After Effects error: the layer has no audio");
        }
        this.hidden.audible = typed(this.host, value, "boolean", "audioEnabled");
    }

    get audioActive() {
        const {time} = this.containingComp;
        return this.hasAudio && this.hidden.audible && time >= this.inPoint && time < this.outPoint;
    }

    /** The documentation says of a layer without pictures only that it is never active; so nothing of a picture is there. */
    mustBeSeen(what) {
        if (!this.hasVideo) {
            throw new Refusal(`After Effects error: a layer that is only heard has no ${what}`);
        }
    }

    get groups() {
        return this.hasVideo ? super.groups : {"ADBE Effect Parade": this.effects, "ADBE Marker": this.markers};
    }


    get threeDLayer() { return this.hidden.threeDLayer; }
    set threeDLayer(value) {
        this.mayChange("threeDLayer");
        this.mustBeSeen("threeDLayer");
        this.hidden.threeDLayer = typed(this.host, value, "boolean", "threeDLayer");
        this.orientation.hidden = !value;
    }

    /** Whether the length of the source binds the layer. */
    get unlimited() { return this.origin.mainSource !== undefined && this.origin.mainSource.isStill; }

    get source() { return this.origin; }
    get isNameSet() { return this.name !== this.origin.name; }
    get blendingMode() { return this.hidden.blend; }
    set blendingMode(value) {
        this.mayChange("blendingMode");
        this.mustBeSeen("blendingMode");
        this.hidden.blend = enums.member(this.host, "BlendingMode", value);
    }

    get width() { return this.origin.width; }
    get height() { return this.origin.height; }

    /** What the source can show, in seconds of the comp. */
    get limits() {
        const free = this.unlimited || this.timeRemapEnabled || this.stretch < 0 || this.origin.duration <= 0;
        const length = this.origin.duration * (this.stretch / 100);
        return free ? [-10800, 10800] : [this.hidden.start, this.tick(this.hidden.start + length)];
    }

    /** The source has become another length: for versions nobody has measured, the cut is for good. */
    cut() {
        const [first, last] = this.limits;
        this.hidden.out = Math.min(this.hidden.out, last);
        this.hidden.in = Math.max(first, Math.min(this.hidden.in, this.hidden.out - this.containingComp.frameDuration));
    }

    get hasTrackMatte() { return this.matte !== null; }
    get trackMatteLayer() { return this.matte; }
    get trackMatteType() { return this.matteKind; }

    setTrackMatte(layer, kind) {
        this.mayChange("setTrackMatte");
        this.mustBeSeen("matte");
        enums.member(this.host, "TrackMatteType", kind);
        if (!(layer instanceof AVLayer) || layer.containingComp !== this.containingComp || layer === this) {
            this.host.violate("setTrackMatte takes another layer of the same comp");
        }
        if (kind !== enums.ENUMS.TrackMatteType.NO_TRACK_MATTE) {
            this.releaseMatte(layer);
            this.matteKind = kind;
            layer.hidden.enabled = false;
        }
    }

    /** The type stays as it was, for ever. */
    removeTrackMatte() {
        this.mayChange("removeTrackMatte");
        this.releaseMatte(null);
    }

    /** A layer that cuts nothing any more is switched on again, whoever had switched it off. */
    releaseMatte(next) {
        const old = this.matte;
        this.matte = next;
        if (old !== null && old !== next && !old.isTrackMatte) {
            old.hidden.enabled = true;
        }
    }

    /** A point of the layer in the comp, at the time that is looked at; of layers that lie in the picture. */
    sourcePointToComp(point) {
        const [x, y] = Array.from(point);
        const [a, b, c, d, e, f] = worldOf(this, this.containingComp.time);
        return [a * x + b * y + c, d * x + e * y + f];
    }

    /** The artist's Puppet tool: "name", or "name:type". No script can set pins. */
    pinned(pins) {
        if (this.host.actor !== "artist") {
            this.host.violate("pins of a puppet are set by hand alone");
        }
        this.effects.list.push(puppet(this.host, this, Array.from(pins)));
    }

    copy(comp) {
        const copy = new AVLayer(this.host, comp, this.origin);
        copy.nullLayer = this.nullLayer;
        return this.copied(copy);
    }

    replaceSource(item) {
        this.mayChange("replaceSource");
        this.origin = item;
        this.cut();
    }
}

/** Only the most specific class is one for instanceof: these are no AVLayer to a script. */
class DrawnLayer extends AVLayer {
    static api = "";
    static writers = AVLayer.writers;

    constructor(host, comp, name) {
        const {width, height, duration} = comp;
        super(host, comp, {name, label: 1, width, height, duration, hasVideo: true, hasAudio: false, mainSource: {isStill: true}});
    }

    get source() { return null; }
    copy(comp) { return this.copied(new this.constructor(this.host, comp, this.name)); }
}

class TextLayer extends DrawnLayer {
    static api = "";
    static writers = AVLayer.writers;

    constructor(host, comp, words) {
        super(host, comp, words);
        this.document = new TextProperty(this, words);
        this.texts = new PropertyGroup(host, "ADBE Text Properties", "Text", [this.document], this);
    }

    get groups() { return {...super.groups, "ADBE Text Properties": this.texts}; }
    copied(copy) {
        copy.document.now = this.document.now.copy();
        return super.copied(copy);
    }
}

class ShapeLayer extends DrawnLayer {}

/** A new camera has two nodes: it looks at its point of interest, and a script that turns it must say so. */
class CameraLayer extends Layer {
    static api = "";
    static writers = Layer.writers;
    hasVideo = false;
    isCamera = true;

    constructor(host, comp, name, center) {
        super(host, comp, {name, label: 4, length: comp.duration});
        const zoom = (comp.width * comp.pixelAspect) / 0.72;
        this.hidden.orient = enums.ENUMS.AutoOrientType.CAMERA_OR_POINT_OF_INTEREST;
        const places = spatial(this, [...center, 0], [0, 0, -zoom]);
        this.transform = new PropertyGroup(host, "ADBE Transform Group", "Transform", places, this);
        this.effects = new PropertyGroup(host, "ADBE Effect Parade", "Effects", [], this);
        this.zoom = new Property(host, "ADBE Camera Zoom", zoom, this, [1, 1e6]);
        this.options = new PropertyGroup(host, "ADBE Camera Options Group", "Camera Options", [this.zoom], this);
    }

    get keyed() { return [...super.keyed, this.zoom]; }
    get isNameSet() { return true; }
    get groups() {
        this.anchor.hidden = this.hidden.orient === enums.ENUMS.AutoOrientType.NO_AUTO_ORIENT;
        return {
            "ADBE Transform Group": this.transform, "ADBE Camera Options Group": this.options, "ADBE Marker": this.markers,
        };
    }

    copy(comp) { return this.copied(new CameraLayer(this.host, comp, this.name, [0, 0])); }
}

for (const name of SIMPLE) {
    Object.defineProperty(Layer.prototype, name, {
        get() { return this.hidden[name]; },
        set(value) {
            this.mayChange(name);
            if (SEEN.includes(name) && !this.isCamera) {
                this.mustBeSeen(name);
            }
            this.hidden[name] = typed(this.host, value, "boolean", name);
        },
    });
}

module.exports = {AVLayer, CameraLayer, Layer, ShapeLayer, TextLayer};
