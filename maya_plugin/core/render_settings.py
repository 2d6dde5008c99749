"""What Maya must be set to so that every pixel of a label pass is the code of one class, as data.

Each setting says what would soil the pass and where the artist finds it. Attribute names and their defaults are those
of Maya 2023 and MtoA 5; an attribute that a Maya does not have is passed over when it is `optional`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Union

Value = Union[bool, int, float, str]

ANTI_ALIASING, COLOUR, DITHER, BLUR, EXTRAS = "anti-aliasing", "colour management", "dither", "blur", "extras"


@dataclass(frozen=True)
class Setting:
    attribute: str  # node.attribute
    value: Value
    against: str  # what it keeps out of the pass
    place: str  # where the artist finds it
    optional: bool = False


_HW = "Render Settings > Maya Hardware 2.0"
_ARNOLD = "Render Settings > Arnold Renderer"
_DRIVER = "Render Settings > Common > File Output"
_CM = "Windows > Settings/Preferences > Preferences > Color Management"

COLOUR_MANAGEMENT = (
    Setting("defaultColorMgtGlobals.outputTransformEnabled", False, COLOUR, _CM),
    Setting("defaultColorMgtGlobals.cmEnabled", False, COLOUR, _CM),
)

HARDWARE_LABELS = (
    *COLOUR_MANAGEMENT,  # first: with colour management on, Viewport 2.0 switches to a floating-point target
    Setting("hardwareRenderingGlobals.floatingPointRTEnable", False, COLOUR, f"{_HW} > Floating Point Render Target"),
    Setting("hardwareRenderingGlobals.gammaCorrectionEnable", False, COLOUR, _HW),
    Setting("hardwareRenderingGlobals.multiSampleEnable", False, ANTI_ALIASING, f"{_HW} > Multisample Anti-aliasing"),
    Setting("hardwareRenderingGlobals.lineAAEnable", False, ANTI_ALIASING, _HW),
    Setting("hardwareRenderingGlobals.ssaoEnable", False, EXTRAS, f"{_HW} > Screen-space Ambient Occlusion"),
    Setting("hardwareRenderingGlobals.motionBlurEnable", False, BLUR, f"{_HW} > Motion Blur"),
    Setting("hardwareRenderingGlobals.renderDepthOfField", False, BLUR, f"{_HW} > Depth of Field"),
    Setting("hardwareRenderingGlobals.hwFogEnable", False, EXTRAS, f"{_HW} > Hardware Fog"),
    Setting("hardwareRenderingGlobals.bloomEnable", False, EXTRAS, _HW, optional=True),
    Setting("hardwareRenderingGlobals.transparencyAlgorithm", 5, EXTRAS, f"{_HW} > Transparency Algorithm: Alpha Cut"),
    Setting("hardwareRenderingGlobals.xrayMode", False, EXTRAS, _HW),
    Setting("hardwareRenderingGlobals.renderMode", 4, EXTRAS, f"{_HW} > Render Mode"),
    Setting("hardwareRenderingGlobals.lightingMode", 0, EXTRAS, f"{_HW} > Lighting Mode"),
    Setting("hardwareRenderingGlobals.renderOverrideName", "", EXTRAS, _HW, optional=True),
)

# What is no surface is not drawn into a label pass: names of objectTypeFilterNameArray.
HARDWARE_DRAWN = ("NURBS Surfaces", "Polygons", "Subdiv Surface", "Particle Instance")

# Normals and distances: floats of 32 bits in an EXR; the coats show them instead of a colour.
HARDWARE_VALUES = tuple(
    Setting(one.attribute, True, one.against, one.place) if one.attribute.endswith(".floatingPointRTEnable") else one
    for one in HARDWARE_LABELS
) + (
    Setting("hardwareRenderingGlobals.floatingPointRTFormat", 1, EXTRAS, f"{_HW} > Floating Point Render Target"),
    Setting("defaultRenderGlobals.imageFormat", 51, EXTRAS, _DRIVER),  # by the plug-in that imfkey names
    Setting("defaultRenderGlobals.imfkey", "exr", EXTRAS, _DRIVER),
)

# The light of the scene on clay, as it is, in a float EXR.
HARDWARE_SHADING = tuple(
    replace(one, value=1, place=f"{_HW} > Lighting Mode: All") if one.attribute.endswith(".lightingMode") else one
    for one in HARDWARE_VALUES
)

# A picture, neither an .ass file nor both, and all of it (the region is set with the size); by the processor, whose
# samples are the same on every machine.
ARNOLD_PICTURE = (
    Setting("defaultArnoldRenderOptions.renderType", 0, EXTRAS, f"{_ARNOLD} > System > Render Type"),
    Setting("defaultRenderGlobals.useRenderRegion", False, EXTRAS, "Render View > Options > Render Region", True),
)

ARNOLD_LABELS = (
    *COLOUR_MANAGEMENT,
    Setting("defaultArnoldRenderOptions.AASamples", 1, ANTI_ALIASING, f"{_ARNOLD} > Sampling > Camera (AA)"),
    Setting("defaultArnoldRenderOptions.enableAdaptiveSampling", False, ANTI_ALIASING, _ARNOLD),
    Setting("defaultArnoldRenderOptions.lock_sampling_noise", True, ANTI_ALIASING, _ARNOLD),
    Setting("defaultArnoldFilter.aiTranslator", "closest", ANTI_ALIASING, f"{_ARNOLD} > Filter > Type"),
    Setting("defaultArnoldRenderOptions.motion_blur_enable", False, BLUR, f"{_ARNOLD} > Motion Blur"),
    Setting("defaultArnoldRenderOptions.ignoreDof", True, BLUR, f"{_ARNOLD} > Diagnostics > Feature Overrides"),
    Setting("defaultArnoldRenderOptions.ignoreAtmosphere", True, EXTRAS, _ARNOLD),
    Setting("defaultArnoldRenderOptions.ignoreLights", True, EXTRAS, _ARNOLD),
    Setting("defaultArnoldRenderOptions.ignoreShadows", True, EXTRAS, _ARNOLD),
    Setting("defaultArnoldRenderOptions.ignoreSss", True, EXTRAS, _ARNOLD),
    Setting("defaultArnoldRenderOptions.ignoreImagers", True, EXTRAS, _ARNOLD, optional=True),
    Setting("defaultArnoldRenderOptions.GIDiffuseDepth", 0, EXTRAS, _ARNOLD),
    Setting("defaultArnoldRenderOptions.GISpecularDepth", 0, EXTRAS, _ARNOLD),
    Setting("defaultArnoldRenderOptions.GITransmissionDepth", 0, EXTRAS, _ARNOLD),
    Setting("defaultArnoldRenderOptions.denoiseBeauty", False, ANTI_ALIASING, _ARNOLD, optional=True),
    Setting("defaultArnoldRenderOptions.renderDevice", 0, EXTRAS, f"{_ARNOLD} > System > Render Device", optional=True),
    Setting("defaultArnoldRenderOptions.aovMode", 0, EXTRAS, f"{_ARNOLD} > AOVs"),
    Setting("defaultArnoldRenderOptions.abortOnLicenseFail", True, EXTRAS, _ARNOLD),  # a watermark is no class
    Setting("defaultArnoldDriver.aiTranslator", "png", EXTRAS, _DRIVER),
    Setting("defaultArnoldDriver.colorManagement", 0, COLOUR, f"{_DRIVER} > Color Space: Raw"),
    Setting("defaultArnoldDriver.dither", False, DITHER, f"{_DRIVER} > Dither"),
    Setting("defaultArnoldDriver.pngFormat", 0, EXTRAS, _DRIVER, optional=True),
    *ARNOLD_PICTURE,
)

# A float EXR of one AOV: depth and motion are values, never colours.
ARNOLD_VALUES = tuple(
    Setting(one.attribute, "exr", one.against, one.place)
    if one.attribute == "defaultArnoldDriver.aiTranslator"
    else one
    for one in ARNOLD_LABELS
    if one.attribute not in ("defaultArnoldRenderOptions.aovMode", "defaultArnoldDriver.pngFormat")
) + (
    Setting("defaultArnoldRenderOptions.aovMode", 1, EXTRAS, f"{_ARNOLD} > AOVs"),
    Setting("defaultArnoldDriver.halfPrecision", False, EXTRAS, _DRIVER),
    Setting("defaultArnoldDriver.exrCompression", 3, EXTRAS, _DRIVER),  # zip; 5 and above lose values
    Setting("defaultArnoldDriver.mergeAOVs", True, EXTRAS, _DRIVER),
)

# Light takes samples and bounces: those are the artist's, as for the beauty. Lights and shadows are on.
_ARTISTS = ("AASamples", "enableAdaptiveSampling", "lock_sampling_noise", "ignoreSss", "renderDevice", "denoiseBeauty")
_LIT = ("ignoreLights", "ignoreShadows")
ARNOLD_SHADING = tuple(
    replace(one, value=False) if one.attribute.endswith(_LIT) else one
    for one in ARNOLD_VALUES
    if not one.attribute.endswith(_ARTISTS)
    and one.attribute != "defaultArnoldFilter.aiTranslator"
    and ".GI" not in one.attribute
)

# Motion needs Arnold's motion blur on with an instantaneous shutter: vectors without blur, from this frame to the next,
# where Arnold's own default is half of that around the frame.
ARNOLD_MOTION = tuple(one for one in ARNOLD_VALUES if not one.attribute.endswith(".motion_blur_enable")) + (
    Setting("defaultArnoldRenderOptions.motion_blur_enable", True, BLUR, f"{_ARNOLD} > Motion Blur"),
    Setting(
        "defaultArnoldRenderOptions.ignoreMotionBlur", True, BLUR, f"{_ARNOLD} > Motion Blur > Instantaneous Shutter"
    ),
    Setting("defaultArnoldRenderOptions.range_type", 0, BLUR, f"{_ARNOLD} > Motion Blur > Position: Start On Frame"),
    Setting("defaultArnoldRenderOptions.motion_frames", 1.0, BLUR, f"{_ARNOLD} > Motion Blur > Length"),
    Setting("defaultArnoldRenderOptions.motion_steps", 2, BLUR, f"{_ARNOLD} > Motion Blur > Keys"),
    Setting("defaultArnoldRenderOptions.mb_camera_enable", True, BLUR, f"{_ARNOLD} > Motion Blur > Camera", True),
    Setting(
        "defaultArnoldRenderOptions.mb_object_deform_enable", True, BLUR, f"{_ARNOLD} > Motion Blur > Deformation", True
    ),
)

# The artist's own picture: only where and as what it is written is ours.
ARNOLD_BEAUTY = (
    *ARNOLD_PICTURE,
    Setting("defaultArnoldDriver.aiTranslator", "exr", EXTRAS, _DRIVER),
    Setting("defaultArnoldDriver.mergeAOVs", True, EXTRAS, _DRIVER),
    Setting("defaultArnoldRenderOptions.aovMode", 1, EXTRAS, f"{_ARNOLD} > AOVs"),
)
