"""Compiled loops, loaded when first used: their compiler takes half a second to load, and a check needs none."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from inference_server.stability import carry as carry
    from inference_server.stability import spread as spread
else:
    import importlib

    class _Late:
        def __init__(self, name):
            self._name = name

        def __getattr__(self, name):
            return getattr(importlib.import_module(f"inference_server.stability.{self._name}"), name)

    carry, spread = _Late("carry"), _Late("spread")
