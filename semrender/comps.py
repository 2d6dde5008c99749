"""Where the server's output meets After Effects: a delivery becomes a comp. What loads slowly is loaded when used."""

from __future__ import annotations

from pathlib import Path


def finish(delivery: Path, comp: bool) -> tuple[Path | None, tuple[str, ...]]:
    """What a server does with everything it has painted: offer it, and lay it out where that is wanted."""
    from ae_bridge.inbox import announce

    return make(delivery) if comp else (None, announce(delivery))


def make(delivery: Path) -> tuple[Path, tuple[str, ...]]:
    """Offer it to the panel and lay it out; the project and notes. A delivery that has a project already keeps it."""
    from ae_bridge.inbox import announce
    from ae_bridge.projects import project_of

    notes = announce(delivery)
    made = project_of(delivery)
    if made is None:
        from ae_bridge.aep import make_project

        made = make_project(delivery)
    return made.path, (*notes, *made.notes)


def offer(delivery: Path) -> None:
    """Put a delivery into the lists of the panel: this machine's, and those of the shared folders it is in."""
    from ae_bridge.inbox import drop

    drop(delivery)
