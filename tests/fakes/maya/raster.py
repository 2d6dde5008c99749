"""A z-buffer over triangles, sampled at pixel centres, and the ways in which renderers soil a flat colour."""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Sequence
from typing import Callable

Point = tuple[float, float, float]
Color = tuple[float, float, float]
Matrix = list[list[float]]
Picture = list[list[tuple[float, float, float, float]]]  # rows of (r, g, b, alpha), not rounded


ROTATE_ORDERS = ("xyz", "yzx", "zxy", "xzy", "yxz", "zyx")  # by number: the first is applied first [docs transform]


def matrix(translate: Point, rotate: Point, scale: Point) -> Matrix:
    """Row vectors, rotation order xyz, as Maya's."""
    return product(product(stretched(scale), turned(rotate)), shifted(translate))


def stretched(scale: Point) -> Matrix:
    return [[scale[0], 0, 0, 0], [0, scale[1], 0, 0], [0, 0, scale[2], 0], [0, 0, 0, 1.0]]


def shifted(translate: Point) -> Matrix:
    return [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [*translate, 1.0]]


def turned(rotate: Point, order: int = 0) -> Matrix:
    """Degrees about x, y and z, one after the other as the order says."""
    made = stretched((1.0, 1.0, 1.0))
    for axis in map("xyz".index, ROTATE_ORDERS[order]):
        c, s = math.cos(math.radians(rotate[axis])), math.sin(math.radians(rotate[axis]))
        i, j = [(1, 2), (2, 0), (0, 1)][axis]
        turn = [[float(a == b) for b in range(4)] for a in range(4)]
        turn[i][i], turn[i][j], turn[j][i], turn[j][j] = c, s, -s, c
        made = product(made, turn)
    return made


def product(a: Matrix, b: Matrix) -> Matrix:
    return [[sum(a[i][k] * b[k][j] for k in range(4)) for j in range(4)] for i in range(4)]


def moved(point: Point, by: Matrix) -> Point:
    x, y, z = point
    return tuple(x * by[0][i] + y * by[1][i] + z * by[2][i] + by[3][i] for i in range(3))  # type: ignore[return-value]


def seen_from(point: Point, camera: Matrix) -> Point:
    """World to camera space; the camera matrix has no scale."""
    d = [point[i] - camera[3][i] for i in range(3)]
    return tuple(sum(d[k] * camera[i][k] for k in range(3)) for i in range(3))  # type: ignore[return-value]


class Canvas:
    """Depth and colour of every sample. `focal` is half the picture's width and height at the distance 1."""

    def __init__(self, width: int, height: int, focal: tuple[float, float], samples: int, background: Color) -> None:
        self.width, self.height, self.samples = width * samples, height * samples, samples
        self.focal = focal
        self.depth = [[math.inf] * self.width for _ in range(self.height)]
        self.color: list[list[tuple[float, float, float, float]]] = [
            [(*background, 0.0)] * self.width for _ in range(self.height)
        ]

    def quad(
        self, corners: Sequence[Point], color: Color, opacity: Callable[[float, float], float], near: float
    ) -> None:
        """Draw a four-cornered face in camera space; `opacity` of (u, v) in it. Nearer than `near` it is cut."""
        uv = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)]
        polygon = _clipped([(*point, *place) for point, place in zip(corners, uv)], near)
        for b, c in zip(polygon[1:], polygon[2:]):
            three = (polygon[0], b, c)
            self._triangle([one[:3] for one in three], [one[3:] for one in three], color, opacity)

    def _triangle(
        self, points: list[Point], uv: list[tuple[float, float]], color: Color, opacity: Callable[[float, float], float]
    ) -> None:
        flat = []
        for x, y, z in points:
            flat.append(
                ((x / -z / self.focal[0] + 1) * self.width / 2, (1 - y / -z / self.focal[1]) * self.height / 2, -1 / z)
            )
        (x0, y0, w0), (x1, y1, w1), (x2, y2, w2) = flat
        area = (x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0)
        if abs(area) < 1e-12:
            return
        top, bottom = max(0, math.ceil(min(y0, y1, y2) - 0.5)), min(self.height - 1, math.floor(max(y0, y1, y2) - 0.5))
        left, right = max(0, math.ceil(min(x0, x1, x2) - 0.5)), min(self.width - 1, math.floor(max(x0, x1, x2) - 0.5))
        for y in range(top, bottom + 1):
            py = y + 0.5
            depths, colors = self.depth[y], self.color[y]
            for x in range(left, right + 1):
                px = x + 0.5
                a = ((x1 - px) * (y2 - py) - (x2 - px) * (y1 - py)) / area
                b = ((x2 - px) * (y0 - py) - (x0 - px) * (y2 - py)) / area
                c = 1 - a - b
                if a < 0 or b < 0 or c < 0:
                    continue
                w = a * w0 + b * w1 + c * w2
                if 1 / w >= depths[x]:
                    continue
                u = (a * uv[0][0] * w0 + b * uv[1][0] * w1 + c * uv[2][0] * w2) / w
                v = (a * uv[0][1] * w0 + b * uv[1][1] * w1 + c * uv[2][1] * w2) / w
                opaque = opacity(u, v)
                if opaque <= 0:
                    continue
                below = colors[x]
                colors[x] = tuple(n * opaque + o * (1 - opaque) for n, o in zip((*color, 1.0), below))  # type: ignore[assignment]
                if opaque >= 1:
                    depths[x] = 1 / w

    def resolved(self) -> Picture:
        """Samples averaged to pixels: with more than one this is anti-aliasing."""
        n = self.samples
        if n == 1:
            return self.color
        rows = []
        for y in range(0, self.height, n):
            row = []
            for x in range(0, self.width, n):
                block = [self.color[y + j][x + i] for j in range(n) for i in range(n)]
                row.append(tuple(sum(p[k] for p in block) / (n * n) for k in range(4)))
            rows.append(row)
        return rows  # type: ignore[return-value]


def _clipped(polygon: list[tuple[float, ...]], near: float) -> list[tuple[float, ...]]:
    """The part of a polygon of (x, y, z, u, v) that is beyond the near plane."""
    result = []
    for a, b in zip(polygon, polygon[1:] + polygon[:1]):
        if -a[2] >= near:
            result.append(a)
        if (-a[2] >= near) != (-b[2] >= near):
            part = (-near - a[2]) / (b[2] - a[2])
            result.append(tuple(one + part * (other - one) for one, other in zip(a, b)))
    return result


def mixed(pictures: Sequence[Picture]) -> Picture:
    """The mean of pictures: lens and motion blur."""
    count = len(pictures)
    return [
        [tuple(sum(p[k] for p in same) / count for k in range(4)) for same in zip(*rows)]  # type: ignore[misc]
        for rows in zip(*pictures)
    ]


def smoothed(picture: Picture) -> Picture:
    """Where two colours meet their mean: anti-aliasing that nobody asked for."""
    return [
        [tuple((v + w) / 2 for v, w in zip(a, b)) for a, b in zip(row, [*row[1:], row[-1]])]  # type: ignore[misc]
        for row in picture
    ]


def each(picture: Picture, change: Callable[[float], float]) -> Picture:
    return [[(change(r), change(g), change(b), a) for r, g, b, a in row] for row in picture]


def srgb(value: float) -> float:
    value = max(0.0, value)
    return value * 12.92 if value <= 0.0031308 else 1.055 * value ** (1 / 2.4) - 0.055


def save_png(path: str, picture: Picture, dither: bool, alpha: bool = True) -> None:
    """8 bits, rounded as floor(x * 255 + .5); dither adds up to one code either way before."""
    state = 12345
    rows = []
    for row in picture:
        data = bytearray([0])
        for pixel in row:
            for index, value in enumerate(pixel[: 4 if alpha else 3]):
                shift = 0.0
                if dither and index < 3:
                    state = (1103515245 * state + 12345) & 0x7FFFFFFF
                    shift = state / 0x7FFFFFFF * 2 - 1
                data.append(max(0, min(255, math.floor(value * 255 + 0.5 + shift))))
        rows.append(bytes(data))
    header = struct.pack(">IIBBBBB", len(picture[0]), len(picture), 8, 6 if alpha else 2, 0, 0, 0)
    with open(path, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n")
        for kind, body in ((b"IHDR", header), (b"IDAT", zlib.compress(b"".join(rows), 1)), (b"IEND", b"")):
            file.write(struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)))


def save_exr(path: str, channels: dict[str, list[list[float]]]) -> None:
    """Uncompressed float scanlines, as the OpenEXR file layout document describes them."""
    names = sorted(channels)
    height, width = len(channels[names[0]]), len(channels[names[0]][0])

    def attribute(name: str, kind: str, body: bytes) -> bytes:
        return name.encode() + b"\0" + kind.encode() + b"\0" + struct.pack("<i", len(body)) + body

    listed = b"".join(name.encode() + b"\0" + struct.pack("<iBBBBii", 2, 0, 0, 0, 0, 1, 1) for name in names) + b"\0"
    box = struct.pack("<4i", 0, 0, width - 1, height - 1)
    header = b"\x76\x2f\x31\x01\x02\0\0\0"
    header += attribute("channels", "chlist", listed) + attribute("compression", "compression", b"\0")
    header += attribute("dataWindow", "box2i", box) + attribute("displayWindow", "box2i", box)
    header += attribute("lineOrder", "lineOrder", b"\0") + attribute("pixelAspectRatio", "float", struct.pack("<f", 1))
    header += attribute("screenWindowCenter", "v2f", struct.pack("<2f", 0, 0))
    header += attribute("screenWindowWidth", "float", struct.pack("<f", 1)) + b"\0"
    size = 8 + 4 * width * len(names)
    start = len(header) + 8 * height
    with open(path, "wb") as file:
        file.write(header + b"".join(struct.pack("<Q", start + y * size) for y in range(height)))
        for y in range(height):
            file.write(struct.pack("<ii", y, size - 8))
            for name in names:
                file.write(struct.pack(f"<{width}f", *channels[name][y]))
