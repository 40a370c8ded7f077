"""8-bit networks, made on this machine from the weights and a small table of ranges.

Each convolution's weights become 8-bit integers with one scale for every output channel, taken from the
weights themselves. What flows between convolutions becomes 8-bit too, within ranges that were measured
once on photographs (calibration.json, made by benchmarks/calibrate.py). Both follow Jacob et al.,
"Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference" (CVPR 2018).

Where the rounding stands decides the speed. It stands right behind whatever makes a value (an activation, an
enlargement, a sum), so that the runtime does it while writing that value; values that a Concat joins share
one range, so that it joins bytes. Rounding before each convolution instead is twice as slow as no rounding.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
from numpy.typing import NDArray
from openvino import opset13 as ops

from offcut.engine.models.prune import constant_of, prune

LEVELS = 256
TABLE = Path(__file__).with_name("calibration.json")
PASSED_THROUGH = ("MaxPool", "Concat")
"""Operations that hand bytes on as they are."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """How one set of weights is made 8-bit.

    ranges     lowest and highest value of each group of activations, by the name of the group's first
    kept       convolutions that stay in floating point, with what flows into them
    is_single  whether what stays must be single precision, because bf16 would lose too much of it
    silent     channels that were never heard, by the convolution that makes them: they are taken out
    """

    ranges: Mapping[str, tuple[float, float]]
    kept: frozenset[str]
    is_single: bool = False
    silent: Mapping[str, Sequence[int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Group:
    """Values that must share one range because they meet in a Concat: the nodes that make them, and the
    convolutions that read them."""

    makers: tuple[Any, ...]
    convolutions: tuple[Any, ...]

    @property
    def name(self) -> str:
        return str(self.makers[0].get_friendly_name())


@cache
def calibrations() -> Mapping[str, Calibration]:
    """The tables that ship with Offcut, by the sha256 of the weights they were measured on."""
    data = json.loads(TABLE.read_text("utf-8"))
    return {
        sha256: Calibration(
            {name: (low, high) for name, (low, high) in table["ranges"].items()},
            frozenset(table["kept"]),
            table["is_single"],
            table["silent"],
        )
        for sha256, table in data.items()
    }


def quantize(model: ov.Model, calibration: Calibration) -> None:
    """Makes a network 8-bit, in place. Raises KeyError if the calibration is not this network's."""
    prune(model, calibration.silent)
    for group in groups(model):
        rounded = [node for node in group.convolutions if node.get_friendly_name() not in calibration.kept]
        if rounded:
            low, high = calibration.ranges[group.name]
            for maker in group.makers:
                _round(maker, low, high)
        for node in rounded:
            _round_weights(node)
    model.validate_nodes_and_infer_types()


def groups(model: ov.Model) -> list[Group]:
    """The groups of values that convolutions read, in the order in which the network makes them."""
    found: list[tuple[dict[str, Any], dict[str, Any]]] = []
    for node in convolutions(model):
        makers = {maker.get_friendly_name(): maker for maker in _makers(node.input_value(0).get_node())}
        readers = {node.get_friendly_name(): node}
        apart = []
        for other_makers, other_readers in found:
            if other_makers.keys() & makers.keys():
                makers, readers = other_makers | makers, other_readers | readers
            else:
                apart.append((other_makers, other_readers))
        found = [*apart, (makers, readers)]
    return [Group(tuple(makers.values()), tuple(readers.values())) for makers, readers in found]


def convolutions(model: ov.Model) -> list[Any]:
    """The convolutions in the order in which they run."""
    return [node for node in model.get_ordered_ops() if node.get_type_name() == "Convolution"]


def weight_scales(weights: NDArray[np.float32]) -> NDArray[np.float32]:
    """One scale for each output channel (O×1×1×1) of O×I×H×W weights: of a few that clip the largest a
    little, the one with the least squared error."""
    largest = np.abs(weights).max(axis=(1, 2, 3), keepdims=True)
    largest[largest == 0] = 1.0
    best = largest / 127
    least = np.full(largest.shape, np.inf)
    for share in (1.0, 0.95, 0.9, 0.85, 0.8, 0.75, 0.7):
        scales = largest * share / 127
        rounded = np.clip(np.round(weights / scales), -127, 127) * scales
        error = ((rounded - weights) ** 2).sum(axis=(1, 2, 3), keepdims=True)
        best, least = np.where(error < least, scales, best), np.minimum(error, least)
    return np.asarray(best, dtype=np.float32)


def _round(maker: Any, low: float, high: float) -> None:
    """Puts the rounding between a node and all that reads it."""
    targets = [t for t in maker.output(0).get_target_inputs() if t.get_node().get_type_name() != "ShapeOf"]
    ends = [ops.constant(np.full((1, 1, 1, 1), end, np.float32)) for end in (low, high, low, high)]
    rounded = ops.fake_quantize(maker.output(0), *ends, LEVELS)
    for target in targets:
        target.replace_source_output(rounded.output(0))


def _round_weights(node: Any) -> None:
    weights = constant_of(node.input_value(1).get_node())
    if weights is None:
        return
    weights = weights.astype(np.float32)
    scales = weight_scales(weights)
    integers = np.clip(np.round(weights / scales), -127, 127).astype(np.int8)
    restored = ops.multiply(ops.convert(ops.constant(integers), "f32"), ops.constant(scales))
    node.input(1).replace_source_output(restored.output(0))


def _makers(node: Any) -> Sequence[Any]:
    """The nodes whose values reach this one unchanged, itself if it makes its own."""
    if node.get_type_name() == "MaxPool":
        return _makers(node.input_value(0).get_node())
    if node.get_type_name() == "Concat":
        return [maker for value in node.input_values() for maker in _makers(value.get_node())]
    return [node]
