/*
 * The sound of the shot, for models that hear it, and how it leads a walk. It begins as the shot was painted.
 */
SemrenderAE.led = (function () {
    var kit = SemrenderAE.kit;
    var PRESETS = ["speech", "music"];
    var FILE = "File...";

    /** Whether the chosen model hears the sound. @param {any} state */
    function hears(state) {
        return SemrenderAE.again.takes(state, "audio");
    }

    /** @param {any} state */
    function drives(state) {
        var was = state.painted === null ? [] : (state.painted.drive || []);
        var now = state.walk.drive || [];
        var names = was.length > 0 ? ["As Painted (" + was.length + (was.length === 1 ? " route)" : " routes)")] : [];
        var at = 0;
        var i;
        names = names.concat(["None"], PRESETS);
        for (i = 0; i < names.length; i += 1) {
            if (now === names[i] || (names[i] === "None" && now.length === 0)) {
                at = i;
            }
        }
        kit.fill(state.c.drive, names, false);
        state.c.drive.selection = at;
    }

    /** @param {string} named As the sound of a shot: a path, "none" or "". */
    function soundWords(named) {
        return (named === "" || named === "none") ? named : SemrenderAE.keyframes.nameOf(named);
    }

    /** @param {any} state */
    function sounds(state) {
        var names = ["As Painted" + (state.soundAsked === "" ? "" : " (" + soundWords(state.soundAsked) + ")"), "None"];
        var own = state.sound !== state.soundAsked && state.sound !== "none";
        kit.fill(state.c.sound, names.concat(own ? [soundWords(state.sound)] : [], [FILE]), false);
        if (state.sound !== state.soundAsked) {
            state.c.sound.selection = own ? 2 : 1;
        }
    }

    /** The sound of the shot is another. @param {any} state */
    function sound(state) {
        var at = state.c.sound.selection.index;
        if (state.c.sound.selection.text === FILE) {
            state.sound = SemrenderAE.files.choose("The sound of the shot") || state.sound;
        } else if (at < 2) {
            state.sound = at === 0 ? state.soundAsked : "none";
        }
        kit.quietly(state, function () {
            sounds(state);
        });
    }

    /** Which sound leads it, and how. @param {any} state */
    function drive(state) {
        var name = state.c.drive.selection.text;
        if (name.indexOf("As Painted") === 0) {
            state.walk.drive = SemrenderAE.keyframes.copy(state.painted).drive;
        } else {
            state.walk.drive = name === "None" ? [] : name;
        }
    }

    /** @param {any} state @param {boolean} walks Whether there is a walk to be led. */
    function fill(state, walks) {
        state.c.drive.enabled = walks;
        if (walks) {
            drives(state);
        }
        sounds(state);
    }

    /** Another sound goes into a request. @param {any} state @param {any} made */
    function request(state, made) {
        if (hears(state) && state.sound !== state.soundAsked) {
            made.sound = state.sound;
        }
    }

    return {hears: hears, fill: fill, drive: drive, sound: sound, request: request};
}());
