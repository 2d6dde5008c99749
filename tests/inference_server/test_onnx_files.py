"""ONNX files that are more than data, or less than a model: refused in words, before anything of them is run."""

import contextlib
import os
import sys

import numpy as np
import onnx
import pytest

from inference_server.models import onnx_network
from inference_server.models.onnx_files import read_checked
from inference_server.models.pose import adding
from shared import places
from shared.errors import ModelRefused
from tests.conftest import semrender
from tests.inference_server import pose_networks as known


def hostile(file, change):
    model = onnx.load(known.simcc(file))
    change(model)
    file.write_bytes(model.SerializeToString())
    return file


def custom(model):
    model.graph.node[3].domain = "com.example"
    model.graph.node[3].op_type = "RunThis"


def named(model):
    model.graph.node[3].domain, model.graph.node[3].op_type = "com\nadded", "\x1b[2JRun"


def elsewhere(model):
    tensor = model.graph.initializer[0]
    tensor.data_location = onnx.TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../../etc/passwd")


def hidden(model):
    """The same, in a branch of a branch."""
    inner = onnx.helper.make_graph([onnx.helper.make_node("RunThis", [], ["y"], domain="com.example")], "inner", [], [])
    outer = onnx.helper.make_graph(
        [onnx.helper.make_node("If", ["x"], ["z"], then_branch=inner, else_branch=inner)], "o", [], []
    )
    model.graph.node.append(onnx.helper.make_node("If", ["x"], ["w"], then_branch=outer, else_branch=outer))


def constant(model):
    tensor = onnx.numpy_helper.from_array(np.zeros(3, np.float32), "t")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="weights.bin")
    model.graph.node.append(onnx.helper.make_node("Constant", [], ["k"], value=tensor))


def function(model):
    node = onnx.helper.make_node("RunThis", ["a"], ["b"], domain="com.example")
    opset = [onnx.helper.make_opsetid("", 17), onnx.helper.make_opsetid("com.example", 1)]
    model.functions.append(onnx.helper.make_function("local", "F", ["a"], ["b"], [node], opset))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (custom, "RunThis of com.example, which is none of ONNX's own"),
        (named, r"\\x1b\[2JRun of com\\nadded"),
        (hidden, "RunThis of com.example"),
        (function, "RunThis of com.example"),
        (elsewhere, "keeps tensors in other files"),
        (constant, "keeps tensors in other files"),
    ],
)
def test_code_and_other_files_are_refused_before_anything_is_run(tmp_path, monkeypatch, change, words):
    file = hostile(tmp_path / "network.onnx", change)
    monkeypatch.setitem(sys.modules, "onnxruntime", None)  # it is not even asked
    with pytest.raises(ModelRefused, match=words):
        adding.add_network(file, "mine")
    assert not (places.models_folder() / "mine").exists()


def test_what_is_no_model_or_half_of_one_is_refused_in_words(tmp_path):
    whole = known.simcc(tmp_path / "whole.onnx").read_bytes()
    file = tmp_path / "damaged.onnx"
    rng = np.random.default_rng(0)
    for content in (
        b"",
        b"\x08",
        whole[:-100],
        whole[: len(whole) // 2],
        rng.bytes(4000),
        b"\x08\x07" + rng.bytes(4000),
    ):
        file.write_bytes(content)
        with pytest.raises(ModelRefused):
            adding.add_network(file, "mine")
    for place in rng.integers(0, len(whole), 300):  # one byte changed: refused, or another network of the same shapes
        file.write_bytes(whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :])
        with contextlib.suppress(ModelRefused):
            read_checked(file)


def test_a_model_that_goes_on_for_ever_is_stopped(tmp_path, monkeypatch):
    """A loop of the standard, with more rounds than anybody waits for."""
    monkeypatch.setattr(onnx_network, "LONGEST", 0.5)
    helper, kinds = onnx.helper, onnx.TensorProto
    say = lambda name, kind, shape: helper.make_tensor_value_info(name, kind, shape)  # noqa: E731
    body = helper.make_graph(
        [helper.make_node("Identity", ["go"], ["on"]), helper.make_node("Sin", ["x"], ["y"])],
        "body",
        [say("round", kinds.INT64, []), say("go", kinds.BOOL, []), say("x", kinds.FLOAT, ["n", 3, 64, 64])],
        [say("on", kinds.BOOL, []), say("y", kinds.FLOAT, ["n", 3, 64, 64])],
    )
    graph = known.Graph(64, 64)
    most, true = graph.const(2**62, np.int64), graph.const(True, np.bool_)
    graph.nodes.append(helper.make_node("Loop", [most, true, "input"], ["looped"], body=body))
    graph.output("looped", "heatmap", ["batch", 3, 64, 64])
    with pytest.raises(ModelRefused, match=r"longer than 0\.5 seconds"):
        adding.add_network(graph.save(tmp_path / "network.onnx"), "mine")


@pytest.mark.parametrize("content", [b"", b"\x08", None])
def test_a_file_that_was_cut_short_is_called_a_damaged_network_and_a_pipe_is_not_waited_for(tmp_path, content):
    whole = known.simcc(tmp_path / "whole.onnx")
    cut, pipe = tmp_path / "cut.onnx", tmp_path / "pipe.onnx"
    cut.write_bytes(whole.read_bytes()[:-300] if content is None else content)
    os.mkfifo(pipe)
    done = semrender("models", "add", cut, "--name", "mine")
    assert done.returncode == 3 and "cut.onnx: this is no ONNX model, or it is damaged" in done.stderr, done.stderr
    for given in ((pipe,), (whole, "--detector", pipe)):
        refused = semrender("models", "add", *given, "--name", "mine", seconds=60)
        assert refused.returncode == 3 and "pipe.onnx" in refused.stderr, refused.stderr
    assert not (places.models_folder() / "mine").exists()
