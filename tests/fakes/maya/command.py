"""What every command of the fake does: count itself, refuse other threads, and be one undo entry."""

from __future__ import annotations

import functools
import threading
from typing import Any, Callable, TypeVar

from maya.scene import SCENE

F = TypeVar("F", bound=Callable[..., Any])


def command(undoable: bool = True) -> Callable[[F], F]:
    """Count the call, refuse other threads [facts 2.9], make it one undo entry where it is undoable."""

    def wrap(function: F) -> F:
        name = function.__name__

        @functools.wraps(function)
        def run(*args: Any, **kwargs: Any) -> Any:
            if threading.current_thread() is not threading.main_thread():
                raise RuntimeError(f"maya.cmds.{name} was called outside the main thread")
            SCENE.calls[name] = SCENE.calls.get(name, 0) + 1
            if name in SCENE.hooks:
                SCENE.hooks[name](*args, **kwargs)
            if not undoable:
                return function(*args, **kwargs)
            SCENE.begin(name)
            try:
                return function(*args, **kwargs)
            finally:
                SCENE.end()

        return run  # type: ignore[return-value]

    return wrap


def flat(names: tuple[Any, ...]) -> list[str]:
    """Names that were given one by one or as lists."""
    return [name for some in names for name in ([some] if isinstance(some, str) else some)]
