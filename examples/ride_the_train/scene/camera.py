"""What the camera of a Blender scene does, as tracks.json, and where its sun stands.

In Blender: open this file in the text editor of your scene and press Run Script. `tracks.json` lies beside the .blend
then, for the frames of the render settings, and the numbers of the sun are in the console.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import bpy
from mathutils import Vector


def tracks(frames: Sequence[int], first: int) -> dict[str, Any]:
    """The scene's camera on frames of Blender, the first of which is frame `first` of the shot."""
    scene = bpy.context.scene
    eye, render, matrices = scene.camera, scene.render, []
    for frame in frames:
        scene.frame_set(frame)
        turn, place = eye.matrix_world.to_3x3().normalized(), eye.matrix_world.translation
        matrices.append([value for axis in turn.col for value in (*axis, 0.0)] + [*place, 1.0])
    size = [side * render.resolution_percentage // 100 for side in (render.resolution_x, render.resolution_y)]
    vertical = eye.data.sensor_fit == "VERTICAL" or (eye.data.sensor_fit == "AUTO" and size[1] > size[0])
    back = eye.data.sensor_height if eye.data.sensor_fit == "VERTICAL" else eye.data.sensor_width
    return {
        "format": 1,
        "first": first,
        "last": first + len(frames) - 1,
        "width": size[0],
        "height": size[1],
        "up": "z",
        "centimetres": 100 * scene.unit_settings.scale_length,
        "camera": {
            "name": eye.name,
            "matrix": matrices,
            "focal": [eye.data.lens],
            "film": back * size[0] / size[1] if vertical else back,
        },
    }


def sun(frame: int) -> dict[str, float]:
    """The two options of a model that is told where the sun stands; empty where the scene has no light of type Sun."""
    scene = bpy.context.scene
    scene.frame_set(frame)
    lights = [one for one in scene.objects if one.type == "LIGHT" and one.data.type == "SUN" and not one.hide_render]
    if not lights:
        return {}
    brightest = max(lights, key=lambda one: one.data.energy)
    towards = brightest.matrix_world.to_3x3() @ Vector((0, 0, 1))
    looks = scene.camera.matrix_world.to_3x3() @ Vector((0, 0, -1))
    azimuth = math.degrees(math.atan2(towards.x, towards.y) - math.atan2(looks.x, looks.y))
    elevation = math.degrees(math.atan2(towards.z, math.hypot(towards.x, towards.y)))
    return {"sun_azimuth": round((azimuth + 180) % 360 - 180, 2), "sun_elevation": round(elevation, 2)}


if __name__ == "__main__":
    start, end = bpy.context.scene.frame_start, bpy.context.scene.frame_end
    Path(bpy.path.abspath("//tracks.json")).write_text(json.dumps(tracks(range(start, end + 1), start)))
    print(" ".join(f"--option {name}={value}" for name, value in sun(start).items()) or "The scene has no sun")
