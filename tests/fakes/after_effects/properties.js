/* What hangs on layers: properties with their keys, groups of them, effects. */
"use strict";

const enums = require("./enums.js");
const {Refusal, unwrap, within, typed} = require("./strict.js");

/** Keys of a property by time, in the comp's seconds as scripts see them. */
class Property {
    static api = `name matchName value setValue() numKeys setValueAtTime() setValuesAtTimes() removeKey() expression=
        expressionEnabled= canSetExpression propertyValueType propertyType propertyIndex isValid keyTime() keyValue()
        valueAtTime() dimensionsSeparated= isSeparationLeader isSeparationFollower separationLeader separationDimension
        getSeparationFollower()`;
    static writers = ["setValue", "setValueAtTime", "setValuesAtTimes", "removeKey"];
    propertyType = enums.ENUMS.PropertyType.PROPERTY;
    canSetExpression = true;
    followers = []; // of a leader: x, y, z as properties of their own
    leader = null; // of a follower
    separated = false;

    constructor(host, matchName, value, layer, range) {
        Object.assign(this, {host, matchName, name: matchName, layer, range, isValid: true});
        this.now = value;
        this.keys = new Map();
        this.expression = "";
        this.expressionEnabled = false;
    }

    get isSeparationLeader() { return this.followers.length > 0; }
    get isSeparationFollower() { return this.leader !== null; }
    get separationLeader() { return this.leader; }
    get separationDimension() { return this.leader.followers.indexOf(this); }
    getSeparationFollower(axis) {
        if (!this.isSeparationLeader || ![0, 1, 2].includes(axis)) {
            this.host.violate(`getSeparationFollower(${axis}) of ${this.matchName}: a leader has 0, 1 and 2`);
        }
        return this.followers[axis];
    }

    get dimensionsSeparated() { return this.separated; }
    /** Keys and values go over to the others, as the artist's click on Separate Dimensions does it. */
    set dimensionsSeparated(value) {
        this.layer.mayChange("dimensionsSeparated");
        typed(this.host, value, "boolean", "dimensionsSeparated");
        if (!this.isSeparationLeader) {
            this.host.violate(`dimensionsSeparated of ${this.matchName}, which leads no others`);
        }
        if (value === this.separated) {
            return;
        }
        if (value) {
            this.followers.forEach((one, axis) => {
                one.now = this.now[axis];
                one.keys = new Map([...this.keys].map(([time, all]) => [time, all[axis]]));
            });
            this.keys = new Map();
        } else {
            const times = [...new Set(this.followers.flatMap((one) => [...one.keys.keys()]))].sort((a, b) => a - b);
            this.keys = new Map(times.map((time) => [time, this.followers.map((one) => one.at(time))]));
            this.now = this.followers.map((one) => one.now);
            this.followers.forEach((one) => { one.keys = new Map(); });
        }
        this.separated = value;
    }

    /** What a script may not set: an axis of what is in one piece, z of a layer of 2D, or by its owner. */
    get isHidden() {
        return this.hidden || (this.leader !== null && (!this.leader.separated ||
            (this.leader.followers[2] === this && !this.layer.threeDLayer && !this.layer.isCamera)));
    }

    /** The value at a time: straight between keys, as ours are. */
    at(time) {
        if (this.separated) {
            return this.followers.map((one) => one.at(time));
        }
        const keys = [...this.keys];
        const after = keys.findIndex(([key]) => key >= time - 1e-9);
        if (keys.length === 0 || after === 0 || after === -1) {
            return keys.length === 0 ? this.now : keys[after === 0 ? 0 : keys.length - 1][1];
        }
        const [[from, a], [to, b]] = [keys[after - 1], keys[after]];
        const part = (time - from) / (to - from);
        const between = (x, y) => x + (y - x) * part;
        return Array.isArray(a) ? a.map((x, i) => between(x, b[i])) : between(a, b);
    }

    /** All of it moved by as much. */
    moveBy(by) {
        const moved = (list) => list.map((x, i) => x + by[i]);
        if (this.separated) {
            this.followers.forEach((one, axis) => {
                one.now += by[axis];
                one.keys = new Map([...one.keys].map(([time, x]) => [time, x + by[axis]]));
            });
        }
        this.now = moved(this.now);
        this.keys = new Map([...this.keys].map(([time, one]) => [time, moved(one)]));
    }

    takeOver(other) {
        Object.assign(this, {now: other.now, keys: new Map(other.keys), separated: other.separated});
    }

    get propertyValueType() {
        const type = Array.isArray(this.now) ? "ThreeD_SPATIAL" : "OneD";
        return enums.ENUMS.PropertyValueType[this.range ? type : "CUSTOM_VALUE"];
    }

    /** After the playhead, where there are keys: nobody may take this for a value that stands still. */
    get value() {
        if (this.separated) {
            return this.followers.map((one) => one.value);
        }
        return this.keys.size > 0 ? [...this.keys.values()][this.keys.size - 1] : this.now;
    }
    get numKeys() { return this.keys.size; }

    mayBeSet(what) {
        this.layer.mayChange(what);
        if (!this.range) {
            throw new Refusal(`After Effects error: ${this.matchName} holds arbitrary data, it cannot be set`);
        }
        if (this.isHidden) {
            throw new Refusal(`After Effects error: Can not "${what}" with this property, because the property or a ` +
                "parent property is hidden.");
        }
        if (this.separated) {
            throw new Refusal(`After Effects error: Can not "${what}" on a property with separated dimensions`);
        }
    }

    /** A value as it is kept; arrays of the realm become ours, and the host fills up the axis that 2D has not. */
    checked(value) {
        if (!Array.isArray(this.now)) {
            return within(value, ...this.range, this.matchName);
        }
        const list = value && typeof value === "object" ? Array.from(value) : [value];
        const axes = this.layer.threeDLayer || this.layer.isCamera ? [3] : [2, 3];
        if (!axes.includes(list.length)) {
            this.host.violate(`${this.matchName} takes ${axes.join(" or ")} numbers, not ${list.length}`);
        }
        list.forEach((one) => within(one, ...this.range, this.matchName));
        const turned = this.matchName === "ADBE Orientation" ? list.map((one) => ((one % 360) + 360) % 360) : list;
        return turned.length === 2 ? [...turned, this.now[2]] : turned;
    }

    setValue(value) {
        this.mayBeSet("setValue");
        if (this.numKeys > 0) {
            this.host.violate(`setValue on ${this.matchName}, which has keyframes`);
        }
        this.now = this.checked(value);
    }

    setValueAtTime(time, value) { this.setValuesAtTimes([time], [value]); }

    setValuesAtTimes(times, values) {
        this.mayBeSet("setValuesAtTimes");
        const [at, given] = [Array.from(times), Array.from(values)];
        if (at.length !== given.length || at.length === 0) {
            this.host.violate(`setValuesAtTimes takes as many times as values, not ${at.length} and ${given.length}`);
        }
        const checked = given.map((one) => this.checked(one));
        at.forEach((time, i) => {
            this.keys.set(this.layer.tick(typed(this.host, time, "number", "a time")), checked[i]);
        });
        this.keys = new Map([...this.keys].sort((a, b) => a[0] - b[0]));
    }

    keyTime(at) { return this.host.numbered([...this.keys.keys()], at, "Property.keyTime"); }
    keyValue(at) { return this.host.numbered([...this.keys.values()], at, "Property.keyValue"); }

    removeKey(at) {
        this.layer.mayChange("removeKey");
        const value = this.keyValue(at);
        this.keys.delete(this.keyTime(at));
        this.now = this.keys.size === 0 ? value : this.now;
    }

    /** Keys go along with their layer. */
    shift(by) {
        this.keys = new Map([...this.keys].map(([time, value]) => [this.layer.tick(time + by), value]));
    }
}

class PropertyGroup {
    static api = `name= matchName numProperties property() canAddProperty() addProperty() isValid propertyType
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

/** What a marker says; a script gets a copy, and what it changes in that is nowhere until it is set again. */
class MarkerValue {
    static api = `comment= chapter= url= frameTarget= cuePointName= duration= label=@16 protectedRegion=@16 eventCuePoint=
        getParameters() setParameters()`;
    static plain = true;

    constructor(host, words = "", ...more) {
        this.host = host;
        if (more.length > 4) {
            host.violate("new MarkerValue takes up to five texts");
        }
        const [chapter = "", url = "", frameTarget = "", cuePointName = ""] = more;
        Object.assign(this, {words: "", seconds: 0, colour: 0, chapter, url, frameTarget, cuePointName});
        this.comment = words;
        this.parameters = {};
        this.protectedRegion = this.eventCuePoint = false;
    }

    get comment() { return this.words; }
    set comment(value) { this.words = typed(this.host, value, "string", "comment"); }
    get duration() { return this.seconds; }
    /** Kept in six-hundredths of a second, whatever the rate of the comp. */
    set duration(value) { this.seconds = Math.floor(within(value, 0, 10800, "duration") * 600) / 600; }
    get label() { return this.colour; }
    set label(value) { this.colour = within(value, 0, 16, "label"); }
    getParameters() { return this.host.object(this.parameters); }
    setParameters(given) {
        this.parameters = Object.fromEntries(Object.keys(given).map((name) =>
            [name, typed(this.host, given[name], "string", "a parameter")]));
    }

    copy() { return Object.assign(new MarkerValue(this.host), this, {parameters: {...this.parameters}}); }
    get plainly() {
        const {words, seconds, colour, parameters} = this;
        return {words, seconds: Math.round(seconds * 1e6) / 1e6, label: colour, parameters};
    }
}

/** The markers of a layer: a property whose keys they are. One at a time; a second at that time takes its place. */
class Markers extends Property {
    static api = Property.api;
    static writers = Property.writers;
    isMarkers = true;

    constructor(layer) { super(layer.host, "ADBE Marker", null, layer, [0, 0]); }
    get propertyValueType() { return enums.ENUMS.PropertyValueType.MARKER; }
    get value() { return null; }
    checked(given) {
        const value = unwrap(given);
        if (!(value instanceof MarkerValue)) {
            this.host.violate("a marker is a MarkerValue");
        }
        return value.copy();
    }

    setValue() { this.host.violate("setValue on markers, which are nowhere without a time"); }
    keyValue(at) { return super.keyValue(at).copy(); }
    takeOver(other) { this.keys = new Map([...other.keys].map(([time, one]) => [time, one.copy()])); }
}

/** A text and its looks, of which a script has only a copy. */
class TextDocument {
    static api = "text= font= fontSize= applyFill= fillColor= justification= resetCharStyle() resetParagraphStyle()";
    static plain = true;

    constructor(host, words) {
        Object.assign(this, {host, words, size: 36, filled: true, colour: [0.92, 0.92, 0.92], font: "MyriadPro-Regular"});
        this.side = enums.ENUMS.ParagraphJustification.LEFT_JUSTIFY;
    }

    get text() { return this.words; }
    set text(value) { this.words = typed(this.host, value, "string", "text"); }
    get fontSize() { return this.size; }
    set fontSize(value) { this.size = within(value, 0.1, 1296, "fontSize"); }
    get applyFill() { return this.filled; }
    set applyFill(value) { this.filled = typed(this.host, value, "boolean", "applyFill"); }
    get fillColor() { return this.colour; }
    set fillColor(value) {
        if (!this.filled) {
            throw new Refusal("After Effects error: the text has no fill");
        }
        this.colour = Array.from(value).map((one) => within(one, 0, 1, "fillColor"));
    }

    get justification() { return this.side; }
    set justification(value) { this.side = enums.member(this.host, "ParagraphJustification", value); }
    resetCharStyle() {}
    resetParagraphStyle() {}
    copy() { return Object.assign(new TextDocument(this.host, ""), this); }
}

class TextProperty extends Property {
    static api = Property.api;
    static writers = Property.writers;

    constructor(layer, words) { super(layer.host, "ADBE Text Document", new TextDocument(layer.host, words), layer, [0, 0]); }
    get propertyValueType() { return enums.ENUMS.PropertyValueType.TEXT_DOCUMENT; }
    get value() { return this.now.copy(); }
    checked(given) {
        const value = unwrap(given);
        if (typeof value !== "string" && !(value instanceof TextDocument)) {
            this.host.violate("a text is a TextDocument or a string");
        }
        return typeof value === "string" ? Object.assign(this.now.copy(), {words: value}) : value.copy();
    }
}

/** The effect that the Puppet tool makes: groups in groups, a mesh, and a group for each pin. */
function puppet(host, layer, pins) {
    const group = (kind, name, list) => new PropertyGroup(host, `ADBE FreePin3${kind}`, name, list, layer);
    const made = pins.map((one) => {
        const [name, type] = one.split(":");
        return group(" PosPin Atom", name, [
            new Property(host, "ADBE FreePin3 PosPin Type", Number(type || 1), layer, [1, 4]),
            new Property(host, "ADBE FreePin3 PosPin Position", [10, 20, 0], layer, [-1e6, 1e6]),
        ]);
    });
    const mesh = group(" Mesh Atom", "Mesh 1", [group(" PosPins", "Deform", made)]);
    return group("", "Puppet", [group(" ARAP Group", "arap", [group(" Mesh Group", "Mesh", [mesh])])]);
}

module.exports = {MarkerValue, Markers, Property, PropertyGroup, TextProperty, puppet};
