"""`read_label_pass`: one function from a file to ids and coverage; and `probe`, which only looks."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shared.errors import InputRefused
from shared.label_set import NOTHING, LabelSet
from shared.passes import colour, cryptomatte, cryptomatte_ranks, diagnose, exr, exr_layers, pictures
from shared.passes.label_pass import (
    Ids,
    LabelPass,
    Probe,
    ReadOptions,
    SourceFacts,
    count_classes,
    hard_coverage,
)

NOTHING_8BIT = 255  # NOTHING in an 8-bit id picture


@dataclass(frozen=True)
class Decoded:
    """Ids with what the way there showed."""

    ids: Ids
    palette: str | None = None
    guessed: int = 0
    warnings: tuple[str, ...] = ()


def probe(path: str | Path) -> Probe:
    """Size and kind of a file that is there and whole. Raises MissingInput or InputRefused in words."""
    path = Path(path)
    head = pictures.read_head(path)
    if head.startswith(pictures.EXR):
        parts = exr.read_exr(path)
        return Probe(parts[0].width, parts[0].height, f"EXR, {len(parts)} parts" if len(parts) > 1 else "EXR")
    return pictures.probe_picture(path, head)


def read_label_pass(path: str | Path, label_set: LabelSet, options: ReadOptions | None = None) -> LabelPass:
    """Read one frame of a label pass.

    Returns ids (H, W) of `label_set` or NOTHING, coverage (H, W) 0..1, and the source's facts; for Cryptomatte
    also the coverage per class. Raises MissingInput or InputRefused naming the file, the cause and the remedy.
    """
    path = Path(path)
    options = options or ReadOptions()
    try:
        head = pictures.read_head(path)
        if head.startswith(pictures.EXR):
            return _from_exr(path, label_set, options)
        return _from_picture(path, head, label_set, options)
    except InputRefused as error:
        raise error.located(file=path) from None


# --- pictures ---------------------------------------------------------------------------------------------


def _from_picture(path: Path, head: bytes, label_set: LabelSet, options: ReadOptions) -> LabelPass:
    if options.encoding == "cryptomatte":
        raise InputRefused("a Cryptomatte is an EXR, this file is none")
    raw = pictures.read_picture(path, head)
    samples, kind = raw.samples, raw.kind
    if raw.is_palette:
        if options.palette_png is None:
            raise InputRefused(
                "this is a palette picture, whose pixels can mean two things",
                cause="Its index may be the class id, or only a place in its list of colours",
                remedy="Say which with --palette-png index (pixels are ids) or --palette-png colour",
            )
        if options.palette_png == "colour":
            assert raw.colours is not None
            samples = raw.colours
    alpha = None if raw.alpha is None else _unit(raw.alpha)
    outside = None if alpha is None else alpha == 0
    if samples.ndim == 2:
        if options.encoding == "colour":
            raise InputRefused("a grey picture has no colours", remedy="Leave out --encoding, or say ids")
        ids = _grey_ids(samples, outside, label_set)
        decoded = Decoded(ids)
    elif options.encoding == "ids":
        if (samples[..., 0] != samples[..., 1]).any() or (samples[..., 0] != samples[..., 2]).any():
            raise InputRefused("ids were announced, but the three channels differ", remedy="Leave out --encoding")
        decoded = Decoded(_grey_ids(samples[..., 0], outside, label_set))
    else:
        rgb, odd = _to_8bit(samples)
        decoded = _decode_colours(rgb, odd, outside, label_set, options)
    return _finish(path, kind, decoded, alpha)


def _unit(alpha: NDArray[Any]) -> NDArray[np.float32]:
    scaled: NDArray[np.float32] = alpha.astype(np.float32) / np.float32(np.iinfo(alpha.dtype).max)
    return scaled


def _to_8bit(samples: NDArray[Any]) -> tuple[NDArray[np.uint8], NDArray[np.bool_] | None]:
    """16-bit colours as 8-bit codes, and where they are none (a 16-bit code is 257 times the 8-bit one)."""
    if samples.dtype == np.uint8:
        return samples, None
    codes = (samples.astype(np.uint32) + 128) // 257
    odd = (np.abs(samples.astype(np.int64) - codes.astype(np.int64) * 257) > 2).any(2)
    return codes.astype(np.uint8), odd if odd.any() else None


def _grey_ids(samples: NDArray[Any], outside: NDArray[np.bool_] | None, label_set: LabelSet) -> Ids:
    """Ids of a grey picture; 255 in 8 bit and 65535 in 16 bit are NOTHING."""
    ids: Ids = samples.astype(np.uint16)
    if samples.dtype == np.uint8:
        ids[samples == NOTHING_8BIT] = NOTHING
    if outside is not None:
        ids[outside] = NOTHING
    _check_ids(ids, label_set)
    return ids


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
    )


def _decode_colours(
    rgb: NDArray[np.uint8],
    odd: NDArray[np.bool_] | None,
    outside: NDArray[np.bool_] | None,
    label_set: LabelSet,
    options: ReadOptions,
    lossy: str = "",
) -> Decoded:
    """Colours to ids under the palette asked for, or under the one that makes every pixel a class.

    What is outside the layer decides nothing, whatever colour it has.
    """
    if odd is not None:
        odd = odd if outside is None else odd & ~outside
        odd = odd if odd.any() else None
    declared = tuple(label_set.find(name).id for name in options.classes)
    palettes = colour.palettes_of(label_set, options.palette)
    best: tuple[int, colour.Codes, Ids] | None = None
    for codes in palettes:
        ids = colour.decode(rgb, outside, codes, declared)
        bad = int((ids == colour.INVALID).sum())
        if best is None or bad < best[0]:
            best = (bad, codes, ids)
        if bad == 0:
            break
    assert best is not None
    bad, codes, ids = best
    if (ids == colour.SHARED).any() and (bad == 0 or options.mode == "nearest"):
        raise colour.shared_colour(rgb, ids, codes, label_set)
    if bad == 0 and odd is None:
        return Decoded(ids, codes.name)
    if options.mode == "nearest":
        guess = colour.nearest(rgb, outside, codes)
        if guess is not None:
            ids, guessed, notes = guess
            return Decoded(ids, codes.name, guessed, notes)
    bad_mask = ids == colour.INVALID if odd is None else (ids == colour.INVALID) | (odd & (ids != NOTHING))
    failed = options.mode == "nearest"
    raise diagnose.refusal(rgb, ids, bad_mask, outside, codes, label_set, nearest_failed=failed, lossy=lossy)


# --- EXR --------------------------------------------------------------------------------------------------


def _from_exr(path: Path, label_set: LabelSet, options: ReadOptions) -> LabelPass:
    """A Cryptomatte where there is one whose names are classes, else a layer of colours or a channel of ids."""
    parts = exr.read_exr(path)
    cryptos = cryptomatte_ranks.find(parts)
    found = exr_layers.candidates(parts, {channel for crypto in cryptos for channel in crypto.channels})
    if options.encoding == "cryptomatte" or (options.encoding is None and options.crypto and not options.exr_layer):
        return _from_cryptomatte(path, cryptomatte.choose(path, cryptos, label_set, options), label_set, options)
    if options.encoding or options.exr_layer or not cryptos or (found and all(one.flaw for one in cryptos)):
        return _from_layers(path, found, label_set, options)
    choice = cryptomatte.choose(path, cryptos, label_set, options)
    if found and choice.known == 0:
        with contextlib.suppress(InputRefused):  # then the words are those of the Cryptomatte
            return _from_layers(path, found, label_set, options)
    return _from_cryptomatte(path, choice, label_set, options)


def _from_layers(path: Path, found: list[exr_layers.Candidate], label_set: LabelSet, options: ReadOptions) -> LabelPass:
    source = exr_layers.choose(found, options.exr_layer, options.encoding)
    if isinstance(source, exr_layers.ColourLayer):
        return _from_colours(path, source, label_set, options)
    ids = exr_layers.channel_ids(source)
    _check_numbers(source, ids, label_set)
    _check_ids(ids, label_set)
    return _finish(path, f"EXR ids of {source.name}", Decoded(ids), None)


def _from_colours(path: Path, source: exr_layers.ColourLayer, label_set: LabelSet, options: ReadOptions) -> LabelPass:
    rgb, odd = exr_layers.colour_codes(source)
    outside = source.part.outside if source.alpha is None else source.part.outside | (source.alpha == 0)
    lossy = source.part.compression if source.part.compression in exr_layers.LOSSY else ""
    if exr_layers.whole_greys(source):
        raise InputRefused(
            f"R, G and B of {source.name} are equal whole numbers, so they are ids and no colours",
            cause="The renderer wrote class ids into all three channels",
            remedy="Say it with --encoding ids",
        )
    decoded = _decode_colours(rgb, odd, outside, label_set, options, lossy)
    return _finish(path, f"EXR colours of {source.name}", decoded, source.alpha)


def _check_numbers(source: exr_layers.IdChannel, ids: Ids, label_set: LabelSet) -> None:
    known = np.zeros(NOTHING + 1, bool)
    known[[label.id for label in label_set.labels] + [NOTHING]] = True
    wrong = int((~known[ids]).sum() + source.fractions)
    if wrong and source.part.compression in exr_layers.LOSSY:
        raise InputRefused(
            f"{wrong} of {ids.size} pixels of the channel {source.name} hold no id",
            cause=f"The file is compressed with {source.part.compression}, which loses ids",
            remedy="Write ids with ZIP, PIZ or RLE compression",
        )
    if source.beyond:
        raise InputRefused(
            f"{source.beyond} of {ids.size} pixels of the channel {source.name} are above {exr_layers.HALF_EXACT}",
            cause="It is a half float channel, which has not every whole number beyond that",
            remedy="Write ids as 32-bit float or integer",
        )
    if source.fractions:
        raise InputRefused(
            f"{source.fractions} of {ids.size} pixels of the channel {source.name} are no whole numbers",
            cause=exr_layers.divided(source)
            or "The ids were filtered (anti-aliasing, resize or motion blur), or this is no id channel",
            remedy="Render ids without filtering, or choose another channel with --exr-layer",
        )


def _from_cryptomatte(path: Path, choice: cryptomatte.Choice, label_set: LabelSet, options: ReadOptions) -> LabelPass:
    result = cryptomatte.decode(choice, label_set, options)
    facts = SourceFacts(
        path,
        f"Cryptomatte {choice.crypto.name}",
        result.ids.shape[1],
        result.ids.shape[0],
        None,
        count_classes(result.ids),
        0,
        result.warnings,
    )
    return LabelPass(result.ids, result.coverage, facts, result.soft)


def _finish(path: Path, kind: str, decoded: Decoded, alpha: NDArray[np.float32] | None) -> LabelPass:
    coverage = hard_coverage(decoded.ids)
    if alpha is not None:
        coverage = np.minimum(coverage, alpha)
    height, width = decoded.ids.shape
    classes = count_classes(decoded.ids)
    facts = SourceFacts(path, kind, width, height, decoded.palette, classes, decoded.guessed, decoded.warnings)
    return LabelPass(decoded.ids, coverage, facts)
