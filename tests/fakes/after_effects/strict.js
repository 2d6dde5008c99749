/*
 * Host objects as After Effects hands them to scripts, only less forgiving: what it would silently accept (an unknown
 * property, index 0, a write outside an undo group) is an error here, and is noted as a violation even where the script
 * catches it. What it may rightly refuse (a missing file) is an error only.
 */
"use strict";

const behind = new WeakMap(); // proxy -> the object behind it
const before = new WeakMap(); // object -> its proxy

class Refusal extends Error {}

/** The object behind what a script hands over. */
function unwrap(value) {
    return behind.get(value) || value;
}

/** The members of a class and its bases, from their `api` texts: "name" read-only, "name=" also written, "name()". */
function membersOf(type) {
    if (!Object.hasOwn(type, "members")) {
        const inherited = Object.getPrototypeOf(type);
        type.members = new Map(inherited.api === undefined ? [] : membersOf(inherited));
        for (const word of (Object.hasOwn(type, "api") ? type.api : "").split(/\s+/).filter(Boolean)) {
            const [, name, kind, since] = /^(\w+)(\(\)|=)?(?:@([\d.]+))?$/.exec(word);
            type.members.set(name, {kind: kind || "", since: Number(since || 0)});
        }
    }
    return type.members;
}

/** What a script gets of a value: host objects as proxies, lists as arrays of its own realm. */
function wrap(host, value) {
    if (value === undefined) {
        return undefined;
    }
    if (Array.isArray(value)) {
        return host.array(value.map((one) => wrap(host, one)));
    }
    return value !== null && typeof value === "object" && value.constructor.api !== undefined ?
        expose(host, value) : value;
}

function expose(host, object) {
    if (before.has(object)) {
        return before.get(object);
    }
    const type = object.constructor;
    const members = membersOf(type);
    const methods = new Map();

    function member(name, verb) {
        const found = members.get(name);
        if (found === undefined || found.since > host.version) {
            host.violate(`${type.name}.${name} (${verb}) does not exist in After Effects ${host.version}`);
        }
        if (object.isValid === false && name !== "isValid") {
            host.violate(`${type.name}.${name}: Object is invalid`);
        }
        host.count(`${type.name}.${name}`);
        return found;
    }

    function numbered(name) {
        const at = Number(name);
        const list = object.elements();
        host.count(`${type.name}[]`);
        if (at < 1 || at > list.length) {
            host.violate(`${type.name}[${at}]: the index runs from 1 to ${list.length}`);
        }
        return wrap(host, list[at - 1]);
    }

    function method(name) {
        if (!methods.has(name)) {
            methods.set(name, (...given) => {
                if (object.isValid === false) {
                    host.violate(`${type.name}.${name}(): Object is invalid`);
                }
                if (type.writers && type.writers.includes(name)) {
                    host.writing(`${type.name}.${name}()`, object);
                }
                return wrap(host, object[name](...given.map(unwrap)));
            });
        }
        return methods.get(name);
    }

    const target = object.elements ? function () {} : {};
    const proxy = new Proxy(target, {
        get(_, name) {
            if (typeof name === "symbol") {
                return name === Symbol.toPrimitive ? () => `[object ${type.name}]` : undefined;
            }
            if (name === "toString") {
                return () => `[object ${type.name}]`;
            }
            if (object.elements && /^-?\d+$/.test(name)) {
                return numbered(name);
            }
            const found = member(name, "get");
            return found.kind === "()" ? method(name) : wrap(host, object[name]);
        },
        set(_, name, value) {
            const found = member(String(name), "set");
            if (found.kind !== "=") {
                host.violate(`${type.name}.${String(name)} is read-only`);
            }
            if (value === undefined || (typeof value === "number" && !Number.isFinite(value))) {
                host.violate(`${type.name}.${String(name)} = ${value}`);
            }
            if (!type.plain) {
                host.writing(`${type.name}.${String(name)}`, object, String(name));
            }
            object[name] = unwrap(value);
            return true;
        },
        has: (_, name) => members.has(String(name)),
        getPrototypeOf: () => host.prototypeOf(type),
        deleteProperty: (_, name) => host.violate(`delete ${type.name}.${String(name)}`),
        defineProperty: (_, name) => host.violate(`${type.name}.${String(name)} is not for scripts to define`),
        ownKeys: () => host.violate(`for (name in ${type.name})`),
    });
    behind.set(proxy, object);
    before.set(object, proxy);
    return proxy;
}

/** A number from `low` to `high`, or a refusal in the host's way. */
function within(value, low, high, what) {
    if (typeof value !== "number" || !(value >= low && value <= high)) {
        throw new Refusal(`After Effects error: Value ${value} out of range ${low} to ${high} for "${what}"`);
    }
    return value;
}

function typed(host, value, type, what) {
    if (typeof value !== type) {
        host.violate(`${what} takes a ${type}, not ${value}`);
    }
    return value;
}

function shortEnough(text) {
    if (Buffer.byteLength(text, "utf8") > 15999) {
        throw new Refusal("After Effects error: the comment is longer than 15,999 bytes");
    }
    return text;
}

module.exports = {Refusal, unwrap, wrap, expose, within, typed, shortEnough};
