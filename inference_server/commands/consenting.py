"""On what ground a face is changed, said on the command line."""

from __future__ import annotations

import argparse

from shared.consent import BASES
from shared.errors import WrongArguments


def add_arguments(parser: argparse.ArgumentParser) -> None:
    said = parser.add_argument_group("whose face it is, for models that change one (docs/lips.md)")
    said.add_argument("--consent", choices=tuple(BASES), help="on what ground; recorded, not verified")
    said.add_argument("--consent-who", metavar="NAME", help="whose face it is")
    said.add_argument("--consent-purpose", metavar="TEXT", help="what it is changed for")
    said.add_argument("--consent-reference", metavar="TEXT", help="where a written release is to be found")


def consent_of(arguments: argparse.Namespace) -> dict[str, str] | None:
    """The consent as in shot.json; None without one. Raises WrongArguments."""
    further = {name: getattr(arguments, f"consent_{name}") for name in ("who", "purpose", "reference")}
    given = {name: text for name, text in further.items() if text is not None}
    if arguments.consent is None:
        if given:
            raise WrongArguments(
                f"--consent-{next(iter(given))} says nothing without --consent", remedy=f"Say one of {', '.join(BASES)}"
            )
        return None
    return {"basis": arguments.consent, **given}
