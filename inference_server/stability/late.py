"""`carry`, loaded when it is first used: its compiler takes half a second to load, and a check has no use for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from inference_server.stability import carry as carry
else:
    import importlib

    class _Late:
        def __getattr__(self, name):
            return getattr(importlib.import_module("inference_server.stability.carry"), name)

    carry = _Late()
