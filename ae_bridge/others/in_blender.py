import sys
from pathlib import Path

import bpy

# The layers are laid over one another in the values that their files hold, as After Effects does it: their images are
# read as Non-Color, and the picture becomes linear at the end, so that it can be used beside rendered ones.
SCENE_LINEAR = "Linear Rec.709"
SPACES = {"sRGB": "sRGB", "ACEScg": "ACEScg", "linear": SCENE_LINEAR, "values": "Non-Color"}
ALPHAS = {"STRAIGHT": "STRAIGHT", "PREMULTIPLIED": "PREMUL", "IGNORE": "NONE"}  # of pictures that are not laid over
MODES = {"LINEAR_DODGE": "ADD"}  # of the same name otherwise
NEW = bpy.app.version >= (5, 0, 0)


def build(comp):
    """A scene of its own with the comp of a delivery; nothing else in the file is touched."""
    scene = bpy.data.scenes.new(comp["name"])
    if bpy.context.window is not None:
        bpy.context.window.scene = scene  # Blender reads sequences in the scene of the window only
    settings(scene, comp)
    tree = tree_of(scene, comp["name"])
    read = {layer["uid"]: picture(tree, comp, layer, at) for at, layer in enumerate(comp["layers"])}
    below = add(tree, "CompositorNodeRGB", "backdrop", 300, 250)
    below.outputs[0].default_value = (0, 0, 0, 0)
    below.label = "behind everything: nothing"
    for at, layer in enumerate(layer for layer in comp["layers"] if layer["shown"]):
        seen = cut(tree, layer, read, read[layer["uid"]], 400, at)
        below = over(tree, comp, layer, below, seen, at)
    if comp["space"] != "linear":
        straight = premul(tree, below.outputs[0], "straight", 1600, 0, False)
        linear = add(tree, "CompositorNodeConvertColorSpace", "to linear", 1750, 0)
        linear.from_color_space, linear.to_color_space = SPACES[comp["space"]], SCENE_LINEAR
        tree.links.new(straight.outputs[0], linear.inputs[0])
        below = premul(tree, linear.outputs[0], "premultiplied", 1900, 0, True)
    if NEW:
        tree.interface.new_socket("Image", in_out="OUTPUT", socket_type="NodeSocketColor")
        out = add(tree, "NodeGroupOutput", "picture", 2100, 0)
    else:
        out = add(tree, "CompositorNodeComposite", "picture", 2100, 0)
    tree.links.new(below.outputs[0], out.inputs[0])
    for at, sound in enumerate(comp["sounds"]):
        strips = scene.sequence_editor_create()
        strips = getattr(strips, "strips", None) or strips.sequences
        strips.new_sound(sound["name"], sound["file"], at + 1, sound["start"] + comp["shift"])
    return scene


def settings(scene, comp):
    render, (num, den) = scene.render, comp["fps"]
    render.resolution_x, render.resolution_y = comp["size"]
    render.resolution_percentage = 100
    render.pixel_aspect_x = max(1.0, comp["pixel_aspect"])
    render.pixel_aspect_y = max(1.0, 1 / comp["pixel_aspect"])
    render.fps = round(num / den)
    render.fps_base = render.fps * den / num
    scene.frame_start = comp["first"] + comp["shift"]
    scene.frame_end = comp["last"] + comp["shift"]
    scene.frame_set(scene.frame_start)
    scene.display_settings.display_device = "sRGB"
    scene.view_settings.view_transform = "Standard"  # the painting is a picture already: no filmic look upon it
    render.use_compositing, render.use_sequencer = True, False
    render.image_settings.file_format = "PNG"
    render.image_settings.color_mode = "RGBA"
    render.film_transparent = True
    render.dither_intensity = 0


def tree_of(scene, name):
    if NEW:
        scene.compositing_node_group = bpy.data.node_groups.new(name, "CompositorNodeTree")
        return scene.compositing_node_group
    scene.use_nodes = True
    scene.node_tree.nodes.clear()
    return scene.node_tree


def picture(tree, comp, layer, at):
    """What a layer shows, premultiplied; what is neither shown nor a matte of something stands there unconnected."""
    image = bpy.data.images.load(layer["file"], check_existing=False)
    image.name = layer["name"]
    image.source = "SEQUENCE" if layer["sequence"] else "FILE"
    x, y = (0 if layer["used"] else -400), -300 * at
    node = add(tree, "CompositorNodeImage", layer["name"], x, y)
    node.image = image
    if layer["sequence"]:
        node.frame_start = layer["start"] + comp["shift"]
        node.frame_offset = layer["first"] - 1
        node.frame_duration = layer["count"]
    if not layer["used"]:
        node.label = layer["name"] + " (" + layer["role"] + ")"
        image.alpha_mode = ALPHAS[layer["alpha"]]
        image.colorspace_settings.name = SPACES[layer["space"]]
        return None  # of an EXR with layers it has an output for each of them
    image.colorspace_settings.name = "Non-Color"
    image.alpha_mode = "CHANNEL_PACKED"  # as it is: Blender would multiply some of them, and not others
    if layer["alpha"] == "PREMULTIPLIED":
        return node.outputs["Image"]
    if layer["alpha"] == "IGNORE":
        opaque = layer["name"] + " opaque"
        return with_alpha(tree, node.outputs["Image"], None, opaque, x + 200, y, "REPLACE_ALPHA").outputs[0]
    return premul(tree, node.outputs["Image"], layer["name"] + " premultiplied", x + 200, y, True).outputs[0]


def cut(tree, layer, read, seen, x, at):
    """The layer, cut by its matte; a matte may have one itself."""
    if layer["matte"] is None:
        return seen
    matte, kind = layer["matte"]["layer"], layer["matte"]["type"]
    whole = cut(tree, matte, read, read[matte["uid"]], x + 200, at)
    if kind.startswith("LUMA"):
        amount = add(tree, "CompositorNodeRGBToBW", matte["name"] + " luma", x, -300 * at - 150)
        tree.links.new(whole, amount.inputs[0])
        amount = amount.outputs[0]
    else:
        amount = add(tree, "CompositorNodeSeparateColor", matte["name"] + " alpha", x, -300 * at - 150)
        tree.links.new(whole, amount.inputs[0])
        amount = amount.outputs["Alpha"]
    if kind.endswith("INVERTED"):
        rest = add(
            tree,
            "ShaderNodeMath" if NEW else "CompositorNodeMath",
            matte["name"] + " inverted",
            x + 150,
            -300 * at - 150,
        )
        rest.operation = "SUBTRACT"
        rest.inputs[0].default_value = 1
        tree.links.new(amount, rest.inputs[1])
        amount = rest.outputs[0]
    node = with_alpha(tree, seen, amount, layer["name"] + " cut", x + 300, -300 * at, "APPLY")
    return node.outputs[0]


def over(tree, comp, layer, below, seen, at):
    """The layer over what is below it, with its opacity and mode; premultiplied, as everything here."""
    x, y = 1100 + 60 * at, -300 * at
    if layer["blend"] != "NORMAL":
        seen = blended(tree, layer, below.outputs[0], seen, x - 700, y)
    node = add(tree, "CompositorNodeAlphaOver", layer["name"] + " over", x, y)
    if NEW:
        back, front, amount = (node.inputs[name] for name in ("Background", "Foreground", "Factor"))
    else:
        amount, back, front = node.inputs[:3]
    tree.links.new(below.outputs[0], back)
    tree.links.new(seen, front)
    amount.default_value = layer["opacity"]
    begin, end = layer["seen"]
    if (begin, end) != (comp["first"], comp["last"]):  # Blender would hold the first and last picture
        keys = ((begin - 1, 0), (begin, layer["opacity"]), (end, layer["opacity"]), (end + 1, 0))
        for frame, value in keys:
            amount.default_value = value
            amount.keyframe_insert("default_value", frame=frame + comp["shift"])
        for curve in curves_of(tree):
            for key in curve.keyframe_points:
                key.interpolation = "CONSTANT"
    return node


def curves_of(tree):
    action = tree.animation_data.action
    if hasattr(action, "fcurves"):
        return action.fcurves
    return [
        curve for one in action.layers for strip in one.strips for bag in strip.channelbags for curve in bag.fcurves
    ]


def blended(tree, layer, below, seen, x, y):
    """The layer as it is to be laid over: blended with what is below where that is, else itself."""
    name = layer["name"]
    straight = []
    for what, socket in ((name + " straight", seen), (name + " below", below)):
        straight.append(premul(tree, socket, what, x, y - 120 * len(straight), False).outputs[0])
    both = mixed(tree, MODES.get(layer["blend"], layer["blend"]), straight[1], straight[0], name, x + 150, y)
    alphas = []
    for what, socket in ((name + " its alpha", seen), (name + " alpha below", below)):
        node = add(tree, "CompositorNodeSeparateColor", what, x, y - 240 - 120 * len(alphas))
        tree.links.new(socket, node.inputs[0])
        alphas.append(node.outputs["Alpha"])
    seen = mixed(tree, "MIX", straight[0], both, name + " where below is", x + 300, y, alphas[1])
    whole = with_alpha(tree, seen, None, name + " whole", x + 450, y, "REPLACE_ALPHA")
    return with_alpha(tree, whole.outputs[0], alphas[0], name + " blended", x + 600, y, "APPLY").outputs[0]


def mixed(tree, mode, first, second, name, x, y, amount=None):
    node = add(tree, "ShaderNodeMix" if NEW else "CompositorNodeMixRGB", name + " " + mode.lower(), x, y)
    node.blend_type = mode
    if NEW:
        node.data_type, node.clamp_result = "RGBA", True
        inputs, output = (node.inputs[0], node.inputs[6], node.inputs[7]), node.outputs[2]
    else:
        node.use_clamp = True
        inputs, output = node.inputs, node.outputs[0]
    inputs[0].default_value = 1
    if amount is not None:
        tree.links.new(amount, inputs[0])
    tree.links.new(first, inputs[1])
    tree.links.new(second, inputs[2])
    return output


def premul(tree, picture, name, x, y, multiply):
    node = add(tree, "CompositorNodePremulKey", name, x, y)
    before, words = ("STRAIGHT_TO_PREMUL", "To Premultiplied") if multiply else ("PREMUL_TO_STRAIGHT", "To Straight")
    set_to(node, "mapping", "Type", before, words)
    tree.links.new(picture, node.inputs[0])
    return node


def with_alpha(tree, picture, alpha, name, x, y, how):
    node = add(tree, "CompositorNodeSetAlpha", name, x, y)
    set_to(node, "mode", "Type", how, how.replace("_", " ").title().replace("Apply", "Apply Mask"))
    tree.links.new(picture, node.inputs[0])
    node.inputs["Alpha"].default_value = 1
    if alpha is not None:
        tree.links.new(alpha, node.inputs["Alpha"])
    return node


def set_to(node, before, name, value, words):
    """A choice of a node, which Blender 5 made an input."""
    if hasattr(node, before):
        setattr(node, before, value)
    else:
        node.inputs[name].default_value = words


def add(tree, kind, name, x, y):
    node = tree.nodes.new(kind)
    node.name = node.label = name
    node.location = (x, y)
    return node


def main(comp):
    """Build it; `-- FILE.blend` behind the script's name saves a new file with nothing else in it."""
    scene = build(comp)
    words = sys.argv[sys.argv.index("--") + 1 :] if "--" in sys.argv else [] if bpy.app.binary_path else sys.argv[1:]
    if words:
        for other in [one for one in bpy.data.scenes if one != scene]:
            bpy.data.scenes.remove(other)
        bpy.data.orphans_purge(do_recursive=True)
        bpy.ops.wm.save_as_mainfile(filepath=str(Path(words[0]).absolute()), check_existing=False)
