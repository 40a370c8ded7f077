"""Reads a TensorFlow.js graph model (a JSON graph and files of binary weights) as an ONNX graph.

Written from the file format and from what each TensorFlow operation is documented to do. It knows the
operations that image networks converted from ONNX are made of, and refuses a graph with any other by name.
Convolution, pooling and resizing count channels last in TensorFlow and channels second in ONNX, so each is
wrapped into two transpositions. Two transpositions in a row are made one, or none: left to the runtime, they
cost as much time as the convolutions.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from offcut.errors import GraphModelError

Array: TypeAlias = NDArray[Any]
Node: TypeAlias = dict[str, Any]

OPSET = 17
CHANNELS_SECOND = (0, 3, 1, 2)
CHANNELS_LAST = (0, 2, 3, 1)

_STORED_TYPES: dict[str, np.dtype[Any]] = {
    "float32": np.dtype("<f4"),
    "int32": np.dtype("<i4"),
    "bool": np.dtype("?"),
    "uint8": np.dtype("u1"),
}


def read_graph_model(topology: Path, shards: Sequence[Path]) -> onnx.ModelProto:
    """The graph described by `topology` (JSON) with the weights in `shards`, in the manifest's order.

    Inputs and outputs keep the layout, order and names of the file's signature (without `:0`); weights
    become float32. Raises `GraphModelError` when the files do not fit each other or the graph has an
    operation, a data type or a setting that is not known here.
    """
    try:
        description = json.loads(topology.read_bytes())
        nodes: list[Node] = description["modelTopology"]["node"]
        weights = read_weights(description["weightsManifest"], b"".join(p.read_bytes() for p in shards))
        wanted = _output_names(description, nodes)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise GraphModelError(f"{topology.name} is not a TensorFlow.js graph model.") from error
    graph = _Graph(weights)
    for node in _in_order(nodes, wanted):
        graph.add(node)
    return graph.finish(topology.stem, wanted)


def read_weights(manifest: list[dict[str, Any]], data: bytes) -> dict[str, Array]:
    """Named arrays cut from `data`, where they lie one after another; float16 storage becomes float32."""
    weights: dict[str, Array] = {}
    offset = 0
    for entry in (entry for group in manifest for entry in group["weights"]):
        stored = _stored_type(entry)
        shape = tuple(int(size) for size in entry["shape"])
        count = int(np.prod(shape, dtype=np.int64))
        end = offset + count * stored.itemsize
        if end > len(data):
            raise GraphModelError(f"The weights end before {entry['name']}: a file is missing or cut short.")
        array = np.frombuffer(data, stored, count, offset).reshape(shape)
        weights[entry["name"]] = array.astype(entry["dtype"])
        offset = end
    if offset != len(data):
        raise GraphModelError(f"The weights hold {len(data) - offset} bytes more than the graph names.")
    return weights


def _stored_type(entry: dict[str, Any]) -> np.dtype[Any]:
    quantization = entry.get("quantization")
    if quantization is None and entry["dtype"] in _STORED_TYPES:
        return _STORED_TYPES[entry["dtype"]]
    if quantization is not None and quantization["dtype"] == "float16" and entry["dtype"] == "float32":
        return np.dtype("<f2")
    stored = entry["dtype"] if quantization is None else f"{entry['dtype']} as {quantization['dtype']}"
    raise GraphModelError(f"The weights of {entry['name']} are stored as {stored}, which is not known here.")


def _output_names(description: dict[str, Any], nodes: list[Node]) -> list[str]:
    signature = description.get("signature") or description.get("userDefinedMetadata", {}).get("signature")
    if signature and signature.get("outputs"):
        return sorted(_plain(output["name"]) for output in signature["outputs"].values())
    read = {_plain(name) for node in nodes for name in node.get("input", [])}
    return sorted(node["name"] for node in nodes if node["name"] not in read)


def _plain(name: str) -> str:
    """`node:0` and `node` are the same tensor; `^node` (a wish about order) is never a value."""
    return name.removesuffix(":0")


def _in_order(nodes: list[Node], wanted: list[str]) -> list[Node]:
    """The nodes that the wanted outputs need, each after those it reads."""
    by_name = {node["name"]: node for node in nodes}
    ordered: dict[str, Node] = {}
    stack = [(name, False) for name in reversed(wanted)]
    waiting: set[str] = set()
    while stack:
        name, is_ready = stack.pop()
        if name in ordered:
            continue
        if name not in by_name:
            raise GraphModelError(f"The graph reads {name}, which it does not have.")
        if is_ready:
            ordered[name] = by_name[name]
            continue
        if name in waiting:
            raise GraphModelError(f"The graph's node {name} depends on itself.")
        waiting.add(name)
        sources = [_source(tensor) for tensor in by_name[name].get("input", [])]
        stack.append((name, True))
        stack.extend((source, False) for source in sources if source not in ordered)
    return list(ordered.values())


def _source(tensor: str) -> str:
    return tensor.removeprefix("^").split(":")[0]


class _Graph:
    """The ONNX graph while it grows. A tensor is either a known array or the name of an ONNX value."""

    def __init__(self, weights: dict[str, Array]) -> None:
        self._weights = weights
        self._known: dict[str, Array] = {}
        self._names: dict[str, str] = {}
        self._turned: dict[str, tuple[str, tuple[int, ...]]] = {}
        self._inputs: list[onnx.ValueInfoProto] = []
        self._nodes: list[onnx.NodeProto] = []
        self._initializers: list[onnx.TensorProto] = []

    def add(self, node: Node) -> None:
        translate = _TRANSLATIONS.get(node["op"])
        if translate is None:
            raise GraphModelError(f"The graph's operation {node['op']} ({node['name']}) is not known here.")
        try:
            translate(self, node, [_plain(name) for name in node.get("input", []) if name[0] != "^"])
        except (KeyError, ValueError, IndexError, TypeError) as error:
            raise GraphModelError(f"The graph's node {node['name']} ({node['op']}) is broken.") from error

    def finish(self, name: str, wanted: list[str]) -> onnx.ModelProto:
        outputs = []
        for tensor in wanted:
            self._nodes.append(helper.make_node("Identity", [self.value(tensor)], [tensor]))
            outputs.append(helper.make_tensor_value_info(tensor, TensorProto.FLOAT, None))
        graph = helper.make_graph(self._needed(wanted), name, self._inputs, outputs, self._initializers)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8)
        model = onnx.shape_inference.infer_shapes(model)
        onnx.checker.check_model(model)
        return model

    def _needed(self, wanted: list[str]) -> list[onnx.NodeProto]:
        """Without the transpositions that were cancelled."""
        read = set(wanted)
        needed: list[onnx.NodeProto] = []
        for node in reversed(self._nodes):
            if read.intersection(node.output):
                read.update(node.input)
                needed.append(node)
        return needed[::-1]

    def add_input(self, tensor: str, shape: list[int]) -> None:
        size = [None if length < 0 else length for length in shape]
        self._inputs.append(helper.make_tensor_value_info(tensor, TensorProto.FLOAT, size))
        self._names[tensor] = tensor

    def know(self, tensor: str, array: Array) -> None:
        self._known[tensor] = array

    def known(self, tensor: str) -> Array:
        """The array behind a tensor that has to be constant: a shape, a permutation, the kernel."""
        if tensor in self._known:
            return self._known[tensor]
        raise GraphModelError(f"{tensor} has to be a constant of the graph, and is not.")

    def weight(self, name: str) -> Array | None:
        return self._weights.get(name)

    def is_known(self, tensor: str) -> bool:
        return tensor in self._known

    def value(self, tensor: str) -> str:
        """The ONNX value of a tensor; a known array becomes an initializer when it is first read."""
        if tensor not in self._names:
            self._names[tensor] = self.constant(self.known(tensor))
        return self._names[tensor]

    def constant(self, array: Array) -> str:
        name = f"constant_{len(self._initializers)}"
        self._initializers.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def emit(self, operation: str, inputs: Sequence[str], **attributes: Any) -> str:
        """Appends an ONNX node with one output and names that output."""
        output = f"value_{len(self._nodes)}"
        self._nodes.append(helper.make_node(operation, inputs, [output], **attributes))
        return output

    def emit_many(self, operation: str, inputs: Sequence[str], count: int, **attributes: Any) -> list[str]:
        outputs = [f"value_{len(self._nodes)}_{index}" for index in range(count)]
        self._nodes.append(helper.make_node(operation, inputs, outputs, **attributes))
        return outputs

    def bind(self, tensor: str, value: str) -> None:
        self._names[tensor] = value

    def transposed(self, value: str, order: tuple[int, ...]) -> str:
        """`value` with its axes in this order; a transposition of a transposition starts from the source."""
        source, before = self._turned.get(value, (value, tuple(range(len(order)))))
        order = tuple(before[axis] for axis in order)
        if order == tuple(range(len(order))):
            return source
        turned = self.emit("Transpose", [source], perm=order)
        self._turned[turned] = (source, order)
        return turned

    def plus_last_axis(self, value: str, row: Array) -> str:
        """`value` plus one number for each place on its last axis, added before a transposition."""
        if value not in self._turned:
            return self.emit("Add", [value, self.constant(row)])
        source, order = self._turned[value]
        shape = [1] * len(order)
        shape[order[-1]] = row.size
        return self.transposed(self.emit("Add", [source, self.constant(row.reshape(shape))]), order)

    def channels_second(self, tensor: str) -> str:
        return self.transposed(self.value(tensor), CHANNELS_SECOND)

    def bind_channels_last(self, tensor: str, value: str) -> None:
        self.bind(tensor, self.transposed(value, CHANNELS_LAST))


def _text(node: Node, attribute: str, default: str) -> str:
    encoded = node.get("attr", {}).get(attribute, {}).get("s")
    return default if encoded is None else base64.b64decode(encoded).decode("ascii")


def _flag(node: Node, attribute: str) -> bool:
    return bool(node.get("attr", {}).get(attribute, {}).get("b", False))


def _spatial(node: Node, attribute: str) -> list[int]:
    """The height and width of a channels-last list such as strides; batch and channels must be 1."""
    values = [int(value) for value in node["attr"][attribute]["list"]["i"]]
    if len(values) != 4 or values[0] != 1 or values[3] != 1:
        raise GraphModelError(f"The graph's node {node['name']} has unusual {attribute}: {values}.")
    return values[1:3]


def _padding(node: Node) -> dict[str, Any]:
    if _text(node, "data_format", "NHWC") != "NHWC":
        raise GraphModelError(f"The graph's node {node['name']} does not count its channels last.")
    kind = _text(node, "padding", "VALID")
    if kind not in ("VALID", "SAME"):
        raise GraphModelError(f"The graph's node {node['name']} has an unknown padding: {kind}.")
    return {"auto_pad": "VALID" if kind == "VALID" else "SAME_UPPER"}


def _placeholder(graph: _Graph, node: Node, _: list[str]) -> None:
    graph.add_input(node["name"], [int(size["size"]) for size in node["attr"]["shape"]["shape"]["dim"]])


def _const(graph: _Graph, node: Node, _: list[str]) -> None:
    array = graph.weight(node["name"])
    if array is None:
        raise GraphModelError(f"The weights do not hold the graph's constant {node['name']}.")
    graph.know(node["name"], array)


def _identity(graph: _Graph, node: Node, inputs: list[str]) -> None:
    if graph.is_known(inputs[0]):
        graph.know(node["name"], graph.known(inputs[0]))
    else:
        graph.bind(node["name"], graph.value(inputs[0]))


def _add(graph: _Graph, node: Node, inputs: list[str]) -> None:
    left, right = inputs
    if graph.is_known(left) and graph.is_known(right):
        graph.know(node["name"], graph.known(left) + graph.known(right))
    elif graph.is_known(right) and graph.known(right).ndim == 1:
        graph.bind(node["name"], graph.plus_last_axis(graph.value(left), graph.known(right)))
    else:
        graph.bind(node["name"], graph.emit("Add", [graph.value(left), graph.value(right)]))


def _sparse_to_dense(graph: _Graph, node: Node, inputs: list[str]) -> None:
    """Only between constants: converters leave it behind where a shape was computed."""
    places, shape, values, default = (graph.known(name) for name in inputs)
    dense = np.full(tuple(int(size) for size in shape), default)
    for place, value in zip(places, np.broadcast_to(values, len(places)), strict=True):
        dense[tuple(np.atleast_1d(place))] = value
    graph.know(node["name"], dense)


def _convolution(graph: _Graph, node: Node, inputs: list[str]) -> None:
    kernel = graph.known(inputs[1]).transpose(3, 2, 0, 1)
    value = graph.emit(
        "Conv",
        [graph.channels_second(inputs[0]), graph.constant(kernel)],
        strides=_spatial(node, "strides"),
        dilations=_spatial(node, "dilations"),
        **_padding(node),
    )
    graph.bind_channels_last(node["name"], value)


def _max_pool(graph: _Graph, node: Node, inputs: list[str]) -> None:
    value = graph.emit(
        "MaxPool",
        [graph.channels_second(inputs[0])],
        kernel_shape=_spatial(node, "ksize"),
        strides=_spatial(node, "strides"),
        **_padding(node),
    )
    graph.bind_channels_last(node["name"], value)


def _pad(graph: _Graph, node: Node, inputs: list[str]) -> None:
    """Also PadV2, whose third input is the value to pad with (Pad: zero)."""
    pads = graph.constant(graph.known(inputs[1]).astype(np.int64).T.reshape(-1))
    fill = graph.known(inputs[2]) if len(inputs) > 2 else np.float32(0)
    filling = graph.constant(np.asarray(fill, np.float32).reshape(()))
    graph.bind(node["name"], graph.emit("Pad", [graph.value(inputs[0]), pads, filling]))


def _resize_bilinear(graph: _Graph, node: Node, inputs: list[str]) -> None:
    mode = "half_pixel" if _flag(node, "half_pixel_centers") else "asymmetric"
    mode = "align_corners" if _flag(node, "align_corners") else mode
    source = graph.channels_second(inputs[0])
    kept = graph.emit("Shape", [source], start=0, end=2)
    size = graph.emit("Concat", [kept, graph.constant(graph.known(inputs[1]).astype(np.int64))], axis=0)
    value = graph.emit("Resize", [source, "", "", size], mode="linear", coordinate_transformation_mode=mode)
    graph.bind_channels_last(node["name"], value)


def _transpose(graph: _Graph, node: Node, inputs: list[str]) -> None:
    order = tuple(int(axis) for axis in graph.known(inputs[1]))
    graph.bind(node["name"], graph.transposed(graph.value(inputs[0]), order))


def _reshape(graph: _Graph, node: Node, inputs: list[str]) -> None:
    shape = graph.constant(graph.known(inputs[1]).astype(np.int64))
    graph.bind(node["name"], graph.emit("Reshape", [graph.value(inputs[0]), shape]))


def _concatenate(graph: _Graph, node: Node, inputs: list[str]) -> None:
    *parts, axis = inputs
    values = [graph.value(part) for part in parts]
    graph.bind(node["name"], graph.emit("Concat", values, axis=int(graph.known(axis))))


def _split(graph: _Graph, node: Node, inputs: list[str]) -> None:
    sizes = graph.known(inputs[1]).astype(np.int64)
    axis = int(graph.known(inputs[2]))
    values = graph.emit_many("Split", [graph.value(inputs[0]), graph.constant(sizes)], len(sizes), axis=axis)
    for index, value in enumerate(values):
        graph.bind(f"{node['name']}:{index}" if index else node["name"], value)


def _leaky_relu(graph: _Graph, node: Node, inputs: list[str]) -> None:
    slope = float(node.get("attr", {}).get("alpha", {}).get("f", 0.2))
    graph.bind(node["name"], graph.emit("LeakyRelu", [graph.value(inputs[0])], alpha=slope))


def _sigmoid(graph: _Graph, node: Node, inputs: list[str]) -> None:
    graph.bind(node["name"], graph.emit("Sigmoid", [graph.value(inputs[0])]))


_TRANSLATIONS: dict[str, Callable[[_Graph, Node, list[str]], None]] = {
    "Add": _add,
    "AddV2": _add,
    "ConcatV2": _concatenate,
    "Const": _const,
    "Conv2D": _convolution,
    "Identity": _identity,
    "LeakyRelu": _leaky_relu,
    "MaxPool": _max_pool,
    "Pad": _pad,
    "PadV2": _pad,
    "Placeholder": _placeholder,
    "Reshape": _reshape,
    "ResizeBilinear": _resize_bilinear,
    "Sigmoid": _sigmoid,
    "SparseToDense": _sparse_to_dense,
    "SplitV": _split,
    "Transpose": _transpose,
}
