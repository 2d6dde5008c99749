"""`read_label_pass`: one function from a file to ids and coverage; and `probe`, which only looks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shared.errors import InputRefused
from shared.file_names import is_clip
from shared.label_set import NOTHING, LabelSet
from shared.passes import (
    clip_pass,
    colour,
    cryptomatte,
    cryptomatte_ranks,
    diagnose,
    exr,
    exr_layers,
    formats,
    pictures,
)
from shared.passes.decoding import Decoded, Mask, best, decode_colours, scaled
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


def probe(path: str | Path) -> Probe:
    """Size and kind of a file that is there and whole, which for PNG and EXR is seen without its pixels.

    Raises MissingInput or InputRefused in words.
    """
    path = Path(path)
    if is_clip(path):
        return clip_pass.probe_clip(path)
    head = pictures.read_head(path)
    if head.startswith(pictures.EXR):
        headers = exr.whole_headers(path)
        left, top, right, bottom = headers[0].display_window
        kind = f"EXR, {len(headers)} parts" if len(headers) > 1 else "EXR"
        return Probe(right - left + 1, bottom - top + 1, kind)
    return formats.probe_picture(path)


def read_label_pass(path: str | Path, label_set: LabelSet, options: ReadOptions | None = None) -> LabelPass:
    """Read one frame of a label pass.

    Returns ids (H, W) of `label_set` or NOTHING, coverage (H, W) 0..1, and the source's facts; for Cryptomatte
    also the coverage per class. Raises MissingInput or InputRefused naming the file, the cause and the remedy.
    """
    path = Path(path)
    options = options or ReadOptions()
    try:
        head = pictures.read_head(path)
        read = _from_exr if head.startswith(pictures.EXR) else _from_picture
        with np.errstate(all="ignore"):  # what is infinite or no number is no class, and said so
            return _told(read(path, label_set, options), options)
    except InputRefused as error:
        raise error.located(file=path) from None


def _told(found: LabelPass, options: ReadOptions) -> LabelPass:
    """With a warning about options that do nothing to such a pass."""
    given = [name for name in ("names", "crypto", "uncovered") if getattr(options, name)]
    if not given or found.soft is not None:
        return found
    words = (
        f"{' and '.join(given)} {'is' if len(given) == 1 else 'are'} for Cryptomattes and changed nothing here "
        f"({found.facts.kind}); to paint a class as another give --map"
    )
    return replace(found, facts=replace(found.facts, warnings=(*found.facts.warnings, words)))


# --- pictures ---------------------------------------------------------------------------------------------


def _from_picture(path: Path, label_set: LabelSet, options: ReadOptions) -> LabelPass:
    if options.encoding == "cryptomatte":
        raise InputRefused("a Cryptomatte is an EXR, this file is none")
    raw = formats.read_picture(path)
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
    alpha = None if raw.alpha is None else raw.alpha.astype(np.float32) / np.float32(raw.top)
    outside = None if alpha is None else alpha == 0
    if samples.ndim == 2:
        if options.encoding == "colour":
            raise InputRefused("a grey picture has no colours", remedy="Leave out --encoding, or say ids")
        decoded = _grey_ids(samples, outside, label_set, options)
    elif options.encoding == "ids":
        if not _equal(samples):
            raise InputRefused("ids were announced, but the three channels differ", remedy="Leave out --encoding")
        decoded = _grey_ids(samples[..., 0], outside, label_set, options)
    else:
        decoded = _picture_colours(raw, samples, outside, label_set, options)
    return _finish(path, kind, decoded, alpha)


def _picture_colours(
    raw: pictures.Raw, samples: NDArray[Any], outside: Mask | None, label_set: LabelSet, options: ReadOptions
) -> Decoded:
    rgb, odd, fine = samples, None, None
    if samples.dtype != np.uint8 or raw.top != 255:
        fine = samples.astype(np.float32) / np.float32(raw.top)
        rgb, odd = colour.codes_of(fine, _step(raw.top))
        if samples.dtype == np.uint16 and not (samples & 255).any():  # 8 bits moved up, not multiplied by 257
            rgb, odd, fine = (samples >> 8).astype(np.uint8), None, None
    if raw.associated and raw.alpha is not None:
        palettes = colour.palettes_of(label_set, options.palette)
        places, colours, none = colour.straightened(samples, raw.alpha, raw.top, palettes)
        rgb, odd = rgb.copy(), np.zeros(rgb.shape[:2], bool) if odd is None else odd
        rgb.reshape(-1, 3)[places] = colours
        odd.ravel()[places] = none
        fine = None
    try:
        return decode_colours(rgb, odd, outside, label_set, options, raw.lossy, fine)
    except InputRefused as refused:
        if _equal(samples) and np.isin(samples, [one.id for one in label_set.labels] + [NOTHING_8BIT]).all():
            raise InputRefused(
                refused.what,
                cause="The three channels are equal whole numbers: this is an id pass that was saved in RGB",
                remedy="Read it with --encoding ids",
            ).showing(refused.pixels) from None
        raise


def _equal(samples: NDArray[Any]) -> bool:
    return bool((samples[..., 0] == samples[..., 1]).all() and (samples[..., 0] == samples[..., 2]).all())


def _step(top: float) -> float:
    """How far in 8-bit codes a stored colour may lie from a whole one, given what the format calls full."""
    if top == 1:
        return exr_layers.STRAIGHT_STEP  # floats
    return 0.5 if top < 255 else max(2 / 257, 255 / top)


def _grey_ids(samples: NDArray[Any], outside: Mask | None, label_set: LabelSet, options: ReadOptions) -> Decoded:
    """Ids of a grey picture; 255 in 8 bit and 65535 in 16 bit are NOTHING."""
    known = {label.id for label in label_set.labels}
    values: NDArray[Any] = samples
    ids: Ids = samples.astype(np.uint16)
    fractions = 0
    if samples.dtype not in (np.uint8, np.uint16):
        values = np.nan_to_num(samples.astype(np.float64), nan=-1, posinf=-1, neginf=-1)
        ids = np.clip(np.rint(values), 0, NOTHING).astype(np.uint16)
        fractions = int((values != ids)[~outside if outside is not None else ...].sum())
    if samples.dtype == np.uint8:
        ids[samples == NOTHING_8BIT] = NOTHING
    if outside is not None:
        ids[outside] = NOTHING
    if fractions or not (found := set(count_classes(ids))) <= known | {NOTHING}:
        return scaled(values, ids, fractions, label_set, options)
    words = diagnose.training_ids(found, label_set) if samples.dtype == np.uint8 else ""
    return Decoded(ids, warnings=(words,) if words else ())


# --- EXR --------------------------------------------------------------------------------------------------


def _from_exr(path: Path, label_set: LabelSet, options: ReadOptions) -> LabelPass:
    """A Cryptomatte where there is one, else a layer of colours or a channel of ids."""
    parts = exr.read_exr(path)
    cryptos = cryptomatte_ranks.find(parts)
    found = exr_layers.candidates(parts, {channel for crypto in cryptos for channel in crypto.channels})
    usable = bool(options.crypto) or any(not crypto.flaw or not found for crypto in cryptos)
    if options.encoding == "cryptomatte" or (options.encoding is None and not options.exr_layer and usable):
        return _from_cryptomatte(path, cryptos, label_set, options)
    return _from_layers(path, found, label_set, options)


def _from_layers(path: Path, found: list[exr_layers.Candidate], label_set: LabelSet, options: ReadOptions) -> LabelPass:
    source = exr_layers.choose(found, options.exr_layer, options.encoding)
    if isinstance(source, exr_layers.ColourLayer):
        return _from_colours(path, source, label_set, options)
    ids = exr_layers.channel_ids(source)
    _check_numbers(source, ids, label_set)
    if options.encoding is None and options.exr_layer is None:
        _check_against_colours(source.name, ids, found, label_set, options)
    decoded = Decoded(ids)
    if source.fractions or not set(count_classes(ids)) <= {one.id for one in label_set.labels} | {NOTHING}:
        decoded = scaled(source.values, ids, source.fractions, label_set, options)
    return _finish(path, f"EXR ids of {source.name}", decoded, None)


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
    decoded = decode_colours(rgb, odd, outside, label_set, options, lossy, source.rgb)
    return _finish(path, f"EXR colours of {source.name}", decoded, source.alpha)


def _check_against_colours(
    name: str, ids: Ids, found: list[exr_layers.Candidate], label_set: LabelSet, options: ReadOptions
) -> None:
    """Refuse ids that were chosen by their name where a layer of sound label colours says something else.

    An object's number is a small whole number as a class's id is. Every third pixel is looked at.
    """
    for candidate in (one for one in found if one.is_colour):
        layer = exr_layers.colour_layer(candidate)
        codes, odd = exr_layers.colour_codes(layer)
        outside = layer.part.outside if layer.alpha is None else layer.part.outside | (layer.alpha == 0)
        if codes.shape[:2] != ids.shape or (odd is not None and (odd & ~outside)[::3, ::3].any()):
            continue
        inside = ~outside[::3, ::3]
        bad, _, seen = best(np.ascontiguousarray(codes[::3, ::3]), ~inside, label_set, options)
        labels = bad == 0 and not (seen == colour.SHARED).any() and len(np.unique(seen[inside])) > 1
        if labels and (seen != ids[::3, ::3])[inside].any():
            raise InputRefused(
                f"the ids of {name} and the label colours of {candidate.name} are both sound and differ",
                cause="One of them may hold the numbers of objects instead of classes",
                remedy=f"Say which holds the labels: --exr-layer {name} or --exr-layer {candidate.name}",
            )


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
    if (
        source.fractions
        and diagnose.scaled_ids(np.unique(source.values[~source.part.outside]), set(np.flatnonzero(known).tolist()))
        is None
    ):
        raise InputRefused(
            f"{source.fractions} of {ids.size} pixels of the channel {source.name} are no whole numbers",
            cause="The ids were filtered (anti-aliasing, resize or motion blur), or this is no id channel",
            remedy="Render ids without filtering, or choose another channel with --exr-layer",
        )


def _from_cryptomatte(
    path: Path, cryptos: list[cryptomatte_ranks.Crypto], label_set: LabelSet, options: ReadOptions
) -> LabelPass:
    choice = cryptomatte.choose(path, cryptos, label_set, options)
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
