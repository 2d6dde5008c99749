"""From samples to ids: colours under a palette, whatever view went over them, and numbers that are no ids yet."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from shared.errors import InputRefused
from shared.label_set import NOTHING, LabelSet
from shared.passes import colour, diagnose
from shared.passes.label_pass import Ids, ReadOptions, count_classes
from shared.values import Value

Mask = NDArray[np.bool_]

VIEW_STEP = 0.25  # codes: how exact a colour must be after a view was undone, which half floats blur


class Decoded(Value):
    """Ids with what the way there showed."""

    ids: Ids
    palette: str | None = None
    guessed: int = 0
    warnings: tuple[str, ...] = ()


def scaled(values: NDArray[Any], ids: Ids, fractions: int, label_set: LabelSet, options: ReadOptions) -> Decoded:
    """Ids out of values that are none, where one known change explains all of them and the artist allows it."""
    inside = ids != NOTHING
    unique, place = np.unique(values[inside].astype(np.float64), return_inverse=True)
    found = diagnose.scaled_ids(unique, {label.id for label in label_set.labels})
    if found is None:
        _check_ids(ids, label_set)
        raise InputRefused(
            f"{fractions} of {values.size} pixels are no whole numbers from 0 to {NOTHING}",
            cause="The ids were filtered (anti-aliasing, resize or motion blur), or this is no id pass",
            remedy="Render ids without filtering",
        )
    scaled, cause = found
    if options.mode != "nearest":
        raise InputRefused(
            f"the values of this id pass are no ids of {label_set.name}",
            cause=cause,
            remedy="Save the ids themselves, or read it with --mode nearest, which undoes it",
        )
    ids[inside] = scaled[place]
    return Decoded(ids, warnings=(f"{cause}; it was undone",))


def _check_ids(ids: Ids, label_set: LabelSet) -> None:
    known = {label.id for label in label_set.labels} | {NOTHING}
    found = count_classes(ids)
    unknown = {i: n for i, n in found.items() if i not in known}
    if not unknown:
        return
    first = next(iter(unknown))
    y, x = np.argwhere(ids == first)[0]
    pixels = sum(unknown.values())
    listed = ", ".join(f"{i} ({n} px)" for i, n in list(unknown.items())[:6]) + (" ..." if len(unknown) > 6 else "")
    many = len(unknown) > 40
    raise InputRefused(
        f"{pixels} pixels have ids that the label set {label_set.name} does not have: {listed}; first at x {x}, y {y}",
        cause="This looks like a picture, not an id pass"
        if many
        else "The pass was made for another label set, or is no id pass",
        remedy="Choose the label set with --label-set, or the pass with --exr-layer",
    ).showing(np.isin(ids, list(unknown)))


def decode_colours(
    rgb: NDArray[np.uint8],
    odd: Mask | None,
    outside: Mask | None,
    label_set: LabelSet,
    options: ReadOptions,
    lossy: str = "",
    fine: NDArray[np.float32] | None = None,
) -> Decoded:
    """Colours to ids under the palette asked for, or under the one that makes every pixel a class.

    What is outside the layer decides nothing, whatever colour it has.
    fine: the colours (H, W, 3) as they are stored, 0..1, where that is finer than 8 bits.
    """
    bad, codes, ids = best(rgb, outside, label_set, options)
    if odd is not None:
        odd = odd if outside is None else odd & ~outside
        odd = odd if odd.any() else None
    if (ids == colour.SHARED).any() and (bad == 0 or options.mode == "nearest"):
        raise colour.shared_colour(rgb, ids, codes, label_set)
    if bad == 0 and odd is None:
        return Decoded(ids, codes.name)
    view = None if fine is None else _view(fine, outside, label_set, options)
    if options.mode == "nearest":
        if view is not None and fine is not None:
            rgb, _ = colour.codes_of(view.undone(fine), VIEW_STEP)
            codes = best(rgb, outside, label_set, options)[1]
        guess = colour.nearest(rgb, outside, codes)
        if guess is not None:
            ids, guessed, notes = guess
            return Decoded(ids, codes.name, guessed, notes if view is None else (view.note, *notes))
    bad_mask = ids == colour.INVALID if odd is None else (ids == colour.INVALID) | (odd & (ids != NOTHING))
    failed = options.mode == "nearest"
    raise diagnose.refusal(rgb, ids, bad_mask, outside, codes, label_set, nearest_failed=failed, lossy=lossy, view=view)


def best(
    rgb: NDArray[np.uint8], outside: Mask | None, label_set: LabelSet, options: ReadOptions
) -> tuple[int, colour.Codes, Ids]:
    """How many pixels are no class under the palette that leaves fewest, that palette, and the ids."""
    declared = tuple(label_set.find(name).id for name in options.classes)
    found: tuple[int, colour.Codes, Ids] | None = None
    for codes in colour.palettes_of(label_set, options.palette):
        ids = colour.decode(rgb, outside, codes, declared)
        bad = int((ids == colour.INVALID).sum())
        if found is None or bad < found[0]:
            found = (bad, codes, ids)
        if bad == 0:
            break
    assert found is not None
    return found


def _view(
    fine: NDArray[np.float32], outside: Mask | None, label_set: LabelSet, options: ReadOptions
) -> colour.View | None:
    """The view of colour management that explains nearly all of a picture whose raw colours are no classes."""
    total = fine.shape[0] * fine.shape[1] - (0 if outside is None else int(outside.sum()))
    for view in colour.VIEWS:
        rgb, odd = colour.codes_of(view.undone(fine), VIEW_STEP)
        bad, _, ids = best(rgb, outside, label_set, options)
        if odd is not None:
            bad = int(((ids == colour.INVALID) | (odd & (ids != NOTHING))).sum())
        if bad <= (1 - diagnose.NEARLY_ALL) * total:
            return view
    return None
