"""Interlaced pictures: whether some are, which of their two fields is the earlier, and whole ones made of them.

FFmpeg's idet and bwdif, which know a picture's neighbours alone: what is made of a picture is the same whatever was
read before it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

FILTER_ORDERS = {"auto": "auto", "top": "tff", "bottom": "bff"}  # as FFmpeg calls them
SEEN_AS = {"tff": "top", "bff": "bottom", "progressive": "whole"}


def whole(picture: Any, beside: tuple[Any, Any], order: str, stream: Any) -> Any:
    """A decoded picture without its combs: lines of the earlier field, the others from it and the neighbours' (bwdif).

    Args:
        beside: the pictures before and after it; were one of them the picture itself, nothing would seem to move.
        order: "top" or "bottom" field first, or "auto", as the picture itself says.
    """
    how = f"mode=send_frame:parity={FILTER_ORDERS[order]}:deint=all"
    return _filtered((beside[0], picture, beside[1]), stream, "bwdif", how)[1]


def seen(runs: Iterable[Sequence[Any]], stream: Any) -> str | None:
    """What pictures look like, whatever is said of them: "top" or "bottom" field first, "whole"; None where nothing
    moves enough to tell. runs: decoded pictures, each run some that follow one another.
    """
    counts: Counter[str] = Counter()
    for pictures in runs:
        for one in _filtered(pictures, stream, "idet", ""):
            counts[one.metadata.get("lavfi.idet.single.current_frame", "")] += 1
    told = Counter({SEEN_AS[name]: count for name, count in counts.items() if name in SEEN_AS})
    return told.most_common(1)[0][0] if told else None


def _filtered(pictures: Sequence[Any], stream: Any, name: str, how: str) -> list[Any]:
    import av

    graph = av.filter.Graph()
    steps = [graph.add_buffer(template=stream), graph.add(name, how or None), graph.add("buffersink")]
    graph.link_nodes(*steps).configure()
    for picture in pictures:
        graph.push(picture)
    graph.push(None)
    return [graph.pull() for _ in pictures]
