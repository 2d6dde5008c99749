"""Renders steam locomotives, seen from one side: the pictures that the model `locomotives` was trained on.

    python make.py --out pictures --count 800

Runs in a Python of its own with Blender as a module: `pip install "bpy==4.5.*" "numpy<2" Pillow`. Picture n is a
function of n alone, so a run that was interrupted goes on where it stopped.
"""

from __future__ import annotations

import argparse
import colorsys
import math
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy

# isort: split
import bmesh  # only there once bpy is
from mathutils import Matrix, Vector

Colour = tuple[float, float, float]  # linear light, 0 to 1

WIDE = 8.4  # metres that the picture shows
RAIL = 0.0  # height of the rails' upper edge
FRONT = 3.55  # of the buffer beam
BLACK, IRON, STEEL, BRASS = (0.012, 0.012, 0.014), (0.055, 0.055, 0.06), (0.42, 0.43, 0.45), (0.75, 0.45, 0.12)
LIVERIES: tuple[Colour, ...] = (
    (0.02, 0.17, 0.06),
    (0.45, 0.03, 0.025),
    (0.03, 0.09, 0.38),
    (0.02, 0.022, 0.028),
    (0.70, 0.33, 0.03),
    (0.16, 0.02, 0.05),
    (0.03, 0.26, 0.28),
)
TRIMS: tuple[Colour, ...] = ((0.80, 0.62, 0.20), (0.80, 0.76, 0.62), (0.62, 0.04, 0.03))


@dataclass
class Engine:
    """What is drawn of a locomotive. Lengths in metres."""

    body: Colour
    trim: Colour
    spokes: Colour
    drivers: int
    wheel: float
    boiler: float
    long: float
    chimney: str
    tall: float
    domes: tuple[float, ...]
    cab: float
    window: str
    tender: float
    turn: float
    catcher: bool


def drawn(rng: random.Random) -> Engine:
    drivers = rng.choice((2, 3, 3))
    long = rng.uniform(3.0, 3.5)
    first = rng.uniform(0.38, 0.5)
    body = varied(rng.choice(LIVERIES), rng)
    return Engine(
        body=body,
        trim=rng.choice(TRIMS),
        spokes=rng.choice(((0.12, 0.12, 0.13), body, (0.50, 0.03, 0.025))),
        drivers=drivers,
        wheel=rng.uniform(0.88, 0.98) if drivers == 2 else rng.uniform(0.66, 0.74),
        boiler=rng.uniform(0.74, 0.90),
        long=long,
        chimney=rng.choice(("straight", "flared", "bell")),
        tall=rng.uniform(0.75, 1.15),
        domes=(first,) if rng.random() < 0.55 else (first, first + rng.uniform(0.25, 0.32)),
        cab=rng.uniform(1.45, 1.75),
        window=rng.choice(("square", "round", "open")),
        tender=rng.uniform(1.0, 1.5),
        turn=rng.uniform(0, 2 * math.pi),
        catcher=rng.random() < 0.4,
    )


def varied(colour: Colour, rng: random.Random) -> Colour:
    hue, saturation, value = colorsys.rgb_to_hsv(*colour)
    return colorsys.hsv_to_rgb((hue + rng.uniform(-0.02, 0.02)) % 1, saturation, value * rng.uniform(0.75, 1.3))


class Builder:
    """Simple bodies, all of one paint in one mesh."""

    def __init__(self) -> None:
        self.meshes: dict[tuple[Colour, float, float], Any] = {}

    def mesh(self, colour: Colour, rough: float, metal: float) -> Any:
        return self.meshes.setdefault((colour, rough, metal), bmesh.new())

    def box(self, at: Colour, size: Colour, colour: Colour, rough: float = 0.5, lean: float = 0.0) -> None:
        place = Matrix.Translation(at) @ Matrix.Rotation(lean, 4, "Y") @ Matrix.Diagonal((*size, 1))
        bmesh.ops.create_cube(self.mesh(colour, rough, 0), size=1, matrix=place)

    def tube(
        self,
        at: Colour,
        axis: str,
        radius: float,
        length: float,
        colour: Colour,
        top: float | None = None,
        rough: float = 0.4,
        metal: float = 0.0,
    ) -> None:
        turned = {"X": Matrix.Rotation(math.pi / 2, 4, "Y"), "Y": Matrix.Rotation(math.pi / 2, 4, "X")}
        bmesh.ops.create_cone(
            self.mesh(colour, rough, metal),
            cap_ends=True,
            segments=28,
            radius1=radius,
            radius2=radius if top is None else top,
            depth=length,
            matrix=Matrix.Translation(at) @ turned.get(axis, Matrix.Identity(4)),
        )

    def ball(self, at: Colour, size: Colour, colour: Colour, rough: float = 0.4, metal: float = 0.0) -> None:
        place = Matrix.Translation(at) @ Matrix.Diagonal((*size, 1))
        made = bmesh.ops.create_icosphere(self.mesh(colour, rough, metal), subdivisions=3, radius=1, matrix=place)
        for vertex in made["verts"]:
            for face in vertex.link_faces:
                face.smooth = True

    def place(self) -> None:
        """Into the scene that is open."""
        for (colour, rough, metal), shape in self.meshes.items():
            paint = bpy.data.materials.new("paint")
            paint.use_nodes = True
            shader = paint.node_tree.nodes["Principled BSDF"]
            shader.inputs["Base Color"].default_value = (*colour, 1)
            shader.inputs["Roughness"].default_value = rough
            shader.inputs["Metallic"].default_value = metal
            mesh = bpy.data.meshes.new("parts")
            shape.to_mesh(mesh)
            shape.free()
            mesh.materials.append(paint)
            bpy.context.scene.collection.objects.link(bpy.data.objects.new("parts", mesh))


def build_engine(make: Builder, engine: Engine) -> Colour:
    """The locomotive on its rails, heading right, and its tender. Returns the chimney's mouth."""
    middle = 1.28 + engine.boiler  # height of the boiler's axis
    nose = FRONT - 0.35
    back = nose - engine.long  # where the cab begins
    rear = back - engine.cab
    frame = rear - 0.15
    make.box(((FRONT + frame) / 2, 0, 1.12), (FRONT - frame, 1.5, 0.24), BLACK)
    make.box((FRONT, 0, 1.02), (0.16, 2.2, 0.42), (0.50, 0.03, 0.025))
    for side in (-0.75, 0.75):
        make.tube((FRONT + 0.2, side, 1.06), "X", 0.13, 0.3, STEEL, metal=0.8)
    smokebox = 0.72
    make.tube((back + (engine.long - smokebox) / 2, 0, middle), "X", engine.boiler, engine.long - smokebox, engine.body)
    make.tube((nose - smokebox / 2, 0, middle), "X", engine.boiler * 1.03, smokebox, IRON)
    make.tube((nose + 0.04, 0, middle), "X", engine.boiler * 0.8, 0.14, STEEL, metal=0.5)
    for share in (0.06, 0.34, 0.62, 0.97):
        place = back + (engine.long - smokebox) * share
        make.tube((place, 0, middle), "X", engine.boiler * 1.025, 0.09, engine.trim, rough=0.25)
    mouth = build_chimney(make, engine, nose - smokebox / 2, middle + engine.boiler * 0.94)
    for share in engine.domes:
        place, high = back + (engine.long - smokebox) * share, middle + engine.boiler
        make.tube((place, 0, high), "Z", 0.29, 0.5, BRASS, rough=0.2, metal=0.9)
        make.ball((place, 0, high + 0.25), (0.29, 0.29, 0.22), BRASS, 0.2, 0.9)
    make.tube((nose + 0.1, 0, middle + engine.boiler * 0.95), "X", 0.17, 0.28, (0.9, 0.86, 0.6), metal=0.3)
    build_cab(make, engine, back, rear, middle)
    build_wheels(make, engine, back, rear)
    if engine.catcher:
        for step in range(5):
            make.box((FRONT + 0.34, -0.8 + 0.4 * step, 0.5), (0.09, 0.1, 0.95), (0.45, 0.03, 0.025), lean=-0.6)
    build_tender(make, engine, frame - 0.12)
    return mouth


def build_chimney(make: Builder, engine: Engine, x: float, low: float) -> Colour:
    high, tall = low + engine.tall, engine.tall
    if engine.chimney == "straight":
        make.tube((x, 0, low + tall / 2), "Z", 0.24, tall, IRON)
        make.tube((x, 0, high), "Z", 0.31, 0.12, engine.trim, rough=0.25)
    elif engine.chimney == "flared":
        make.tube((x, 0, low + tall / 2), "Z", 0.2, tall, IRON, top=0.4)
        make.tube((x, 0, high), "Z", 0.42, 0.1, BLACK)
    else:
        make.tube((x, 0, low + tall * 0.3), "Z", 0.2, tall * 0.6, IRON)
        make.tube((x, 0, high - tall * 0.35), "Z", 0.2, tall * 0.35, IRON, top=0.52)
        make.tube((x, 0, high - tall * 0.09), "Z", 0.52, tall * 0.22, BLACK, top=0.3)
    return (x, 0, high)


def build_cab(make: Builder, engine: Engine, back: float, rear: float, middle: float) -> None:
    centre, top = (back + rear) / 2, middle + engine.boiler + 0.62
    make.box((centre, 0, (1.0 + top) / 2), (engine.cab, 2.3, top - 1.0), engine.body)
    make.box((centre, 0, top + 0.05), (engine.cab + 0.45, 2.6, 0.14), BLACK)
    make.box((centre, -1.16, 1.5), (engine.cab * 0.8, 0.03, 0.07), engine.trim)
    high, glass = top - 0.52, (0.10, 0.14, 0.17)
    if engine.window == "round":
        make.tube((centre, -1.16, high), "Y", 0.37, 0.04, engine.trim)
        make.tube((centre, -1.18, high), "Y", 0.3, 0.04, glass, rough=0.1)
    elif engine.window == "square":
        make.box((centre, -1.16, high), (0.92, 0.04, 0.66), engine.trim)
        make.box((centre, -1.18, high), (0.8, 0.04, 0.54), glass, 0.1)
    else:
        make.box((centre - engine.cab * 0.18, -1.16, high - 0.1), (engine.cab * 0.62, 0.04, 0.86), BLACK)


def build_wheels(make: Builder, engine: Engine, back: float, rear: float) -> None:
    r, side = engine.wheel, -0.86
    first, last = FRONT - 1.75, rear + r + 0.1
    if engine.drivers == 2:
        last = max(last, first - 2.6)
    places = [first + (last - first) * n / (engine.drivers - 1) for n in range(engine.drivers)]
    for x in places:
        spoked(make, (x, side, r), r, engine.spokes, engine.turn)
    pin = Vector((math.cos(engine.turn), 0, math.sin(engine.turn))) * r * 0.42
    low = pin.z + r
    make.box(((first + last) / 2 + pin.x, side - 0.2, low), (first - last, 0.06, 0.13), STEEL, 0.3)
    cylinder = FRONT - 0.72
    make.tube((cylinder, side - 0.05, 0.95), "X", 0.32, 0.85, engine.body)
    make.tube((cylinder, side - 0.05, 0.95), "X", 0.34, 0.12, engine.trim)
    drive = Vector((places[1 if engine.drivers > 2 else 0] + pin.x, 0, low))
    reach = Vector((cylinder - 0.3, 0, 0.95))
    along = reach - drive
    make.box(
        ((drive.x + reach.x) / 2, side - 0.28, (drive.z + reach.z) / 2),
        (along.length, 0.06, 0.11),
        STEEL,
        0.3,
        -math.atan2(along.z, along.x),
    )
    for x in (FRONT - 0.35, FRONT - 1.08):
        spoked(make, (x, side, 0.4), 0.4, engine.spokes, engine.turn)
    make.box(((first + last) / 2, side - 0.02, 2 * r + 0.06), (first - last + 2.2 * r, 0.34, 0.07), engine.trim)


def spoked(make: Builder, at: Colour, radius: float, colour: Colour, turn: float) -> None:
    x, y, z = at
    make.tube(at, "Y", radius, 0.16, STEEL, rough=0.3, metal=0.7)
    make.tube((x, y - 0.05, z), "Y", radius * 0.9, 0.16, (0.008, 0.008, 0.008))
    for n in range(5):
        make.box((x, y - 0.12, z), (radius * 1.72, 0.06, radius * 0.13), colour, lean=turn + math.pi * n / 5)
    make.tube((x, y - 0.1, z), "Y", radius * 0.22, 0.16, colour)


def build_tender(make: Builder, engine: Engine, front: float) -> None:
    long = 4.0
    make.box((front - long / 2, 0, 1.12), (long, 1.6, 0.24), BLACK)
    make.box((front - long / 2, 0, 1.24 + engine.tender / 2), (long, 2.2, engine.tender), engine.body)
    make.box((front - long / 2, -1.12, 1.18 + engine.tender), (long, 0.05, 0.09), engine.trim)
    for n in range(7):
        make.ball((front - 0.4 - 0.5 * n, -0.2, 1.24 + engine.tender), (0.5, 0.8, 0.3), BLACK, 0.9)
    for x in (front - 0.62, front - 1.75):
        spoked(make, (x, -0.86, 0.48), 0.48, engine.spokes, engine.turn)


def build_steam(make: Builder, mouth: Colour, rng: random.Random) -> None:
    x, z = mouth[0] - 0.05, mouth[2] + 0.25
    grey = rng.uniform(0.55, 0.95)
    for n in range(9):
        size = 0.24 + 0.1 * n
        for _ in range(2):
            at = (x + rng.uniform(-0.2, 0.2), rng.uniform(-0.3, 0.3), z + rng.uniform(-0.15, 0.2))
            make.ball(at, (size * 1.15, size, size), (grey, grey, grey), 1.0)
        x, z = x - 0.42 - 0.07 * n, z + 0.26 * 0.93**n


def build_land(make: Builder, rng: random.Random) -> None:
    green = rng.choice(((0.10, 0.22, 0.03), (0.20, 0.24, 0.04), (0.30, 0.22, 0.07), (0.06, 0.14, 0.04)))
    make.box((0, 30, -0.75), (200, 90, 0.1), green, 1.0)
    stones = rng.uniform(0.14, 0.26)
    make.box((0, 0, -0.52), (60, 3.6, 0.5), (stones, stones * 0.95, stones * 0.88), 1.0)
    for n in range(-12, 13):
        make.box((n * 0.62 + rng.uniform(0, 0.02), 0, -0.22), (0.26, 2.9, 0.18), (0.11, 0.065, 0.04), 0.9)
    for side in (-0.86, 0.86):
        make.box((0, side, RAIL - 0.08), (60, 0.1, 0.16), STEEL, 0.35)
    blue = rng.uniform(0.0, 1.0)
    hill = (0.10 + 0.12 * blue, 0.20 + 0.06 * blue, 0.12 + 0.22 * blue)
    for _ in range(4):
        wide = rng.uniform(10, 22)
        make.ball((rng.uniform(-26, 26), rng.uniform(40, 60), -1), (wide, 6, rng.uniform(3, 9)), hill, 1.0)


SKIES: tuple[tuple[Colour, Colour], ...] = (  # at the horizon, above
    ((0.62, 0.78, 0.95), (0.13, 0.34, 0.78)),
    ((0.80, 0.82, 0.85), (0.45, 0.52, 0.62)),
    ((0.98, 0.62, 0.35), (0.30, 0.32, 0.60)),
    ((0.95, 0.85, 0.62), (0.35, 0.60, 0.80)),
)


def light(rng: random.Random) -> None:
    near, far = rng.choice(SKIES)
    world = bpy.data.worlds.new("sky")
    bpy.context.scene.world = world
    world.use_nodes = True
    world.cycles.sampling_method = "NONE"  # its map of a sky this smooth took most of the time
    tree = world.node_tree
    where, split = tree.nodes.new("ShaderNodeTexCoord"), tree.nodes.new("ShaderNodeSeparateXYZ")
    ramp = tree.nodes.new("ShaderNodeValToRGB")
    ramp.color_ramp.elements[0].color, ramp.color_ramp.elements[1].color = (*near, 1), (*far, 1)
    ramp.color_ramp.elements[1].position = 0.28
    tree.links.new(where.outputs["Generated"], split.inputs[0])
    tree.links.new(split.outputs["Z"], ramp.inputs[0])
    tree.links.new(ramp.outputs[0], tree.nodes["Background"].inputs["Color"])
    tree.nodes["Background"].inputs["Strength"].default_value = rng.uniform(0.75, 1.0)
    sun = bpy.data.lights.new("sun", "SUN")
    sun.energy, sun.angle = rng.uniform(2.2, 3.6), 0.05
    shining = bpy.data.objects.new("sun", sun)
    shining.rotation_euler = (math.radians(rng.uniform(35, 60)), 0, math.radians(rng.uniform(-45, 45)))
    bpy.context.scene.collection.objects.link(shining)


def look(rng: random.Random) -> None:
    camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
    camera.data.lens, camera.data.sensor_width = 85, 36
    away = WIDE * 85 / 36
    towards = math.radians(rng.uniform(-5, 5))
    aim = Vector((rng.uniform(-0.12, 0.12), -1.0, 2.95))
    camera.location = aim + Vector((math.sin(towards) * away, -math.cos(towards) * away, rng.uniform(0.2, 1.2)))
    camera.rotation_euler = (aim - camera.location).to_track_quat("-Z", "Y").to_euler()
    bpy.context.scene.collection.objects.link(camera)
    bpy.context.scene.camera = camera


def render(number: int, file: Path, size: int) -> None:
    bpy.ops.wm.read_factory_settings(use_empty=True)
    rng = random.Random(number)
    make = Builder()
    mouth = build_engine(make, drawn(rng))
    if rng.random() < 0.75:
        build_steam(make, mouth, rng)
    build_land(make, rng)
    make.place()
    light(rng)
    look(rng)
    scene = bpy.context.scene
    scene.render.engine = "CYCLES"
    scene.cycles.samples, scene.cycles.use_denoising, scene.cycles.seed = 40, False, number
    scene.cycles.max_bounces = 3
    scene.render.threads_mode, scene.render.threads = "FIXED", 1
    scene.render.resolution_x = scene.render.resolution_y = size
    scene.view_settings.view_transform = "Standard"
    scene.render.image_settings.file_format, scene.render.image_settings.color_mode = "PNG", "RGB"
    beside = file.with_name(f".{file.name}")
    scene.render.filepath = str(beside)
    bpy.ops.render.render(write_still=True)
    beside.replace(file)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--count", type=int, default=800)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--size", type=int, default=64)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    for number in range(arguments.first, arguments.first + arguments.count):
        file = arguments.out / f"locomotive_{number:04}.png"
        if not file.exists():
            render(number, file, arguments.size)


if __name__ == "__main__":
    main()
