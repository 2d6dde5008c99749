"""Why a colour label pass was refused, decided by tests on the pixels and never by the file's name.

Each test asks whether one fault explains nearly all of the picture. Where none does, several faults lie on
top of one another, and that is what the artist is told. A refusal stays a refusal whatever the test says.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shared.errors import InputRefused
from shared.label_set import NOTHING, LabelSet, available, load_label_set
from shared.passes.colour import FLAT, MADE_LINEAR, VIEWS, Codes, View, distances, packed, seen
from shared.passes.label_pass import Ids
from shared.values import Value
from shared.wording import counted

Mask = NDArray[np.bool_]

NEARLY_ALL = 0.995
MOSTLY = 0.75  # share of the pixels that must have the colours of another palette
FLAT_COLOURS = 64  # a rendered label pass has fewer
BAND = 2  # pixels: as far from whole areas anti-aliasing reaches
WIDE_BAND = 12  # as far as interpolated resizing reaches


class Soiled(Value):
    """The pixels under test. colours (N, 3) unique inside, counts (N,), place (H, W) index or -1 outside."""

    colours: NDArray[np.int64]
    counts: NDArray[np.int64]
    place: NDArray[np.int64]
    difference: NDArray[np.int64]  # (N,) to the nearest class, largest channel
    index: NDArray[np.int64]  # (N,) that class's place in the palette
    bad: Mask  # (H, W)
    codes: Codes
    label_set: LabelSet

    @property
    def total(self) -> int:
        return int(self.counts.sum())


def refusal(
    rgb: NDArray[np.uint8],
    ids: Ids,
    bad: Mask,
    outside: Mask | None,
    codes: Codes,
    label_set: LabelSet,
    nearest_failed: bool,
    lossy: str,
    view: View | None = None,
) -> InputRefused:
    """The error for a colour pass with pixels (H, W) `bad` that are no class of the palette.

    lossy: the compression that the file itself names, where that loses values; then it is the cause.
    view: the view that explains the picture, where its values are finer than 8 bits and showed that.
    """
    soiled = _soiled(rgb, bad, outside, codes, label_set)
    count = int(bad.sum())
    y, x = (int(v) for v in np.argwhere(bad)[0])
    place = soiled.place[y, x]
    class_id = codes.colours[soiled.index[place]][0]
    near = label_set.by_id(class_id).name if class_id <= label_set.labels[-1].id else "nothing"
    colour = tuple(int(v) for v in rgb[y, x])
    some = f"of {counted(soiled.total, 'pixel')} ({count / soiled.total:.1%})"
    what = (
        f"{counted(count, f'{some} is', f'{some} are')} no class of {label_set.name} "
        f"in the palette {codes.name}; first at x {x}, y {y}: {colour}, nearest is {near}"
    )
    if view is not None:
        cause, remedy = view.cause, view.remedy
    else:
        cause, remedy = next((words for test in TESTS if (words := test(soiled)) is not None), SEVERAL)
    if lossy:
        cause = f"The file is compressed with {lossy}, which changes colours"
        remedy = "Write labels with ZIP, PIZ or RLE compression, or guess with --mode nearest"
    if nearest_failed:
        what += "; too far from any class to guess"
        remedy = re.sub(r"[,;]? or (guess|read them) with --mode nearest.*", "", remedy)
    return InputRefused(what, cause=cause, remedy=remedy).showing(bad)


def _soiled(rgb: NDArray[np.uint8], bad: Mask, outside: Mask | None, codes: Codes, label_set: LabelSet) -> Soiled:
    values = packed(rgb).astype(np.int64)
    inside = np.ones(values.shape, bool) if outside is None else ~outside
    unique, place, counts = np.unique(values[inside], return_inverse=True, return_counts=True)
    colours = np.stack([unique >> 16, unique >> 8 & 255, unique & 255], 1)
    places = np.full(values.shape, -1, np.int64)
    places[inside] = place.ravel()
    difference, index = distances(colours, codes)
    return Soiled(colours, counts, places, difference, index, bad, codes, label_set)


Words = tuple[str, str]


def _other_set(soiled: Soiled) -> Words | None:
    """The pixels have the exact colours of another palette that is at hand."""
    own = soiled.counts[soiled.difference == 0].sum()
    packed_colours = soiled.colours @ np.array([1 << 16, 1 << 8, 1])
    best: tuple[int, int, str, LabelSet] | None = None
    for one in _sets():
        for palette in one.palettes.values():
            theirs = np.array(list(palette.colors.values()), np.int64) @ np.array([1 << 16, 1 << 8, 1])
            exact = np.isin(packed_colours, theirs)
            pixels = int(soiled.counts[exact].sum())
            if pixels > max(own, MOSTLY * soiled.total) and (best is None or pixels > best[0]):
                best = (pixels, int(exact.sum()), palette.name, one)
    if best is None:
        return None
    pixels, count, name, found = best
    what = f"All {count} colours" if pixels == soiled.total else f"{count} colours, {pixels / soiled.total:.0%} of it,"
    if found.name == soiled.label_set.name:
        return f"{what} are colours of the palette {name}", f"Give --palette {name}"
    return f"{what} are colours of {found.name}", f"Give --label-set {found.name}"


def _sets() -> Iterator[LabelSet]:
    for name in available():
        try:
            yield load_label_set(name)
        except InputRefused:
            continue  # `labels` lists it with the reason


def _view(soiled: Soiled) -> Words | None:
    for view in VIEWS:
        difference, _ = distances(soiled.colours, seen(soiled.codes, view))
        if soiled.counts[difference <= 1].sum() >= NEARLY_ALL * soiled.total:
            return view.cause, view.remedy
    return None


def _dither(soiled: Soiled) -> Words | None:
    """Nearly every bad pixel is off by one code, and there are many of them."""
    off = soiled.difference > 0
    bad = int(soiled.counts[off].sum())
    if bad < 0.01 * soiled.total or soiled.counts[off & (soiled.difference <= 1)].sum() < NEARLY_ALL * bad:
        return None
    return (
        "Colours are off by one: the renderer dithered when it wrote 8 bits",
        "Set dithering to 0 in the renderer's output settings, or guess with --mode nearest",
    )


def _view_transform(soiled: Soiled) -> Words | None:
    """Few flat colours, most of them far from every class."""
    large = soiled.counts >= max(8, 0.0005 * soiled.total)
    if large.sum() > FLAT_COLOURS or soiled.counts[large].sum() < 0.98 * soiled.total:
        return None
    far = large & (soiled.difference > FLAT)
    if soiled.counts[far].sum() < 0.2 * soiled.total:
        return None
    listed = sorted(zip(soiled.counts[far].tolist(), soiled.colours[far].tolist(), strict=True), reverse=True)
    words = ", ".join(f"({r}, {g}, {b}) {count} px" for count, (r, g, b) in listed[:6])
    return (
        "The areas are flat, but in other colours: a view transform such as AgX or ACES was applied, "
        f"or this is another palette. Unknown colours: {words}",
        "Render with the view transform Raw, or name the right --label-set and --palette",
    )


def _edges(soiled: Soiled) -> Words | None:
    """Whole areas are exact; the bad pixels are bands between them."""
    import cv2

    inside = soiled.place >= 0
    exact = inside & ~soiled.bad
    if exact.sum() < 0.5 * soiled.total:
        return None
    reach = cv2.distanceTransform((~exact).astype(np.uint8), cv2.DIST_C, 3)[soiled.bad & inside]
    if not reach.size:
        return None
    if (reach <= BAND).mean() >= NEARLY_ALL:
        return (
            "The edges between classes are blended: anti-aliasing, motion blur, or a small resize with interpolation",
            "Render labels without anti-aliasing and motion blur, or guess with --mode nearest",
        )
    if (reach <= WIDE_BAND).mean() >= NEARLY_ALL and _smooth(soiled):
        return (
            "The picture was resized with interpolation: wide blends between the classes",
            "Render at the final size, or resize with nearest neighbour; or guess with --mode nearest",
        )
    return None


def _smooth(soiled: Soiled) -> bool:
    """Bad pixels differ little from their neighbours compared with the step between classes: a ramp, not noise."""
    colours = np.vstack([soiled.colours, [[0, 0, 0]]]).astype(np.int16)[soiled.place]
    step = np.abs(np.diff(colours, axis=1)).max(2)
    both = soiled.bad[:, 1:] & soiled.bad[:, :-1]
    return bool(both.any() and np.median(step[both]) < 40)


def _lossy(soiled: Soiled) -> Words | None:
    """JPEG: near its classes in whole areas, with steps at the borders of 8x8 blocks, ripples beside edges."""
    if soiled.counts[soiled.difference <= 24].sum() < 0.75 * soiled.total:
        return None
    palette = np.append(soiled.index, -1)[soiled.place]
    colours = np.vstack([soiled.colours, [[0, 0, 0]]]).astype(np.int16)[soiled.place]
    at_border, within = [], []
    for axis in (0, 1):
        step = np.abs(np.diff(colours, axis=axis)).sum(2)
        same = np.diff(palette, axis=axis) == 0
        line = np.arange(step.shape[axis]) % 8 == 7
        line = line[:, None] if axis == 0 else line[None, :]
        at_border.append((step > 0)[same & line])
        within.append((step > 0)[same & ~line])
    borders, inners = np.concatenate(at_border), np.concatenate(within)
    if not borders.any() or not inners.size or borders.mean() < 1.15 * inners.mean():
        return None
    return (
        "Lossy compression: the errors follow 8x8 blocks, as JPEG leaves them",
        "Save labels as PNG or EXR, or guess with --mode nearest",
    )


SEVERAL = (
    "No single fault explains it: several lie on top of one another (blended edges, a view transform, dither, "
    "lossy compression or a resize), or this is no label pass",
    "Render labels without anti-aliasing, with the view transform Raw, without dither, as PNG or EXR",
)
TESTS: tuple[Callable[[Soiled], Words | None], ...] = (_other_set, _view, _dither, _view_transform, _edges, _lossy)


# --- ids --------------------------------------------------------------------------------------------------

TRAIN_IDS = {  # sets that are also numbered as networks are trained: last id, an id that must be there, remedy
    "cityscapes": (18, None, "give --label-set cityscapes_train_ids"),
    "ade20k": (149, 0, "add 1 to every id, and make 255 to 0"),
}
Undone = Callable[[NDArray[np.floating[Any]]], NDArray[np.floating[Any]]]
SAVED_AGAIN = "An id pass of 8 bits was saved again"
SCALES: tuple[tuple[Undone, float, str], ...] = (  # how it is undone, how exactly, and the cause
    (lambda values: values / 257, 0, f"{SAVED_AGAIN} with 16: all values are 257 times an id"),
    (lambda values: values / 256, 0, f"{SAVED_AGAIN} with 16: all values are 256 times an id"),
    (lambda values: values * 255, 0.1, f"{SAVED_AGAIN} as float: all values are an id / 255"),
    (lambda values: MADE_LINEAR.undone(values) * 255, 0.1, f"{SAVED_AGAIN} as float and made linear"),
    (
        lambda values: values * 65535,
        0.1,
        "An id pass of 16 bits was saved again as float: all values are an id / 65535",
    ),
)


def scaled_ids(values: NDArray[np.floating[Any]], known: set[int]) -> tuple[NDArray[np.uint16], str] | None:
    """The ids (N,) that explain values (N,) which are none, and what was done to them; None where nothing does.

    255 of what were 8 bits is NOTHING.
    """
    for undone, step, cause in SCALES:
        if step and values.max(initial=0) > 1:
            continue
        scaled = undone(values)
        ids = np.rint(scaled)
        if np.abs(scaled - ids).max(initial=0) > step or not ids.any():
            continue
        if cause.startswith(SAVED_AGAIN):
            ids[ids == 255] = NOTHING
        if set(np.unique(ids).astype(int).tolist()) <= known | {NOTHING}:
            return ids.astype(np.uint16), cause
    return None


def training_ids(found: set[int], label_set: LabelSet) -> str:
    """A warning where an 8-bit id picture, 255 in it, looks numbered as networks are trained; else empty."""
    last, needed, remedy = TRAIN_IDS.get(label_set.name, (-1, None, ""))
    inside = found - {NOTHING}
    if NOTHING not in found or not inside or max(inside) > last or (needed is not None and needed not in inside):
        return ""
    return (
        f"255 beside no id above {last}: these look like the trainIds of {label_set.name}, not its own ids, "
        f"and every class would be another; {remedy}"
    )
