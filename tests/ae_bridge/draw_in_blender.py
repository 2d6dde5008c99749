"""Runs in Blender's Python: builds comps and renders frames of them over backdrops, as the arguments (JSON) say."""

import json
import runpy
import sys

import bpy

for wanted in json.loads(sys.argv[1]):
    script = runpy.run_path(wanted["script"], run_name="comp")
    comp = script["COMP"]
    scene = script["build"](comp)
    tree = scene.compositing_node_group if bpy.app.version >= (5, 0, 0) else scene.node_tree
    for number, backdrop in enumerate(wanted["backdrops"]):
        tree.nodes["backdrop"].outputs[0].default_value = backdrop
        for frame in wanted["frames"]:
            scene.frame_set(frame + comp["shift"])
            scene.render.filepath = f"{wanted['out']}/{number}.{frame}.png"
            bpy.ops.render.render(write_still=True, scene=scene.name)
