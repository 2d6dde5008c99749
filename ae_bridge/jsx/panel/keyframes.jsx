/*
 * A walk as plain data, as in a shot.json: what its table says, and keyframes added, changed, removed. A walk that is
 * given is never changed: what comes back is another.
 */
SemrenderAE.keyframes = (function () {
    var WAYS = ["At Frames", "Evenly", "Circle"]; // how a walk says where it goes; by index below
    var FRAMES = 0;
    var EVENLY = 1;
    var CIRCLE = 2;

    /** @param {any} walk */
    function copy(walk) {
        return SemrenderAE.json.parse(SemrenderAE.json.stringify(walk));
    }

    /** @param {any} walk */
    function keysOf(walk) {
        return walk.keys || [];
    }

    /** Index in WAYS. @param {any} walk */
    function way(walk) {
        if (walk.circle) {
            return CIRCLE;
        }
        return (keysOf(walk).length === 0 || typeof walk.keys[0].frame !== "number") ? EVENLY : FRAMES;
    }

    /** @param {string} path */
    function nameOf(path) {
        return path.slice(path.replace(/\\/g, "/").lastIndexOf("/") + 1);
    }

    /** "seed 5", "kirk.npz 3". @param {any} key */
    function pointOf(key) {
        if (typeof key.w === "string") {
            return nameOf(key.w) + " " + (key.index || 0);
        }
        return "seed " + key.seed + (typeof key["class"] === "number" ? " class " + key["class"] : "");
    }

    /** The frames on which keyframes lie that are spread evenly over a shot, whole. @param {number} count @param {any} shot {first, last} @param {boolean} loop */
    function spread(count, shot, loop) {
        var parts = Math.max(1, loop ? count : count - 1);
        var length = shot.last - shot.first + (loop ? 1 : 0);
        /** @type {number[]} */
        var found = [];
        var i;
        for (i = 0; i < count; i += 1) {
            found.push(shot.first + Math.round(i * length / parts));
        }
        return found;
    }

    /** What the table says: frame, point, ease of each keyframe. @param {any} walk @param {any} shot {first, last} */
    function rows(walk, shot) {
        var keys = keysOf(walk);
        var even = spread(keys.length, shot, walk.loop === true);
        var spreads = way(walk) === EVENLY;
        /** @type {string[][]} */
        var found = [];
        var i;
        for (i = 0; i < keys.length; i += 1) {
            found.push([String(spreads ? even[i] : keys[i].frame), pointOf(keys[i]), keys[i].ease || ""]);
        }
        return found;
    }

    /** @param {any} a @param {any} b */
    function byFrame(a, b) {
        return a.frame - b.frame;
    }

    /** Throws an Error in words where two keyframes are on one frame. @param {any} walk */
    function sorted(walk) {
        var i;
        if (way(walk) === FRAMES) {
            walk.keys.sort(byFrame);
            for (i = 1; i < walk.keys.length; i += 1) {
                if (walk.keys[i].frame === walk.keys[i - 1].frame) {
                    throw new Error("Frame " + walk.keys[i].frame + " has a keyframe: change that one, or give another frame.");
                }
            }
        }
        return walk;
    }

    /** One more: on its frame, or behind the one that is chosen. @param {any} walk @param {number} at Index of that one, -1 for none. @param {any} key */
    function add(walk, at, key) {
        var made = copy(walk);
        made.keys.splice(at === -1 ? made.keys.length : at + 1, 0, key);
        return sorted(made);
    }

    /** @param {any} walk @param {number} at @param {any} key */
    function change(walk, at, key) {
        var made = copy(walk);
        made.keys.splice(at, 1, key);
        return sorted(made);
    }

    /** @param {any} walk @param {number} at */
    function remove(walk, at) {
        var made = copy(walk);
        if (made.keys.length === 1) {
            throw new Error("A walk has at least one keyframe: change it instead.");
        }
        made.keys.splice(at, 1);
        return made;
    }

    /** The seed that a walk begins with. @param {any} walk */
    function firstSeed(walk) {
        var keys = keysOf(walk);
        if (walk.circle) {
            return walk.circle.seed;
        }
        return (keys.length > 0 && typeof keys[0].seed === "number") ? keys[0].seed : 0;
    }

    /**
     * The same walk, said otherwise: keyframes keep their points, a circle begins with the seed of the first.
     * @param {any} walk @param {number} wanted Index in WAYS. @param {any} shot {first, last}
     */
    function turn(walk, wanted, shot) {
        var made = copy(walk);
        var frames;
        var i;
        if (wanted === CIRCLE) {
            made.circle = {seed: firstSeed(walk)};
            delete made.keys;
            return made;
        }
        delete made.circle;
        made.keys = made.keys || [{seed: firstSeed(walk)}];
        frames = spread(made.keys.length, shot, made.loop === true);
        for (i = 0; i < made.keys.length; i += 1) {
            delete made.keys[i].frame;
            if (wanted === FRAMES) {
                made.keys[i].frame = frames[i];
            }
        }
        if (wanted === FRAMES && made.keys.length > shot.last - shot.first + 1) {
            throw new Error("The shot has fewer frames than the walk has keyframes: remove some first.");
        }
        return made;
    }

    /** "Stays as painted: 2 ranges, the space z." @param {any} walk */
    function rest(walk) {
        /** @type {string[]} */
        var parts = [];
        if (walk.ranges && walk.ranges.length > 0) {
            parts.push(walk.ranges.length === 1 ? "1 range" : walk.ranges.length + " ranges");
        }
        if (walk.space === "z") {
            parts.push("the space z");
        }
        return parts.length === 0 ? "" : "Stays as painted: " + parts.join(", ") + ".";
    }

    return {
        WAYS: WAYS, FRAMES: FRAMES, EVENLY: EVENLY, CIRCLE: CIRCLE, copy: copy, way: way, nameOf: nameOf, rows: rows,
        add: add, change: change, remove: remove, turn: turn, rest: rest
    };
}());
