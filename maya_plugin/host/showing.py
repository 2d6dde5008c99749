"""Class colours in the viewport."""

from __future__ import annotations

from maya import cmds

from maya_plugin.core import passes, policy
from maya_plugin.core.classes import Membership
from maya_plugin.core.looks import parts
from maya_plugin.core.members import faces
from maya_plugin.host import classes, look, scene
from maya_plugin.host.things import things


def show_classes(on: bool) -> None:
    """Dress the scene in the palette's colours, or undress it. Leaves the undo step to the caller."""
    if on == look.is_on():
        return
    if not on:
        look.take_off()
        return
    settings, labels = scene.settings(), scene.label_set()
    own = Membership(classes.class_sets(), labels)
    rest = labels.find(settings.rest).id if settings.rest else None
    palette = next(iter(labels.palettes.values())).colors
    linear = cmds.colorManagementPrefs(query=True, cmEnabled=True)
    coats: dict[look.Coat, list[str]] = {}
    for thing in things(settings):
        if thing.treatment in (policy.BOX, policy.SKIP):
            continue
        for identity, traits, span in parts(own.of(thing.path), -1 if rest is None else rest, thing.materials):
            if identity >= 0:  # what has no class keeps the artist's look
                color = passes.shown_value(palette[identity], linear)
                member = thing.path if span is None else faces(thing.path, span)
                coats.setdefault(look.Coat(color, traits), []).append(member)
    look.show(coats)
