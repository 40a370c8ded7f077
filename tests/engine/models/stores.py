"""A tiny network with the habits of the real ones, and catalogues around it and around plain bytes."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from offcut.engine.models.catalog import Catalog, Entry, Source, WeightsFile
from offcut.engine.models.weights import Weights

SIDE = 64


def tiny_onnx(*, shuffled: bool = True) -> bytes:
    """A small U-shaped network, 1×3×64×64 in, with two outputs, half-precision weights, sizes frozen in its
    Resize nodes, and (if `shuffled`) nodes out of order: all that the loader has to put right."""
    random = np.random.default_rng(7)
    half = TensorProto.FLOAT16

    def constant(name: str, value: np.ndarray) -> TensorProto:
        return numpy_helper.from_array(value, name)

    def weights(name: str, *shape: int) -> TensorProto:
        return constant(name, (random.standard_normal(shape) / np.sqrt(shape[1] * 9)).astype(np.float16))

    def enlarge(name: str, source: str, size: str, result: str) -> onnx.NodeProto:
        return helper.make_node("Resize", [source, "", "", size], [result], name=name, mode="linear")

    nodes = [
        helper.make_node("Cast", ["image"], ["half"], to=half),
        helper.make_node("Conv", ["half", "w1", "b1"], ["c1"], name="/in/Conv", strides=[2, 2], pads=[1] * 4),
        helper.make_node("Relu", ["c1"], ["r1"], name="/in/Relu"),
        helper.make_node("MaxPool", ["r1"], ["p1"], kernel_shape=[2, 2], strides=[2, 2]),
        helper.make_node("Conv", ["p1", "w2", "b1"], ["c2"], name="/deep/Conv", pads=[1] * 4),
        helper.make_node("Relu", ["c2"], ["r2"], name="/deep/Relu"),
        helper.make_node("Cast", ["r2"], ["r2_single"], to=TensorProto.FLOAT),
        helper.make_node(
            "Resize", ["r2_single", "", "", "size_half"], ["u1s"], name="/up/Resize", mode="linear"
        ),
        helper.make_node("Cast", ["u1s"], ["u1"], to=half),
        helper.make_node("Concat", ["u1", "r1"], ["joined"], axis=1),
        helper.make_node("Conv", ["joined", "w3"], ["c3"], name="/join/Conv", pads=[1] * 4),
        helper.make_node("Relu", ["c3"], ["r3"], name="/join/Relu"),
        helper.make_node("Conv", ["r3", "w4"], ["c4"], name="/out/Conv"),
        helper.make_node("Cast", ["c4"], ["c4_single"], to=TensorProto.FLOAT),
        helper.make_node(
            "Resize", ["c4_single", "", "", "size_full"], ["u2"], name="/out/Resize", mode="linear"
        ),
        helper.make_node("Sigmoid", ["u2"], ["first"]),
        helper.make_node("Sigmoid", ["r2_single"], ["second"]),
    ]
    constants = [
        weights("w1", 8, 3, 3, 3),
        weights("w2", 8, 8, 3, 3),
        weights("w3", 8, 16, 3, 3),
        constant("w4", np.full((1, 8, 1, 1), 1.5, np.float16)),
        constant("b1", np.linspace(-0.1, 0.1, 8).astype(np.float16)),
        constant("size_half", np.array([1, 8, SIDE // 2, SIDE // 2], np.int64)),
        constant("size_full", np.array([1, 1, SIDE, SIDE], np.int64)),
    ]
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, SIDE, SIDE])
    outputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in ("first", "second")]
    if shuffled:
        nodes = [*nodes[3:5], *nodes[:3], *nodes[5:]]
    graph = helper.make_graph(nodes, "tiny", [image], outputs, constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 15)], ir_version=8)
    return bytes(model.SerializeToString())


def entry_of(
    name: str, content: bytes, source: Source, *, commercial: bool = True, family: str = "isnet"
) -> Entry:
    """A catalogue entry whose one file is `content`."""
    digest = hashlib.sha256(content).hexdigest()
    files = (WeightsFile(f"{name}.onnx", len(content), digest),)
    return Entry(name, name.title(), family, "MIT", "https://example.org", commercial, source, files)


def catalog_of(*entries: Entry) -> Catalog:
    return Catalog({entry.name: entry for entry in entries}, tuple(entry.name for entry in entries))


CONTENT = bytes(range(256)) * 4096
"""What stands for weights where only the bytes matter."""


def digest_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def store_of(folder: Path, entry: Entry) -> Weights:
    return Weights(folder / "models", catalog_of(entry))
