"""Render the train ride: label passes, Cryptomatte, motion, normals, depth, parts, shading, camera, beauty, and pairs.

    python make.py shot  --out FOLDER [--size 640x360] [--frames 24] [--locked] [--passes label,crypto,motion,...]
    python make.py pairs --out FOLDER [--count 60] [--seed 0] [--size 256x144]

Needs Blender as a Python module, in a virtual environment of its own: `pip install "bpy==4.5.*" "numpy<2"`.
The same arguments give the same scene. Files that exist are kept, so an interrupted run goes on.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import sys
from pathlib import Path

import bpy
from mathutils import Vector

sys.path.insert(0, str(Path(__file__).resolve().parent))
from camera import sun, tracks
from world import LOOKS, World, show

ROOT = Path(__file__).resolve().parents[3]
FIRST = 1001
SPEED = 0.75  # metres a frame, of the train
DOLLY = 0.55  # of the camera beside it
PASSES = ("label", "crypto", "motion", "guides", "shading", "beauty")
PAIR = {"label": "label.png", "beauty": "image.png", "shading": "shading.exr"}  # pass -> what a pair calls it
SAMPLES = {"crypto": 24, "shading": 16, "beauty": 24}  # of the others one, in the pixel's centre
SHADERS = {"shading": "clay", "beauty": "look"}  # of the others the label's


def class_colours(names: list[str]) -> dict[str, tuple[float, float, float]]:
    """The palette in which the label pass is written, 0..1."""
    data = json.loads((ROOT / "shared" / "label_sets" / "coco_stuff.json").read_text(encoding="utf-8"))
    ids = {label["name"]: str(label["id"]) for label in data["labels"]}
    colours = data["palettes"]["runway"]["colors"]
    return {name: tuple(code / 255 for code in colours[ids[name]]) for name in names}


def build(seed: int, look: int) -> World:
    names = ["grass", "tree", "sky-other", "river", "mountain", "railroad", "house", "fence", "road", "train"]
    return World(seed, LOOKS[look], class_colours(names))


def camera(at: tuple[float, float, float], target: tuple[float, float, float], lens: float = 30) -> bpy.types.Object:
    data = bpy.data.cameras.new("camera")
    data.lens, data.clip_end = lens, 5000
    made = bpy.data.objects.new("camera", data)
    bpy.context.scene.collection.objects.link(made)
    bpy.context.scene.camera = made
    aim(made, at, target)
    return made


def aim(made: bpy.types.Object, at: tuple[float, float, float], target: tuple[float, float, float]) -> None:
    made.location = at
    made.rotation_euler = (Vector(target) - Vector(at)).to_track_quat("-Z", "Y").to_euler()


def animate(world: World, eye: bpy.types.Object, frames: int, locked: bool) -> None:
    """The train drives; the camera goes along, or stands still."""
    for number in (1, frames + 1):
        done = number - 1
        world.train.location.x = -4 + SPEED * done
        world.train.keyframe_insert("location", index=0, frame=number)
        if not locked:
            eye.location.x = -9 + DOLLY * done
            eye.keyframe_insert("location", index=0, frame=number)
    for thing in (world.train, eye):
        if thing.animation_data:
            for curve in thing.animation_data.action.fcurves:
                for key in curve.keyframe_points:
                    key.interpolation = "LINEAR"


def settings(world: World, kind: str, size: tuple[int, int]) -> None:
    """Labels, motion and guides: one sample in the pixel's centre, nothing between it and the file. No motion blur.

    Shading is all but the sky in grey clay, lit as the beauty is.
    """
    scene = bpy.context.scene
    scene.render.engine = "CYCLES"
    scene.cycles.device = "CPU"
    scene.cycles.seed = 1
    scene.cycles.use_adaptive_sampling = False
    scene.render.resolution_x, scene.render.resolution_y, scene.render.resolution_percentage = *size, 100
    scene.render.dither_intensity = 0
    scene.cycles.samples = SAMPLES.get(kind, 1)
    scene.cycles.use_denoising = kind in ("beauty", "shading")
    scene.cycles.filter_width = 1.5 if kind in SAMPLES else 0.01
    scene.render.film_transparent = world.dome.hide_render = kind == "shading"
    scene.view_settings.view_transform = "Standard" if kind == "beauty" else "Raw"
    for material in bpy.data.materials:
        show(material, SHADERS.get(kind, "label"))
    layer = scene.view_layers[0]
    layer.use_pass_vector = kind == "motion"
    layer.use_pass_normal = kind == "guides"
    layer.use_pass_object_index = layer.use_pass_material_index = kind == "guides"  # what is one part
    layer.use_pass_z = kind in ("motion", "guides")
    layer.use_pass_cryptomatte_material = layer.use_pass_cryptomatte_object = kind == "crypto"
    layer.pass_cryptomatte_depth = 6
    picture = scene.render.image_settings
    if kind in ("label", "beauty"):
        picture.file_format, picture.color_mode, picture.color_depth = "PNG", "RGB", "8"
    elif kind == "shading":
        picture.file_format, picture.color_mode, picture.color_depth, picture.exr_codec = (
            "OPEN_EXR",
            "RGBA",
            "16",
            "ZIP",
        )
    else:
        picture.file_format, picture.color_depth, picture.exr_codec = "OPEN_EXR_MULTILAYER", "32", "ZIP"


def render(path: Path) -> None:
    """Whole under its name or not at all."""
    scene = bpy.context.scene
    beside = path.with_name(f"_{path.name}")
    path.parent.mkdir(parents=True, exist_ok=True)
    scene.render.filepath = str(beside)
    scene.render.use_file_extension = False
    bpy.ops.render.render(write_still=True)
    beside.replace(path)


def shot(arguments: argparse.Namespace) -> None:
    world = build(arguments.seed, 0)
    eye = camera((-9, -17, 4.2), (-2, 6, 3.2))
    animate(world, eye, arguments.frames, arguments.locked)
    for kind in arguments.passes.split(","):
        settings(world, kind, arguments.size)
        ending = "png" if kind in ("label", "beauty") else "exr"
        for number in range(arguments.frames):
            path = arguments.out / kind / f"ride_{kind}.{FIRST + number}.{ending}"
            if not path.exists():
                bpy.context.scene.frame_set(number + 1)
                render(path)
    moves = tracks(range(1, arguments.frames + 1), FIRST)
    (arguments.out / "tracks.json").write_text(json.dumps(moves))
    print(" ".join(f"--option {name}={value}" for name, value in sun(1).items()))


def pairs(arguments: argparse.Namespace) -> None:
    """Three pairs a scene, each with its shading. `meta.jsonl` tells the look, which the labels do not."""
    arguments.out.mkdir(parents=True, exist_ok=True)
    rows, world, eye = [], None, None
    for number in range(arguments.count):
        scene = arguments.seed + number // 3
        look = random.Random(scene).choice((0, 0, 0, 1, 2))
        rows.append({"i": number, "scene": scene, "look": LOOKS[look].name})
        files = {kind: arguments.out / f"{number:05d}_{name}" for kind, name in PAIR.items()}
        if all(file.exists() for file in files.values()):
            continue
        if world is None or world.seed != scene:
            world = build(scene, look)
            eye = camera((0, -17, 4), (0, 6, 3))
        dice = random.Random(f"{scene}/{number}")
        world.train.location.x = dice.uniform(-30, 30)
        x = dice.uniform(-80, 80) if number % 3 else world.train.location.x + dice.uniform(-14, 6)
        turn, far = dice.uniform(-0.9, 0.9), dice.uniform(12, 26)
        aim(eye, (x, -far, dice.uniform(2.5, 14)), (x + 30 * math.sin(turn), 10, dice.uniform(1, 6)))
        eye.data.lens = dice.uniform(22, 45)
        for kind, file in files.items():
            settings(world, kind, arguments.size)
            render(file)
    (arguments.out / "meta.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


def size(text: str) -> tuple[int, int]:
    width, height = text.split("x")
    return int(width), int(height)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    kinds = parser.add_subparsers(required=True)
    one = kinds.add_parser("shot")
    one.add_argument("--frames", type=int, default=24)
    one.add_argument("--locked", action="store_true", help="the camera stands still")
    one.add_argument("--passes", default=",".join(PASSES), help="some of " + ", ".join(PASSES))
    one.add_argument("--seed", type=int, default=1)
    one.set_defaults(run=shot, size=(640, 360))
    many = kinds.add_parser("pairs")
    many.add_argument("--count", type=int, default=60)
    many.add_argument("--seed", type=int, default=0)
    many.set_defaults(run=pairs, size=(256, 144))
    for kind in (one, many):
        kind.add_argument("--out", type=Path, required=True)
        kind.add_argument("--size", type=size)
    arguments = parser.parse_args()
    if arguments.size is None:
        arguments.size = (640, 360) if arguments.run is shot else (256, 144)
    arguments.run(arguments)


if __name__ == "__main__":
    main()
