"""From colours to ids: a table over all 2^24 colours, looked up once per pixel.

A palette colour is a class or it is not; nothing is averaged, resized or compared as floats. `nearest`
exists for soiled material: exact colours first, then only classes that are really there.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shared import label_code
from shared.errors import InputRefused
from shared.label_set import NOTHING, LabelSet
from shared.passes.label_pass import Ids
from shared.values import Value

INVALID = 65534  # a colour that is no class
SHARED = 65533  # a colour that names several classes

Rgb = NDArray[np.uint8]
Mask = NDArray[np.bool_]
Values = NDArray[np.floating[Any]]
Table = tuple[tuple[int, tuple[int, int, int]], ...]  # (id, colour), hashable

NEAR = 8  # 8-bit codes: farther from every class than this a pixel says nothing about the palette
FLAT = 2  # codes: as near as this counts as the class's own area
LEAST_NEAR = 0.6  # share of pixels that must be near some class for nearest to be allowed to guess
MOST_FAR = 0.01  # share of pixels that one colour far from every class present may have: more is an area, no edge
MUCH_GUESSED = 0.2
FLOAT_UNIT = 0.1 / 255  # as far as half floats lie from a colour, 0..1
LEAST_AREA = 0.0002  # share of pixels that makes a class really present


class Codes(Value):
    """A palette as a decoder uses it."""

    name: str
    colours: Table


def palettes_of(label_set: LabelSet, name: str | None) -> list[Codes]:
    """The palette asked for, or all that the set knows, its own first and the self-checking code last."""
    found = []
    for palette in label_set.palettes.values():
        if name is None or name == palette.name:
            found.append(Codes(palette.name, tuple(palette.colors.items())))
    ids = [label.id for label in label_set.labels]
    if name in (None, label_code.NAME) and max(ids) < label_code.EMPTY:
        code = tuple((i, label_code.encode(i)) for i in ids)
        found.append(Codes(label_code.NAME, (*code, (NOTHING, label_code.encode(label_code.EMPTY)))))
    if not found:
        raise InputRefused(
            f"the label set {label_set.name} has no palette {name!r}",
            remedy=f"It has {', '.join([*label_set.palettes, label_code.NAME])}",
        )
    return found


def packed(rgb: Rgb) -> NDArray[np.uint32]:
    """(H, W, 3) bytes -> (H, W) 0xRRGGBB."""
    import cv2

    if rgb.size:
        # Blue first in memory is the little-endian order; alpha is cleared below.
        four = cv2.cvtColor(np.ascontiguousarray(rgb), cv2.COLOR_RGB2BGRA)
        values: NDArray[np.uint32] = four.view(np.uint32)[..., 0] & np.uint32(0xFFFFFF)
        return values
    return np.zeros(rgb.shape[:2], np.uint32)


@lru_cache(maxsize=8)
def table(codes: Codes, declared: tuple[int, ...]) -> Ids:
    """(2^24,) colour -> id, INVALID, or SHARED where several classes have it and `declared` does not settle it."""
    users: dict[int, list[int]] = {}
    for identity, (red, green, blue) in codes.colours:
        users.setdefault(red << 16 | green << 8 | blue, []).append(identity)
    result = np.full(1 << 24, INVALID, np.uint16)
    for colour, ids in users.items():
        wanted = [i for i in ids if i in declared] if len(ids) > 1 else ids
        result[colour] = wanted[0] if len(wanted) == 1 else SHARED
    return result


def decode(rgb: Rgb, outside: Mask | None, codes: Codes, declared: tuple[int, ...]) -> Ids:
    """Ids (H, W); INVALID where a colour is no class, SHARED where it is several; NOTHING where `outside`."""
    ids: Ids = np.take(table(codes, declared), packed(rgb))
    if outside is not None:
        ids[outside] = NOTHING
    return ids


def shared_colour(rgb: Rgb, ids: Ids, codes: Codes, label_set: LabelSet) -> InputRefused:
    """The error for a colour that names several classes and that the declared classes do not settle."""
    y, x = np.argwhere(ids == SHARED)[0]
    colour = tuple(int(v) for v in rgb[y, x])
    names = [label_set.by_id(i).name for i, c in codes.colours if c == colour]
    return InputRefused(
        f"the colour {colour} at x {x}, y {y} names {len(names)} classes: {', '.join(names)}",
        cause=f"The palette {codes.name} gives them one colour",
        remedy="List the shot's classes in `read.classes`, or render ids instead of colours",
    ).showing(ids == SHARED)


class View(Value):
    """A change that colour management makes to all colours alike. `of` and `undone` take and give 0..1."""

    of: Callable[[Values], Values]
    undone: Callable[[Values], Values]
    cause: str
    remedy: str
    note: str  # where `nearest` undid it


def _encoded(values: Values) -> Values:
    """Linear light to sRGB codes (IEC 61966-2-1)."""
    light = np.clip(values, 0, 1)
    return np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)


def _decoded(values: Values) -> Values:
    """sRGB codes to linear light (IEC 61966-2-1)."""
    codes = np.clip(values, 0, 1)
    return np.where(codes <= 0.04045, codes / 12.92, ((codes + 0.055) / 1.055) ** 2.4)


SRGB_VIEW = View(
    _encoded,
    _decoded,
    "The label colours went through an sRGB view transform (colour management)",
    "Render with the view transform Raw, or guess with --mode nearest, which undoes it",
    "an sRGB view was applied to the label colours; it was undone",
)
MADE_LINEAR = View(
    _decoded,
    _encoded,
    "The label colours were made linear: sRGB was decoded when they were picked, or when the file was converted",
    "Give the colours as raw values (colour space Raw or Utility), or read them with --mode nearest, which undoes it",
    "the label colours were made linear; it was undone",
)
VIEWS = (SRGB_VIEW, MADE_LINEAR)


@lru_cache(maxsize=32)
def seen(codes: Codes, view: View) -> Codes:
    """The palette as it looks after a view, in 8-bit codes."""
    colours = np.rint(view.of(np.array([c for _, c in codes.colours], np.float64) / 255) * 255).astype(int).tolist()
    return Codes(codes.name, tuple((i, (r, g, b)) for (i, _), (r, g, b) in zip(codes.colours, colours, strict=True)))


def codes_of(values: Values, step: float) -> tuple[Rgb, Mask | None]:
    """(H, W, 3) values 0..1 as 8-bit codes, and where a value is farther than `step` codes from one."""
    scaled = np.nan_to_num(values, nan=-1, posinf=2, neginf=-1) * np.float32(255)
    codes = np.clip(np.rint(scaled), 0, 255)
    odd = (np.abs(scaled - codes) > step).any(-1)
    return codes.astype(np.uint8), odd if odd.any() else None


def straightened(
    samples: NDArray[Any], alpha: NDArray[Any], top: float, palettes: list[Codes]
) -> tuple[NDArray[np.int64], Rgb, Mask]:
    """The soft pixels of colours that were multiplied by alpha and rounded, without the alpha.

    A rounded product cannot be divided back, so it is asked which class colour gives it: first those that are
    whole somewhere in the picture, then all of `palettes`.

    Returns the flat places of the pixels with 0 < alpha < top, their colours (N, 3), and which have none (N,).
    """
    soft = np.flatnonzero((alpha > 0) & (alpha < top))
    rows = np.column_stack([samples.reshape(-1, 3)[soft], alpha.ravel()[soft]]).astype(np.float64)
    rows, place = np.unique(rows, axis=0, return_inverse=True)
    whole = np.unique(np.rint(samples[alpha == top] * (255 / top)), axis=0)
    every = np.array(sorted({c for codes in palettes for _, c in codes.colours}), np.float64)
    present = every[(every[:, None] == whole[None]).all(2).any(1)] if len(whole) < 4096 else every
    unit = 1.01 if top > 1 else FLOAT_UNIT  # rounding or cutting off moves a stored value by so much at most
    colours = np.rint(np.clip(rows[:, :3] / rows[:, 3:] * 255, 0, 255))
    none = np.ones(len(rows), bool)
    for some in (present, every):
        for start in range(0, len(rows) if len(some) else 0, 4096):  # keeps the products small
            block = slice(start, start + 4096)
            apart = np.abs(some[None] / 255 * rows[block, None, 3:] - rows[block, None, :3]).max(2)
            best = apart.argmin(1)
            fits = none[block] & (apart[np.arange(len(best)), best] < unit)
            colours[block][fits] = some[best[fits]]
            none[block] &= ~fits
    place = place.ravel()
    return soft, colours[place].astype(np.uint8), none[place]


def distances(colours: NDArray[Any], codes: Codes) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """For (N, 3) colours: largest channel difference to the nearest class, and that class's place in the palette.

    Nearest is Euclidean in 8-bit RGB.
    """
    palette = np.array([c for _, c in codes.colours], np.int64)
    # |c - p|^2 without |c|^2, which is the same for every class; whole numbers below 2^24, so float32 is exact.
    double, squares = (-2 * palette.T).astype(np.float32), (palette**2).sum(1).astype(np.float32)
    nearest = np.empty(len(colours), np.int64)
    for start in range(0, len(colours), 8192):  # keeps the distance matrix small
        block = slice(start, start + 8192)
        nearest[block] = (colours[block].astype(np.float32) @ double + squares).argmin(1)
    return np.abs(colours.astype(np.int64) - palette[nearest]).max(1), nearest


def nearest(rgb: Rgb, outside: Mask | None, codes: Codes) -> tuple[Ids, int, tuple[str, ...]] | None:
    """Ids (H, W), how many pixels were guessed, and notes; None where the colours fit no class well enough.

    The palette is tried raw and as each view of colour management shows it; the one that fits more pixels counts.
    """
    inside = np.ones(rgb.shape[:2], bool) if outside is None else ~outside
    colours, place, counts = np.unique(packed(rgb)[inside], return_inverse=True, return_counts=True)
    if not len(colours):
        return np.full(rgb.shape[:2], NOTHING, np.uint16), 0, ()
    triples = np.stack([colours >> 16, (colours >> 8) & 255, colours & 255], 1).astype(np.int64)
    total = counts.sum()
    best: tuple[float, View | None, NDArray[np.int64], NDArray[np.int64]] | None = None
    for candidate in (None, *VIEWS):
        difference, index = distances(triples, codes if candidate is None else seen(codes, candidate))
        fit = float(counts[difference <= FLAT].sum() / total)
        if best is None or fit > best[0]:
            best = (fit, candidate, difference, index)
    assert best is not None
    _, view, difference, index = best
    chosen = codes if view is None else seen(codes, view)
    if counts[difference <= NEAR].sum() < LEAST_NEAR * total:
        return None
    area = np.bincount(index[difference <= FLAT], counts[difference <= FLAT], minlength=len(chosen.colours))
    present = np.flatnonzero(area >= max(8, LEAST_AREA * total))
    if not len(present):
        return None
    exact = (difference == 0) & np.isin(index, present)  # a blend may hit the colour of an absent class
    exact &= ~_merged(codes, chosen)[index]
    scene = Codes(chosen.name, tuple(chosen.colours[i] for i in present))
    apart, among = distances(triples, scene)
    if (counts[apart > NEAR] > max(8, MOST_FAR * total)).any():
        return None
    guess = present[among]
    final = np.where(exact, index, guess)
    identities = np.array([i for i, _ in chosen.colours], np.uint16)
    ids = np.full(rgb.shape[:2], NOTHING, np.uint16)
    ids[inside] = identities[final][place.ravel()]
    guessed = int(counts[~exact].sum())
    notes = []
    if view is not None:
        notes.append(view.note)
    if guessed > MUCH_GUESSED * total:
        notes.append(f"{guessed / total:.0%} of the pixels were guessed; classes with little area may be lost")
    return ids, guessed, tuple(notes)


def _merged(codes: Codes, chosen: Codes) -> Mask:
    """(P,) whether a class's colour, as it is seen, is also that of a class whose own colour differs."""
    users: dict[tuple[int, int, int], set[tuple[int, int, int]]] = {}
    for (_, colour), (_, shown) in zip(codes.colours, chosen.colours, strict=True):
        users.setdefault(shown, set()).add(colour)
    return np.array([len(users[shown]) > 1 for _, shown in chosen.colours])


def colours(label_set: LabelSet, ids: NDArray[np.uint16]) -> NDArray[np.uint8]:
    """Ids (H, W) in the set's own colours (H, W, 3); NOTHING is black."""
    table = np.zeros((NOTHING + 1, 3), np.uint8)
    for identity, colour in next(iter(label_set.palettes.values())).colors.items():
        table[identity] = colour
    picture: NDArray[np.uint8] = table[ids]
    return picture
