/*
 * The tag by which an item or a layer is known again, whatever the artist renames, moves or adds around it:
 *
 *     rough cut, ask Ann [[semrender:uid=ride/sh020/L/train/beauty;v=3;bm=NORMAL]]
 *
 * It stands anywhere in the comment; the rest of the comment is the artist's. Fields are name=value, the uid always
 * among them. Values stand as they are, without ; = [ ] and control characters: a uid comes escaped from
 * delivery.json and must not be escaped twice. A tag that an edit has broken is the artist's text.
 * ae_bridge/aep.py writes the same tag.
 */
SemrenderAE.tags = (function () {
    var OPEN = "[[semrender:";
    var CLOSE = "]]";
    var NAME = /^[a-z][a-z0-9_]*$/;
    var NOT_IN_VALUES = /[;=\[\]\u0000-\u001f]/;

    /**
     * The fields between OPEN and CLOSE, or null where they are not those of a whole tag.
     * @param {string} body
     */
    function readFields(body) {
        /** @type {TagFields} */
        var fields = {uid: ""};
        var pairs = body.split(";");
        var cut;
        var name;
        var value;
        var i;
        for (i = 0; i < pairs.length; i += 1) {
            cut = pairs[i].indexOf("=");
            name = pairs[i].slice(0, Math.max(cut, 0));
            value = pairs[i].slice(cut + 1);
            if (!NAME.test(name) || NOT_IN_VALUES.test(value)) {
                return null;
            }
            fields[name] = value;
        }
        return (fields.uid === "") ? null : fields;
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

    /** @param {TagFields} fields */
    function writeFields(fields) {
        var parts = [writeField("uid", fields.uid)];
        var name;
        for (name in fields) {
            if (Object.prototype.hasOwnProperty.call(fields, name) && name !== "uid") {
                parts.push(writeField(name, fields[name]));
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
     * The comment with its tag replaced where it stands, or added at the end; everything else stays as it is.
     * @param {string} comment
     * @param {TagFields} fields All fields of the new tag; those of the old one are gone.
     * @returns {string}
     * @throws {Error} Without a uid, and for a name or value that a reader could not tell from the tag's own signs.
     */
    function write(comment, fields) {
        var found = find(comment);
        if (!fields.uid) {
            throw new Error("A tag needs a uid");
        }
        if (found !== null) {
            return comment.slice(0, found.start) + writeFields(fields) + comment.slice(found.end);
        }
        return comment + (comment === "" ? "" : " ") + writeFields(fields);
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
