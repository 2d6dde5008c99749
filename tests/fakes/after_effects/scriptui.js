/*
 * ScriptUI, Socket and $ for the fake, as a plugin of host.js. Unknown kinds of controls, unknown properties and controls
 * of a closed window are refused. A Socket is a real connection (socket.js); one that is refused takes its time.
 * Tests reach the tree as `ui`: ui.find(text), ui.click(text), ui.close(), ui.tree(), ui.dock(width, height), ui.cut().
 *
 * layout.js has the sizes. A selection that a script makes calls onChange, and in a list of many it is added to what is
 * selected. The press on a control goes up to the window before the click.
 */
"use strict";

const {cut, layout, resize} = require("./layout.js");
const {Line} = require("./socket.js");

const COMMON = `text helpTip enabled visible alignment preferredSize minimumSize maximumSize parent onClick onChange
    onChanging size bounds active addEventListener`;
const GROUP = "orientation alignChildren margins spacing children layout add remove";
const KINDS = {
    group: GROUP, panel: GROUP, statictext: "characters", button: "", checkbox: "value", progressbar: "value maxvalue",
    edittext: "characters", listbox: "items selection onDoubleClick removeAll add", image: "image",
    dropdownlist: "items selection removeAll add",
};
const CREATION = new Set(["multiline", "readonly", "scrolling", "truncate", "numberOfColumns", "showHeaders",
    "columnTitles", "columnWidths", "multiselect", "resizeable", "closeButton", "name"]);
const WINDOW = `${GROUP} onClose onResize onResizing onActivate center show update close`;

exports.install = function install(host, define) {
    const realm = host.realm.inside;
    const list = (values) => host.array(values);
    let updates = 0;

    function control(kind, parent, text, properties = {}) {
        const allowed = new Set(`${COMMON} ${KINDS[kind] === undefined ? WINDOW : KINDS[kind]}`.split(/\s+/));
        if (properties) {
            for (const name of Object.keys(properties)) {
                if (!CREATION.has(name)) {
                    host.violate(`${kind} has no creation property ${name}`);
                }
            }
        }
        const own = {
            kind, text: typeof text === "string" ? text : "", enabled: true, visible: true, helpTip: "", parent,
            kids: [], columns: properties.numberOfColumns || 1, chosen: null, properties,
        };
        const isClosed = () => {
            let top = own;
            while (top.parent) {
                top = top.parent;
            }
            return top.closed === true;
        };
        const item = (words, index) => {
            const subs = Array.from({length: own.columns - 1}, () => ({text: ""}));
            return {text: words, index, subItems: list(subs), selected: false};
        };
        const listeners = {};
        own.press = (target) => {
            (listeners.mousedown || []).forEach((handler) => handler.call(own.proxy, {type: "mousedown", target}));
        };
        const several = properties && properties.multiselect === true;
        const pick = (value) => {
            if (value === null && kind === "dropdownlist") {
                return; // by some guides it is ignored
            }
            const asked = value !== null && typeof value === "object" && typeof value.length === "number" &&
                value.subItems === undefined ? Array.from(value) : [value];
            const picked = asked.map((one) => (typeof one === "number" ? own.kids[one] : one)).filter(Boolean);
            own.chosen = several && value !== null ? [...new Set([...(own.chosen || []), ...picked])] : picked;
            own.chosen = own.chosen.length > 0 ? own.chosen : null;
        };
        const selection = () => {
            if (own.chosen === null || !several) {
                return own.chosen === null ? null : own.chosen[0];
            }
            return list([...own.chosen].sort((a, b) => a.index - b.index));
        };
        const methods = {
            addEventListener(name, handler, capture) {
                if (name !== "mousedown" || typeof handler !== "function" || capture === true) {
                    host.violate(`addEventListener(${name}): the fake knows mousedown that bubbles`);
                }
                (listeners[name] = listeners[name] || []).push(handler);
                return true;
            },
            add(type, bounds, content, more) {
                if (kind === "listbox" || kind === "dropdownlist") {
                    const made = item(bounds === undefined ? content : bounds, own.kids.length);
                    own.kids.push(made);
                    return made;
                }
                if (KINDS[type] === undefined || bounds !== undefined) {
                    host.violate(`add("${type}", ${bounds}): ScriptUI has no such control, or bounds were given`);
                }
                const made = control(type, own, content, more);
                own.kids.push(made.own);
                return made.proxy;
            },
            remove(at) {
                if (own.kids[at] === undefined) {
                    host.violate(`remove(${at}) of a group of ${own.kids.length}`);
                }
                own.kids.splice(at, 1);
            },
            removeAll() {
                own.kids = [];
                own.chosen = null;
            },
            center() {}, show() {}, update() { updates += 1; }, close() { own.closed = true; },
        };
        if (kind === "listbox" || kind === "dropdownlist") {
            Array.from((Array.isArray(text) || (text && typeof text === "object")) ? Array.from(text) : [])
                .forEach((words, i) => own.kids.push(item(words, i)));
        }
        own.proxy = new Proxy({}, {
            get(_, name) {
                if (isClosed()) {
                    host.closedUse = (host.closedUse || 0) + 1;
                    throw new Error("Object is invalid");
                }
                if (typeof name === "symbol") {
                    return undefined;
                }
                if (!allowed.has(name)) {
                    host.violate(`${kind}.${name} does not exist in ScriptUI`);
                }
                if (methods[name]) {
                    return methods[name];
                }
                if (name === "layout") {
                    return {layout: () => layout(own), resize: () => resize(own)};
                }
                if (name === "children" || name === "items") {
                    return list(own.kids.map((kid) => kid.proxy || kid));
                }
                if (name === "size") {
                    return own.box && {width: own.box[2], height: own.box[3]};
                }
                return name === "selection" ? selection() : own[name];
            },
            set(_, name, value) {
                if (!allowed.has(name) || ["children", "parent", "items", "layout"].includes(name)) {
                    host.violate(`${kind}.${String(name)} cannot be set in ScriptUI`);
                }
                if (isClosed()) {
                    throw new Error("Object is invalid");
                }
                if (name === "text" && typeof value !== "string") {
                    host.violate(`${kind}.text = ${value}: a string is needed`);
                }
                if (name === "selection") {
                    pick(value);
                    if (own.onChange) {
                        own.onChange();
                    }
                } else if (name === "size" && kind === "window") {
                    own.actual = [value[0], value[1]];
                } else {
                    own[name] = value;
                }
                return true;
            },
            getPrototypeOf: () => (own.prototype || realm.Object.prototype),
        });
        return {own, proxy: own.proxy};
    }

    const windows = [];
    function Window(kind, title, bounds, properties) {
        const made = control("window", null, title, properties);
        made.own.prototype = Window.prototype;
        windows.push(made.own);
        return made.proxy;
    }
    function Panel() {
        const made = control("window", null, "");
        made.own.docked = true;
        made.own.actual = host.dock || [400, 700];
        made.own.prototype = Panel.prototype;
        windows.push(made.own);
        return made.proxy;
    }
    function Socket() {
        let line = null;
        this.timeout = 10;
        this.open = (where, encoding) => {
            if (!host.preferences.write || encoding !== "BINARY" || this.timeout > 2) {
                host.violate("a socket needs the preference, BINARY, and a short time limit");
            }
            host.sockets += 1;
            line = Line.open(Number(where.split(":")[1]), this.timeout);
            host.frozen += line === null ? host.preferences.refusalSeconds : 0;
            return line !== null;
        };
        this.write = (text) => line !== null && line.write(text);
        this.readln = () => (line === null ? "" : line.readln());
        this.close = () => line === null || line.close();
    }
    define("Window", Window);
    define("Panel", Panel);
    define("Socket", Socket);
    define("$", {os: "Macintosh OS", getenv: (name) => host.environment && host.environment[name] || null});
    host.environment = {SEMRENDER_HOME: "/home/semrender"};
    realm.Folder.temp = new realm.Folder("/tmp");
    realm.Folder.userData = new realm.Folder("/home");
    realm.Folder.selectDialog = () => (host.chosenFolder ? new realm.Folder(host.chosenFolder) : null);

    realm.File.openDialog = () => (host.chosenFolder ? new realm.File(host.chosenFolder) : null);

    const walk = (own, visit) => {
        visit(own);
        (own.kids || []).filter((kid) => kid.proxy).forEach((kid) => walk(kid, visit));
    };
    const find = (text) => {
        let found = null;
        windows.filter((one) => !one.closed).forEach((one) => walk(one, (own) => {
            found = (own.text === text || own.helpTip === text) ? own : found;
        }));
        if (found === null) {
            throw new Error(`no control says ${text}`);
        }
        return found;
    };
    const press = (own) => {
        for (let at = own; at && host.preferences.pressesArrive; at = at.parent) {
            at.press(own.proxy);
        }
    };
    const plain = (own) => ({
        kind: own.kind, text: own.text, enabled: own.enabled, visible: own.visible, value: own.value,
        tip: own.helpTip, orientation: own.orientation, margins: own.margins, spacing: own.spacing,
        size: own.preferredSize, characters: own.characters, box: own.box,
        columns: own.properties.columnTitles, widths: own.properties.columnWidths,
        chosen: own.chosen ? own.chosen[0].text : null, lit: (own.chosen || []).map((one) => one.index),
        rows: own.kids.filter((kid) => !kid.proxy).map((kid) => [kid.text, ...Array.from(kid.subItems, (s) => s.text)]),
        children: own.kids.filter((kid) => kid.proxy).map(plain),
    });
    define("ui", {
        click(text) {
            const own = find(text);
            for (let at = own; at; at = at.parent) {
                if (!at.visible) {
                    throw new Error(`${text} is on a page that is not seen`);
                }
            }
            if (!own.enabled) {
                throw new Error(`${text} is greyed out`);
            }
            press(own);
            own.onClick();
        },
        press(text) { press(find(text)); },
        windows: () => windows.length, // also those that are closed
        updates: () => updates, // of windows that were drawn while a script ran
        activate: () => windows.filter((one) => !one.closed && one.onActivate).forEach((one) => one.onActivate()),
        dock(width, height) {
            host.dock = [width, height];
            windows.filter((one) => !one.closed && one.docked).forEach((one) => {
                one.actual = [width, height];
                (one.onResizing || one.onResize || (() => {})).call(one.proxy);
            });
        },
        cut: () => list(windows.filter((one) => !one.closed).flatMap(cut)),
        find: (text) => find(text).proxy,
        type: (tip, text) => { find(tip).text = text; },
        tree: () => windows.filter((one) => !one.closed).map(plain),
        close() {
            windows.filter((one) => !one.closed).forEach((one) => {
                if (one.onClose && host.environment.RUDE !== "1") {
                    one.onClose();
                }
                one.closed = true;
            });
        },
        advance(milliseconds) {
            for (const [, task] of [...host.tasks]) {
                for (let at = 0; at < milliseconds; at += task.delay) {
                    if (host.mayTick()) {
                        host.load("task", task.code);
                    }
                }
            }
            return host.tasks.size;
        },
        tasks: () => host.tasks.size,
        commands: () => list(host.commands),
        executed: () => list(host.executed),
        asked: () => list(host.asked),
        choose(folder) { host.chosenFolder = folder; },
        rude() { host.environment.RUDE = "1"; },
    });
};
