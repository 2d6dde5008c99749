"""Frames that hold still: a frame made of what the paintings around it say of the same surfaces.

A painting per frame swims: the network paints every frame anew, and its grain stays on the screen while the world
moves. Averaging neighbours calms that and blurs it. Instead, two paintings are trusted, the *anchors*: frames whose
number is a multiple of the stride. Every surface is followed, by the renderer's exact motion, from the frame
at hand back to the anchor before it and on to the one after it, and takes its pixels from there. From
one to the other the frame crosses over. What one anchor did not see comes from the other, what neither saw from the
frame itself.

Paintings differ in light, too: a shadow lies elsewhere in each. Mixed it would be there twice, half as dark. So every
region of a class in which the anchors differ (`choose`) goes over whole, at a time of its own; beside what one anchor
saw alone it is that anchor's as long as it can be. And an anchor fades over a wide way towards what it did not see: no
step is left that neither has. Between classes there is no fading: at an outline a step is none.

Two independent textures that are mixed half and half have half the energy. So the detail of the mixture is raised
to what its two parts have, place by place; likewise what interpolation between pixels cost.

The result is a function of the frames from one anchor to the next (`window`) and of nothing else: any chunk of a
shot, any resumed job, gives the same bits. Nothing recurs.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from inference_server.stability.late import carry, spread
from inference_server.stability.motion import Field, Ids, Seen
from inference_server.stability.window import longest
from shared.values import Value

Picture = NDArray[np.float32]  # (H, W, 3), 0..1

SPECK = 5  # pixels; holes up to this size in what depth confirms are noise of the geometry
WINDOW = 5  # pixels of the mean that detail is the difference to
CELL = 8  # pixels a side; light and detail are compared per cell
ALIKE, UNLIKE = 0.07, 0.11  # of the range: below, two lights may be mixed; above, one is chosen
FADE = 9  # cells a side, over whose half an anchor fades towards what it did not see
LEVELS = UNLIKE * np.float32(2) ** np.arange(3, -0.1, -0.5)  # of the range, downwards: regions grow and meet
PART = 0.1  # of a region's cells that lie beside what one anchor saw alone; then it is that anchor's
EARLIEST, LATEST = 0.25, 0.75  # share of the way between which places go over that the anchors light differently
GOLDEN = 0.618034  # its multiples spread evenly, and neighbours far apart
MOST = 1.5  # times that detail is raised: half of two independent textures has 1 / 1.41 of their contrast
FAINT = 8e-7  # energy below which there is no detail worth raising (a quarter of an 8-bit code, squared)
LITTLE = 0.02  # weight of a painting that is no anchor, against one that is
BIT = 1 / 256  # a share below is none, and one that lacks less is all
LUMA = np.array([[0.299, 0.587, 0.114]], np.float32)

Cells = NDArray[np.float32]  # (h, w, K): something of every CELL x CELL pixels


def memory(strength: str, width: int, height: int, by_flow: bool = False) -> int:
    """Predicted bytes at most: paintings and chains of a window, of what is still, and what a frame takes.

    by_flow: without a motion pass, when the flow around the frame at hand, both ways, is kept, too.
    """
    frames = longest(strength)
    return width * height * (frames * (6 + 10) + 2 * 6 + 4 + 180 + (9 * (2 * 8 + 1) if by_flow else 0))


class Chain(Value):
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


def classes_of(ids: Ids) -> Ids:
    """(h, w): the class in the middle of every cell."""
    rows, columns = (np.minimum(np.arange(0, n, CELL) + CELL // 2, n - 1) for n in ids.shape)
    return np.ascontiguousarray(ids[np.ix_(rows, columns)])


def _per_pixel(cells: Cells, classes: Ids, ids: Ids) -> NDArray[np.float32]:
    """(K, H, W): between the middles of the cells (h, w, K), of a pixel's own class."""
    found = np.empty((cells.shape[2], *ids.shape), np.float32)
    spread.per_pixel(cells, classes, CELL, ids, found)
    return found


def _enlarged(cells: Cells, shape: tuple[int, int]) -> NDArray[np.float32]:
    """Between the middles of the cells, for every pixel of a frame (H, W)."""
    whole = (cells.shape[1] * CELL, cells.shape[0] * CELL)
    large = cv2.resize(cells, whole, interpolation=cv2.INTER_LINEAR)
    return np.ascontiguousarray(large[: shape[0], : shape[1]], np.float32)


def _mean(cells: Cells, classes: Ids, reach: int) -> Cells:
    """(h, w, K): the mean of the cells around, of a cell's own class."""
    found = np.empty_like(cells)
    spread.mean_alike(np.ascontiguousarray(cells), classes, reach, found)
    return found


class Choice(Value):
    """Where the two anchors of a window paint different light, in places of the first of them.

    unlike: (h, w) 0..1, per cell, how much one of them must be chosen. turn: (h, w), the share of the way at which it
    is the second: one number per region, so that a shadow is here or there, and not half in both places. classes:
    (h, w), of the first anchor's cells: a region lies within one class, at whose outline a step is none.
    """

    unlike: NDArray[np.float32]
    turn: NDArray[np.float32]
    classes: Ids


def choose(cells: tuple[Cells, Cells], ids: tuple[Ids, Ids], onward: Chain, place: int) -> Choice:
    """Compare the anchors of a window, the first and the last.

    Args:
        cells: of each, as `cells_of` makes them; ids: (H, W) labels of each.
        onward: the chain that leads from the first anchor's surfaces to the last; place: the last's in the window.
    """
    classes, classes_there = (classes_of(one) for one in ids)
    where = np.where(onward.source == place, 0, 1).astype(np.int16)
    found = _there(cells[1][..., :3], classes_there, onward.offset, where, classes)
    apart = np.abs(found[..., :3] - cells[0][..., :3]).max(2) * found[..., 3]
    apart, known = np.moveaxis(_mean(np.dstack([apart, found[..., 3]]), classes, 1), 2, 0)
    apart = apart / np.maximum(known, np.float32(1e-6))
    seen = _of_class((where == 0).astype(np.float32), ids[0], classes)
    regions = _regions(apart >= UNLIKE, classes)
    owner = _owner(apart, classes, _wide(seen < 0.5), _enters(onward.offset, where, classes, ids[1], classes_there))
    turn = np.asarray(EARLIEST + (LATEST - EARLIEST) * (regions * GOLDEN % 1), np.float64)
    turn[owner == 1], turn[owner == 2] = 1, 0  # as long as it can be
    turn = _grown(turn, regions > 0, classes)
    unlike = np.clip((apart - ALIKE) / np.float32(UNLIKE - ALIKE), 0, 1)
    return Choice(unlike, turn.astype(np.float32), classes)


def _regions(unlike: NDArray[np.bool_], classes: Ids) -> NDArray[np.int64]:
    """(h, w): a number for every region of one class; 0 between them."""
    height, width = unlike.shape
    joined = np.zeros((2 * height - 1, 2 * width - 1), np.uint8)  # between two cells: whether they belong together
    joined[::2, ::2] = unlike
    joined[::2, 1::2] = unlike[:, 1:] & unlike[:, :-1] & (classes[:, 1:] == classes[:, :-1])
    joined[1::2, ::2] = unlike[1:] & unlike[:-1] & (classes[1:] == classes[:-1])
    _, regions = cv2.connectedComponents(joined, connectivity=4)
    return regions[::2, ::2].astype(np.int64)


def _owner(
    apart: NDArray[np.float32], classes: Ids, of_first: NDArray[np.bool_], of_last: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """(h, w): 1 where a region is the first anchor's because that saw more beside it alone, 2 the last's, 0 if neither.

    What differs most belongs together; where two cores of different owners meet at a lower level they are parted there,
    where the anchors differ least.
    """
    seeds = _mean(np.dstack([of_first, of_last]).astype(np.float32), classes, 2) > 0
    owner = np.zeros(apart.shape, np.int64)
    for level in LEVELS:
        regions = _regions(apart >= level, classes)
        owned = [_share(regions, owner == number) > 0 for number in (1, 2)]
        wanted = [_share(regions, seeds[..., number]) for number in (0, 1)]
        free = ~(owned[0] | owned[1])
        first = owned[0] | free & (wanted[0] > PART) & (wanted[0] >= wanted[1])
        last = owned[1] | free & (wanted[1] > PART) & (wanted[1] > wanted[0])
        far = [cv2.distanceTransform((owner != number).astype(np.uint8), cv2.DIST_L2, 3) for number in (1, 2)]
        found = (first + 2 * last)[regions]
        found[found == 3] = np.where(far[0] <= far[1], 1, 2)[found == 3]
        owner = np.where((regions > 0) & (owner == 0), found, owner)
    return owner


def _share(regions: NDArray[np.int64], where: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Of every region, by its number: the share of its cells."""
    return np.bincount(regions.ravel(), where.ravel()) / np.maximum(np.bincount(regions.ravel()), 1)


def _grown(turn: NDArray[np.float64], known: NDArray[np.bool_], classes: Ids) -> NDArray[np.float64]:
    """What lies within two cells of a region, and is of its class, goes over with it; the rest at half way."""
    result = np.full(turn.shape, 0.5)
    for one in np.unique(classes[known]):
        mine = classes == one
        grown = cv2.dilate(np.where(known & mine, turn + 1, 0), np.ones((5, 5), np.uint8))
        result[mine] = np.where(grown > 0, grown - 1, 0.5)[mine]
    return np.where(known, turn, result)


def _of_class(plane: NDArray[np.float32], ids: Ids, classes: Ids) -> NDArray[np.float32]:
    """(h, w): the mean over those pixels of a cell that have its class."""
    height, width = ids.shape
    mine = (ids == np.kron(classes, np.ones((CELL, CELL), np.uint16))[:height, :width]).astype(np.float32)
    return _per_cell(plane * mine) / _per_cell(mine)


def _wide(unseen: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Without what is one cell wide: of that little the frame's own painting is shown."""
    kernel = np.ones((2, 2), np.uint8)
    return np.asarray(cv2.dilate(cv2.erode(unseen.astype(np.uint8), kernel), kernel, anchor=(0, 0)) > 0)


def _enters(offset: Field, where: NDArray[np.int16], classes: Ids, there: Ids, classes_there: Ids) -> NDArray[np.bool_]:
    """(h, w): cells of the first anchor whose surfaces lie, in the last, beside such as the first did not see."""
    reached = np.zeros(where.shape, np.float32)
    spread.land(offset, where, reached)
    new = _wide(_of_class(reached, there, classes_there) < 0.5)
    beside = (_mean(new[..., None].astype(np.float32), classes_there, 1) > 0).astype(np.float32)
    return np.asarray(_there(beside, classes_there, offset, where, classes)[..., 0] > 0.5)


def _there(cells: Cells, classes_there: Ids, offset: Field, where: NDArray[np.int16], classes: Ids) -> Cells:
    """(h, w, K + 1): cells (h, w, K) of another frame for those of this one, of the same class; at last if known."""
    found = np.empty((*classes.shape, cells.shape[2] + 1), np.float32)
    spread.take_alike(np.ascontiguousarray(cells), classes_there, offset, where, classes, CELL, found)
    return found


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
    classes = classes_of(ids)
    wished, unlike = _wished(np.float32(place / last), choice, back, classes)
    reached = [(chain.source == anchor).astype(np.float32) for chain, anchor in zip(chains, (0, last), strict=True)]
    faded = np.clip(2 * _mean(np.dstack([_per_cell(one) for one in reached]), classes, FADE // 2) - 1, 0, 1)
    least, most = 1 - faded[..., 0], faded[..., 1]
    share = np.where(least > most, most / (most + 1 - least + np.float32(1e-6)), np.clip(wished, least, most))
    near = [cv2.blur(cv2.erode(one, np.ones((3, 3), np.uint8)), (3, 3)) for one in reached]
    towards, unlike = _per_pixel(np.dstack([share, unlike]), classes, ids)
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
        spread.take_cells(cells, chain.offset, chain.source, CELL, -1, into)
    small = _per_cell(towards)
    wanted = taken[0, ..., 3] + small * (taken[1, ..., 3] - taken[0, ..., 3])
    factor = np.clip(np.sqrt((wanted + FAINT) / (detail(mixed) + FAINT)), 1, MOST) - 1
    smooth = np.asarray(cv2.blur(factor, (3, 3)), np.float32)
    carry.sharpen(mixed, cv2.blur(mixed, (WINDOW, WINDOW)), _enlarged(smooth, ids.shape))
    # A class's outline belongs to the frame: the paintings around it drew it elsewhere.
    kernel = np.ones((3, 3), np.uint8)
    outline = cv2.blur((cv2.erode(ids, kernel) != cv2.dilate(ids, kernel)).astype(np.float32), (3, 3))
    own = np.maximum(outline, missing)
    own[own < BIT] = 0
    carry.mend(mixed, paintings[place], scale, ids, own)
    return mixed


def _wished(share: np.float32, choice: Choice, back: Chain, classes: Ids) -> tuple[Cells, Cells]:
    """Per cell of a frame (h, w): the wished share of the last anchor, and how unlike the anchors are."""
    turned = (share > choice.turn).astype(np.float32)
    there = np.dstack([share + choice.unlike * (turned - share), choice.unlike])
    here = _mean(_there(there, choice.classes, back.offset, back.source, classes), classes, 1)
    known = here[..., 2] + np.float32(1e-6)
    return np.where(here[..., 2] > 0, here[..., 0] / known, share), here[..., 1] / known
