"""Channels that never say anything are taken out, and nothing else changes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import openvino as ov
import pytest
from onnx import helper, numpy_helper
from tests.engine.models.stores import tiny_onnx

from offcut.engine.models.families import FAMILIES
from offcut.engine.models.graph import matte_graph
from offcut.engine.models.prune import may_prune, prune
from offcut.engine.models.quantize import convolutions

SILENT = {"/in/Conv/WithoutBiases": [1, 6], "/deep/Conv/WithoutBiases": [0, 3, 4]}


def model_of(content: bytes, folder: Path) -> ov.Model:
    path = folder / "tiny.onnx"
    path.write_bytes(content)
    onnx.save(matte_graph(path, FAMILIES["isnet"]), path)
    return ov.Core().read_model(path)


def with_silence() -> bytes:
    """The tiny network with a few channels whose weights are nothing and whose offset is below zero."""
    model = onnx.load_from_string(tiny_onnx(shuffled=False))
    constants = {constant.name: constant for constant in model.graph.initializer}
    offset = numpy_helper.to_array(constants["b1"])
    for node in model.graph.node:
        channels = SILENT.get(f"{node.name}/WithoutBiases")
        if channels:
            weights = numpy_helper.to_array(constants[node.input[1]]).copy()
            bias = offset.copy()
            weights[channels], bias[channels] = 0, -0.5
            names = [f"{node.input[1]}_quiet", f"{node.name}_quiet"]
            for name, value in zip(names, (weights, bias), strict=True):
                model.graph.initializer.append(numpy_helper.from_array(value, name))
            node.input[1:] = names
    return bytes(model.SerializeToString())


def answer(model: ov.Model) -> np.ndarray:
    square = np.random.default_rng(2).integers(0, 256, (1, 64, 64, 3), np.uint8)
    compiled = ov.compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return np.array(compiled([square])[0])


def test_the_answer_stays_and_the_network_is_smaller(tmp_path: Path) -> None:
    model = model_of(with_silence(), tmp_path)
    before = answer(model)
    prune(model, SILENT)
    shapes = {node.get_friendly_name(): tuple(node.input(1).get_shape()) for node in convolutions(model)}
    assert shapes["/in/Conv/WithoutBiases"] == (6, 3, 3, 3)
    assert shapes["/deep/Conv/WithoutBiases"] == (5, 6, 3, 3)
    assert shapes["/join/Conv"] == (8, 11, 3, 3)
    assert before.std() > 0.01
    np.testing.assert_allclose(answer(model), before, atol=1e-5)


def test_what_is_not_silent_would_be_missed(tmp_path: Path) -> None:
    model = model_of(tiny_onnx(shuffled=False), tmp_path)
    before = answer(model)
    prune(model, SILENT)
    assert np.abs(answer(model) - before).max() > 1e-3


def test_a_table_of_another_network_is_refused(tmp_path: Path) -> None:
    with pytest.raises(KeyError):
        prune(model_of(tiny_onnx(shuffled=False), tmp_path), {"/other/Conv": [1]})


def test_what_is_added_to_something_keeps_all_its_channels(tmp_path: Path) -> None:
    network = onnx.load_from_string(tiny_onnx(shuffled=False))
    nodes = network.graph.node
    added = helper.make_node("Add", ["p1", "r2"], ["sum"])
    position = next(index for index, node in enumerate(nodes) if node.name == "/deep/Relu") + 1
    nodes.insert(position, added)
    for node in nodes[position + 1 :]:
        node.input[:] = ["sum" if name == "r2" else name for name in node.input]
    model = model_of(bytes(network.SerializeToString()), tmp_path)
    able = {node.get_friendly_name(): may_prune(node) for node in convolutions(model)}
    assert able == {
        "/in/Conv/WithoutBiases": False,
        "/deep/Conv/WithoutBiases": False,
        "/join/Conv": True,
        "/out/Conv": False,
    }
    with pytest.raises(KeyError):
        prune(model, {"/deep/Conv/WithoutBiases": [1]})
