"""A HumanIK character of a skeleton, by the names of its joints.

HumanIK is scripted in MEL, whose procedures differ by version, and which does not complain where it has not worked:
the definition is asked whether it is locked. Which slot a name stands for this Maya says itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from maya import cmds, mel

from maya_plugin.host.keep import undo_step

PLUGINS = ("mayaHIK", "mayaCharacterization")  # without the second one a definition is never locked, without a word
PLACING = ("setCharacterObject", "hikSetCharacterObject")  # of older and of newer versions
NODE = "HIKCharacterNode"
BY_HAND = (
    "the joints and their keys are there; define it by hand: Windows > Animation Editors > HumanIK, Create Character"
    " Definition, on the T-pose one frame before the first: the names are HumanIK's"
)


@dataclass(frozen=True)
class Made:
    """A skeleton that an import has made or moved. `joints`: HumanIK's name -> node."""

    name: str
    group: str
    joints: dict[str, str]
    stance: float | None  # the time of its T-pose


def characterize(skeletons: Sequence[Made]) -> tuple[str, ...]:
    """Define and lock a character of each that has none; what the artist should know. One undo step of its own.

    Commands: loadPlugin, pluginInfo, listConnections, currentTime, ls, and MEL's of HumanIK.
    """
    notes = []
    with undo_step("HumanIK characters"):
        for made in skeletons:
            if _has(made):
                continue
            try:
                _define(made)
            except RuntimeError as error:
                cause = (str(error).strip().splitlines() or ["it does not say why"])[0]
                notes.append(f"HumanIK of this Maya made no character of {made.name} ({cause}); {BY_HAND}")
    return tuple(notes)


def _has(made: Made) -> bool:
    """Whether the first joint is in a character."""
    hips = made.joints.get("Hips", "")
    return bool(hips and cmds.listConnections(hips, source=False, destination=True, type=NODE))


def _define(made: Made) -> None:
    for name in PLUGINS:
        if not cmds.pluginInfo(name, query=True, loaded=True):
            cmds.loadPlugin(name, quiet=True)
    place = next((name for name in PLACING if mel.eval(f'exists "{name}"')), "")
    if not place or not mel.eval('exists "hikCreateCharacter"'):
        raise RuntimeError("its procedures have other names")
    time = cmds.currentTime(query=True)
    character = mel.eval(f'hikCreateCharacter("{made.name}")')
    try:
        cmds.currentTime(made.stance or 0.0, edit=True)
        for name, node in {"Reference": made.group, **made.joints}.items():
            slot = int(mel.eval(f'hikGetNodeIdFromName("{name}")'))
            if slot >= 0:
                mel.eval(f'{place}("{node}", "{character}", {slot}, 0)')
        mel.eval(f'hikSetCurrentCharacter("{character}")')
        mel.eval(f'hikCharacterLock("{character}", 1, 1)')
        if not mel.eval(f'hikIsDefinitionLocked("{character}")'):
            raise RuntimeError("its definition could not be locked")
    except RuntimeError:
        mel.eval(f'hikDeleteCharacter("{character}")')
        raise
    finally:
        cmds.currentTime(time, edit=True)
