"""Frames that hold still: a frame made of what the paintings around it say of the same surfaces.

A painting per frame swims: the network paints every frame anew, and its grain stays on the screen while the world
moves. Averaging neighbours calms that and blurs it. Instead, two paintings are trusted, the *anchors*: frames whose
number is a multiple of the stride. Every surface is followed, by the renderer's exact motion, from the frame
at hand back to the anchor before it and on to the one after it, and takes its pixels from there. From
one to the other the frame crosses over. What one anchor did not see comes from the other, what neither saw from the
frame itself.

Paintings differ in light, too: a shadow lies elsewhere in each. Mixed it would be there twice, half as dark. So every
region in which the anchors differ (`choose`) goes over whole, at a time of its own, and an anchor fades over a wide way
towards what it did not see: no step is left that neither has.

Two independent textures that are mixed half and half have half the energy. So the detail of the mixture is raised
to what its two parts have, place by place; likewise what interpolation between pixels cost.

The result is a function of the frames from one anchor to the next (`window`) and of nothing else: any chunk of a
shot, any resumed job, gives the same bits. Nothing recurs.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from inference_server.stability.late import carry
from inference_server.stability.motion import Field, Ids, Seen
from inference_server.stability.window import STRIDES

Picture = NDArray[np.float32]  # (H, W, 3), 0..1

SPECK = 5  # pixels; holes up to this size in what depth confirms are noise of the geometry
WINDOW = 5  # pixels of the mean that detail is the difference to
CELL = 8  # pixels a side; light and detail are compared per cell
ALIKE, UNLIKE = 0.07, 0.11  # of the range: below, two lights may be mixed; above, one is chosen
FADE = 9  # cells a side, over whose half an anchor fades towards what it did not see
EARLIEST, LATEST = 0.25, 0.75  # share of the way between which places go over that the anchors light differently
GOLDEN = 0.618034  # its multiples spread evenly, and neighbours far apart
MOST = 1.5  # times that detail is raised: half of two independent textures has 1 / 1.41 of their contrast
FAINT = 8e-7  # energy below which there is no detail worth raising (a quarter of an 8-bit code, squared)
LITTLE = 0.02  # weight of a painting that is no anchor, against one that is
BIT = 1 / 256  # a share below is none, and one that lacks less is all
LUMA = np.array([[0.299, 0.587, 0.114]], np.float32)

Cells = NDArray[np.float32]  # (h, w, K): something of every CELL x CELL pixels


def memory(strength: str, width: int, height: int) -> int:
    """Predicted bytes at most: paintings and chains of a window, and what one frame takes on its way."""
    frames = STRIDES[strength] + 1
    return width * height * (frames * (6 + 10) + 180)


@dataclass(frozen=True)
class Chain:
    """Where every pixel's surface is in which painting: source (H, W) its place in the window, offset (H, W, 2)."""

    offset: Field
    source: NDArray[np.int16]


def chain_begins(place: int, shape: tuple[int, int]) -> Chain:
    """The chain of an anchor: all its surfaces are in its own painting, where they are."""
    return Chain(np.zeros((*shape, 2), np.float32), np.full(shape, place, np.int16))


def chain_goes_on(chain: Chain, place: int, field: Field, here: Seen, there: Seen) -> Chain:
    """The chain of a frame from that of its neighbour, to which `field` leads. place: the frame's in its window."""
    nothing = np.zeros((0, 0), np.float32)
    seen = np.empty(here.ids.shape, np.uint8)
    depths = here.depth is not None and there.depth is not None
    away = (here.depth, there.depth) if depths else (nothing, nothing)
    carry.seen_there(field, here.ids, there.ids, *away, seen)
    if depths:
        sure = cv2.morphologyEx((seen == 1).astype(np.uint8), cv2.MORPH_CLOSE, np.ones((SPECK, SPECK), np.uint8))
        seen[(seen == 2) & (sure == 0)] = 0
    offset, source = np.empty_like(chain.offset), np.empty_like(chain.source)
    carry.inherit(field, seen, place, chain.offset, chain.source, offset, source)
    return Chain(offset, source)


def cells_of(picture: Picture) -> Cells:
    """(h, w, 4) of a picture (H, W, 3), 0..1: its mean colour, and the energy of what is finer than the window."""
    return np.dstack([_per_cell(picture), detail(picture)])


def detail(picture: Picture) -> NDArray[np.float32]:
    """(h, w): the energy of what is finer than the window, per cell."""
    luma = cv2.transform(picture, LUMA)
    high = luma - cv2.blur(luma, (WINDOW, WINDOW))
    return _per_cell(high * high)


def _per_cell(plane: NDArray[np.float32]) -> NDArray[np.float32]:
    height, width = plane.shape[:2]
    below, right = -height % CELL, -width % CELL
    if below or right:
        plane = np.asarray(cv2.copyMakeBorder(plane, 0, below, 0, right, cv2.BORDER_REPLICATE), np.float32)
    cells = (plane.shape[1] // CELL, plane.shape[0] // CELL)
    return np.asarray(cv2.resize(plane, cells, interpolation=cv2.INTER_AREA), np.float32)


def _per_pixel(cells: Cells, shape: tuple[int, int]) -> NDArray[np.float32]:
    """Between the middles of the cells, for every pixel of a frame (H, W)."""
    whole = (cells.shape[1] * CELL, cells.shape[0] * CELL)
    large = cv2.resize(cells, whole, interpolation=cv2.INTER_LINEAR)
    return np.ascontiguousarray(large[: shape[0], : shape[1]], np.float32)


@dataclass(frozen=True)
class Choice:
    """Where the two anchors of a window paint different light, in places of the first of them.

    unlike: (h, w) 0..1, per cell, how much one of them must be chosen. turn: (h, w), the share of the way at which it
    is the second: one number per region, so that a shadow is here or there, and not half in both places.
    """

    unlike: NDArray[np.float32]
    turn: NDArray[np.float32]


def choose(first: Cells, last: Cells, onward: Chain, place: int) -> Choice:
    """Compare the anchors of a window, as `cells_of` makes them.

    onward: the chain that leads from the first anchor's surfaces to the last; place: the last's in the window.
    """
    found = np.empty((*first.shape[:2], 4), np.float32)
    known = np.ones((*last.shape[:2], 4), np.float32)
    known[..., :3] = last[..., :3]
    where = np.where(onward.source == place, 0, 1).astype(np.int16)
    carry.take_cells(known[None], onward.offset, where, CELL, 0, found)
    apart = np.abs(found[..., :3] - first[..., :3]).max(2) * found[..., 3]
    apart = cv2.blur(apart, (3, 3))
    unlike = np.clip((apart - ALIKE) / np.float32(UNLIKE - ALIKE), 0, 1)
    _, regions = cv2.connectedComponents((unlike == 1).astype(np.uint8), connectivity=8)
    grown = cv2.dilate(regions.astype(np.float32), np.ones((5, 5), np.uint8))
    regions = grown.astype(np.int64)
    turn = EARLIEST + (LATEST - EARLIEST) * (regions * GOLDEN % 1)
    # A region of which one anchor saw a part alone is that anchor's, as long as it can be.
    unseen = cv2.blur(found[..., 3], (3, 3)) < 0.5
    entering = _enters(onward, unlike.shape)
    of_first, of_last = (np.isin(regions, regions[where]) for where in (unseen, entering))
    turn[of_first & ~of_last], turn[of_last & ~of_first] = 1, 0
    turn[regions == 0] = 0.5
    return Choice(np.asarray(unlike, np.float32), turn.astype(np.float32))


def _enters(onward: Chain, shape: tuple[int, int]) -> NDArray[np.bool_]:
    """(h, w): cells at the edges of the first anchor from which its surfaces move inwards, so that others follow."""
    rows, columns = (
        np.minimum(np.arange(n) * CELL + CELL // 2, full - 1)
        for n, full in zip(shape, onward.source.shape, strict=True)
    )
    moved = onward.offset[np.ix_(rows, columns)]
    entering = np.zeros(shape, bool)
    entering[:, 0] |= moved[:, 0, 0] > CELL
    entering[:, -1] |= moved[:, -1, 0] < -CELL
    entering[0] |= moved[0, :, 1] > CELL
    entering[-1] |= moved[-1, :, 1] < -CELL
    return entering


def held(
    place: int,
    chains: tuple[Chain, Chain],
    paintings: NDArray[np.uint8] | NDArray[np.uint16],
    cells: Cells,
    choice: Choice,
    ids: Ids,
) -> Picture:
    """A frame between two anchors, of the paintings of its window.

    Args:
        place: of the frame in its window, not the first and not the last.
        chains: the frame's, to the window's first frame and to its last.
        paintings: (N, H, W, 3) of the window's frames, integers over their whole range; cells: (N, h, w, 4), of each.
        choice: of the window's anchors.
        ids: (H, W) labels of the frame.
    """
    last = len(paintings) - 1
    scale = np.float32(1 / np.iinfo(paintings.dtype).max)
    back, ahead = chains
    wished_share, unlike = _wished(np.float32(place / last), choice, back)
    reached = [(chain.source == anchor).astype(np.float32) for chain, anchor in zip(chains, (0, last), strict=True)]
    most, least = (_faded(one) for one in (reached[1], reached[0]))
    least = 1 - least
    share = np.where(least > most, most / (most + 1 - least + np.float32(1e-6)), np.clip(wished_share, least, most))
    near = [cv2.blur(cv2.erode(one, np.ones((3, 3), np.uint8)), (3, 3)) for one in reached]
    towards, unlike = _per_pixel(share, ids.shape), _per_pixel(unlike, ids.shape)
    missing = 1 - near[0] - towards * (near[1] - near[0])
    nowhere = (1 - near[0]) * (1 - near[1])
    missing = nowhere + unlike * (missing - nowhere)
    weights = (1 - towards) * (near[0] + np.float32(LITTLE)), towards * (near[1] + np.float32(LITTLE))
    towards = weights[1] / (weights[0] + weights[1])
    towards[towards < BIT], towards[towards > 1 - BIT] = 0, 1

    mixed = np.empty(paintings.shape[1:], np.float32)
    carry.take(paintings, scale, towards, back.offset, back.source, ahead.offset, ahead.source, mixed)
    taken = np.empty((2, *cells.shape[1:]), np.float32)
    for chain, into in zip(chains, taken, strict=True):
        carry.take_cells(cells, chain.offset, chain.source, CELL, -1, into)
    small = _per_cell(towards)
    wanted = taken[0, ..., 3] + small * (taken[1, ..., 3] - taken[0, ..., 3])
    factor = np.clip(np.sqrt((wanted + FAINT) / (detail(mixed) + FAINT)), 1, MOST) - 1
    smooth = np.asarray(cv2.blur(factor, (3, 3)), np.float32)
    carry.sharpen(mixed, cv2.blur(mixed, (WINDOW, WINDOW)), _per_pixel(smooth, ids.shape))
    # A class's outline belongs to the frame: the paintings around it drew it elsewhere.
    kernel = np.ones((3, 3), np.uint8)
    outline = cv2.blur((cv2.erode(ids, kernel) != cv2.dilate(ids, kernel)).astype(np.float32), (3, 3))
    own = np.maximum(outline, missing)
    own[own < BIT] = 0
    carry.mend(mixed, paintings[place], scale, ids, own)
    return mixed


def _wished(share: np.float32, choice: Choice, back: Chain) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Per cell of a frame: the wished share of the last anchor, and how unlike the anchors are."""
    turned = (share > choice.turn).astype(np.float32)
    there = np.dstack([share + choice.unlike * (turned - share), choice.unlike, np.ones_like(turned)])
    here = np.empty_like(there)
    carry.take_cells(there[None], back.offset, back.source, CELL, 0, here)
    here = cv2.blur(here, (3, 3))
    known = here[..., 2] + np.float32(1e-6)
    return np.where(here[..., 2] > 0, here[..., 0] / known, share), here[..., 1] / known


def _faded(reached: NDArray[np.float32]) -> NDArray[np.float32]:
    """Per cell: 1 where an anchor saw all around, fading to 0 where it did not see half of it."""
    return np.clip(2 * cv2.blur(_per_cell(reached), (FADE, FADE)) - 1, 0, 1)
