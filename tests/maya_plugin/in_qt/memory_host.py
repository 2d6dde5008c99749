"""A host in memory: a landscape with a train, drawn as a label pass with the standard library alone.

It lets the panel be tried where neither Maya nor numpy is. It keeps the contract with the panel; what Maya itself does
is the business of tests/fakes/maya.
"""

import contextlib
import json
import math
import struct
import sys
import zlib
from dataclasses import replace
from fnmatch import fnmatch
from pathlib import Path

from maya_plugin.core.contract import (
    Assignment,
    BatchCommand,
    Camera,
    Changed,
    Finding,
    Fix,
    Host,
    Layer,
    MaterialPart,
    PassReport,
    Scene,
    SceneObject,
    Settings,
)
from shared.errors import InputRefused
from shared.label_code import encode
from shared.label_set import load_label_set
from shared.shot import Shot, ShotLayer, write_shot
from shared.wording import counted

WHOLE = "defaultRenderLayer"
LICENCE = "The render runs in a Maya of its own without window and takes one Maya licence until it has finished"
NONE = (0, 0, 0, 0)


def hill(height, wave, phase):
    """A ridge: everything below it."""
    return lambda x, y, frame: y > height + 0.05 * math.sin(wave * x + phase) + 0.02 * math.sin(2.7 * wave * x)


def box(left, top, right, bottom, speed=0.0):
    return lambda x, y, frame: left + speed * frame <= x <= right + speed * frame and top <= y <= bottom


def tree(middle, foot, size):
    return lambda x, y, frame: foot - size < y < foot and abs(x - middle) < 0.45 * size * (y - foot + size) / size


def stream(x, y, frame):
    return y > 0.62 and abs(x - 0.3 - 0.12 * math.sin(6 * y)) < 0.02 + 0.12 * (y - 0.62)


# node, material, what it covers; later ones lie before earlier ones
THINGS = [
    ("|set|sky_dome", "skyMat", lambda x, y, frame: True),
    ("|set|ridge_far", "rockMat", hill(0.38, 9, 0.4)),
    ("|set|meadow", "grassMat", hill(0.55, 5, 1.0)),
    ("|set|brook", "waterMat", stream),
    *((f"|forest|pine_{n:02d}", "pineMat", tree(0.06 + 0.11 * n, 0.60 + 0.02 * (n % 3), 0.2)) for n in range(9)),
    ("|line|embankment", "gravelMat", box(0.0, 0.755, 1.0, 0.80)),
    ("|line|rails", "railMat", box(0.0, 0.74, 1.0, 0.756)),
    ("|train|loco", "steelMat", box(0.62, 0.60, 0.80, 0.745, 0.002)),
    ("|train|wagon_1", "woodMat", box(0.42, 0.64, 0.60, 0.745, 0.002)),
    ("|train|wagon_2", "woodMat", box(0.22, 0.64, 0.40, 0.745, 0.002)),
]


class MemoryHost(Host):
    def __init__(self, folder, size=(384, 216)):
        self.folder = Path(folder)
        self.present = Scene(
            str(self.folder / "valley.ma"),
            "valley",
            str(self.folder / "semrender" / "valley"),
            False,
            *(12, 1, 24, 24, 1, size[0], size[1], 1.0, "valley", str(self.folder), "", (1, 24)),
        )
        self.kept = Settings()
        self.classes = {}  # node -> class id
        self.selected = ()
        self.undo = []
        self.shown = False
        self.pictures = {}
        self.projected = []
        self.tellers = []
        self.unloaded = False  # a reference
        self.soiled = False  # the next pass is rendered with soft edges
        self.fixed = []
        self.sunlight = None
        self.brought = []
        self.heard = None  # a sound

    # The scene

    def scene(self):
        return self.present

    def settings(self):
        return self.kept

    def save_settings(self, settings):
        json.dumps(settings.panel)
        self.kept = settings

    def remembered(self):
        return self.kept.panel

    def remember(self, panel):
        json.dumps(panel)
        self.kept = replace(self.kept, panel={**self.kept.panel, **panel})

    def layers(self):
        return (
            Layer(WHOLE, "masterLayer", True, True),
            Layer("rs_train", "train", False, False),
            Layer("rs_forest", "forest", False, False),
        )

    def cameras(self):
        return (Camera("|shotCam|shotCamShape", "shotCam", True), Camera("|persp|perspShape", "persp", False))

    def sun(self, frame):
        return self.sunlight

    def sound(self):
        return self.heard

    def heading(self, camera, frame):
        """The camera turns to the right by a degree a frame."""
        return float(frame)

    def check_scene(self):
        pass

    @contextlib.contextmanager
    def undo_step(self, name):
        self.undo.append((name, dict(self.classes)))
        yield

    def watch(self, tell):
        self.tellers.append(tell)
        return lambda: self.tellers.remove(tell)

    def pick(self, *patterns):
        """What an artist does in the viewport."""
        self.selected = tuple(node for node, *_ in THINGS if any(fnmatch(node, one) for one in patterns))
        for tell in list(self.tellers):
            tell("selection")

    # Classes

    def assignments(self):
        labels = load_label_set(self.kept.label_set)
        found = {}
        for identity in self.classes.values():
            found[identity] = found.get(identity, 0) + 1
        made = []
        for identity, number in sorted(found.items()):
            label = labels.get(identity)
            made.append(Assignment(identity, label.name if label else f"class {identity}", number, 0, label is None))
        return tuple(made)

    def objects(self):
        made = []
        for node, material, _ in THINGS:
            identity, shape = self.classes.get(node), f"{node}|{node.rsplit('|', 1)[-1]}Shape"
            parts = (MaterialPart(material, f"{material}SG", identity),)
            made.append(SceneObject(shape, node, "mesh", (material,), "", identity, parts=parts))
        return tuple(made)

    def prims(self):
        return ()

    def selection(self):
        return self.selected

    def assign(self, members):
        self.undo.append(("assign", dict(self.classes)))
        for identity, nodes in members.items():
            self.classes.update(dict.fromkeys(nodes, identity))
        return Changed(sum(map(len, members.values())))

    def unassign(self, members):
        self.undo.append(("unassign", dict(self.classes)))
        for node in members:
            self.classes.pop(node, None)
        return Changed(len(members))

    def select(self, members):
        self.pick(*members)

    def select_class(self, class_id):
        found = [node for node, identity in self.classes.items() if identity == class_id]
        self.pick(*found)
        return len(found)

    def unassigned(self):
        return tuple(node for node, *_ in THINGS if node not in self.classes)

    def export_classes(self, file):
        Path(file).write_text(json.dumps(self.classes))
        return Changed(len(self.classes))

    def import_classes(self, file):
        self.classes.update(json.loads(Path(file).read_text()))
        return Changed(len(self.classes))

    def import_joints(self, file, wishes):
        self.undo.append(("joints", dict(self.classes)))
        self.brought.append((file, wishes))
        return Changed(len(json.loads(Path(file).read_text())["people"][0]["joints"]), ("one is never seen",))

    def export_joints(self, file, camera):
        Path(file).write_text(camera)
        return Changed(3)

    # Looking

    def show_classes(self, on):
        self.shown = on

    def shows_classes(self):
        return self.shown

    def place_picture(self, file, camera, played, color):
        assert Path(file).is_file()
        self.pictures[camera] = file
        return ""

    def remove_picture(self, camera):
        self.pictures.pop(camera, None)

    def project_picture(self, file, camera, frame, members):
        assert Path(file).is_file()
        self.projected.append((file, camera, frame, tuple(members)))
        return len(members)

    def unproject_pictures(self):
        gone, self.projected = len(self.projected), []
        return gone

    # Rendering

    def render_preview(self, request):
        return render(self, request, [request.first])

    def prepare_shot(self, request):
        folder = Path(request.folder)
        folder.mkdir(parents=True, exist_ok=True)
        asked = folder / "request.json"
        asked.write_text(json.dumps({"classes": self.classes, **vars(request)}))
        told = folder / "events.jsonl"
        arguments = (sys.executable, str(Path(__file__).absolute()), str(asked), str(self.folder), str(told))
        root = str(Path(__file__).resolve().parents[3])
        log = str(folder / "maya.log")
        return BatchCommand(arguments, {"PYTHONPATH": root}, str(asked), log, LICENCE, str(told))

    # Repair

    def findings(self):
        without, found = self.unassigned(), []
        if len(without) == len(THINGS):
            found.append(Finding("nothing in the scene has a class", "Give things one", without, stops=True))
        elif without:
            words = counted(len(without), "thing has no class", "things have no class")
            found.append(Finding(f"{words} and will be left unpainted", "Give them one", without))
        if self.unloaded:
            words = "1 reference is not loaded: stationRN"
            found.append(Finding(words, "Load what the shot shows", fix=Fix("load", "Load them")))
        return tuple(found)

    def fix_for(self, error):
        return Fix("edges", "Switch anti-aliasing off") if "edges between classes" in error.cause else None

    def fix(self, name):
        self.fixed.append(name)
        self.unloaded = self.unloaded and name != "load"
        self.soiled = False


def render(host, request, frames, tell=lambda layer, frame: None):
    """Draw the label passes of a request and write its shot.json."""
    width, height = request.width or host.present.width, request.height or host.present.height
    layers = [layer for layer in host.layers() if layer.node in request.layers]
    if not host.classes and request.labels:
        raise InputRefused("nothing in the scene has a class", remedy="Give at least one thing a class first")
    for layer in layers:
        for frame in frames:
            for kind, drawn in (("label", request.labels), ("beauty", request.picture)):
                if drawn:
                    pixels = draw(host, layer, frame, width, height, kind)
                    write_png(Path(request.folder) / layer.name / f"{kind}.{frame:04d}.png", pixels, width, height)
            tell(layer.name, frame)
    shot = Shot(
        name=host.present.name,
        rate=(24, 1),
        first=request.first,
        last=request.last,
        layers=tuple(
            ShotLayer(
                layer.name,
                f"{layer.name}/label.####.png" if request.labels else None,
                read={"palette": "code"} if request.labels else {},
                picture=f"{layer.name}/beauty.####.png" if request.picture else None,
                reference=request.reference or None,
            )
            for layer in layers
        ),
        label_set=host.kept.label_set,
        model=request.model,
        options=dict(request.options),
        seed=request.seed,
    )
    file = Path(request.folder) / "shot.json"
    write_shot(file, shot)
    labels = load_label_set(host.kept.label_set)
    classes = tuple(sorted({labels.by_id(identity).name for identity in host.classes.values()}))
    return PassReport(str(file), {}, classes, {})


def draw(host, layer, frame, width, height, kind="label"):
    """RGBA rows of a layer in the self-checking colours, or as a beauty."""
    group = None if layer.whole else layer.name
    colours = {node: (*encode(identity), 255) for node, identity in host.classes.items()}
    if kind == "beauty":
        colours = {node: (9 * n, 255 - 12 * n, 80 + 5 * n, 255) for n, (node, *_) in enumerate(THINGS)}
    rows = []
    for v in range(height):
        y = (v + 0.5) / height
        row = []
        for u in range(width):
            x = (u + 0.5) / width
            node = next(n for n, _, covers in reversed(THINGS) if covers(x, y, frame))
            mine = group is None or node.startswith(f"|{group}|")
            row.append(colours.get(node, NONE) if mine else NONE)
        rows.append(row)
    if host.soiled:
        rows = [[mean(row[u], row[min(u + 1, width - 1)]) for u in range(width)] for row in rows]
    return rows


def mean(one, other):
    return tuple((a + b) // 2 for a, b in zip(one, other))


def write_png(path, rows, width, height):
    path.parent.mkdir(parents=True, exist_ok=True)
    raw = b"".join(b"\0" + b"".join(bytes(pixel) for pixel in row) for row in rows)

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    content = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(raw, 6)) + chunk(b"IEND", b"")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + content)


def main():
    """The stand-in for mayapy: renders what `prepare_shot` wrote down, and appends its events."""
    from maya_plugin.core import events
    from maya_plugin.core.contract import ShotRequest

    data = json.loads(Path(sys.argv[1]).read_text())
    classes = data.pop("classes")
    request = ShotRequest(**{**data, "layers": tuple(data["layers"]), "extra": tuple(data["extra"])})
    host = MemoryHost(sys.argv[2])
    host.classes = classes
    frames = range(request.first, request.last + 1)
    print("Maya's own chatter", flush=True)
    done = []

    def say(line):
        with open(sys.argv[3], "a", encoding="utf-8") as told:
            told.write(f"{line}\n")

    def told(layer, frame):
        done.append(frame)
        total = len(frames) * len(request.layers)
        say(events.line("rendered", frame=frame, layer=layer, done=len(done), total=total))

    report = render(host, replace(request), list(frames), told)
    made = events.line(
        "passes", shot_file=report.shot_file, classes=report.classes, counts={}, notes=[], marked_open=[]
    )
    say(made)


if __name__ == "__main__":
    main()
