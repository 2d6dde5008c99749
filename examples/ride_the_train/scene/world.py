"""A valley with a railway, made of meshes from numbers: no outside model, texture or picture.

One material per class, named after it, and a further one for windows; objects and materials are numbered. Lengths in
metres, x along the track, y away from the camera, z up. Runs inside Blender's Python (`bpy`), by itself: nothing of
semrender is imported.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass

import bpy
import numpy as np

LENGTH = 700.0  # of the valley, centred on x = 0
RIVER = (22.0, 36.0)  # y from, to
MEADOW = (-60.0, 130.0)  # y of the walkable ground
DOME = 1800.0

Colour = tuple[float, float, float]  # linear


@dataclass(frozen=True)
class Look:
    """Season and light. sun: elevation in degrees; roughness of the picture is the surfaces' own."""

    name: str
    sun: float
    strength: float
    sky: Colour
    grass: Colour
    tree: Colour


LOOKS = (
    Look("summer", 42, 4.5, (0.20, 0.42, 0.85), (0.13, 0.27, 0.05), (0.04, 0.13, 0.03)),
    Look("golden", 13, 4.0, (0.75, 0.48, 0.28), (0.20, 0.24, 0.06), (0.08, 0.12, 0.03)),
    Look("autumn", 30, 3.8, (0.35, 0.45, 0.62), (0.24, 0.22, 0.07), (0.32, 0.12, 0.03)),
)
PAINT: dict[str, Colour] = {
    "river": (0.05, 0.20, 0.22),
    "mountain": (0.30, 0.29, 0.30),
    "railroad": (0.16, 0.13, 0.11),
    "house": (0.55, 0.45, 0.34),
    "fence": (0.35, 0.25, 0.16),
    "road": (0.40, 0.37, 0.33),
    "train": (0.30, 0.05, 0.04),
}
GLASS: Colour = (0.03, 0.05, 0.07)


class World:
    """Everything of one seed and look in an empty Blender scene. `train` is the object that moves."""

    def __init__(self, seed: int, look: Look, colours: dict[str, Colour]) -> None:
        """colours: class name -> its label colour, 0..1."""
        bpy.ops.wm.read_factory_settings(use_empty=True)
        self.seed, self.look, self.random = seed, look, random.Random(seed)
        paint = {**PAINT, "grass": look.grass, "tree": look.tree, "sky-other": look.sky}
        self.materials = {name: material(name, paint[name], colours[name]) for name in paint}
        self.glass = material("train.001", GLASS, colours["train"])  # as Blender calls a copy: of the same class
        for number, made in enumerate(bpy.data.materials, 1):
            made.pass_index = number
        self.offset = np.random.default_rng(seed).uniform(0, 1000, 2)
        self._ground()
        self._mountains()
        self._dome()
        self._track()
        self._trees()
        self._houses()
        self.train = self._train()
        self._sun()

    def height(self, x: float, y: float) -> float:
        """Of the meadow; level beside the track, sunk at the river."""
        roll = 2.2 * math.sin(x / 37 + self.offset[0]) * math.sin(y / 29 + self.offset[1])
        level = min(1.0, max(0.0, (abs(y) - 8) / 14))
        middle = (RIVER[0] + RIVER[1]) / 2
        bank = math.exp(-(((y - middle) / (RIVER[1] - RIVER[0]) * 1.7) ** 4))
        rise = max(0.0, y - 60) ** 1.3 * 0.05
        return roll * level * (1 - bank) - 2.5 * bank + rise - 0.1

    def add(self, name: str, verts: list, faces: list, smooth: bool = False) -> bpy.types.Object:
        """A mesh of one class."""
        mesh = bpy.data.meshes.new(name)
        mesh.from_pydata(verts, [], faces)
        mesh.materials.append(self.materials[name])
        mesh.polygons.foreach_set("use_smooth", [smooth] * len(faces))
        made = bpy.data.objects.new(name, mesh)
        made.pass_index = len(bpy.data.objects)
        bpy.context.scene.collection.objects.link(made)
        return made

    def _ground(self) -> None:
        self.add("grass", *grid((-LENGTH / 2, LENGTH / 2, 140), (*MEADOW, 76), self.height), smooth=True)
        water = grid((-LENGTH / 2, LENGTH / 2, 60), (RIVER[0] - 6, RIVER[1] + 6, 6), lambda x, y: -1.0)
        self.add("river", *water)

    def _mountains(self) -> None:
        def ridge(x: float, y: float) -> float:
            far = (y - 120) / 300
            peaks = sum(
                abs(math.sin(x / w + self.offset[0] * k)) * h for k, (w, h) in enumerate(((90, 70), (41, 30), (13, 9)))
            )
            return 12 + far * (30 + peaks * 1.4) + 4 * math.sin(x / 9) * math.sin(y / 7)

        self.add("mountain", *grid((-900, 900, 240), (120, 420, 40), ridge))

    def _dome(self) -> None:
        """The sky is a surface, so that every pixel has a class."""
        verts, faces = [], []
        rings, sectors = 12, 48
        for ring in range(rings + 1):
            up = math.pi / 2 * ring / rings - 0.15
            for sector in range(sectors):
                turn = 2 * math.pi * sector / sectors
                verts.append(
                    (DOME * math.cos(up) * math.cos(turn), DOME * math.cos(up) * math.sin(turn), DOME * math.sin(up))
                )
        for ring in range(rings):
            for sector in range(sectors):
                a, b = ring * sectors + sector, ring * sectors + (sector + 1) % sectors
                faces.append((a, a + sectors, b + sectors, b))
        self.dome = self.add("sky-other", verts, faces, smooth=True)
        self.dome.visible_shadow = False

    def _track(self) -> None:
        half = LENGTH / 2
        self.add("railroad", *box((0, 0, 0.1), (LENGTH, 3.6, 0.3)))
        rails = [box((0, side, 0.35), (LENGTH, 0.12, 0.16)) for side in (-0.72, 0.72)]
        sleepers = [box((x, 0, 0.28), (0.3, 2.5, 0.12)) for x in np.arange(-120, 120, 0.9)]
        self.add("railroad", *joined(rails + sleepers))
        self.add("road", *grid((-half, half, 160), (-13.5, -10, 2), lambda x, y: self.height(x, y) + 0.12))
        posts = [box((x, -6, 0.6), (0.16, 0.16, 1.3)) for x in np.arange(-150, 150, 2.4)]
        self.add("fence", *joined(posts + [box((0, -6, z), (300, 0.06, 0.12)) for z in (0.6, 1.05)]))

    def _trees(self) -> None:
        for _ in range(420):
            x, y = (
                self.random.uniform(-260, 260),
                self.random.choice((self.random.uniform(42, 125), self.random.uniform(7, 19))),
            )
            if y < 20 and self.random.random() < 0.75:
                continue
            size = self.random.uniform(2.5, 6.5)
            parts = [
                cone((x, y, self.height(x, y) + size * z), size * w, size * 0.75)
                for z, w in ((0.1, 0.42), (0.5, 0.32), (0.9, 0.2))
            ]
            self.add("tree", *joined(parts))

    def _houses(self) -> None:
        for _ in range(16):
            x, y = self.random.uniform(-170, 170), self.random.uniform(44, 80)
            wide, deep, high = (self.random.uniform(*limits) for limits in ((6, 10), (5, 7), (3, 5)))
            ground = self.height(x, y) - 0.5
            parts = [
                box((x, y, ground + high / 2), (wide, deep, high)),
                roof((x, y, ground + high), wide * 1.15, deep * 1.2, high * 0.7),
            ]
            self.add("house", *joined(parts))

    def _train(self) -> bpy.types.Object:
        parts = [
            box((0, 0, 1.9), (7, 2.2, 1.7)),
            box((-2.6, 0, 3.0), (2.2, 2.5, 2.6)),
            box((0, 0, 0.8), (8.4, 2.3, 0.5)),
        ]
        parts += [
            tube((1.2, 0, 2.4), 1.0, 5.0),
            box((3.2, 0, 3.9), (0.6, 0.6, 1.6)),
            box((0.8, 0, 3.6), (0.8, 0.8, 0.7)),
        ]
        panes = []
        for car in range(1, 4):
            middle = -2.6 - car * 9.6
            parts += [
                box((middle, 0, 2.2), (8.8, 2.5, 2.4)),
                box((middle, 0, 3.6), (9.0, 2.7, 0.4)),
                box((middle, 0, 0.8), (7, 2.0, 0.5)),
            ]
            panes += [box((middle + dx, side, 2.5), (0.9, 0.1, 0.9)) for dx in (-3, -1, 1, 3) for side in (-1.28, 1.28)]
        train, count = self.add("train", *joined(parts + panes)), sum(len(faces) for _, faces in parts)
        train.data.materials.append(self.glass)
        for face in train.data.polygons[count:]:
            face.material_index = 1
        return train

    def _sun(self) -> None:
        light = bpy.data.lights.new("sun", "SUN")
        light.energy, light.angle = self.look.strength, 0.01
        sun = bpy.data.objects.new("sun", light)
        sun.rotation_euler = (math.radians(90 - self.look.sun), 0, self.random.uniform(-0.9, 0.9))
        scene = bpy.context.scene
        scene.collection.objects.link(sun)
        scene.world = bpy.data.worlds.new("world")
        scene.world.use_nodes = True
        background = scene.world.node_tree.nodes["Background"]
        background.inputs["Color"].default_value = (*self.look.sky, 1)
        background.inputs["Strength"].default_value = 0.7


def material(name: str, paint: Colour, label: Colour) -> bpy.types.Material:
    """Shaders, one of which reaches the surface: `look` (as it looks), `label` (flat, its class's colour), `clay`."""
    made = bpy.data.materials.new(name)
    made.use_nodes = True
    nodes, links = made.node_tree.nodes, made.node_tree.links
    shader, flat, clay = nodes["Principled BSDF"], nodes.new("ShaderNodeEmission"), nodes.new("ShaderNodeBsdfDiffuse")
    shader.name, flat.name, clay.name = "look", "label", "clay"
    flat.inputs["Color"].default_value = (*label, 1)
    clay.inputs["Color"].default_value = (0.5, 0.5, 0.5, 1)
    shader.inputs["Roughness"].default_value = 0.12 if name == "river" else 0.8
    noise, ramp, where = (nodes.new(f"ShaderNode{kind}") for kind in ("TexNoise", "ValToRGB", "TexCoord"))
    noise.inputs["Scale"].default_value = {"mountain": 0.15, "grass": 0.6, "tree": 1.5}.get(name, 0.9)
    noise.inputs["Detail"].default_value = 6
    ramp.color_ramp.elements[0].color = (*(c * 0.55 for c in paint), 1)
    ramp.color_ramp.elements[1].color = (*(min(1, c * 1.5) for c in paint), 1)
    links.new(where.outputs["Object"], noise.inputs["Vector"])
    links.new(noise.outputs["Fac"], ramp.inputs["Fac"])
    links.new(ramp.outputs["Color"], shader.inputs["Base Color"])
    if name == "sky-other":  # it lights nothing and is lit by nothing
        shader = nodes.new("ShaderNodeEmission")
        nodes["look"].name, shader.name = "unused", "look"
        shader.inputs["Color"].default_value = (*paint, 1)
    show(made, "look")
    return made


def show(made: bpy.types.Material, shader: str) -> None:
    """Let `look`, `label` or `clay` reach the surface."""
    nodes = made.node_tree.nodes
    made.node_tree.links.new(nodes[shader].outputs[0], nodes["Material Output"].inputs["Surface"])


def grid(across: tuple, deep: tuple, height: Callable[[float, float], float]) -> tuple[list, list]:
    """(from, to, cells) twice -> vertices and quads on the height field."""
    xs, ys = np.linspace(*across[:2], across[2] + 1), np.linspace(*deep[:2], deep[2] + 1)
    verts = [(x, y, height(x, y)) for y in ys for x in xs]
    row = len(xs)
    corners = [(j * row + i) for j in range(len(ys) - 1) for i in range(row - 1)]
    return verts, [(a, a + 1, a + row + 1, a + row) for a in corners]


def box(centre: tuple, size: tuple) -> tuple[list, list]:
    (x, y, z), (a, b, c) = centre, (side / 2 for side in size)
    verts = [(x + i * a, y + j * b, z + k * c) for k in (-1, 1) for j in (-1, 1) for i in (-1, 1)]
    return verts, [(0, 2, 3, 1), (4, 5, 7, 6), (0, 1, 5, 4), (2, 6, 7, 3), (0, 4, 6, 2), (1, 3, 7, 5)]


def cone(foot: tuple, radius: float, high: float, sides: int = 8) -> tuple[list, list]:
    x, y, z = foot
    turns = [2 * math.pi * n / sides for n in range(sides)]
    verts = [(x + radius * math.cos(t), y + radius * math.sin(t), z) for t in turns] + [(x, y, z + high)]
    return verts, [(n, (n + 1) % sides, sides) for n in range(sides)]


def roof(foot: tuple, wide: float, deep: float, high: float) -> tuple[list, list]:
    (x, y, z), a, b = foot, wide / 2, deep / 2
    verts = [
        (x - a, y - b, z),
        (x + a, y - b, z),
        (x + a, y + b, z),
        (x - a, y + b, z),
        (x - a, y, z + high),
        (x + a, y, z + high),
    ]
    return verts, [(0, 1, 5, 4), (2, 3, 4, 5), (0, 4, 3), (1, 2, 5), (0, 3, 2, 1)]


def tube(centre: tuple, radius: float, long: float, sides: int = 16) -> tuple[list, list]:
    """Along x."""
    x, y, z = centre
    turns = [2 * math.pi * n / sides for n in range(sides)]
    verts = [(x + end * long / 2, y + radius * math.cos(t), z + radius * math.sin(t)) for end in (-1, 1) for t in turns]
    sides_ = [(n, (n + 1) % sides, sides + (n + 1) % sides, sides + n) for n in range(sides)]
    return verts, sides_ + [tuple(range(sides)), tuple(range(2 * sides - 1, sides - 1, -1))]


def joined(parts: list[tuple[list, list]]) -> tuple[list, list]:
    verts, faces = [], []
    for own, own_faces in parts:
        faces += [tuple(i + len(verts) for i in face) for face in own_faces]
        verts += own
    return verts, faces
