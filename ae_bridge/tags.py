"""What the comments of a project carry: the tag by which an update finds a thing and tells an artist's edit.

`jsx/src/README.md` says what each field is; the ExtendScript core writes and reads the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from shared.delivery import Delivery, DeliveryLayer, DeliveryNotice, DeliveryShot, Marker

HAD_ROOM = 13_000  # bytes; a comment holds 15,999
HASH_LENGTH = 6
PRIME, FACTOR, SEED = 2**31 - 1, 48271, 7  # of `mixed`


TIMES = (("fps", "st", "ti", "to"), ("fps", "f0", "n"))  # of a layer, of footage
LETTERS = (
    *(("b", "bm", "NORMAL"), ("o", "op", "100"), ("g", "gu", "0"), ("G", "gu", "1"), ("s", "sy", "0")),
    *(("S", "sy", "1"), ("l", "lb", "0"), ("e", "en", "1"), ("E", "en", "0"), ("a", "au", "1"), ("A", "au", "0")),
    *(("m", "mt", ""), ("t", "al", "STRAIGHT"), ("p", "par", "1")),
)


def tag(uid: str, version: int, **written: object) -> str:
    """The tag itself, in short (`jsx/src/tags.jsx` says how it is made up); the values stand as they are."""
    fields = {key: str(value) for key, value in written.items()}
    times = next((names for names in TIMES if all(fields.get(name) for name in names)), ())
    letters = "".join(letter for letter, name, value in LETTERS if fields.get(name) == value)
    parts = [uid, str(version), ":".join(fields.pop(name) for name in times), letters]
    usual = {(name, value) for _, name, value in LETTERS}
    named = [f"{name}={_near(name, value, uid)}" for name, value in fields.items() if (name, value) not in usual]
    return "[[semrender:" + ";".join([*filter(None, parts), *named]) + "]]"


def _near(name: str, value: str, uid: str) -> str:
    """The uid in a value of mt or ly without what the layers of the shot begin with."""
    if name not in ("mt", "ly"):
        return value
    layers = re.sub(r"/[LFCD](/.*)?$", "", uid, count=1) + "/L"
    kind, comma, of = value.partition(",") if name == "mt" else ("", "", value)
    return kind + comma + (of.removeprefix(layers) if of.startswith(f"{layers}/") else of)


def comp_tag(delivery: Delivery, uid: str, layers: Iterable[str]) -> str:
    """Of the shot's comp, or of that of its mattes; `layers` are the uids of those in it."""
    shot = delivery.shot
    had = "".join(map(short_hash, layers))
    fits = {"had": had} if len(had) < HAD_ROOM else {}
    of = {"d": pack(delivery.delivery_id), "fps": number(shot.fps), "sf": shot.first, "n": shot.frames}
    return tag(uid, shot.version, **of, **fits)


def footage_tag(layer: DeliveryLayer, shot: DeliveryShot) -> str:
    footage = layer.footage
    written: dict[str, object] = {
        "fp": pack(footage.path),
        "n": footage.last - footage.first + 1 if footage.sequence else 1,
        "al": footage.alpha,
        "par": number(footage.pixel_aspect),
    }
    if footage.sequence:
        written |= {"fps": number(shot.fps), "f0": footage.start_frame}
    if layer.role == "matte":
        written |= {"ly": layer.uid, "cl": pack(layer.class_.name if layer.class_ else "")}
    return tag(footage.uid, footage.version, **written)


def layer_tag(layer: DeliveryLayer, shot: DeliveryShot) -> str:
    start, begin, end = layer_frames(layer, shot)
    return tag(
        layer.uid,
        layer.footage.version,
        fps=number(shot.fps),
        st=start,
        ti=begin,
        to=end,
        bm=layer.blend,
        op=f"{layer.opacity:g}",
        gu=int(is_guide(layer)),
        sy=int(layer.shy),
        lb=layer.label,
        en=int(is_shown(layer)),
        mt=f"{layer.matte.type},{layer.matte.uid}" if layer.matte else "",
        **markers_tag(layer.markers, start, shot),
    )


def markers_tag(markers: Sequence[Marker], start: int, shot: DeliveryShot) -> dict[str, str]:
    """Markers in short, as keys are; in frames from the start of their layer, with which they go along."""
    if not markers:
        return {}
    found = SEED
    for one in markers:
        found = mixed(found, ((one.first - shot.first - start) * 100, one.last - one.first + 1))
        units = one.words.encode("utf-16-le")
        found = mixed(found, (int.from_bytes(units[at : at + 2], "little") for at in range(0, len(units), 2)))
    return {"km": f"{len(markers)}.{found}"}


def mixed(found: int, numbers: Iterable[int]) -> int:
    """Whole numbers taken into a hash that scripts can make too, whose numbers are exact up to 2 to the 53rd."""
    for number in numbers:
        found = (found * FACTOR + number % PRIME) % PRIME
    return found


def notice_tag(notice: DeliveryNotice, shot: DeliveryShot) -> str:
    placed = {"fps": number(shot.fps), "st": 0, "ti": 0, "to": shot.frames}
    return tag(notice.uid, shot.version, **placed, tx=pack(notice.text), en=int(notice.enabled), sy=0, lb=notice.label)


def layer_frames(layer: DeliveryLayer, shot: DeliveryShot) -> tuple[int, int, int]:
    """Where a layer starts in the comp, and its in and out from there, in frames.

    Handles before the comp stay reachable but hidden.
    """
    footage = layer.footage
    start = footage.start_frame - shot.first if footage.sequence else 0
    files = footage.last - footage.first + 1 if footage.sequence else shot.frames
    return start, min(max(0, -start), files - 1), files


def is_guide(layer: DeliveryLayer) -> bool:
    """The label pass is there to look at, never to render."""
    return layer.guide or layer.role == "labels"


def is_shown(layer: DeliveryLayer) -> bool:
    """A Cryptomatte layer is switched on by who picks from it."""
    return layer.enabled and layer.role != "cryptomatte"


def pack(text: str) -> str:
    """A text as a value of a tag: what separates the parts of a tag is percent-escaped, as uids have it."""
    return re.sub(r"[%;=\[\],\x00-\x1f]", lambda sign: f"%{ord(sign[0]):02X}", text)


def number(value: float) -> str:
    """As ECMAScript writes it: 24, 23.976."""
    return repr(float(value)).removesuffix(".0")


def short_hash(uid: str) -> str:
    """FNV-1a over the UTF-16 units of a uid, six digits of base 36."""
    data = uid.encode("utf-16-le")
    value = 0x811C9DC5
    for at in range(0, len(data), 2):
        value = ((value ^ int.from_bytes(data[at : at + 2], "little")) * 0x01000193) & 0xFFFFFFFF
    value %= 36**HASH_LENGTH
    digits = ""
    for _ in range(HASH_LENGTH):
        value, digit = divmod(value, 36)
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[digit] + digits
    return digits
