"""What Hardware 2.0 and Arnold make of a scene: every setting that is not as a label pass needs it shows."""

from __future__ import annotations

import math
from pathlib import Path as FilePath
from typing import Any, Callable

from maya import raster, schema
from maya.scene import Node, Path, Scene

HW = "hardwareRenderingGlobals"
FILTER_NAMES = {
    "mesh": "Polygons",
    "nurbsSurface": "NURBS Surfaces",
    "locator": "Locators",
    "pfxHair": "Hair Systems",
    "nParticle": "Particles",
    "imagePlane": "Image Planes",
}
OWN_COLORS = {
    "gpuCache": (0.4, 0.3, 0.2),
    "aiStandIn": (0.3, 0.4, 0.2),
    "mayaUsdProxyShape": (0.6, 0.2, 0.1),
    "pfxHair": (0.2, 0.1, 0.1),
    "pgYetiMaya": (0.6, 0.5, 0.1),
    "bifrostGraphShape": (0.5, 0.1, 0.6),
}
NORMAL, DEPTH = (math.nan, 0.0, 0.0), (math.nan, 1.0, 0.0)  # what a samplerInfo draws instead of a colour
DEFAULT_LIGHT, SCENE_LIGHTS, NO_LIGHT = "default", "scene", "none"  # what a diffuse surface is lit by
LIGHTS = {"hardware": ("directionalLight", "pointLight", "spotLight")}  # that a renderer knows
LIGHTS["arnold"] = (*LIGHTS["hardware"], "aiAreaLight", "aiSkyDomeLight")
BOX = [(x, y, z) for z in (0.5, -0.5) for y in (-0.5, 0.5) for x in (-0.5, 0.5)]
BOX_FACES = [(0, 1, 3, 2), (2, 3, 7, 6), (6, 7, 5, 4), (4, 5, 1, 0), (1, 5, 7, 3), (4, 0, 2, 6)]


class Diffuse(tuple):  # type: ignore[type-arg]
    """What of each channel a surface throws back, instead of a colour."""


def is_visible(scene: Scene, path: Path) -> bool:
    def shown(node: Node) -> bool:
        own = scene.value(node, "visibility") and scene.value(node, "lodVisibility")
        return own and (not scene.value(node, "overrideEnabled") or scene.value(node, "overrideVisibility"))

    return all(shown(node) for node in path if node.in_dag)


def is_drawn_plainly(scene: Scene, path: Path) -> bool:
    """Neither a template nor a box nor a wireframe by its own drawing override or a display layer's [docs]."""
    for node in path:
        if scene.value(node, "overrideEnabled") and (
            scene.value(node, "overrideDisplayType")
            or scene.value(node, "overrideLevelOfDetail")
            or not scene.value(node, "overrideShading")
        ):
            return False
        layer = scene.source(node, "drawOverride")
        if layer is not None and (
            scene.value(layer[0], "displayType")
            or scene.value(layer[0], "levelOfDetail")
            or not scene.value(layer[0], "shading")
        ):
            return False
    return True


def world(scene: Scene, path: Path) -> raster.Matrix:
    made = raster.stretched((1, 1, 1))
    for node, above in zip(reversed(path), (*reversed(path[:-1]), None)):
        if node.kind in schema.TRANSFORMS:
            made = raster.product(made, local(scene, node, above))
    return made


def local(scene: Scene, node: Node, above: Node | None) -> raster.Matrix:
    """Scale, rotate, translate; of a joint scale, rotateAxis, rotate, jointOrient, inverse of the parent's scale where
    it compensates and hangs on a joint, translate [docs joint]."""
    order = scene.value(node, "rotateOrder")
    made = raster.product(raster.stretched(scene.vector(node, "scale")), raster.turned(scene.value(node, "rotateAxis")))
    made = raster.product(made, raster.turned(scene.vector(node, "rotate"), order))
    if node.kind == "joint":
        made = raster.product(made, raster.turned(scene.value(node, "jointOrient")))
        if above is not None and above.kind == "joint" and scene.value(node, "segmentScaleCompensate"):
            x, y, z = scene.vector(above, "scale")
            made = raster.product(made, raster.stretched((1 / x, 1 / y, 1 / z)))
    return raster.product(made, raster.shifted(scene.vector(node, "translate")))


def world_points(scene: Scene, path: Path) -> list[raster.Point]:
    shape = path[-1]
    points = shape.points if shape.kind == "mesh" else BOX if shape.kind in schema.SHAPES else []
    by = world(scene, path)
    return [raster.moved(point, by) for point in points]


def hardware(scene: Scene, camera: Path, frame: float, width: int, height: int, layer: str) -> str:
    """ogsRender. The picture is of the current time, whatever `frame` says [facts 4.1: set the time first]."""
    if not scene.has_gpu:
        raise RuntimeError("Graphics hardware feature level insufficient")
    if scene.program not in scene.hardware_draws_in:
        raise RuntimeError(f"ogsRender draws nothing in {scene.program}")  # [open] the words
    get = _getter(scene, HW)
    common = _getter(scene, "defaultRenderGlobals")
    managed = _getter(scene, "defaultColorMgtGlobals")
    view = _View(scene, camera, width, height, layer, 2 if get("multiSampleEnable") else 1)
    alpha_cut = get("transparencyAlgorithm") == 5
    view.cut = (lambda clear: 0.0 if clear > 0.5 else 1.0) if alpha_cut else (lambda clear: 1.0 - 0.5 * clear)
    view.flat = get("renderMode") == 4
    view.lit_by = {0: DEFAULT_LIGHT, 1: SCENE_LIGHTS}.get(get("lightingMode"), NO_LIGHT)
    names = scene.value(scene.nodes[HW][0], "objectTypeFilterNameArray")
    values = scene.value(scene.nodes[HW][0], "objectTypeFilterValueArray")
    view.hidden = {name for name, value in zip(names, values) if not value}
    if get("xrayMode"):
        view.cut = lambda clear: 0.5
    blur = get("renderDepthOfField") and scene.value(camera[-1], "depthOfField")
    picture = _blurred(scene, view, blur, get("motionBlurEnable"))
    if get("hwFogEnable"):
        picture = raster.each(picture, lambda v: v * 0.9 + 0.05)
    if get("ssaoEnable"):
        picture = _darker_edges(picture)
    if get("bloomEnable"):
        picture = raster.each(picture, lambda v: min(1.0, v * 1.05))
    if get("gammaCorrectionEnable"):
        picture = raster.each(picture, lambda v: max(0.0, v) ** (1 / 2.2))
    if managed("cmEnabled") and managed("outputTransformEnabled"):
        picture = raster.each(picture, raster.srgb)
    prefix = common("imageFilePrefix") or FilePath(scene.path or "untitled").stem
    path = FilePath(f"{scene.project}/images/tmp/{prefix}")  # the path is built from the workspace
    path.parent.mkdir(parents=True, exist_ok=True)
    if common("imageFormat") == 51 and common("imfkey") == "exr":
        if not get("floatingPointRTEnable"):
            picture = raster.each(picture, lambda v: math.floor(max(0.0, min(1.0, v)) * 255 + 0.5) / 255)
        channels = {name: [[pixel[i] for pixel in row] for row in picture] for i, name in enumerate("RGBA")}
        raster.save_exr(f"{path}.exr", channels)
        return f"{path}.exr"
    if common("imageFormat") != 32:
        raise RuntimeError("the fake writes PNG and EXR only")
    raster.save_png(f"{path}.png", picture, dither=False)
    return f"{path}.png"


def arnold(scene: Scene, camera: Path, frame: float, width: int, height: int) -> None:
    """arnoldRender. The driver decides format, dither and colour; imageFormat does not count [facts 4.4]."""
    get = _getter(scene, "defaultArnoldRenderOptions")
    driver = _getter(scene, "defaultArnoldDriver")
    filtered = _getter(scene, "defaultArnoldFilter")("aiTranslator") not in ("closest",)
    if not scene.value(camera[-1], "renderable"):
        raise RuntimeError(f"{camera[-1].name} is not renderable")
    view = _View(scene, camera, width, height, scene.current_layer, 2 if get("AASamples") > 1 or filtered else 1)
    view.kinds.add("aiStandIn")
    if get("autoTransparencyDepth") == 0:
        view.cut = lambda clear: 1.0
    elif get("AASamples") > 1:
        view.cut = lambda clear: 1.0 - clear
    view.displaced = not get("ignoreDisplacement")
    view.lit_by, view.lights = (NO_LIGHT if get("ignoreLights") else SCENE_LIGHTS), LIGHTS["arnold"]
    blurred = get("motion_blur_enable") and not get("ignoreMotionBlur")
    picture = _blurred(scene, view, scene.value(camera[-1], "depthOfField") and not get("ignoreDof"), blurred)
    whole = (0, width - 1, 0, height - 1)
    region = tuple(get(f"region{side}") for side in ("MinX", "MaxX", "MinY", "MaxY"))
    if region != whole and region != (0, -1, 0, -1):  # what is outside stays black [deadline-cloud-for-maya]
        picture = [
            [p if region[0] <= x <= region[1] and region[2] <= y <= region[3] else (0.0, 0.0, 0.0, 0.0) for x, p in row]
            for y, row in ((y, list(enumerate(row))) for y, row in enumerate(picture))
        ]
    if driver("colorManagement"):
        picture = raster.each(picture, raster.srgb)
    prefix = FilePath(_getter(scene, "defaultRenderGlobals")("imageFilePrefix") or f"{scene.project}/images/untitled")
    prefix.parent.mkdir(parents=True, exist_ok=True)
    if get("renderType"):
        FilePath(f"{prefix}.ass").write_text("### arnold scene\n")
    if get("renderType") == 1:
        return
    if driver("aiTranslator") == "png":
        raster.save_png(f"{prefix}.png", picture, dither=bool(driver("dither")))
        return
    if driver("aiTranslator") != "exr":
        raise RuntimeError("the fake writes PNG and EXR only")
    channels = {name: [[pixel[i] for pixel in row] for row in picture] for i, name in enumerate("RGBA")}
    depth = [[0.0 if d == math.inf else d for d in row] for row in view.canvas.depth]
    for aov in [n for n in scene.all() if n.kind == "aiAOV" and scene.value(n, "enabled")] if get("aovMode") else []:
        if scene.source(aov, "outputs[0].driver") is None or not any(c[0] is aov for c in scene.connections):
            raise RuntimeError(f"the AOV {aov.name} is not connected")
        name = scene.value(aov, "name")
        filled = _filled(scene, view, name, depth, get)
        letters = {4: ("",), 5: (".R", ".G", ".B"), 6: (".R", ".G", ".B", ".A"), 7: (".X", ".Y", ".Z")}
        # As MtoA's own addAOV has to set it: a float as RGB is written three times [public code: aovs.py].
        ends = letters[scene.value(aov, "type")]
        own = {f"{name}{end}": filled[min(i, len(filled) - 1)] for i, end in enumerate(ends)}
        if driver("mergeAOVs"):
            channels.update(own)
        else:
            raster.save_exr(f"{prefix}_{name}.exr", own)
    raster.save_exr(f"{prefix}.exr", channels)


class _View:
    """One picture of the scene as its shading is at the moment."""

    def __init__(self, scene: Scene, camera: Path, width: int, height: int, layer: str, samples: int) -> None:
        self.scene, self.camera, self.layer = scene, camera, layer
        self.width, self.height, self.samples = width, height, samples
        self.cut: Callable[[float], float] = lambda clear: 0.0 if clear > 0.5 else 1.0
        self.flat = True
        self.displaced = True
        self.lit_by, self.lights = DEFAULT_LIGHT, LIGHTS["hardware"]
        self.hidden: set[str] = set()
        self.kinds = {"mesh", "nurbsSurface", "locator", "gpuCache", "pfxHair", "nParticle", "fluidShape", "imagePlane"}
        self.kinds |= {"pgYetiMaya", "bifrostGraphShape"}
        self.instead: Callable[[Path, list[raster.Point], raster.Matrix], raster.Color] | None = None

    def draw(self, offset: tuple[float, float] = (0.0, 0.0)) -> raster.Picture:
        scene, lens = self.scene, self.camera[-1]
        canvas = raster.Canvas(
            self.width, self.height, self._focal(), self.samples, scene.value(lens, "backgroundColor")
        )
        by = world(scene, self.camera)
        near = scene.now(lens, "nearClipPlane")
        focal = scene.now(lens, "focalLength")
        moved = [scene.now(lens, f"{way}FilmOffset") * 25.4 / focal for way in ("horizontal", "vertical")]
        offset = (offset[0] + moved[0], offset[1] + moved[1])  # the film moves, the picture goes the other way [docs]
        for node in list(scene.all()):
            if node.kind not in self.kinds or node.values.get("intermediateObject"):
                continue
            for path in scene.paths(node):
                if is_visible(scene, path) and self._in_layer(path) and FILTER_NAMES.get(node.kind) not in self.hidden:
                    self._shape(canvas, path, by, near, offset)
        self.canvas = canvas
        return [
            [(-d,) * 3 + (1.0,) if p[0] != p[0] else p for p, d in zip(row, depths)]  # a samplerInfo's pointCameraZ
            for row, depths in zip(canvas.resolved(), canvas.depth[:: self.samples])
        ]

    def values(self, of: Callable[[Path, list[raster.Point], raster.Matrix], raster.Color]) -> raster.Picture:
        """One value for every face instead of its colour, unfiltered."""
        self.instead, samples, self.samples = of, self.samples, 1
        try:
            return self.draw()
        finally:
            self.instead, self.samples = None, samples

    def moved(self, path: Path, seen: list[raster.Point], start: float, length: float) -> raster.Color:
        """How far a face goes in the picture while the shutter would be open, in pixels."""
        places = []
        for time in (self.scene.time + start, self.scene.time + start + length):
            with self.scene.at(time):
                by = world(self.scene, self.camera)
                points = [raster.seen_from(point, by) for point in world_points(self.scene, path)]
            x, y, z = (sum(point[i] for point in points) / len(points) for i in range(3))
            focal = self._focal()
            places.append((x / -z / focal[0] * self.width / 2, y / -z / focal[1] * self.height / 2))
        (x0, y0), (x1, y1) = places
        return x1 - x0, (y1 - y0) * (1 if self.scene.motion_up else -1), 0.0

    def _focal(self) -> tuple[float, float]:
        """Half the film at the distance 1, fitted to the picture as filmFit says [docs camera]."""
        scene, lens = self.scene, self.camera[-1]
        x = scene.now(lens, "horizontalFilmAperture") * 25.4 / 2 / scene.now(lens, "focalLength")
        y = scene.now(lens, "verticalFilmAperture") * 25.4 / 2 / scene.now(lens, "focalLength")
        squeeze, by = scene.now(lens, "lensSqueezeRatio"), scene.now(lens, "cameraScale")
        x, y = x * squeeze * by, y * by
        ratio = self.width / self.height * scene.value(scene.nodes["defaultResolution"][0], "pixelAspect")
        wide = ratio > x / y
        fit = scene.now(lens, "filmFit")  # 0 fill, 1 horizontal, 2 vertical, 3 overscan
        horizontal = fit == 1 or (fit == 0 and wide) or (fit == 3 and not wide)
        return (x, x / ratio) if horizontal else (y * ratio, y)

    def _in_layer(self, path: Path) -> bool:
        if self.layer == "defaultRenderLayer":
            return True
        members = self.scene.layer_members.get(self.layer, [])
        return any(path[: len(member)] == member for member in members)

    def _shape(self, canvas: raster.Canvas, path: Path, camera: raster.Matrix, near: float, offset: Any) -> None:
        shape = path[-1]
        points = world_points(self.scene, path)
        faces = shape.faces or BOX_FACES
        if shape.kind == "imagePlane":
            if self.scene.value(shape, "displayMode") == 0:
                return
            points = [tuple(p) for p in self._far(camera)]
            faces = [(0, 1, 2, 3)]
        for index, face in enumerate(faces):
            color, clear, push = self._shading(path, index)
            corners = [points[i] for i in face]
            if push and self.displaced:
                middle = [sum(p[i] for p in points) / len(points) for i in range(3)]
                corners = [tuple(m + (p - m) * (1 + push) for p, m in zip(corner, middle)) for corner in corners]
            seen = [raster.seen_from(corner, camera) for corner in corners]
            seen = [(x - offset[0] * -z, y - offset[1] * -z, z) for x, y, z in seen]
            if self.instead is not None:
                color = self.instead(path, seen, camera)
            elif color is NORMAL:
                color = _normal(seen)
            elif isinstance(color, Diffuse):
                color = self._lit(color, seen, camera)
            if clear:
                canvas.quad(seen, color, lambda u, v: self.cut(float((int(u * 4) + int(v * 4)) % 2)), near)
            else:
                opaque = self.cut(0.0)
                canvas.quad(seen, color, lambda u, v, o=opaque: o, near)

    def _lit(self, color: Diffuse, seen: list[raster.Point], camera: raster.Matrix) -> raster.Color:
        """By Lambert's law, without shadows: a light of intensity 1 that falls straight on white gives 1."""
        normal, middle = _normal(seen), [sum(point[i] for point in seen) / len(seen) for i in range(3)]
        if self.lit_by == NO_LIGHT:
            return (0.0, 0.0, 0.0)
        if self.lit_by == DEFAULT_LIGHT:  # behind the camera
            return tuple(one * normal[2] for one in color)  # type: ignore[return-value]
        found = [0.0, 0.0, 0.0]
        for node in [one for one in self.scene.all() if one.kind in self.lights]:
            for path in self.scene.paths(node):
                if is_visible(self.scene, path):
                    by = world(self.scene, path)
                    stands = raster.seen_from(tuple(by[3][:3]), camera)  # type: ignore[arg-type]
                    shines = [sum(by[2][k] * camera[i][k] for k in range(3)) for i in range(3)]  # against its -z
                    to = shines if node.kind == "directionalLight" else [s - m for s, m in zip(stands, middle)]
                    size = math.sqrt(sum(one * one for one in to)) or 1.0
                    falls = sum(a * b for a, b in zip(normal, to)) / size
                    strength = 1.0 if node.kind == "aiSkyDomeLight" else max(0.0, falls)
                    strength *= self.scene.now(node, "intensity") if self.scene.has(node, "intensity") else 1.0
                    tint = self.scene.value(node, "color") if self.scene.has(node, "color") else (1.0, 1.0, 1.0)
                    found = [f + c * t * strength for f, c, t in zip(found, color, tint)]
        return tuple(found)  # type: ignore[return-value]

    def _far(self, camera: raster.Matrix) -> list[raster.Point]:
        x, y = (f * 5000 for f in self._focal())
        return [raster.moved((a * x, b * y, -5000.0), camera) for a, b in ((-1, -1), (1, -1), (1, 1), (-1, 1))]

    def _shading(self, path: Path, face: int) -> tuple[raster.Color, bool, float]:
        """Colour, whether a texture cuts it out, and how far displacement pushes it."""
        scene, kind = self.scene, path[-1].kind
        if not is_drawn_plainly(scene, path):
            return (0.2, 0.2, 0.2), False, 0.0
        if kind in OWN_COLORS or kind in ("locator", "imagePlane", "nParticle", "fluidShape"):
            return OWN_COLORS.get(kind, (0.13, 0.57, 0.31)), False, 0.0
        group = self._group(path, face)
        if group is None or path in self.scene.green:
            return (0.0, 1.0, 0.0), False, 0.0  # Maya draws what has no shader in green
        source = scene.source(group, "surfaceShader")
        displacement = scene.source(group, "displacementShader")
        push = 0.0 if displacement is None else float(scene.value(displacement[0], "scale"))
        if source is None:
            return (0.0, 1.0, 0.0), False, push
        shader = source[0]
        clear = any(
            scene.source(shader, a + letter)
            for a in ("outTransparency", "transparency", "opacity", "opacityMap", "opacity_color", "presence")
            for letter in ("", *"RGB")
            if scene.has(shader, a)
        )
        if shader.kind == "surfaceShader" and scene.source(shader, "outColor"):
            return NORMAL, clear, push
        if shader.kind == "surfaceShader" and scene.source(shader, "outColorR"):
            return DEPTH, clear, push
        if shader.kind == "surfaceShader" and self.flat:
            return scene.value(shader, "outColor"), clear, push
        if shader.kind == "lambert":
            return Diffuse(c * scene.value(shader, "diffuse") for c in scene.value(shader, "color")), clear, push
        base = scene.value(shader, "color") if scene.has(shader, "color") else (0.5, 0.5, 0.5)
        shade = 0.4 + 0.1 * face % 0.6  # lit: every side differs
        return tuple(c * shade for c in base), clear, push

    def _group(self, path: Path, face: int) -> Node | None:
        for override in [n for n in self.scene.all() if n.kind == "materialOverride"]:
            layer, group = self.scene.overrides[override.name]
            if layer == self.layer and self.scene.value(override, "selfEnabled"):
                return self.scene.nodes[group][0]
        for group in self.scene.shading_sets():
            if path in group.members and (group.members[path] is None or face in group.members[path]):
                return group
        return None


def _filled(scene: Scene, view: _View, name: str, depth: Any, get: Callable[[str], Any]) -> list[Any]:
    """The planes of an AOV: Arnold's own, or what a write shader of options.aov_shaders fills."""
    if name == "Z":  # in the scene's unit [open]
        return [[[d / schema.CENTIMETRES[scene.linear_unit] for d in row] for row in depth]]
    if name == "motionvector":
        if not get("motion_blur_enable"):
            raise RuntimeError("motion vectors need motion blur")  # [open]
        length = get("motion_frames")
        start = {0: 0.0, 1: -length / 2, 2: -length}[get("range_type")]
        return _planes(view.values(lambda path, seen, by: view.moved(path, seen, start, length)), 3)
    for shader, _, _, there in scene.connections:
        if there.startswith("aovShaders[") and scene.value(shader, "aovName") == name:
            source = scene.source(shader, "input")
            assert source is not None
            if source[0].kind == "aiUserDataFloat":
                return _planes(view.values(_said(scene, source[0])), 1)
            how = {a: scene.value(source[0], a) for a in ("type", "from", "to")}
            state = scene.source(source[0], "input")
            assert (
                state is not None and scene.value(state[0], "variable") == 6 and how == {"type": 2, "from": 0, "to": 2}
            )
            return _planes(view.values(lambda path, seen, by: _normal(seen)), 3)
    raise RuntimeError(f"nothing fills the AOV {name}")


def _said(scene: Scene, reader: Node) -> Callable[..., raster.Color]:
    """What an aiUserDataFloat finds on every shape, its default where there is nothing."""
    name, default = f"mtoa_constant_{scene.value(reader, 'attribute')}", scene.value(reader, "default")
    return lambda path, seen, by: (float(path[-1].values.get(name, default)),) * 3


def _planes(picture: raster.Picture, count: int) -> list[Any]:
    return [[[pixel[i] if pixel[3] else 0.0 for pixel in row] for row in picture] for i in range(count)]


def _normal(seen: list[raster.Point]) -> raster.Color:
    """Of a face in the camera's space, towards the viewer."""
    (ax, ay, az), (bx, by, bz), (cx, cy, cz) = seen[:3]
    u, v = (bx - ax, by - ay, bz - az), (cx - ax, cy - ay, cz - az)
    n = (u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0])
    size = math.sqrt(sum(one * one for one in n)) or 1.0
    sign = -1.0 if sum(one * two for one, two in zip(n, seen[0])) > 0 else 1.0
    return tuple(sign * one / size for one in n)  # type: ignore[return-value]


def _blurred(scene: Scene, view: _View, lens: bool, motion: bool) -> raster.Picture:
    offsets = [(0.0, 0.0)]
    if lens:
        step = 2.0 / view.width
        offsets = [(step, 0), (-step, 0), (0, step), (0, -step)]
    now = scene.time
    times = [now, now + 0.25, now + 0.5] if motion else [now]
    pictures = []
    for time in times:
        scene.time = time
        pictures += [view.draw(offset) for offset in offsets]
    scene.time = now
    return raster.mixed(pictures) if len(pictures) > 1 else pictures[0]


def _darker_edges(picture: raster.Picture) -> raster.Picture:
    rows = []
    for row in picture:
        rows.append(
            [row[0], *((b if b == a else tuple(v * 0.8 for v in b[:3]) + (b[3],)) for a, b in zip(row, row[1:]))]
        )
    return rows


def _getter(scene: Scene, name: str) -> Callable[[str], Any]:
    node = scene.nodes[name][0]
    return lambda attribute: scene.value(node, attribute)
