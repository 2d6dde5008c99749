"""What a person does at a Maya with a window and the plug-in in it."""

import time
from dataclasses import replace
from pathlib import Path

from maya_plugin.core import news as io
from maya_plugin.core.jobs import Order, new_id
from shared.label_set import load_label_set
from shared.shot import read_shot, write_shot
from tests.maya_plugin.in_qt import desk

ROOT = Path(__file__).resolve().parents[3]
RIDE = ROOT / "examples" / "ride_the_train" / "shot.json"
SIZE = (96, 64)
TURN = 0.01  # seconds


def stop_server(session):
    session.stop_server()
    until = time.monotonic() + 30
    while session.server.state in (io.READY, io.STOPPING) and time.monotonic() < until:
        desk.spin(50)


def select(cmds, *names):
    """The artist picks things; Maya tells about it."""
    from maya.api import OpenMaya

    cmds.select(list(names), replace=True)
    OpenMaya.send("SelectionChanged")
    desk.spin(120)


def give(panel, cmds, thing, name):
    select(cmds, thing)
    panel.classes.search.setText(name)
    panel.classes.search.returnPressed.emit()
    panel.classes.search.clear()


def open_panel():
    from maya import windows

    from maya_plugin import interactive

    windows.press("semrender", "Classes")
    desk.spin(50)
    return interactive._panel


def all_classes(panel, cmds):
    for thing, name in (("sky", "sky-other"), ("meadow", "grass"), ("pine", "tree")):
        give(panel, cmds, thing, name)


def colour(image, x, y):
    return image.pixelColor(int(x * image.width()), int(y * image.height())).getRgb()[:3]


def short_ride(tmp_path, frames, model=None):
    """A shot of the shipped example, short, of labels alone, beside passes that stay where they are."""
    shot, base = read_shot(RIDE)
    shot = replace(shot, tracks=(), options={})
    layers = tuple(
        replace(layer, labels=str(base / layer.labels), normal=None, depth=None, instance=None, shading=None)
        for layer in shot.layers[:1]
    )
    context = str(base / shot.context) if shot.context else None
    file = tmp_path / "ride" / "shot.json"
    file.parent.mkdir()
    write_shot(file, replace(shot, layers=layers, context=context, last=shot.first + frames - 1, model=model))
    return str(file)


def paint(panel, tmp_path, frames, model=None):
    order = Order(new_id(), "ride", str(tmp_path / "painted"))
    panel.services.session.paint(order, short_ride(tmp_path, frames, model))
    return order


def job(panel, order):
    return panel.paint_actions._jobs.get(order.id)


def shot_of(panel, frames=2):
    panel.host.pick("*")
    panel.class_actions.assign(load_label_set("coco_stuff").find("grass").id)
    panel.paint.last.setValue(frames)
    panel.paint.scale.setCurrentIndex(2)
