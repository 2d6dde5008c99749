"""What a look at the scene finds before a render does: one list, each line with what it is about and how to mend it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from maya import cmds

from maya_plugin.core import policy
from maya_plugin.core.contract import Finding, Fix, Settings
from maya_plugin.core.members import parent
from maya_plugin.host import classes, objects, rescue, scene, usd
from maya_plugin.host.objects import CACHE_FILES
from maya_plugin.host.things import Thing, things
from shared.wording import counted

TAKE_OUT = Fix("take out classes that are not in the label set", "Take them out")
LOAD = Fix("load the references that are not loaded", "Load them")

# Simulated types: in the middle of a range they stand where the frames before have brought them.
DYNAMIC = ("nCloth", "nParticle", "hairSystem", "fluidShape", "bifrostShape", "rigidSolver")


def findings() -> tuple[Finding, ...]:
    """What stops a render first, then what would be missing or unlike the beauty. Commands: ls, referenceQuery."""
    settings = scene.settings()
    seen = things(settings)
    found = [
        *_left(),
        *_classes(seen, settings),
        *_missing_classes(),
        *_references(),
        *_unknown(),
        *_awkward(seen, settings),
        *_simulated(),
        *_unsaved(),
    ]
    return tuple(sorted(found, key=lambda one: not one.stops))


def fix(name: str) -> None:
    """Mend what a finding's button says."""
    if name == TAKE_OUT.name:
        labels = scene.label_set()
        classes.unassign(classes.members_of(-1, labels), labels)
    elif name == rescue.PUT_BACK.name:
        rescue.put_back()
    elif name == LOAD.name:
        for reference in objects.unloaded_references():
            cmds.file(loadReference=reference)


def _left() -> Iterator[Finding]:
    left = rescue.left()
    if left:
        yield Finding(rescue.LEFT, rescue.REMEDY, tuple(left), rescue.PUT_BACK, stops=True)


def _classes(found: Sequence[Thing], settings: Settings) -> Iterator[Finding]:
    labels = scene.label_set()
    own = classes.membership(labels)
    stages = {prim.partition(",")[0] for prim in usd.labelled(labels)}
    seen = [
        thing
        for thing in found
        if thing.path not in stages and thing.treatment != policy.SKIP and not _by_rules(thing, settings)
    ]
    without = tuple(dict.fromkeys(parent(thing.path) for thing in seen if own.of(thing.path).whole is None))
    if seen and not stages and len(without) == len({parent(thing.path) for thing in seen}):
        yield Finding("nothing in the scene has a class", "Select things and give them one", without, stops=True)
    elif without and not settings.rest:
        words = counted(len(without), "thing has no class", "things have no class") + " and will be left unpainted"
        yield Finding(words, "Give them one, or choose a class for the rest", without)


def _by_rules(thing: Thing, settings: Settings) -> bool:
    """Whether rules for the names inside give classes to what it holds."""
    return bool(settings.inner) and thing.kind in CACHE_FILES and policy.opened(thing.kind, settings.policies)


def _missing_classes() -> Iterator[Finding]:
    gone = classes.members_of(-1, scene.label_set())
    if gone:
        words = f"{counted(len(gone), 'member has', 'members have')} a class that {scene.label_set().name} lacks"
        yield Finding(words, "Choose the label set that has it, or take them out", tuple(gone), TAKE_OUT)


def _references() -> Iterator[Finding]:
    gone = objects.unloaded_references()
    if gone:
        words = f"{counted(len(gone), 'reference is', 'references are')} not loaded: {', '.join(gone[:3])}"
        yield Finding(words, "Load what the shot shows; what stays unloaded is in no pass", fix=LOAD)


def _unknown() -> Iterator[Finding]:
    nodes = objects.unknown_nodes()
    if nodes:
        words = f"{counted(len(nodes), 'node is', 'nodes are')} of a plug-in that is not loaded"
        yield Finding(words, "Load the plug-in: what they make is in no pass", tuple(nodes))


def _awkward(found: Sequence[Thing], settings: Settings) -> Iterator[Finding]:
    treated: dict[str, list[str]] = {}
    for thing in found:
        if thing.treatment in (policy.BOX, policy.SKIP):
            words = f"{thing.kind} {'drawn as its box' if thing.treatment == policy.BOX else 'left out'}"
            if thing.kind in CACHE_FILES and policy.opened(thing.kind, settings.policies):
                words = f"{thing.kind} drawn as its box by Paint frame, and opened by Render shot"
            treated.setdefault(words, []).append(parent(thing.path))
    for words, nodes in treated.items():
        yield Finding(f"{len(nodes)} × {words}", "Awkward things, on the page Classes, decides it", tuple(nodes))


def _simulated() -> Iterator[Finding]:
    known = set(cmds.allNodeTypes())
    nodes = cmds.ls(type=[kind for kind in DYNAMIC if kind in known], long=True)
    loose = [node for node in nodes if not cmds.listConnections(node, type="cacheFile")]
    if loose:
        words = counted(len(loose), "simulation has no cache", "simulations have no cache")
        yield Finding(words, "Cache them: a single frame or a later range shows them as they begin", tuple(loose))


def _unsaved() -> Iterator[Finding]:
    if not scene.scene().path:
        yield Finding("the scene was never saved", "Save it: its results lie in the project until then")
