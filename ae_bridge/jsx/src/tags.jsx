/*
 * The tag by which an item or a layer is known again, whatever the artist renames, moves or adds around it:
 *
 *     rough cut, ask Ann [[semrender:ride/sh020/L/train/beauty;3;24:0:0:48;bogse;lb=9;mt=ALPHA,/train/matte/tree]]
 *
 * It stands behind the artist's words, so that these are what the columns of comments show. In it stand the uid, the
 * version, the times (fps:st:ti:to of a layer, fps:f0:n of footage), a letter for each field with its ordinary value,
 * and name=value for the others. A uid that begins with / is one of the layers of the same shot. Values stand as they
 * are, without ; = [ ] and control characters: a uid comes escaped from delivery.json and must not be escaped twice.
 * What was written before is read too: uid=...;v=3;fps=24;..., all by name. A tag that an edit has broken is the
 * artist's text. ae_bridge/tags.py writes the same tag.
 */
SemrenderAE.tags = (function () {
    var OPEN = "[[semrender:";
    var CLOSE = "]]";
    var NAME = /^[a-z][a-z0-9_]*$/;
    var NOT_IN_VALUES = /[;=\[\]\u0000-\u001f]/;
    var TIMES = [["fps", "st", "ti", "to"], ["fps", "f0", "n"]];
    /** @type {[string, string, string][]} A letter, and the field and value that it stands for. */
    var LETTERS = [
        ["b", "bm", "NORMAL"], ["o", "op", "100"], ["g", "gu", "0"], ["G", "gu", "1"], ["s", "sy", "0"],
        ["S", "sy", "1"], ["l", "lb", "0"], ["e", "en", "1"], ["E", "en", "0"], ["a", "au", "1"], ["A", "au", "0"],
        ["m", "mt", ""], ["t", "al", "STRAIGHT"], ["p", "par", "1"]
    ];

    /** What the uids of the layers of a shot begin with, by one of its uids. @param {string} uid */
    function layersOf(uid) {
        return uid.replace(/\/[LFCD](\/.*)?$/, "") + "/L";
    }

    /**
     * The uid in a value of mt or ly, in full or in short.
     * @param {string} name @param {string} value @param {string} from What it begins with. @param {string} to
     */
    function exchange(name, value, from, to) {
        var at = (name === "mt") ? value.indexOf(",") + 1 : 0;
        if (name !== "mt" && name !== "ly") {
            return value;
        }
        return (value.slice(at, at + from.length + 1) === from + "/") ?
            value.slice(0, at) + to + value.slice(at + from.length) : value;
    }

    /** @param {TagFields} fields @param {string} part Whether it is one of those without a name. */
    function readPart(fields, part) {
        var values = part.split(":");
        var names;
        var i;
        var k;
        for (i = 0; i < TIMES.length; i += 1) {
            if (TIMES[i].length === values.length) {
                for (k = 0; k < values.length; k += 1) {
                    fields[TIMES[i][k]] = values[k];
                }
                return true;
            }
        }
        names = 0;
        for (i = 0; i < LETTERS.length; i += 1) {
            if (part.indexOf(LETTERS[i][0]) >= 0) {
                fields[LETTERS[i][1]] = LETTERS[i][2];
                names += 1;
            }
        }
        return names === part.length && names > 0;
    }

    /**
     * The fields between OPEN and CLOSE, or null where they are not those of a whole tag.
     * @param {string} body
     */
    function readFields(body) {
        var pairs = body.split(";");
        var isShort = pairs.length > 1 && pairs[0].indexOf("=") < 0 && /^[0-9]+$/.test(pairs[1]);
        /** @type {TagFields} */
        var fields = {uid: isShort ? pairs[0] : ""};
        var cut;
        var name;
        var value;
        var i;
        if (isShort) {
            fields["v"] = pairs[1];
        }
        for (i = isShort ? 2 : 0; i < pairs.length; i += 1) {
            cut = pairs[i].indexOf("=");
            name = pairs[i].slice(0, Math.max(cut, 0));
            value = pairs[i].slice(cut + 1);
            if (isShort && cut < 0 && !NOT_IN_VALUES.test(value)) {
                if (!readPart(fields, value)) {
                    return null;
                }
            } else if (!NAME.test(name) || NOT_IN_VALUES.test(value)) {
                return null;
            } else {
                fields[name] = isShort ? exchange(name, value, "", layersOf(fields.uid)) : value;
            }
        }
        return (fields.uid === "" || NOT_IN_VALUES.test(fields.uid)) ? null : fields;
    }

    /**
     * @param {string} name
     * @param {string|number} value
     */
    function writeField(name, value) {
        if (!NAME.test(name) || NOT_IN_VALUES.test(String(value))) {
            throw new Error("A tag cannot hold the field '" + name + "' with the value '" + value + "'");
        }
        return name + "=" + value;
    }

    /**
     * The times that a tag has in full, as one part.
     * @param {TagFields} fields
     * @param {Object<string, boolean>} done Their names are noted in it.
     */
    function writeTimes(fields, done) {
        /** @type {string[]} */
        var values = [];
        var i;
        var k;
        for (i = 0; i < TIMES.length; i += 1) {
            values = [];
            for (k = 0; k < TIMES[i].length; k += 1) {
                if (fields[TIMES[i][k]] !== undefined && /^[^:]+$/.test(String(fields[TIMES[i][k]]))) {
                    values.push(writeField("t", fields[TIMES[i][k]]).slice(2));
                }
            }
            if (values.length === TIMES[i].length) {
                for (k = 0; k < TIMES[i].length; k += 1) {
                    done[TIMES[i][k]] = true;
                }
                return values.join(":");
            }
        }
        return "";
    }

    /** @param {TagFields} fields */
    function writeFields(fields) {
        /** @type {Object<string, boolean>} */
        var done = {uid: true, v: true};
        var parts = [writeField("uid", fields.uid).slice(4), writeField("v", fields["v"]).slice(2)];
        var times = writeTimes(fields, done);
        var letters = "";
        var layers = layersOf(fields.uid);
        var name;
        var i;
        for (i = 0; i < LETTERS.length; i += 1) {
            if (String(fields[LETTERS[i][1]]) === LETTERS[i][2]) {
                letters += LETTERS[i][0];
                done[LETTERS[i][1]] = true;
            }
        }
        parts = parts.concat((times === "") ? [] : [times], (letters === "") ? [] : [letters]);
        for (name in fields) {
            if (Object.prototype.hasOwnProperty.call(fields, name) && done[name] !== true) {
                parts.push(writeField(name, exchange(name, String(fields[name]), layers, "")));
            }
        }
        return OPEN + parts.join(";") + CLOSE;
    }

    /**
     * Where the first whole tag stands and what it says, or null.
     * @param {string} comment
     */
    function find(comment) {
        var start = comment.indexOf(OPEN);
        var end;
        var fields;
        while (start >= 0) {
            end = comment.indexOf(CLOSE, start);
            fields = (end < 0) ? null : readFields(comment.slice(start + OPEN.length, end));
            if (fields !== null) {
                return {start: start, end: end + CLOSE.length, fields: fields};
            }
            start = comment.indexOf(OPEN, start + 1);
        }
        return null;
    }

    /**
     * The fields of the first whole tag in a comment, all of them strings; null without one.
     * @param {string} comment
     * @returns {TagFields}
     */
    function read(comment) {
        var found = find(comment);
        return (found === null) ? null : found.fields;
    }

    /**
     * The comment with this tag behind the artist's words, which stay as they are.
     * @param {string} comment
     * @param {TagFields} fields All fields of the new tag; those of the old one are gone.
     * @returns {string}
     * @throws {Error} Without a uid and a version, and for a name or value that a reader could not tell from the tag's
     *     own signs.
     */
    function write(comment, fields) {
        var found = find(comment);
        var before = (found === null) ? comment : comment.slice(0, found.start);
        var after = (found === null) ? "" : comment.slice(found.end);
        var words = before.replace(/[ ]+$/, "");
        var more = after.replace(/^[ ]+|[ ]+$/g, "");
        if (!fields.uid || !/^[0-9]+$/.test(String(fields["v"]))) {
            throw new Error("A tag needs a uid and a version");
        }
        if (find(after) !== null) { // the first of two is ours: it must stay so
            return before + writeFields(fields) + after;
        }
        words += (words === "" || more === "") ? more : " " + more;
        return words + ((words === "") ? "" : " ") + writeFields(fields);
    }

    /**
     * A text as a value of a tag: what separates the parts of a tag is percent-escaped, as uids have it.
     * @param {string} text
     */
    function pack(text) {
        var signs = [];
        var sign;
        var hex;
        var i;
        for (i = 0; i < text.length; i += 1) {
            sign = text.charAt(i);
            if (/[%;=\[\],\u0000-\u001f]/.test(sign)) {
                hex = sign.charCodeAt(0).toString(16).toUpperCase();
                sign = "%" + "0".slice(hex.length - 1) + hex;
            }
            signs.push(sign);
        }
        return signs.join("");
    }

    /** @param {string} value */
    function unpack(value) {
        var parts = value.split("%");
        var text = parts[0];
        var i;
        for (i = 1; i < parts.length; i += 1) {
            text += String.fromCharCode(parseInt(parts[i].slice(0, 2), 16)) + parts[i].slice(2);
        }
        return text;
    }

    return {read: read, write: write, pack: pack, unpack: unpack};
}());
