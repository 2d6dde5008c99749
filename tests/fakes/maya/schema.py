"""Node types that the fake knows: attributes with Maya's own defaults.

Sources: [schema] the generated node schemas quoted in facts/maya.md 4.1, 4.3 and 4.4; [docs] Autodesk's node
reference of Maya 2023; [open] assumed, to be settled by tools/maya_probe.py in a real Maya.
"""

from __future__ import annotations

from typing import Any

CENTIMETRES = {"mm": 0.1, "cm": 1.0, "m": 100.0, "km": 1e5, "in": 2.54, "ft": 30.48, "yd": 91.44}  # of linear units
D3 = (0.0, 0.0, 0.0)
# The others are double.
FLOAT32 = ("deviceAspectRatio", "pixelAspect", "gammaCorrection", "backgroundColor", "outColor")
FILTER_NAMES = (
    *("NURBS Curves", "NURBS Surfaces", "Polygons", "Subdiv Surface", "Particles", "Particle Instance", "Fluids"),
    *("Strokes", "Image Planes", "UI", "Lights", "Cameras", "Locators", "Joints", "IK Handles", "Deformers"),
    *("Motion Trails", "Components", "Hair Systems", "Follicles", "Misc. UI", "Ornaments"),
)

_DAG: dict[str, Any] = {
    "visibility": True,
    "lodVisibility": True,
    "overrideEnabled": False,
    "overrideVisibility": True,
    "overrideDisplayType": 0,
    "overrideLevelOfDetail": 0,
    "overrideShading": True,
    "intermediateObject": False,
    "message": None,
    "worldMatrix": None,
    "drawOverride": None,
}
_TRANSFORM = {
    **_DAG,
    "translate": D3,
    "rotate": D3,
    "scale": (1.0, 1.0, 1.0),
    "rotateOrder": 0,
    "rotateAxis": D3,
    "displayLocalAxis": False,
}
_SET = {"message": None, "dagSetMembers": None}

# type -> attribute -> default; None is a message or an unset string
TYPES: dict[str, dict[str, Any]] = {
    "transform": _TRANSFORM,
    "animLayer": {"message": None},
    # abstract: `ls` finds the kinds below by them [docs]
    "animCurve": {"output": 0.0},
    "animBlendNodeBase": {"output": 0.0},
    # by time: of lengths, of angles, of numbers
    **{kind: {"output": 0.0} for kind in ("animCurveTL", "animCurveTA", "animCurveTU")},
    # where an attribute is in a layer: what the lower layers say, and what the layer adds [scene files]
    "animBlendNodeAdditiveDL": {"inputA": 0.0, "inputB": 0.0, "output": 0.0},
    "animBlendNodeAdditiveDA": {"inputA": 0.0, "inputB": 0.0, "output": 0.0},
    "animBlendNodeAdditive": {"inputA": 0.0, "inputB": 0.0, "output": 0.0},
    # [docs] radius only draws; drawStyle 2 draws nothing
    "joint": {**_TRANSFORM, "jointOrient": D3, "radius": 1.0, "segmentScaleCompensate": True, "drawStyle": 0},
    "mesh": {**_DAG, "displaySmoothMesh": 0, "aiSubdivType": 0, "inMesh": None, "objectGroups": None},
    "nurbsSurface": _DAG,
    "locator": _DAG,
    "gpuCache": {**_DAG, "cacheFileName": None, "cacheGeomPath": "|"},  # [docs, public code]
    "aiStandIn": {**_DAG, "dso": None, "useFrameExtension": False},  # [open] MtoA
    "mayaUsdProxyShape": {**_DAG, "filePath": None, "primPath": ""},  # [maya-usd]
    "AlembicNode": {"abc_File": None},
    "pfxHair": _DAG,
    "nParticle": _DAG,
    "fluidShape": _DAG,
    "instancer": _TRANSFORM,
    # Shapes of plug-ins that nobody listed, each drawn in colours of its own [review: shapes that were missing]
    "pgYetiMaya": _DAG,
    "bifrostGraphShape": _DAG,
    "nurbsCurve": _DAG,
    "aiAreaLight": _DAG,
    # [docs] decayRate 0 is none
    "directionalLight": {**_DAG, "color": (1.0, 1.0, 1.0), "intensity": 1.0},
    **{
        kind: {**_DAG, "color": (1.0, 1.0, 1.0), "intensity": 1.0, "decayRate": 0}
        for kind in ("pointLight", "spotLight")
    },
    "ambientLight": {**_DAG, "color": (1.0, 1.0, 1.0), "intensity": 1.0},
    "aiSkyDomeLight": {**_DAG, "color": (1.0, 1.0, 1.0), "intensity": 1.0},  # [scene files]
    "aiPhysicalSky": {  # [scene files, public code]
        "message": None,
        "outColor": D3,
        "elevation": 45.0,
        "azimuth": 90.0,
        "useDegrees": True,
        "sunDirection": (0.0, 1.0, 0.0),
        "enableSun": True,
    },
    "RedshiftPhysicalSun": _DAG,  # [public code]
    "VRaySunShape": {**_DAG, "enabled": True},  # [scene files]
    "VRaySunTarget": _DAG,
    "unknown": {"message": None},
    "unknownDag": _DAG,
    "displayLayer": {  # [docs]
        "message": None,
        "drawInfo": None,
        "displayType": 0,
        "levelOfDetail": 0,
        "shading": True,
        "visibility": True,
    },
    "nucleus": {**_TRANSFORM, "enable": True, "startFrame": 1.0},
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
        "filmFitOffset": 0.0,
        "orthographicWidth": 10.0,
    },
    "imagePlane": {  # [docs]
        **_DAG,
        "imageName": None,
        "displayMode": 3,
        "useFrameExtension": False,
        "frameExtension": 1,
        "frameOffset": 0,
        "frameIn": 0,
        "frameOut": 0,
        "colorSpace": None,
        "ignoreColorSpaceFileRules": False,
    },
    "objectSet": _SET,
    # The last two are added by MtoA and Redshift [public code]
    "shadingEngine": {
        **_SET,
        "surfaceShader": None,
        "displacementShader": None,
        "volumeShader": None,
        "aiSurfaceShader": None,
        "rsSurfaceShader": None,
    },
    "lambert": {  # [docs]
        "message": None,
        "color": (0.5, 0.5, 0.5),
        "diffuse": 0.8,
        "transparency": D3,
        "outColor": D3,
    },
    "aiStandardSurface": {"message": None, "baseColor": (0.8, 0.8, 0.8), "opacity": (1.0, 1.0, 1.0), "outColor": D3},
    "surfaceShader": {"message": None, "outColor": D3, "outTransparency": D3, "outMatteOpacity": (1.0, 1.0, 1.0)},
    "usdPreviewSurface": {"message": None, "opacity": 1.0, "outColor": D3},  # one channel [maya-usd]
    "VRayMtl": {"message": None, "opacityMap": (1.0, 1.0, 1.0), "outColor": D3},
    "RedshiftMaterial": {"message": None, "opacity_color": (1.0, 1.0, 1.0), "outColor": D3},
    "PxrSurface": {"message": None, "presence": 1.0, "outColor": D3},
    "openPBRSurface": {"message": None, "geometryOpacity": 1.0, "outColor": D3},
    "samplerInfo": {"message": None, "normalCamera": D3, "pointCamera": D3, "facingRatio": 0.0},
    "file": {  # [docs]
        "message": None,
        "fileTextureName": None,
        "colorSpace": None,
        "ignoreColorSpaceFileRules": False,
        "outColor": D3,
        "outTransparency": D3,
        "outAlpha": 0.0,
    },
    # [docs] projType 8 is perspective; linkedCamera is a message
    "projection": {"message": None, "projType": 1, "image": D3, "linkedCamera": None, "outColor": D3, "outAlpha": 0.0},
    "cacheFile": {"message": None, "outCacheData": None},
    "checker": {"message": None, "outColor": D3, "outAlpha": 0.0},
    "reverse": {"message": None, "input": D3, "output": D3},
    "displacementShader": {"message": None, "displacement": 0.0, "scale": 1.0},
    "HIKCharacterNode": {"message": None, "slot": None},
    "audio": {"message": None, "filename": None, "offset": 0.0, "sourceStart": 0.0, "silence": 0.0},  # [docs]
    "network": {"message": None},
    "groupId": {"message": None, "groupId": 0},
    "groupParts": {"message": None},
    "reference": {"message": None},
    "renderLayer": {"message": None, "renderable": True, "identification": 0, "displayOrder": 0},
    "time": {"message": None, "outTime": 1.0},
    "renderLayerManager": {"message": None, "renderLayerId": None, "currentRenderLayer": None},
    "renderSetupLayer": {"message": None, "legacyRenderLayer": None},
    "materialOverride": {"message": None, "selfEnabled": True},
    "aiAOV": {"message": None, "name": None, "type": 5, "enabled": True, "outputs": None},
    "aiAOVFilter": {"message": None, "aiTranslator": "gaussian"},
    "aiStateVector": {"message": None, "variable": 0, "outValue": D3},
    "aiSpaceTransform": {
        "message": None,
        "input": D3,
        "type": 0,
        "from": 0,
        "to": 0,
        "normalize": False,
        "outValue": D3,
    },
    "aiWriteVector": {"message": None, "input": D3, "aovName": None, "blend": True, "outColor": D3},
    "aiWriteFloat": {"message": None, "input": 0.0, "aovName": None, "blend": True, "outColor": D3},
    "aiUserDataFloat": {"message": None, "attribute": None, "default": 0.0, "outValue": 0.0},
    # [schema] facts/maya.md 4
    "renderGlobals": {
        "message": None,
        "currentRenderer": "mayaSoftware",
        "imageFormat": 7,
        "imageFilePrefix": None,
        "animation": False,
        "startFrame": 1.0,
        "endFrame": 10.0,
        "byFrameStep": 1.0,
        "gammaCorrection": 1.0,
        "imfkey": None,
        "useRenderRegion": False,
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
        "floatingPointRTFormat": 1,  # 1 four floats of 32 bits, 2 three, 3 four of 16 [public code]
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
        "aovShaders": None,
        "renderType": 0,  # 1 writes an .ass file and no picture, 2 both [deadline-cloud-for-maya]
        "renderDevice": 0,
        "regionMinX": 0,
        "regionMaxX": -1,
        "regionMinY": 0,
        "regionMaxY": -1,
        "motion_steps": 2,
        "motion_frames": 0.5,  # the length of the vectors, in frames [Arnold's documentation]
        "range_type": 1,  # 0 from the frame on, 1 around it, 2 up to it [the same]
        "mb_camera_enable": True,
        "mb_object_deform_enable": True,
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
ARNOLD = (
    *("aiStandIn", "aiAOV", "aiAOVFilter", "aiOptions", "aiAOVDriver", "aiStandardSurface", "aiAreaLight"),
    *("aiSkyDomeLight", "aiPhysicalSky"),
    *("aiStateVector", "aiSpaceTransform", "aiWriteVector", "aiWriteFloat", "aiUserDataFloat"),
)
SHAPES = (
    "mesh",
    "nurbsSurface",
    "locator",
    "gpuCache",
    "aiStandIn",
    "mayaUsdProxyShape",
    "pfxHair",
    "nParticle",
    "fluidShape",
    "camera",
    "imagePlane",
    "pgYetiMaya",
    "bifrostGraphShape",
    "nurbsCurve",
    "aiAreaLight",
    "directionalLight",
    "pointLight",
    "spotLight",
    "ambientLight",
    "aiSkyDomeLight",
    "RedshiftPhysicalSun",
    "VRaySunShape",
    "VRaySunTarget",
    "unknownDag",
)
TRANSFORMS = ("transform", "joint", "instancer", "nucleus")
DAG = (*SHAPES, *TRANSFORMS)

# Nodes that exist in every scene (facts/maya.md 3.5).
DEFAULT_NODES = (
    ("time1", "time"),
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
