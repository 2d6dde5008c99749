"""Frames that hold still: a frame made of what the paintings around it say of the same surfaces.

A painting per frame swims: the network paints every frame anew, and its grain stays on the screen while the world
moves. Averaging neighbours calms that and blurs it. Instead, two paintings are trusted, the *anchors*: frames whose
number is a multiple of the stride. Every surface is followed, by the renderer's exact motion, from the frame
at hand back to the anchor before it and on to the one after it, and takes its pixels from there. From
one anchor to the next the frame crosses over. What an anchor did not see (hidden, outside, another class) is taken
from the first painting after it that did, so it holds still too, from its birth on.

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

from inference_server.stability import carry
from inference_server.stability.motion import Field, Ids, Seen
from inference_server.stability.window import STRIDES

Picture = NDArray[np.float32]  # (H, W, 3), 0..1

SPECK = 5  # pixels; holes up to this size in what depth confirms are noise of the geometry
WINDOW = 5  # pixels of the mean that detail is the difference to
CELL = 6  # pixels a side; detail is compared per cell
MOST = 2.0  # times that detail is raised
FAINT = 8e-7  # energy below which there is no detail worth raising (a quarter of an 8-bit code, squared)
LITTLE = 0.02  # weight of a painting that is no anchor, against one that is
LUMA = np.array([[0.299, 0.587, 0.114]], np.float32)


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


def detail(picture: Picture) -> NDArray[np.float32]:
    """(h, w): energy of what is finer than the window, per cell; of a picture (H, W, 3), 0..1."""
    luma = cv2.transform(picture, LUMA)
    high = luma - cv2.blur(luma, (WINDOW, WINDOW))
    height, width = luma.shape
    cells = (-(-width // CELL), -(-height // CELL))
    return np.asarray(cv2.resize(high * high, cells, interpolation=cv2.INTER_AREA), np.float32)


def held(
    place: int,
    chains: tuple[Chain, Chain],
    paintings: NDArray[np.uint8] | NDArray[np.uint16],
    details: NDArray[np.float32],
    ids: Ids,
) -> Picture:
    """A frame between two anchors, of the paintings of its window.

    Args:
        place: of the frame in its window, not the first and not the last.
        chains: the frame's, to the window's first frame and to its last.
        paintings: (N, H, W, 3) of the window's frames, integers over their whole range; details: (N, h, w), of each.
        ids: (H, W) labels of the frame.
    """
    last = len(paintings) - 1
    scale = np.float32(1 / np.iinfo(paintings.dtype).max)
    share = np.float32(place / last)
    weights, wanted = [], []
    for chain, anchor, part in zip(chains, (0, last), (1 - share, share), strict=True):
        energy = np.empty_like(details[0])
        carry.take_coarse(details, chain.offset, chain.source, CELL, energy)
        reached = cv2.erode((chain.source == anchor).astype(np.float32), np.ones((3, 3), np.uint8))
        weights.append(part * (cv2.blur(reached, (3, 3)) + np.float32(LITTLE)))
        wanted.append(energy)
    towards = weights[1] / (weights[0] + weights[1])
    mixed = np.empty(paintings.shape[1:], np.float32)
    back, ahead = chains
    carry.take(paintings, scale, towards, back.offset, back.source, ahead.offset, ahead.source, mixed)
    small = cv2.resize(towards, energy.shape[::-1], interpolation=cv2.INTER_AREA)
    wished = wanted[0] + small * (wanted[1] - wanted[0])
    factor = np.clip(np.sqrt((wished + FAINT) / (detail(mixed) + FAINT)), 1, MOST) - 1
    height, width = ids.shape
    factor = np.asarray(cv2.resize(factor, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)
    # A class's outline belongs to the frame: the paintings around it drew it elsewhere.
    kernel = np.ones((3, 3), np.uint8)
    outline = cv2.blur((cv2.erode(ids, kernel) != cv2.dilate(ids, kernel)).astype(np.float32), (3, 3))
    carry.finish(mixed, cv2.blur(mixed, (WINDOW, WINDOW)), factor, paintings[place], scale, outline)
    return mixed
