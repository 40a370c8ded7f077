"""From the downloaded network to the one that is run, as an ONNX graph.

Five changes: side outputs and what only they need are cut off; so is the end, which is done outside
(`ending`); sizes that were frozen at export become constant scales, so that the network runs at any multiple
of its step; the normalisation moves inside, so that the input is the plain photo, bytes, channels last; and
half-precision arithmetic becomes single, since the runtime chooses the precision (half-precision weights lose
nothing by it).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import openvino as ov
from onnx import TensorProto, helper, numpy_helper

from offcut.engine.models import ending
from offcut.engine.models.families import Family

PHOTO = "photo"


def matte_graph(path: Path, family: Family) -> onnx.ModelProto:
    """The network at `path` made ready to run: `photo` batch×side×side×3 uint8 in, and out what
    `ending.matte_of` makes a matte of.

    Raises ValueError (or what ONNX and OpenVINO raise) if the file is not such a network.
    """
    model = onnx.load(path)
    if len(model.graph.input) != 1 or not model.graph.output:
        raise ValueError(f"{path.name} does not have one input")
    nodes = list(model.graph.node)
    constants = {constant.name: constant for constant in model.graph.initializer}
    if family.step:
        _unfreeze(nodes, constants, resize_scales(path))
    source, result = model.graph.input[0].name, model.graph.output[0].name
    _widen(nodes, constants)
    nodes, _ = needed(nodes, [result])
    planes = ending.planes_of(nodes, constants, result, is_logits=family.logits)
    outputs = {f"{ending.LOGITS}{number}": plane for number, plane in enumerate(planes)}
    outputs = outputs or {ending.MATTE: result}
    ends = [helper.make_node("Identity", [value], [name]) for name, value in outputs.items()]
    nodes, used = needed([*_photo_nodes(family, source, constants), *nodes, *ends], outputs)
    side: Any = None if family.step else family.side
    graph = helper.make_graph(
        nodes,
        "matte",
        [
            helper.make_tensor_value_info(
                PHOTO, TensorProto.UINT8, ["batch", side or "side", side or "side", 3]
            )
        ],
        [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", 1, None, None])
            for name in outputs
        ],
        [constant for name, constant in constants.items() if name in used],
    )
    return helper.make_model(graph, opset_imports=list(model.opset_import), ir_version=model.ir_version)


def resize_scales(path: Path) -> dict[str, tuple[float, ...]]:
    """By how much each Resize of a network enlarges at the size it was exported at, by its output's name."""
    scales = {}
    for node in ov.Core().read_model(path).get_ordered_ops():
        if node.get_type_name() == "Interpolate":
            before, after = node.input(0).get_shape(), node.output(0).get_shape()
            scale = tuple(b / a for a, b in zip(before, after, strict=True))
            scales.update(dict.fromkeys(node.output(0).get_names(), scale))
    return scales


def needed(nodes: list[onnx.NodeProto], outputs: Iterable[str]) -> tuple[list[onnx.NodeProto], set[str]]:
    """The nodes that the outputs depend on, each after those it uses, and the names of all values in use."""
    makers = {name: node for node in nodes for name in node.output}
    order: list[onnx.NodeProto] = []
    used: set[str] = set()
    placed: set[int] = set()
    stack = [(output, False) for output in outputs]
    while stack:
        name, inputs_done = stack.pop()
        maker = makers.get(name)
        if inputs_done and maker is not None:
            if id(maker) not in placed:
                placed.add(id(maker))
                order.append(maker)
        elif name not in used:
            used.add(name)
            if maker is not None:
                stack.append((name, True))
                stack += [(value, False) for value in maker.input if value]
    return order, used


def _unfreeze(
    nodes: list[onnx.NodeProto],
    constants: dict[str, TensorProto],
    scales: Mapping[str, tuple[float, ...]],
) -> None:
    """Gives every Resize its scale as a constant in place of a size."""
    for node in nodes:
        if node.op_type == "Resize":
            name = f"{node.output[0]}_scale"
            constants[name] = numpy_helper.from_array(np.array(scales[node.output[0]], np.float32), name)
            region = node.input[1] if len(node.input) > 1 else ""
            node.input[:] = [node.input[0], region, name]


def _widen(nodes: list[onnx.NodeProto], constants: Mapping[str, TensorProto]) -> None:
    """Makes half-precision arithmetic single. The constants stay as they are and are converted where they
    are used, so that the file stays small."""
    half = {name for name, constant in constants.items() if constant.data_type == TensorProto.FLOAT16}
    for node in nodes:
        node.input[:] = [f"{name}_single" if name in half else name for name in node.input]
        for attribute in node.attribute:
            if node.op_type == "Cast" and attribute.name == "to" and attribute.i == TensorProto.FLOAT16:
                attribute.i = TensorProto.FLOAT
            if node.op_type == "Constant" and attribute.t.data_type == TensorProto.FLOAT16:
                value = numpy_helper.to_array(attribute.t).astype(np.float32)
                attribute.t.CopyFrom(numpy_helper.from_array(value, attribute.t.name))
    for name in sorted(half):
        nodes.append(helper.make_node("Cast", [name], [f"{name}_single"], to=TensorProto.FLOAT))


def _photo_nodes(family: Family, source: str, constants: dict[str, TensorProto]) -> list[onnx.NodeProto]:
    """From bytes with channels last to what the network was trained on."""
    for name, values in (("photo_mean", family.mean), ("photo_deviation", family.deviation)):
        constants[name] = numpy_helper.from_array(np.array(values, np.float32).reshape(1, 3, 1, 1), name)
    return [
        helper.make_node("Cast", [PHOTO], ["photo_float"], name="photo/cast", to=TensorProto.FLOAT),
        helper.make_node(
            "Transpose", ["photo_float"], ["photo_planes"], name="photo/planes", perm=[0, 3, 1, 2]
        ),
        helper.make_node("Sub", ["photo_planes", "photo_mean"], ["photo_centred"], name="photo/centre"),
        helper.make_node("Div", ["photo_centred", "photo_deviation"], [source], name="photo/scale"),
    ]
