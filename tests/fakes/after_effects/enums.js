/* Enumerations with the numbers of After Effects; any other name is a violation. */
"use strict";

const count = (first, words) => Object.fromEntries(words.split(/\s+/).map((name, i) => [name, first + i]));

const BLENDS = count(5212, `NORMAL DISSOLVE DANCING_DISSOLVE DARKEN MULTIPLY LINEAR_BURN COLOR_BURN CLASSIC_COLOR_BURN
    ADD LIGHTEN SCREEN LINEAR_DODGE COLOR_DODGE CLASSIC_COLOR_DODGE OVERLAY SOFT_LIGHT HARD_LIGHT LINEAR_LIGHT
    VIVID_LIGHT PIN_LIGHT HARD_MIX DIFFERENCE CLASSIC_DIFFERENCE EXCLUSION HUE SATURATION COLOR LUMINOSITY STENCIL_ALPHA
    STENCIL_LUMA SILHOUETE_ALPHA SILHOUETTE_LUMA ALPHA_ADD LUMINESCENT_PREMUL LIGHTER_COLOR DARKER_COLOR SUBTRACT
    DIVIDE`);

const ENUMS = {
    BlendingMode: BLENDS,
    AlphaMode: {STRAIGHT: 5412, IGNORE: 5413, PREMULTIPLIED: 5414},
    ImportAsType: {COMP_CROPPED_LAYERS: 3812, FOOTAGE: 3813, COMP: 3814, PROJECT: 3815},
    TrackMatteType: {NO_TRACK_MATTE: 5012, ALPHA: 5013, ALPHA_INVERTED: 5014, LUMA: 5015, LUMA_INVERTED: 5016},
    CloseOptions: {DO_NOT_SAVE_CHANGES: 1212, PROMPT_TO_SAVE_CHANGES: 1213, SAVE_CHANGES: 1214},
    AutoOrientType: {
        NO_AUTO_ORIENT: 4212, ALONG_PATH: 4213, CAMERA_OR_POINT_OF_INTEREST: 4214, CHARACTERS_TOWARD_CAMERA: 4215,
    },
    ParagraphJustification: count(7412, `MULTIPLE_JUSTIFICATIONS LEFT_JUSTIFY RIGHT_JUSTIFY CENTER_JUSTIFY
        FULL_JUSTIFY_LASTLINE_LEFT FULL_JUSTIFY_LASTLINE_RIGHT FULL_JUSTIFY_LASTLINE_CENTER FULL_JUSTIFY_LASTLINE_FULL`),
    PropertyType: {PROPERTY: 6612, INDEXED_GROUP: 6613, NAMED_GROUP: 6614},
    PropertyValueType: {
        NO_VALUE: 6412, ThreeD_SPATIAL: 6413, ThreeD: 6414, TwoD_SPATIAL: 6415, TwoD: 6416, OneD: 6417, COLOR: 6418,
        CUSTOM_VALUE: 6419, MARKER: 6420, LAYER_INDEX: 6421, MASK_INDEX: 6422, SHAPE: 6423, TEXT_DOCUMENT: 6424,
    },
};

function exposeEnum(host, name) {
    return new Proxy(Object.freeze({...ENUMS[name]}), {
        get: (values, member) => {
            if (typeof member === "string" && !Object.hasOwn(values, member)) {
                host.violate(`${name}.${member} does not exist`);
            }
            return values[member];
        },
        set: (_, member) => host.violate(`${name}.${String(member)} is read-only`),
    });
}

/** The value as it is, where it is one of the enumeration. */
function member(host, name, value) {
    if (!Object.values(ENUMS[name]).includes(value)) {
        host.violate(`${value} is no ${name}`);
    }
    return value;
}

const nameOf = (name, value) => Object.keys(ENUMS[name]).find((key) => ENUMS[name][key] === value);

module.exports = {ENUMS, exposeEnum, member, nameOf};
