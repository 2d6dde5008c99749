/* What hangs on layers: properties with their keys, groups of them, effects. */
"use strict";

const enums = require("./enums.js");
const {Refusal, within, typed} = require("./strict.js");

/** Keys of a property by time, in the comp's seconds as scripts see them. */
class Property {
    static api = `name matchName value setValue() numKeys setValueAtTime() setValuesAtTimes() removeKey() expression=
        expressionEnabled= canSetExpression propertyValueType propertyType propertyIndex isValid keyTime() keyValue()
        valueAtTime() dimensionsSeparated= isSeparationLeader`;
    static writers = ["setValue", "setValueAtTime", "setValuesAtTimes", "removeKey"];
    propertyType = enums.ENUMS.PropertyType.PROPERTY;
    canSetExpression = true;
    dimensionsSeparated = false;

    constructor(host, matchName, value, layer, range) {
        Object.assign(this, {host, matchName, name: matchName, layer, range, isValid: true});
        this.now = value;
        this.keys = new Map();
        this.expression = "";
        this.expressionEnabled = false;
    }

    get isSeparationLeader() { return this.matchName === "ADBE Position"; }

    get propertyValueType() {
        const type = Array.isArray(this.now) ? "ThreeD_SPATIAL" : "OneD";
        return enums.ENUMS.PropertyValueType[this.range ? type : "CUSTOM_VALUE"];
    }

    /** After the playhead, where there are keys: nobody may take this for a value that stands still. */
    get value() { return this.keys.size > 0 ? [...this.keys.values()][this.keys.size - 1] : this.now; }
    get numKeys() { return this.keys.size; }

    mayBeSet(what) {
        this.layer.mayChange(what);
        if (!this.range) {
            throw new Refusal(`After Effects error: ${this.matchName} holds arbitrary data, it cannot be set`);
        }
        if (this.hidden) {
            throw new Refusal(`After Effects error: Can not "${what}" with this property, because the property or a ` +
                "parent property is hidden.");
        }
        if (this.dimensionsSeparated) {
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
        return turned.length === 2 ? [...turned, 0] : turned;
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

module.exports = {Property, PropertyGroup};
