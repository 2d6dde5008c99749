"""Node types that the fake knows: attributes with Maya's own defaults.

Sources: [schema] the generated node schemas quoted in facts/maya.md 4.1, 4.3 and 4.4; [docs] Autodesk's node
reference of Maya 2023; [open] assumed, to be settled by tools/maya_probe.py in a real Maya.
"""

from __future__ import annotations

from typing import Any

D3 = (0.0, 0.0, 0.0)
# The others are double.
FLOAT32 = ("deviceAspectRatio", "pixelAspect", "gammaCorrection", "backgroundColor", "outColor")
FILTER_NAMES = (
    *("NURBS Curves", "NURBS Surfaces", "Polygons", "Subdiv Surface", "Particles", "Particle Instance", "Fluids"),
    *("Strokes", "Image Planes", "UI", "Lights", "Cameras", "Locators", "Joints", "IK Handles", "Deformers"),
    *("Motion Trails", "Components", "Hair Systems", "Follicles", "Misc. UI", "Ornaments"),
)

_DAG: dict[str, Any] = {"visibility": True, "intermediateObject": False, "message": None, "worldMatrix": None}
_TRANSFORM = {**_DAG, "translate": D3, "rotate": D3, "scale": (1.0, 1.0, 1.0)}
_SET = {"message": None, "dagSetMembers": None}

# type -> attribute -> default; None is a message or an unset string
TYPES: dict[str, dict[str, Any]] = {
    "transform": _TRANSFORM,
    "animCurve": {"output": None},  # abstract: `ls` finds the kinds below by it [docs]
    "animCurveTL": {"output": None},
    "animCurveTU": {"output": None},
    "joint": {**_TRANSFORM, "jointOrient": D3, "radius": 1.0, "segmentScaleCompensate": True},  # [docs]
    "mesh": {**_DAG, "displaySmoothMesh": 0},
    "nurbsSurface": _DAG,
    "locator": _DAG,
    "gpuCache": {**_DAG, "cacheFileName": None},  # [docs]
    "aiStandIn": {**_DAG, "dso": None},  # [open] MtoA
    "pfxHair": _DAG,
    "nParticle": _DAG,
    "fluidShape": _DAG,
    "instancer": _TRANSFORM,
    "camera": {  # [docs]
        **_DAG,
        "renderable": False,
        "focalLength": 35.0,
        "horizontalFilmAperture": 1.41732,
        "verticalFilmAperture": 0.94488,
        "filmFit": 0,
        "horizontalFilmOffset": 0.0,
        "verticalFilmOffset": 0.0,
        "cameraScale": 1.0,
        "lensSqueezeRatio": 1.0,
        "orthographic": False,
        "overscan": 1.0,
        "depthOfField": False,
        "backgroundColor": D3,
        "imagePlane": None,
        "nearClipPlane": 0.1,
        "farClipPlane": 10000.0,
    },
    "imagePlane": {  # [docs]
        **_DAG,
        "imageName": None,
        "displayMode": 3,
        "useFrameExtension": False,
        "colorSpace": None,
        "ignoreColorSpaceFileRules": False,
    },
    "objectSet": _SET,
    "shadingEngine": {**_SET, "surfaceShader": None, "displacementShader": None, "volumeShader": None},
    "lambert": {"message": None, "color": (0.5, 0.5, 0.5), "transparency": D3, "outColor": D3},
    "aiStandardSurface": {"message": None, "baseColor": (0.8, 0.8, 0.8), "opacity": (1.0, 1.0, 1.0), "outColor": D3},
    "surfaceShader": {"message": None, "outColor": D3, "outTransparency": D3, "outMatteOpacity": (1.0, 1.0, 1.0)},
    "file": {  # [docs]
        "message": None,
        "fileTextureName": None,
        "colorSpace": None,
        "ignoreColorSpaceFileRules": False,
        "outColor": D3,
        "outAlpha": 0.0,
    },
    # [docs] projType 8 is perspective; linkedCamera is a message
    "projection": {"message": None, "projType": 1, "image": D3, "linkedCamera": None, "outColor": D3, "outAlpha": 0.0},
    "unknown": {"message": None},
    "unknownDag": {"message": None},
    "cacheFile": {"message": None, "outCacheData": None},
    "checker": {"message": None, "outColor": D3, "outAlpha": 0.0},
    "reverse": {"message": None, "input": D3, "output": D3},
    "displacementShader": {"message": None, "displacement": 0.0, "scale": 1.0},
    "network": {"message": None},
    "reference": {"message": None},
    "renderLayer": {"message": None, "renderable": True, "identification": 0},
    "renderLayerManager": {"message": None, "renderLayerId": None, "currentRenderLayer": None},
    "renderSetupLayer": {"message": None, "legacyRenderLayer": None},
    "materialOverride": {"message": None, "selfEnabled": True},
    "aiAOV": {"message": None, "name": None, "type": 5, "enabled": True, "outputs": None},
    "aiAOVFilter": {"message": None, "aiTranslator": "gaussian"},
    # [schema] facts/maya.md 4
    "renderGlobals": {
        "message": None,
        "currentRenderer": "mayaSoftware",
        "imageFormat": 7,
        "imageFilePrefix": None,
        "animation": False,
        "startFrame": 1.0,
        "endFrame": 10.0,
        "gammaCorrection": 1.0,
    },
    "resolution": {"message": None, "width": 960, "height": 540, "pixelAspect": 1.0, "deviceAspectRatio": 1.777},
    "hardwareRenderingGlobals": {
        "message": None,
        "multiSampleEnable": False,
        "lineAAEnable": False,
        "ssaoEnable": False,
        "motionBlurEnable": False,
        "renderDepthOfField": True,
        "hwFogEnable": False,
        "bloomEnable": False,
        "gammaCorrectionEnable": False,
        "floatingPointRTEnable": False,
        "transparencyAlgorithm": 1,
        "xrayMode": False,
        "renderMode": 4,
        "lightingMode": 1,
        "renderOverrideName": "",
        # Names, order and defaults as scene files of Maya 2022 to 2024 have them
        "objectTypeFilterNameArray": FILTER_NAMES,
        "objectTypeFilterValueArray": (0, 1, 1, 1, 1, 1, 1, *(0 for _ in FILTER_NAMES[7:])),
    },
    "colorManagementGlobals": {"message": None, "cmEnabled": True, "outputTransformEnabled": True},
    "aiOptions": {
        "message": None,
        "AASamples": 3,
        "enableAdaptiveSampling": False,
        "lock_sampling_noise": False,
        "GIDiffuseDepth": 1,
        "GISpecularDepth": 1,
        "GITransmissionDepth": 8,
        "autoTransparencyDepth": 10,
        "motion_blur_enable": False,
        "ignoreMotionBlur": False,
        "ignoreDof": False,
        "ignoreLights": False,
        "ignoreShadows": False,
        "ignoreAtmosphere": False,
        "ignoreSss": False,
        "ignoreImagers": False,
        "ignoreDisplacement": False,
        "denoiseBeauty": False,
        "aovMode": 1,
        "abortOnLicenseFail": False,
        "aovList": None,
    },
    "aiAOVDriver": {
        "message": None,
        "aiTranslator": "exr",
        "dither": True,
        "colorManagement": 2,
        "pngFormat": 0,
        "halfPrecision": True,
        "exrCompression": 3,
        "mergeAOVs": False,
    },
}
ARNOLD = ("aiStandIn", "aiAOV", "aiAOVFilter", "aiOptions", "aiAOVDriver", "aiStandardSurface")
SHAPES = (
    "mesh",
    "nurbsSurface",
    "locator",
    "gpuCache",
    "aiStandIn",
    "pfxHair",
    "nParticle",
    "fluidShape",
    "camera",
    "imagePlane",
)
TRANSFORMS = ("transform", "joint", "instancer")
DAG = (*SHAPES, *TRANSFORMS)

# Nodes that exist in every scene (facts/maya.md 3.5).
DEFAULT_NODES = (
    ("defaultRenderGlobals", "renderGlobals"),
    ("defaultResolution", "resolution"),
    ("hardwareRenderingGlobals", "hardwareRenderingGlobals"),
    ("defaultColorMgtGlobals", "colorManagementGlobals"),
    ("renderLayerManager", "renderLayerManager"),
    ("defaultRenderLayer", "renderLayer"),
    ("lambert1", "lambert"),
    ("initialShadingGroup", "shadingEngine"),
)
MADE_BY_ARNOLD = (
    ("defaultArnoldRenderOptions", "aiOptions"),
    ("defaultArnoldDriver", "aiAOVDriver"),
    ("defaultArnoldFilter", "aiAOVFilter"),
)
ATTRIBUTE_TYPES = {bool: "bool", int: "long", float: "double", str: "string"}
