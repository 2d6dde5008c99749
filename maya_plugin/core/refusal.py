"""Why a pass was refused, in the words of Maya: which setting soils it, and where it is.

The server decides by the pixels what is wrong (`shared.passes.diagnose`); here its cause meets the renderer.
"""

from __future__ import annotations

from collections.abc import Iterable

from maya_plugin.core import render_settings as rs
from maya_plugin.core.contract import ARNOLD, HARDWARE, Fix
from shared.errors import InputRefused, SemrenderError


class HostRefused(InputRefused):
    """Something Maya cannot do as the scene is; `fix` is what a button could set right."""

    code = "host"

    def __init__(self, what: str, *, fix: Fix | None = None, **where: object) -> None:
        super().__init__(what, **where)  # type: ignore[arg-type]
        self.fix = fix


# A word of the server's cause -> what soils the pass. The plug-in has switched all of it off before it rendered, so
# that whatever still shows up is forced from outside Maya's settings.
_CAUSES = (
    ("several lie on top", (rs.COLOUR, rs.ANTI_ALIASING, rs.BLUR, rs.DITHER, rs.EXTRAS)),
    ("srgb", (rs.COLOUR,)),
    ("view transform such as", (rs.COLOUR,)),
    ("dither", (rs.DITHER,)),
    ("edges between classes", (rs.ANTI_ALIASING, rs.BLUR)),
    ("resized", (rs.ANTI_ALIASING,)),
)
_OUTSIDE = {
    rs.COLOUR: "a studio policy (MAYA_COLOR_MANAGEMENT_POLICY_LOCK) or a render callback may switch it on again",
    rs.ANTI_ALIASING: "the graphics driver's control panel may force it, whatever Maya says",
    rs.DITHER: "a render callback or a driver of its own may switch it on again",
}


def explain(problem: SemrenderError, renderer: str) -> SemrenderError:
    """The server's refusal of a rendered pass with the Maya setting to change; other problems stay as they are."""
    cause = problem.cause.casefold()
    against = next((kinds for words, kinds in _CAUSES if words in cause), None)
    if against is None:
        return problem
    table = {ARNOLD: rs.ARNOLD_LABELS, HARDWARE: rs.HARDWARE_LABELS}.get(renderer, ())  # the viewport heeds none
    settings = [one for one in table if one.against in against]
    outside = [_OUTSIDE[kind] for kind in against if kind in _OUTSIDE]
    inside = [f"In Maya look at {_places(settings[:4])}"] if settings else []
    remedy = "; ".join([*inside, *outside[:1]])
    return HostRefused(
        problem.what, file=problem.file, layer=problem.layer, frame=problem.frame, cause=problem.cause, remedy=remedy
    )


def _places(settings: Iterable[rs.Setting]) -> str:
    return ", ".join(f"{one.place} ({one.attribute} = {_shown(one.value)})" for one in settings)


def _shown(value: rs.Value) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return repr(value) if isinstance(value, str) else str(value)
