"""Where the server's output meets After Effects: a delivery becomes a comp. What loads slowly is loaded when used."""

from __future__ import annotations

from pathlib import Path


def make(delivery: Path) -> tuple[Path, tuple[str, ...]]:
    """Offer it to the panel and lay it out; the project and notes. A delivery that has a project already keeps it."""
    from ae_bridge.projects import project_of

    offer(delivery)
    made = project_of(delivery)
    if made is None:
        from ae_bridge.aep import make_project

        made = make_project(delivery)
    return made.path, made.notes


def offer(delivery: Path) -> None:
    """Put a delivery into the list of the panel in After Effects, on this machine."""
    from ae_bridge.inbox import drop

    drop(delivery)
