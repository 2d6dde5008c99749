"""The uids by which an update finds what it made before: of a shot, its layers and their footage.

Maya-safe: Python 3.9, standard library only.
"""

from __future__ import annotations

import unicodedata


def shot_uid(*names: str) -> str:
    """The uid of a shot from its names, outermost first: `shot_uid("show", "sq010", "sh020")`."""
    return "/".join(_uid_part(name) for name in names)


def layer_uid(shot: str, layer: str, role: str, class_name: str | None = None) -> str:
    """The uid of a layer: of the shot's uid, the name of the layer, its role, and for mattes the class."""
    return "/".join([shot, "L", *_layer_parts(layer, role, class_name)])


def footage_uid(shot: str, layer: str, role: str, class_name: str | None = None) -> str:
    """The uid of a layer's footage; the same arguments as `layer_uid`."""
    return "/".join([shot, "F", *_layer_parts(layer, role, class_name)])


def sound_uids(shot: str) -> tuple[str, str]:
    """The uids of the layer and of the footage of a shot's sound."""
    return f"{shot}/L/audio", f"{shot}/F/audio"


def notice_uid(shot: str) -> str:
    """The uid of the text layer that labels a shot."""
    return f"{shot}/L/notice"


def _layer_parts(layer: str, role: str, class_name: str | None) -> list[str]:
    return [_uid_part(part) for part in (layer, role, class_name) if part is not None]


def _uid_part(name: str) -> str:
    """Percent-escapes what separates the parts of a uid, or the values of a tag in a comment."""
    plain = unicodedata.normalize("NFC", name)
    return "".join(f"%{ord(c):02X}" if c in "%/;[]=" or ord(c) < 32 else c for c in plain)
