"""Beliefs, which hold or do not, and questions, to which nobody here knows the answer: both asked in an empty scene.

A belief that fails in a real Maya is a bug of the plug-in or of the fake. A question's answer decides between ways that
the plug-in goes both; it is plain data, for the report.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from maya import cmds

Check = Callable[[], None]
Question = Callable[[], Any]  # answers what JSON can hold
CHECKS: list[Check] = []
QUESTIONS: list[Question] = []
NEEDS_GRAPHICS: set[str] = set()


def check(function: Check) -> Check:
    """A belief: it raises AssertionError where Maya differs."""
    CHECKS.append(function)
    return function


def graphics(function: Check) -> Check:
    """A check that fails without a graphics card."""
    NEEDS_GRAPHICS.add(function.__name__)
    return function


def question(function: Question) -> Question:
    QUESTIONS.append(function)
    return function


def new_scene() -> None:
    """Throws the open scene away: whoever asks has made sure that it is nobody's."""
    cmds.file(newFile=True, force=True)


def refuses(action: Callable[[], Any], *kinds: type[Exception]) -> None:
    try:
        action()
    except kinds:
        return
    raise AssertionError(f"Maya did not raise {' or '.join(kind.__name__ for kind in kinds)}")
