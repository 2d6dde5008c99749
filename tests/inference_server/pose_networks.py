"""Networks of joints with known answers, as ONNX files of the published shapes; and figures for them to read.

A figure is dots, each joint of a colour of its own. A network finds the middle of the pixels of each colour, and says
it as the published one of its kind would: so what comes out at the end of the product is known to a part of a pixel.
"""

from __future__ import annotations

import cv2
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from shared.layouts import LAYOUTS
from tests.inference_server.walks import figure as figure

MEAN = np.array([123.675, 116.28, 103.53])
DEVIATION = np.array([58.395, 57.12, 57.375])
NEAR = 0.45  # of the way to the next colour: further away from a joint's is none of it


def steps(count):
    """From one level of red, green and blue to the next, so that there are colours enough."""
    return 85 if count <= 17 else 51 if count <= 26 else 255 // 7


def colours(count, palette=0):
    """(count, 3) 0..255: as bright as can be, so that none is another one on the way to black."""
    levels = range(255, -1, -steps(count))
    bright = np.array([(r, g, b) for r in levels for g in levels for b in levels if max(r, g, b) == 255])
    return bright[np.random.default_rng(0).permutation(len(bright))][palette * count : palette * count + count]


def drawn(size, figures, radius=3.0):
    """(H, W, 3) uint8: dots of figures (K, 2), each of a palette of its own, drawn eight times finer and averaged."""
    width, height = size
    sheet = np.zeros((height, width, 3), np.uint8)
    for palette, joints in enumerate(figures):
        for (x, y), colour in zip(joints, colours(len(joints), palette), strict=True):
            left, top = int(x - 3 * radius), int(y - 3 * radius)
            span = int(6 * radius) + 2
            rows, columns = (np.mgrid[: span * 8, : span * 8] + 0.5) / 8
            dot = ((columns + left - x) ** 2 + (rows + top - y) ** 2 <= radius**2).astype(np.float32)
            part = cv2.resize(dot, (span, span), interpolation=cv2.INTER_AREA)
            low, high = np.maximum((top, left), 0), np.minimum((top + span, left + span), (height, width))
            if (high <= low).any():
                continue
            cover = part[low[0] - top : high[0] - top, low[1] - left : high[1] - left, None]
            block = sheet[low[0] : high[0], low[1] : high[1]]
            block[:] = np.round(block * (1 - cover) + colour * cover)
    return sheet


class Graph:
    """Nodes on the way from a picture to what a network makes."""

    def __init__(self, width, height):
        self.size = width, height
        self.nodes, self.tensors, self.outputs = [], [], []

    def const(self, value, dtype=np.float32):
        name = f"c{len(self.tensors)}"
        self.tensors.append(numpy_helper.from_array(np.asarray(value, dtype), name))
        return name

    def node(self, operator, *inputs, **attributes):
        name = f"n{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, list(inputs), [name], **attributes))
        return name

    def total(self, value, *axes):
        return self.node("ReduceSum", value, self.const(axes, np.int64), keepdims=1)

    def output(self, value, name, shape):
        self.nodes.append(helper.make_node("Identity", [value], [name]))
        self.outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))

    def save(self, file, batch="batch"):
        width, height = self.size
        given = helper.make_tensor_value_info("input", TensorProto.FLOAT, [batch, 3, height, width])
        graph = helper.make_graph(self.nodes, "known", [given], self.outputs, self.tensors)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        onnx.checker.check_model(model)
        onnx.save(model, file)
        return file

    def joints(self, count, palette=0, order="rgb", normalised=True):
        """For each joint x and y of its middle, counted from the middle of the first pixel, (1, K, 1, 1) each, and how
        sure: near 1 where anything has its colour."""
        wanted = colours(count, palette).astype(np.float64)
        near = NEAR * steps(count)
        if normalised:
            wanted, near = (wanted - MEAN) / DEVIATION, near / 57.0
        if order == "bgr":
            wanted = wanted[:, ::-1]
        picture = self.node("Unsqueeze", "input", self.const([1], np.int64))  # (1, 1, 3, H, W)
        away = self.node("Sub", picture, self.const(wanted.reshape(1, count, 3, 1, 1)))
        away = self.node("Squeeze", self.total(self.node("Mul", away, away), 2), self.const([2], np.int64))
        like = self.node("Relu", self.node("Sub", self.const(1.0), self.node("Mul", away, self.const(1 / near**2))))
        width, height = self.size
        mass = self.total(like, 2, 3)
        safe = self.node("Add", mass, self.const(1e-6))
        x = self.node(
            "Div", self.total(self.node("Mul", like, self.const(np.arange(width)[None, None, None])), 2, 3), safe
        )
        column = self.const(np.arange(height)[None, None, :, None])
        y = self.node("Div", self.total(self.node("Mul", like, column), 2, 3), safe)
        sure = self.node("Div", mass, self.node("Add", mass, self.const(0.3)))
        return x, y, sure

    def bump(self, middle, count, step, deviation, axis):
        """exp(-(step * i - middle)² / 2 deviation²) for i below count, along an axis."""
        shape = [1, 1, 1, 1]
        shape[axis] = count
        away = self.node("Sub", self.const((np.arange(count) * step).reshape(shape)), middle)
        square = self.node("Mul", self.node("Mul", away, away), self.const(-0.5 / deviation**2))
        return self.node("Exp", square)


def simcc(file, layout="coco17", size=(192, 256), order="rgb", depth=False):
    count, (width, height) = len(LAYOUTS[layout]), size
    graph = Graph(width, height)
    x, y, sure = graph.joints(count, order=order)
    for name, middle, many, axis in (("simcc_x", x, 2 * width, 3), ("simcc_y", y, 2 * height, 2)):
        value = graph.node("Mul", graph.bump(middle, many, 0.5, 3.0, axis), sure)
        value = graph.node("Reshape", value, graph.const([1, count, many], np.int64))
        graph.output(value, name, ["batch", count, many])
    if depth:
        flat = graph.node("Mul", sure, graph.const(np.ones((1, 1, 1, 2 * width))))
        graph.output(graph.node("Squeeze", flat, graph.const([2], np.int64)), "simcc_z", ["batch", count, 2 * width])
    return graph.save(file)


def heatmaps(file, layout="coco17", size=(192, 256)):
    count, (width, height) = len(LAYOUTS[layout]), size
    graph = Graph(width, height)
    x, y, sure = graph.joints(count)
    wide, high = width // 4, height // 4
    across = graph.bump(x, wide, (width - 1) / (wide - 1), 6.0, 3)
    down = graph.bump(y, high, (height - 1) / (high - 1), 6.0, 2)
    graph.output(graph.node("Mul", graph.node("Mul", across, down), sure), "heatmap", ["batch", count, high, wide])
    return graph.save(file)


def boxes_of(graph, palettes, count, normalised=False, order="bgr"):
    """(1, P, 5) boxes of the joints of people, and (1, P, K, 3) the joints; who is not there scores 0."""
    boxes, joints = [], []
    for palette in range(palettes):
        x, y, sure = graph.joints(count, palette, order, normalised)
        ends = [
            graph.node(operator, value, axes=[1], keepdims=1)
            for operator in ("ReduceMin", "ReduceMax")
            for value in (x, y)
        ]
        score = graph.node("ReduceMin", sure, axes=[1], keepdims=1)
        box = graph.node("Concat", *ends, score, axis=1)
        boxes.append(graph.node("Reshape", box, graph.const([1, 1, 5], np.int64)))
        three = graph.node("Concat", x, y, sure, axis=3)
        joints.append(graph.node("Reshape", three, graph.const([1, 1, count, 3], np.int64)))
    return graph.node("Concat", *boxes, axis=1), graph.node("Concat", *joints, axis=1)


def rtmo(file, palettes=2, size=(320, 320)):
    graph = Graph(*size)
    boxes, joints = boxes_of(graph, palettes, 17)
    graph.output(boxes, "dets", ["batch", "people", 5])
    graph.output(joints, "keypoints", ["batch", "people", 17, 3])
    return graph.save(file)


def raw_yolox(file, size=(320, 320), classes=80):
    """Nobody anywhere, as the grid that files without a choice of boxes give."""
    graph = Graph(*size)
    rows = sum((size[0] // step) * (size[1] // step) for step in (8, 16, 32))
    none = graph.node("Mul", graph.node("ReduceMean", "input", axes=[1, 2, 3], keepdims=0), graph.const(0.0))
    none = graph.node("Reshape", none, graph.const([-1, 1, 1], np.int64))
    graph.output(
        graph.node("Add", graph.const(np.zeros((1, rows, 5 + classes))), none), "out", ["batch", rows, 5 + classes]
    )
    return graph.save(file)


def yolox(file, layout="coco17", palettes=1, size=(320, 320), labels=True):
    graph = Graph(*size)
    boxes, _ = boxes_of(graph, palettes, len(LAYOUTS[layout]))
    graph.output(boxes, "dets", ["batch", "people", 5])
    if labels:
        scores = graph.node("Slice", boxes, *(graph.const([n], np.int64) for n in (4, 5, 2)))
        graph.output(graph.node("Squeeze", scores, graph.const([2], np.int64)), "labels", ["batch", "people"])
    return graph.save(file)
