/* The project: its items, footage and where footage comes from. */
"use strict";

const enums = require("./enums.js");
const {Refusal, within, typed, shortEnough} = require("./strict.js");
const {File} = require("./files.js");
const {AVLayer, CameraLayer, ShapeLayer, TextLayer} = require("./layers.js");
const {PropertyGroup} = require("./properties.js");

class Item {
    static api = `id name= comment= label= parentFolder= selected= typeName remove() usedIn`;
    static writers = ["remove"];

    constructor(host, name) {
        this.host = host;
        this.id = (host.lastId += 1);
        this.isValid = true;
        this.hidden = {name, comment: "", label: 0, parent: null};
        this.selected = false;
    }

    get name() { return this.hidden.name; }
    set name(value) {
        this.hidden.name = typed(this.host, value, "string", "name");
        this.host.project.sorted = null;
    }

    get comment() { return this.hidden.comment; }
    set comment(value) { this.hidden.comment = shortEnough(typed(this.host, value, "string", "comment")); }

    get label() { return this.hidden.label; }
    set label(value) { this.hidden.label = within(value, 0, 16, "label"); }

    get parentFolder() { return this.hidden.parent; }
    set parentFolder(value) {
        if (!(value instanceof FolderItem)) {
            this.host.violate("parentFolder takes a FolderItem");
        }
        for (let at = value; at; at = at.parentFolder) {
            if (at === this) {
                throw new Refusal("After Effects error: a folder cannot be in itself");
            }
        }
        this.hidden.parent = value;
    }

    get usedIn() {
        return this.host.project.all.filter((one) => one instanceof CompItem &&
            one.stack.some((layer) => layer.source === this));
    }

    remove() {
        this.isValid = false;
        for (const comp of this.usedIn) {
            comp.stack.filter((layer) => layer.source === this).forEach((layer) => layer.vanish());
        }
        this.host.project.drop(this);
    }
}

class FolderItem extends Item {
    static api = "numItems items item()";
    typeName = "Folder";

    get children() { return this.host.project.all.filter((one) => one.parentFolder === this); }
    get numItems() { return this.children.length; }
    get items() { return new ItemCollection(this.host, () => this.children); }
    item(at) { return this.host.numbered(this.children, at, "FolderItem.item"); }

    remove() {
        this.children.forEach((one) => one.remove());
        super.remove();
    }
}

/** Where the pixels of a footage item come from; replacing makes a new one and the old is gone for good. */
class FootageSource {
    static api = `isStill hasAlpha alphaMode= premulColor= invertAlpha= conformFrameRate= nativeFrameRate
        displayFrameRate loop= fieldSeparationType= guessAlphaMode()`;

    constructor(host, item, picture) {
        Object.assign(this, {host, item, ...picture});
        this.alpha = picture.hasAlpha ? host.preferences.guessedAlpha : enums.ENUMS.AlphaMode.IGNORE;
        this.color = [0, 0, 0];
        this.inverted = false;
        this.repeats = 1;
        this.rate = this.isStill || this.sound !== undefined ? 0 : host.preferences.sequenceRate;
        this.fieldSeparationType = 5612;
    }

    get isValid() { return this.item.isValid && [this.item.mainSource, this.item.proxySource].includes(this); }

    get alphaMode() { return this.alpha; }
    set alphaMode(value) {
        if (!this.hasAlpha) {
            throw new Refusal("After Effects error: the footage has no alpha channel");
        }
        this.alpha = enums.member(this.host, "AlphaMode", value);
    }

    get premulColor() { return this.color; }
    set premulColor(value) { this.color = [...value]; }

    get invertAlpha() { return this.inverted; }
    set invertAlpha(value) { this.inverted = value; }

    get conformFrameRate() { return this.rate; }
    set conformFrameRate(value) {
        if (this.isStill || this.sound !== undefined) {
            throw new Refusal("After Effects error: a still or a sound has no frame rate to conform");
        }
        this.rate = within(value, 0, 99, "conformFrameRate");
        this.item.lengthChanged();
    }

    get loop() { return this.repeats; }
    set loop(value) {
        this.repeats = within(value, 1, 9999, "loop");
        this.item.lengthChanged();
    }

    get nativeFrameRate() { return this.isStill ? 0 : this.host.preferences.sequenceRate; }
    get displayFrameRate() { return this.rate; }
    guessAlphaMode() { this.alpha = this.host.preferences.guessedAlpha; }
    get seconds() {
        if (this.sound !== undefined) {
            return this.sound * this.repeats;
        }
        return this.isStill ? 0 : (this.frames / this.rate) * this.repeats;
    }
}

class FileSource extends FootageSource {
    static api = "file missingFootagePath reload()";

    get file() { return File.at(this.host, this.path); }
    get missing() { return !this.host.disk.files.has(this.path); }
    get missingFootagePath() { return this.missing ? this.file.fsName : ""; }
    reload() { this.host.reloads.push(this.path); }
}

class SolidSource extends FootageSource {
    static api = "color=";
}

class PlaceholderSource extends FootageSource {}

class AVItem extends Item {
    static api = "width= height= pixelAspect= frameRate= frameDuration duration time= hasVideo hasAudio footageMissing";

    get pixelAspect() { return this.hidden.aspect; }
    set pixelAspect(value) {
        if (!this.hasVideo) {
            throw new Refusal("After Effects error: a sound has no pixels");
        }
        this.hidden.aspect = Math.fround(within(value, 0.01, 100, "pixelAspect"));
    }

    lengthChanged() {
        if (this.host.preferences.footageCutsLayers) {
            for (const comp of this.usedIn) {
                comp.stack.filter((layer) => layer.source === this).forEach((layer) => layer.cut());
            }
        }
    }
}

class FootageItem extends AVItem {
    static api = `mainSource file replace() replaceWithSequence() replaceWithPlaceholder() replaceWithSolid()
        openInViewer() proxySource useProxy= setProxy() setProxyWithSequence() setProxyToNone()`;
    static writers = ["remove", "replace", "replaceWithSequence", "replaceWithPlaceholder", "replaceWithSolid", "setProxy",
        "setProxyWithSequence", "setProxyToNone"];
    typeName = "Footage";

    constructor(host, name, kind, picture) {
        super(host, name);
        this.hidden.aspect = 1;
        this.mainSource = new kind(host, this, picture);
        this.proxySource = null;
        this.proxied = false;
    }

    /** New files leave the proxy as it is: it may show what is no more. */
    setProxyWithSequence(file, alphabetical) {
        if (typeof alphabetical !== "boolean") {
            this.host.violate("setProxyWithSequence takes a file and a boolean");
        }
        this.proxySource = new FileSource(this.host, this, this.host.project.look(file, true));
        this.proxied = true;
    }

    setProxy(file) {
        this.proxySource = new FileSource(this.host, this, this.host.project.look(file, false));
        this.proxied = true;
    }

    setProxyToNone() {
        this.proxySource = null;
        this.proxied = false;
    }

    get useProxy() { return this.proxied; }
    set useProxy(value) { this.proxied = typed(this.host, value, "boolean", "useProxy") && this.proxySource !== null; }

    get hasVideo() { return this.mainSource.sound === undefined; }
    get hasAudio() { return !this.hasVideo; }
    get width() { return this.mainSource.width; }
    get height() { return this.mainSource.height; }
    get duration() { return this.mainSource.seconds; }
    get frameRate() { return this.mainSource.rate; }
    get frameDuration() { return 1 / this.mainSource.rate; }
    get footageMissing() { return this.mainSource instanceof FileSource && this.mainSource.missing; }
    get file() { return this.mainSource instanceof FileSource ? this.mainSource.file : null; }
    openInViewer() { this.host.project.active = this; } // no comp is active then

    change(kind, picture) {
        const old = this.mainSource;
        this.mainSource = new kind(this.host, this, picture);
        if (this.host.preferences.replaceKeepsRate && !old.isStill && !picture.isStill) {
            this.mainSource.rate = old.rate;
            this.mainSource.repeats = old.repeats;
        }
        this.lengthChanged();
    }

    replace(file) { this.change(FileSource, this.host.project.look(file, false)); }

    replaceWithSequence(file, alphabetical) {
        if (typeof alphabetical !== "boolean") {
            this.host.violate("replaceWithSequence takes a file and a boolean");
        }
        this.change(FileSource, this.host.project.look(file, true));
    }

    replaceWithPlaceholder(name, width, height, rate, seconds) {
        this.change(PlaceholderSource, {width, height, isStill: false, hasAlpha: false, frames: seconds * rate});
    }

    replaceWithSolid(color, name, width, height) {
        this.change(SolidSource, {width, height, isStill: true, hasAlpha: false, frames: 1});
    }
}

class CompItem extends AVItem {
    static api = `layers numLayers layer() selectedLayers duration= displayStartFrame=@17.1 displayStartTime=
        hideShyLayers= bgColor= workAreaStart= workAreaDuration= openInViewer() duplicate() motionBlur= markerProperty@14`;
    static writers = ["remove", "duplicate"];
    typeName = "Composition";
    footageMissing = false;
    hasVideo = true;
    hasAudio = false;

    constructor(host, name, width, height, aspect, seconds, rate) {
        super(host, name);
        this.hidden = {
            ...this.hidden, width: within(width, 4, 30000, "width"), height: within(height, 4, 30000, "height"),
            aspect: Math.fround(within(aspect, 0.01, 100, "pixelAspect")), label: 15,
            seconds: within(seconds, 0, 10800, "duration"), rate: within(rate, 1, 99, "frameRate"), first: 0,
        };
        this.stack = [];
        this.time = 5 / rate; // where the artist's time indicator happens to be
        this.hideShyLayers = false;
        this.markers = new PropertyGroup(host, "ADBE Marker", "Marker", []);
    }

    get width() { return this.hidden.width; }
    set width(value) { this.hidden.width = within(value, 4, 30000, "width"); }
    get height() { return this.hidden.height; }
    set height(value) { this.hidden.height = within(value, 4, 30000, "height"); }
    get duration() { return this.hidden.seconds; }
    set duration(value) { this.hidden.seconds = within(value, 0, 10800, "duration"); }
    get frameRate() { return this.hidden.rate; }
    set frameRate(value) { this.hidden.rate = within(value, 1, 99, "frameRate"); }
    get frameDuration() { return 1 / this.hidden.rate; }
    get displayStartFrame() { return this.hidden.first; }
    set displayStartFrame(value) {
        if (!Number.isInteger(value)) {
            this.host.violate(`displayStartFrame = ${value} is no whole number`);
        }
        this.hidden.first = value;
    }

    get displayStartTime() { return this.hidden.first / this.hidden.rate; }
    set displayStartTime(value) { this.hidden.first = Math.round(value * this.hidden.rate); }

    get layers() { return this.host.once(this, "layers", () => new LayerCollection(this.host, this)); }
    get numLayers() { return this.stack.length; }
    layer(at) {
        return typeof at === "string" ? this.stack.find((one) => one.name === at) || null :
            this.host.numbered(this.stack, at, "CompItem.layer");
    }

    get selectedLayers() { return this.stack.filter((one) => one.selected); }
    get markerProperty() { return this.markers; }
    openInViewer() { this.host.project.active = this; }

    duplicate() {
        const copy = new CompItem(this.host, `${this.name} 2`, this.width, this.height, this.pixelAspect, this.duration,
            this.frameRate);
        copy.hidden = {...this.hidden, name: copy.name};
        copy.stack = this.stack.map((one) => one.copy(copy));
        copy.stack.forEach((one, i) => {
            const matte = this.stack[i].matte;
            one.matte = matte && copy.stack[this.stack.indexOf(matte)];
        });
        this.host.project.add(copy);
        return copy;
    }
}

class LayerCollection {
    static api = "length add() addSolid() addNull() addCamera() addText() addShape() byName()";
    static writers = ["add", "addSolid", "addNull", "addCamera", "addText", "addShape"];

    constructor(host, comp) { Object.assign(this, {host, comp}); }
    elements() { return this.comp.stack; }
    get length() { return this.comp.stack.length; }
    byName(name) { return this.comp.stack.find((one) => one.name === name) || null; }

    add(item, seconds) {
        if (!(item instanceof AVItem)) {
            this.host.violate("layers.add takes footage or a comp");
        }
        if (item === this.comp) {
            throw new Refusal("After Effects error: a comp cannot be in itself");
        }
        return this.placed(new AVLayer(this.host, this.comp, item, seconds));
    }

    /** A new layer lies on top, and is the only one that is selected from then on. */
    placed(layer) {
        this.comp.stack.forEach((one) => { one.selected = false; });
        layer.selected = true;
        this.comp.stack.unshift(layer);
        return layer;
    }

    addText(words) { return this.placed(new TextLayer(this.host, this.comp, words || "text")); }
    addShape() { return this.placed(new ShapeLayer(this.host, this.comp, "Shape Layer 1")); }

    addSolid(color, name, width, height, aspect, seconds) {
        const item = new FootageItem(this.host, name, SolidSource,
            {width, height, isStill: true, hasAlpha: false, frames: 1});
        this.host.project.add(item);
        return this.add(item, seconds);
    }

    /** A white solid of its own for each, in the folder of solids; the duration is not heard (AE 2026, by py_aep). */
    addNull() {
        const {project} = this.host;
        const folder = project.all.find((one) => one.name === "Solids") || project.add(new FolderItem(this.host, "Solids"));
        let number = 1;
        while (project.all.some((one) => one.name === `Null ${number}`)) {
            number += 1;
        }
        const layer = this.addSolid([1, 1, 1], `Null ${number}`, 100, 100, 1);
        layer.source.parentFolder = folder;
        layer.nullLayer = true;
        return layer;
    }

    addCamera(name, center) {
        const place = center && typeof center === "object" ? Array.from(center) : [];
        if (typeof name !== "string" || place.length !== 2 || place.some((one) => typeof one !== "number")) {
            this.host.violate("addCamera takes a name and the two numbers of its point of interest");
        }
        return this.placed(new CameraLayer(this.host, this.comp, name, place));
    }
}

class ItemCollection {
    static api = "length addComp() addFolder()";
    static writers = ["addComp", "addFolder"];

    constructor(host, list) { Object.assign(this, {host, elements: list}); }
    get length() { return this.elements().length; }

    addComp(...given) {
        if (given.length !== 6 || typeof given[0] !== "string" || given.slice(1).some((n) => typeof n !== "number")) {
            this.host.violate(`addComp takes name, width, height, pixel aspect, duration, frame rate; got ${given}`);
        }
        const made = this.host.project.add(new CompItem(this.host, ...given));
        if (this.host.preferences.madeCompIsActive) {
            this.host.project.active = made;
        }
        return made;
    }

    addFolder(name) { return this.host.project.add(new FolderItem(this.host, typed(this.host, name, "string", "name"))); }
}

class ImportOptions {
    static api = "file= importAs= sequence= forceAlphabetical= rangeStart= rangeEnd= canImportAs()";
    static plain = true;

    constructor(host, file) {
        Object.assign(this, {host, file, sequence: false, forceAlphabetical: false, range: {}});
        this.importAs = enums.ENUMS.ImportAsType.FOOTAGE;
    }

    canImportAs() { return true; }
    get rangeStart() { return this.range.first || 0; }
    set rangeStart(value) {
        if (this.range.last === undefined) {
            throw new Refusal("After Effects error: rangeStart lies behind rangeEnd");
        }
        this.range.first = value;
    }

    get rangeEnd() { return this.range.last || 0; }
    set rangeEnd(value) { this.range.last = value; }
}

class Project {
    static api = `items numItems item() itemByID() rootFolder activeItem selection file bitsPerChannel= workingSpace=
        linearizeWorkingSpace= linearBlending= colorManagementSystem=@24 ocioConfigurationFile=@24 importFile()
        listColorProfiles() save() saveWithDialog() close() dirty`;
    static writers = ["importFile"];

    constructor(host) {
        this.host = host;
        host.project = this;
        this.all = [];
        this.sorted = null;
        this.rootFolder = new FolderItem(host, "Root");
        this.active = null;
        this.file = null;
        this.closed = 0;
        this.hidden = {bits: 8, space: "", ocio: 0};
        this.linearizeWorkingSpace = false;
        this.linearBlending = false;
        this.ocioConfigurationFile = "";
        this.items = new ItemCollection(host, () => this.inPanelOrder());
        this.saved = [];
    }

    /** By name, as the project panel shows them: no script may count on the order of making. */
    inPanelOrder() {
        if (this.sorted === null) {
            this.sorted = [...this.all].sort((a, b) => (a.name < b.name ? -1 : Number(a.name > b.name)) || b.id - a.id);
        }
        return this.sorted;
    }

    add(item) {
        item.hidden.parent = this.rootFolder;
        this.all.push(item);
        this.sorted = null;
        return item;
    }

    drop(item) {
        this.all = this.all.filter((one) => one !== item);
        this.sorted = null;
        this.active = this.active === item ? null : this.active;
    }

    get numItems() { return this.all.length; }
    item(at) { return this.host.numbered(this.inPanelOrder(), at, "Project.item"); }
    itemByID(id) { return this.all.find((one) => one.id === id) || null; }
    get activeItem() { return this.active; }
    get selection() { return this.all.filter((one) => one.selected); }
    get dirty() { return this.host.undoSteps.length > 0; }

    get bitsPerChannel() { return this.hidden.bits; }
    set bitsPerChannel(value) {
        if (![8, 16, 32].includes(value)) {
            this.host.violate(`bitsPerChannel = ${value}`);
        }
        if (value === 16 && this.hidden.ocio === 1) {
            throw new Refusal("After Effects error: 16 bits per channel are not for OCIO");
        }
        this.hidden.bits = value;
    }

    get workingSpace() { return this.hidden.space || this.host.preferences.noSpace; }
    set workingSpace(value) {
        if (value !== "" && !this.listColorProfiles().includes(value)) {
            throw new Refusal(`After Effects error: there is no colour profile ${value}`);
        }
        this.hidden.space = value;
    }

    get colorManagementSystem() { return this.hidden.ocio; }
    set colorManagementSystem(value) { this.hidden.ocio = within(value, 0, 1, "colorManagementSystem"); }
    listColorProfiles() { return this.host.preferences.profiles; }

    /** What a file is, as the importer sees it. */
    look(file, sequence, range = {}) {
        if (!(file instanceof File)) {
            this.host.violate("a file is wanted");
        }
        const content = this.host.disk.files.get(file.place);
        if (content === undefined) {
            throw new Refusal(`After Effects error: file or folder does not exist: ${file.fsName}`);
        }
        if (content.sound !== undefined) {
            if (sequence) {
                throw new Refusal(`After Effects error: a sound is no sequence: ${file.fsName}`);
            }
            return {path: file.place, width: 0, height: 0, hasAlpha: false, isStill: false, frames: 0, sound: content.sound};
        }
        if (content.width === undefined) {
            throw new Refusal(`After Effects error: the file is of no type that can be imported: ${file.fsName}`);
        }
        const {width, height, alpha} = content;
        const found = sequence ? this.host.disk.sequenceOf(file.place) : null;
        if (sequence && found === null) {
            throw new Refusal("After Effects error: the file name has no number");
        }
        const first = found && Math.max(found.first, range.first ?? found.first);
        const last = found && Math.min(found.last, range.last ?? found.last);
        return {
            path: file.place, width, height, hasAlpha: alpha, isStill: !sequence,
            frames: found ? last - first + 1 : 1, first,
        };
    }

    importFile(options) {
        if (!(options instanceof ImportOptions)) {
            this.host.violate("importFile takes ImportOptions");
        }
        if (options.importAs !== enums.ENUMS.ImportAsType.FOOTAGE || options.forceAlphabetical) {
            this.host.violate("imported as something else than a numbered sequence or a still");
        }
        const picture = this.look(options.file, options.sequence, options.range);
        return this.add(new FootageItem(this.host, options.file.displayName, FileSource, picture));
    }

    save(file) {
        if (!this.host.preferences.saves) {
            throw new Refusal("After Effects error: the project could not be saved");
        }
        this.file = file || this.file;
        this.saved.push(this.file === null ? null : this.file.place);
    }

    saveWithDialog() { this.host.modal("saveWithDialog"); }
    /** An empty one without a name comes in its place. */
    close(how) {
        enums.member(this.host, "CloseOptions", how);
        this.closed += 1;
        this.all = [];
        this.sorted = this.file = null;
    }
}

module.exports = {
    CompItem, FileSource, FolderItem, FootageItem, ImportOptions, ItemCollection, LayerCollection, PlaceholderSource,
    Project, SolidSource,
};
