"""Passes of one frame in the artist's own session, for Paint frame."""

from __future__ import annotations

from maya_plugin.core.contract import PassReport, ShotRequest
from maya_plugin.host import passes


def render(request: ShotRequest) -> PassReport:
    """The passes of frame `request.first`. Raises HostRefused or InputRefused in words; the scene is as before."""
    return passes.render_passes(request, [request.first], request.first, lambda layer, frame: None)
