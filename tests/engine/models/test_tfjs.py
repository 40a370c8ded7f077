"""The reader of TensorFlow.js graphs: each operation against plain arithmetic."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import openvino as ov
import pytest

from offcut.engine.models.families.tfjs import read_graph_model
from offcut.errors import GraphModelError


class GraphFiles:
    """A TensorFlow.js graph model written to a folder: float arrays as float16, the others as int32."""

    def __init__(self, folder: Path) -> None:
        self.topology, self.weights = folder / "tiny.json", folder / "tiny.bin"
        self.nodes: list[dict[str, Any]] = []
        self.manifest: list[dict[str, Any]] = []
        self.data = b""

    def input(self, name: str, shape: tuple[int, ...]) -> None:
        size = {"shape": {"dim": [{"size": str(length)} for length in shape]}}
        self.node("Placeholder", name, [], shape={"shape": size["shape"]})

    def constant(self, name: str, array: np.ndarray) -> str:
        entry: dict[str, Any] = {"name": name, "shape": list(array.shape), "dtype": "int32"}
        if array.dtype.kind == "f":
            entry |= {"dtype": "float32", "quantization": {"dtype": "float16", "original_dtype": "float32"}}
        self.manifest.append(entry)
        self.data += array.astype("<f2" if array.dtype.kind == "f" else "<i4").tobytes()
        self.node("Const", name, [])
        return name

    def node(self, operation: str, name: str, inputs: list[str], **attributes: Any) -> None:
        self.nodes.append({"name": name, "op": operation, "input": inputs, "attr": attributes})

    def write(self, *outputs: str) -> None:
        signature = {"outputs": {name: {"name": f"{name}:0"} for name in outputs}}
        topology = {"modelTopology": {"node": self.nodes}, "signature": signature}
        manifest = [{"paths": [self.weights.name], "weights": self.manifest}]
        self.topology.write_text(json.dumps(topology | {"weightsManifest": manifest}))
        self.weights.write_bytes(self.data)

    def read(self) -> onnx.ModelProto:
        return read_graph_model(self.topology, [self.weights])

    def run(self, value: np.ndarray) -> dict[str, np.ndarray]:
        core = ov.Core()
        compiled = core.compile_model(
            core.read_model(self.read().SerializeToString()), "CPU", {"INFERENCE_PRECISION_HINT": "f32"}
        )
        answer = compiled([value])
        return {output.any_name: answer[output] for output in compiled.outputs}


@pytest.fixture
def files(tmp_path: Path) -> GraphFiles:
    return GraphFiles(tmp_path)


@pytest.fixture
def value() -> np.ndarray:
    """Channels last, an odd width, exact in float16."""
    return np.random.default_rng(0).integers(-8, 9, (1, 6, 7, 3)).astype(np.float32) / 4


def text(word: str) -> dict[str, str]:
    return {"s": base64.b64encode(word.encode()).decode()}


def numbers(*values: int) -> dict[str, Any]:
    return {"list": {"i": [str(value) for value in values]}}


CONVOLUTION = {"strides": numbers(1, 1, 1, 1), "dilations": numbers(1, 1, 1, 1), "padding": text("VALID")}


def convolved(image: np.ndarray, kernel: np.ndarray, stride: int) -> np.ndarray:
    """Plain convolution of H×W×C with kh×kw×C×N, channels last, no padding."""
    height, width = (image.shape[0] - kernel.shape[0]) // stride, (image.shape[1] - kernel.shape[1]) // stride
    result = np.zeros((height + 1, width + 1, kernel.shape[3]), np.float32)
    for row, column in np.ndindex(result.shape[:2]):
        rows = slice(row * stride, row * stride + kernel.shape[0])
        columns = slice(column * stride, column * stride + kernel.shape[1])
        result[row, column] = np.einsum("hwc,hwcn->n", image[rows, columns], kernel)
    return result


def test_convolution_with_bias_counts_channels_last(files: GraphFiles, value: np.ndarray) -> None:
    kernel = np.random.default_rng(1).integers(-4, 5, (3, 2, 3, 5)).astype(np.float32) / 4
    bias = np.arange(5, dtype=np.float32)
    files.input("in", value.shape)
    files.constant("kernel", kernel)
    files.constant("bias", bias)
    files.node("Conv2D", "conv", ["in", "kernel"], **CONVOLUTION | {"strides": numbers(1, 2, 2, 1)})
    files.node("AddV2", "out", ["conv", "bias"])
    files.write("out")
    np.testing.assert_allclose(files.run(value)["out"][0], convolved(value[0], kernel, 2) + bias, atol=1e-5)


def test_same_padding_adds_the_odd_pixel_below_and_right(files: GraphFiles, value: np.ndarray) -> None:
    kernel = np.random.default_rng(2).integers(-4, 5, (2, 2, 3, 1)).astype(np.float32)
    files.input("in", value.shape)
    files.constant("kernel", kernel)
    files.node("Conv2D", "out", ["in", "kernel"], **CONVOLUTION | {"padding": text("SAME")})
    files.write("out")
    padded = np.pad(value[0], ((0, 1), (0, 1), (0, 0)))
    np.testing.assert_allclose(files.run(value)["out"][0], convolved(padded, kernel, 1), atol=1e-5)


def test_pad_with_a_value_then_pool(files: GraphFiles, value: np.ndarray) -> None:
    files.input("in", value.shape)
    files.constant("around", np.array([[0, 0], [1, 1], [1, 0], [0, 0]]))
    files.constant("low", np.array(-100.0))
    files.node("PadV2", "padded", ["in", "around", "low"])
    files.node(
        "MaxPool",
        "out",
        ["padded"],
        ksize=numbers(1, 2, 2, 1),
        strides=numbers(1, 2, 2, 1),
        padding=text("VALID"),
    )
    files.write("out")
    padded = np.pad(value[0], ((1, 1), (1, 0), (0, 0)), constant_values=-100)
    expected = padded.reshape(4, 2, 4, 2, 3).max(axis=(1, 3))
    np.testing.assert_array_equal(files.run(value)["out"][0], expected)


def bilinear(image: np.ndarray, size: tuple[int, int], place: Callable[..., np.ndarray]) -> np.ndarray:
    """`place(index, from, to)` says where a pixel of the result lies in the source."""
    rows = np.clip(place(np.arange(size[0]), image.shape[0], size[0]), 0, image.shape[0] - 1)
    columns = np.clip(place(np.arange(size[1]), image.shape[1], size[1]), 0, image.shape[1] - 1)
    x, y = np.meshgrid(columns.astype(np.float32), rows.astype(np.float32))
    # OpenCV's own bilinear look-up rounds to 1/32 of a pixel; here it is written out.
    left, top = np.floor(x).astype(int), np.floor(y).astype(int)
    right, bottom = np.minimum(left + 1, image.shape[1] - 1), np.minimum(top + 1, image.shape[0] - 1)
    wx, wy = (x - left)[..., None], (y - top)[..., None]
    upper = image[top, left] * (1 - wx) + image[top, right] * wx
    lower = image[bottom, left] * (1 - wx) + image[bottom, right] * wx
    return upper * (1 - wy) + lower * wy


@pytest.mark.parametrize(
    ("flags", "place"),
    [
        ({"half_pixel_centers": {"b": True}}, lambda i, a, b: (i + 0.5) * a / b - 0.5),
        ({"align_corners": {"b": True}}, lambda i, a, b: i * (a - 1) / (b - 1)),
        ({}, lambda i, a, b: i * a / b),
    ],
    ids=["half-pixel", "corners", "neither"],
)
def test_the_three_ways_of_resizing(
    files: GraphFiles, value: np.ndarray, flags: dict[str, Any], place: Callable[..., np.ndarray]
) -> None:
    files.input("in", value.shape)
    files.constant("size", np.array([11, 13]))
    files.node("ResizeBilinear", "out", ["in", "size"], **flags)
    files.write("out")
    np.testing.assert_allclose(files.run(value)["out"][0], bilinear(value[0], (11, 13), place), atol=1e-4)


def test_split_activations_concatenation_and_a_shape_from_constants(
    files: GraphFiles, value: np.ndarray
) -> None:
    """The sum of a constant and an all-default SparseToDense is a shape, as converters leave it."""
    files.input("in", value.shape)
    for name, array in {
        "sizes": np.array([1, 2]),
        "axis": np.array(3),
        "nowhere": np.zeros((0, 1), int),
        "length": np.array([2]),
        "nothing": np.zeros(0, int),
        "zero": np.array(0),
        "base": np.array([-1, 3]),
    }.items():
        files.constant(name, array)
    files.node("SplitV", "parts", ["in", "sizes", "axis"])
    files.node("Sigmoid", "first", ["parts"])
    files.node("LeakyRelu", "second", ["parts:1"], alpha={"f": 0.1})
    files.node("ConcatV2", "joined", ["second", "first", "axis"])
    files.node("SparseToDense", "zeros", ["nowhere", "length", "nothing", "zero"])
    files.node("AddV2", "shape", ["base", "zeros"])
    files.node("Reshape", "out", ["joined", "shape"])
    files.write("out")
    rest = np.where(value[..., 1:] > 0, value[..., 1:], value[..., 1:] * 0.1)
    expected = np.concatenate([rest, 1 / (1 + np.exp(-value[..., :1]))], axis=3).reshape(-1, 3)
    np.testing.assert_allclose(files.run(value)["out"], expected, atol=1e-5)


def test_transpositions_that_undo_each_other_leave_no_trace(files: GraphFiles) -> None:
    files.input("in", (1, 3, 6, 7))
    files.constant("last", np.array([0, 2, 3, 1]))
    files.constant("second", np.array([0, 3, 1, 2]))
    files.constant("kernel", np.ones((1, 1, 3, 4)))
    files.constant("bias", np.ones(4))
    files.node("Transpose", "before", ["in", "last"])
    files.node("Conv2D", "conv", ["before", "kernel"], **CONVOLUTION)
    files.node("Add", "biased", ["conv", "bias"])
    files.node("Transpose", "out", ["biased", "second"])
    files.write("out")
    operations = [node.op_type for node in files.read().graph.node]
    assert operations == ["Conv", "Add", "Identity"]
    ones = np.ones((1, 3, 6, 7), np.float32)
    np.testing.assert_array_equal(files.run(ones)["out"], np.full((1, 4, 6, 7), 4, np.float32))


def test_an_unknown_operation_is_refused_by_name(files: GraphFiles, value: np.ndarray) -> None:
    files.input("in", value.shape)
    files.node("FusedBatchNormV3", "odd", ["in"])
    files.write("odd")
    with pytest.raises(GraphModelError, match=r"FusedBatchNormV3 \(odd\)"):
        files.read()


@pytest.mark.parametrize(
    ("attributes", "words"),
    [
        ({"data_format": text("NCHW")}, "channels last"),
        ({"padding": text("EXPLICIT")}, "EXPLICIT"),
        ({"strides": numbers(1, 1, 1, 2)}, "strides"),
        ({"strides": {}}, "broken"),
    ],
)
def test_an_unknown_setting_is_refused(
    files: GraphFiles, value: np.ndarray, attributes: dict[str, Any], words: str
) -> None:
    files.input("in", value.shape)
    files.constant("kernel", np.ones((1, 1, 3, 4)))
    files.node("Conv2D", "out", ["in", "kernel"], **CONVOLUTION | attributes)
    files.write("out")
    with pytest.raises(GraphModelError, match=words):
        files.read()


def test_a_kernel_that_is_no_constant_is_refused(files: GraphFiles, value: np.ndarray) -> None:
    files.input("in", value.shape)
    files.node("Conv2D", "out", ["in", "in"], **CONVOLUTION)
    files.write("out")
    with pytest.raises(GraphModelError, match="has to be a constant"):
        files.read()


def test_broken_files_are_refused(files: GraphFiles, value: np.ndarray) -> None:
    files.input("in", value.shape)
    files.constant("more", np.ones(3))
    files.node("Add", "out", ["in", "more"])
    files.write("out")
    whole = files.weights.read_bytes()
    files.weights.write_bytes(whole[:-1])
    with pytest.raises(GraphModelError, match="missing or cut short"):
        files.read()
    files.weights.write_bytes(whole + b"12")
    with pytest.raises(GraphModelError, match="2 bytes more"):
        files.read()
    files.topology.write_text("{}")
    with pytest.raises(GraphModelError, match="not a TensorFlow"):
        files.read()


def test_weights_in_an_unknown_storage_are_refused(files: GraphFiles) -> None:
    files.constant("more", np.ones(3))
    files.manifest[0]["quantization"] = {"dtype": "uint8", "scale": 0.1, "min": 0}
    files.write("more")
    with pytest.raises(GraphModelError, match="float32 as uint8"):
        files.read()


@pytest.mark.parametrize(
    ("inputs", "words"), [(["out", "out"], "depends on itself"), (["gone", "gone"], "reads gone")]
)
def test_a_graph_that_cannot_be_ordered_is_refused(files: GraphFiles, inputs: list[str], words: str) -> None:
    files.node("Add", "out", inputs)
    files.write("out")
    with pytest.raises(GraphModelError, match=words):
        files.read()
