/* Layers and what hangs on them: transform, effects. Times are seconds of the comp, 0 is its first frame. */
"use strict";

const enums = require("./enums.js");
const {Refusal, within, typed, shortEnough} = require("./strict.js");

const TICKS = 2 ** 20; // After Effects keeps times on a clock of its own

const tick = (seconds) => Math.round(seconds * TICKS) / TICKS;

class Property {
    static api = `name matchName value setValue() numKeys setValueAtTime() removeKey() expression= expressionEnabled=
        canSetExpression propertyValueType propertyType propertyIndex isValid keyTime() keyValue() valueAtTime()`;
    static writers = ["setValue", "setValueAtTime", "removeKey"];
    propertyType = enums.ENUMS.PropertyType.PROPERTY;
    canSetExpression = true;

    constructor(host, matchName, value, layer, range) {
        Object.assign(this, {host, matchName, name: matchName, layer, range, isValid: true});
        this.now = value;
        this.keys = new Map();
        this.expression = "";
        this.expressionEnabled = false;
    }

    get propertyValueType() {
        return enums.ENUMS.PropertyValueType[this.range ? "OneD" : "CUSTOM_VALUE"];
    }

    get value() { return this.now; }
    get numKeys() { return this.keys.size; }

    setValue(value) {
        this.layer.mayChange("setValue");
        if (!this.range) {
            throw new Refusal(`After Effects error: ${this.matchName} holds arbitrary data, it cannot be set`);
        }
        if (this.numKeys > 0) {
            this.host.violate(`setValue on ${this.matchName}, which has keyframes`);
        }
        this.now = within(value, ...this.range, this.matchName);
    }

    setValueAtTime(time, value) { this.keys.set(time, value); }
    removeKey(at) { this.keys.delete([...this.keys.keys()][at - 1]); }
}

class PropertyGroup {
    static api = `name matchName numProperties property() canAddProperty() addProperty() isValid propertyType
        propertyIndex enabled= remove()`;
    static writers = ["addProperty", "remove"];
    propertyType = enums.ENUMS.PropertyType.INDEXED_GROUP;

    constructor(host, matchName, displayName, list, layer) {
        Object.assign(this, {host, matchName, name: displayName, list, layer, isValid: true, enabled: true});
    }

    get numProperties() { return this.list.length; }

    property(which) {
        if (typeof which === "number") {
            return this.host.numbered(this.list, which, "PropertyGroup.property");
        }
        if (["Transform", "Effects", "Opacity", "Position"].includes(which)) {
            this.host.violate(`property("${which}") is a name of the English interface`);
        }
        return this.list.find((one) => one.matchName === which) || null;
    }

    canAddProperty(name) { return this.host.preferences.effects[name] !== undefined; }

    addProperty(name) {
        this.layer.mayChange("addProperty");
        if (!this.canAddProperty(name)) {
            throw new Refusal(`After Effects error: cannot add the property ${name}`);
        }
        // References to the effects that are there already are no longer good.
        this.list = this.list.map((one) => {
            const fresh = new PropertyGroup(this.host, one.matchName, one.name, one.list, this.layer);
            one.isValid = false;
            return fresh;
        });
        const values = Object.entries(this.host.preferences.effects[name]).map(([matchName, range]) =>
            new Property(this.host, matchName, range ? range[0] : null, this.layer, range));
        this.list.push(new PropertyGroup(this.host, name, name, values, this.layer));
        return this.list[this.list.length - 1];
    }

    remove() {
        this.isValid = false;
        const parade = this.layer.effects;
        parade.list = parade.list.filter((one) => one !== this);
    }
}

const SIMPLE = ["enabled", "shy", "solo", "guideLayer", "adjustmentLayer", "threeDLayer", "timeRemapEnabled"];

class AVLayer {
    static api = `index id@22 name= comment= label= enabled= shy= solo= locked= guideLayer= adjustmentLayer=
        threeDLayer= timeRemapEnabled= startTime= inPoint= outPoint= stretch= blendingMode= source parent= selected=
        containingComp hasTrackMatte isTrackMatte trackMatteType trackMatteLayer@23 setTrackMatte()@23
        removeTrackMatte()@23 moveBefore() moveAfter() moveToBeginning() moveToEnd() remove() duplicate()
        replaceSource() property() marker hasVideo nullLayer width height isNameSet`;
    static writers = ["setTrackMatte", "removeTrackMatte", "moveBefore", "moveAfter", "moveToBeginning", "moveToEnd",
        "remove", "duplicate", "replaceSource"];
    hasVideo = true;
    nullLayer = false;

    constructor(host, comp, source, seconds) {
        Object.assign(this, {host, containingComp: comp, origin: source, isValid: true, selected: false});
        this.id = (host.lastId += 1);
        const length = this.unlimited ? seconds || host.preferences.stillSeconds || comp.duration : source.duration;
        this.hidden = {
            name: source.name, comment: "", label: source.label, enabled: true, shy: false, solo: false,
            guideLayer: false, adjustmentLayer: false, threeDLayer: false, timeRemapEnabled: false, stretch: 100,
            blend: enums.ENUMS.BlendingMode.NORMAL, parent: null,
            start: tick(comp.time), in: tick(comp.time), out: tick(comp.time + length),
        };
        this.locked = false;
        this.matte = null;
        this.matteKind = enums.ENUMS.TrackMatteType.NO_TRACK_MATTE;
        this.furnish();
    }

    furnish() {
        this.opacity = new Property(this.host, "ADBE Opacity", 100, this, [0, 100]);
        this.transform = new PropertyGroup(this.host, "ADBE Transform Group", "Transform", [this.opacity], this);
        this.effects = new PropertyGroup(this.host, "ADBE Effect Parade", "Effects", [], this);
    }

    /** Whether the length of the source binds the layer. */
    get unlimited() { return this.origin.mainSource !== undefined && this.origin.mainSource.isStill; }

    mayChange(what) {
        if (this.locked) {
            this.host.violate(`AVLayer.${what} on the locked layer ${this.name}`);
        }
    }

    get source() { return this.origin; }
    get index() { return this.containingComp.stack.indexOf(this) + 1; }
    get name() { return this.hidden.name; }
    set name(value) {
        this.mayChange("name");
        this.hidden.name = typed(this.host, value, "string", "name");
    }

    get isNameSet() { return this.name !== this.origin.name; }
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

    get blendingMode() { return this.hidden.blend; }
    set blendingMode(value) {
        this.mayChange("blendingMode");
        this.hidden.blend = enums.member(this.host, "BlendingMode", value);
    }

    get parent() { return this.hidden.parent; }
    set parent(value) { this.hidden.parent = value; }
    get stretch() { return this.hidden.stretch; }
    set stretch(value) { this.hidden.stretch = within(value, -9900, 9900, "stretch"); }
    get width() { return this.origin.width; }
    get height() { return this.origin.height; }
    get marker() { return this.property("ADBE Marker"); }

    get startTime() { return this.hidden.start; }
    set startTime(value) {
        this.mayChange("startTime");
        const by = tick(value) - this.hidden.start;
        this.hidden.start += by;
        this.hidden.in += by;
        this.hidden.out += by;
    }

    /** What the source can show, in seconds of the comp. */
    get limits() {
        const free = this.unlimited || this.timeRemapEnabled || this.stretch !== 100;
        return free ? [-10800, 10800] : [this.hidden.start, tick(this.hidden.start + this.origin.duration)];
    }

    get inPoint() { return this.hidden.in; }
    set inPoint(value) {
        this.mayChange("inPoint");
        this.hidden.in = Math.max(tick(value), this.limits[0]);
        this.ordered();
    }

    get outPoint() { return this.hidden.out; }
    set outPoint(value) {
        this.mayChange("outPoint");
        this.hidden.out = Math.min(tick(value), this.limits[1]);
        this.ordered();
    }

    ordered() {
        if (this.hidden.in >= this.hidden.out) {
            this.host.violate(`the in point ${this.hidden.in} of ${this.name} is not before its out point ${this.hidden.out}`);
        }
    }

    /** The source has become another length. */
    cut() {
        const [first, last] = this.limits;
        this.hidden.out = Math.min(this.hidden.out, last);
        this.hidden.in = Math.max(first, Math.min(this.hidden.in, this.hidden.out - this.containingComp.frameDuration));
    }

    get hasTrackMatte() { return this.matte !== null; }
    get isTrackMatte() { return this.containingComp.stack.some((one) => one.matte === this); }
    get trackMatteLayer() { return this.matte; }
    get trackMatteType() { return this.matteKind; }

    setTrackMatte(layer, kind) {
        this.mayChange("setTrackMatte");
        enums.member(this.host, "TrackMatteType", kind);
        if (!(layer instanceof AVLayer) || layer.containingComp !== this.containingComp || layer === this) {
            this.host.violate("setTrackMatte takes another layer of the same comp");
        }
        if (kind !== enums.ENUMS.TrackMatteType.NO_TRACK_MATTE) {
            this.matte = layer;
            this.matteKind = kind;
            layer.hidden.enabled = false;
        }
    }

    removeTrackMatte() {
        this.mayChange("removeTrackMatte");
        this.matte = null;
    }

    property(which) {
        const groups = {"ADBE Transform Group": this.transform, "ADBE Effect Parade": this.effects};
        if (["Transform", "Effects", "Opacity"].includes(which)) {
            this.host.violate(`property("${which}") is a name of the English interface`);
        }
        return groups[which] || null;
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

    copy(comp) {
        const copy = new AVLayer(this.host, comp, this.origin);
        copy.hidden = {...this.hidden};
        copy.locked = this.locked;
        copy.matte = this.matte;
        copy.matteKind = this.matteKind;
        copy.opacity.now = this.opacity.now;
        return copy;
    }

    duplicate() {
        const copy = this.copy(this.containingComp);
        this.containingComp.stack.splice(this.index - 1, 0, copy);
        return copy;
    }

    replaceSource(item) {
        this.mayChange("replaceSource");
        this.origin = item;
        this.cut();
    }
}

for (const name of SIMPLE) {
    Object.defineProperty(AVLayer.prototype, name, {
        get() { return this.hidden[name]; },
        set(value) {
            this.mayChange(name);
            this.hidden[name] = typed(this.host, value, "boolean", name);
        },
    });
}

module.exports = {AVLayer, Property, PropertyGroup};
