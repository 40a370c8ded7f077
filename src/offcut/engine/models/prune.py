"""Takes channels out of a network that never say anything.

Training has put some channels to sleep: their weights are so small, and their offsets so low, that what comes
out of the activation is zero whatever the photo shows. They are computed all the same, and the next layer
reads them. Which they are was seen on photographs (calibration.json, made by benchmarks/calibrate.py): those
that never reached half a step of the 8-bit scale, so that the 8-bit network would have written zero. The idea
is that of Hu et al., "Network Trimming: A Data-Driven Neuron Pruning Approach" (2016).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import openvino as ov
from numpy.typing import NDArray
from openvino import opset13 as ops

PASSED_ON = ("Relu", "MaxPool", "Interpolate", "Convert")
"""Operations that treat each channel by itself."""


def prune(model: ov.Model, silent: Mapping[str, Sequence[int]]) -> None:
    """Takes the silent channels, by the name of the convolution that makes them, out of a network, in place.

    Raises KeyError if the network has no such convolution, or adds something to what it makes.
    """
    if not silent:
        return
    nodes = model.get_ordered_ops()
    pruning = _Pruning({node.get_friendly_name(): _width(node) for node in nodes}, silent)
    for node in nodes:
        pruning.follow(node)
    if silent.keys() - pruning.left.keys():
        raise KeyError(min(silent.keys() - pruning.left.keys()))
    model.validate_nodes_and_infer_types()


def may_prune(convolution: Any) -> bool:
    """Whether a convolution's channels can be taken out: it is followed by an activation, and nothing is
    added to what that lets through."""
    activation = activation_of(convolution)
    return activation is not None and not _is_added_to(activation)


def activation_of(convolution: Any) -> Any | None:
    """The activation that follows a convolution at once or after its offset; None if there is none."""
    node = convolution
    for kind in ("Add", "Relu"):
        readers = [target.get_node() for target in node.output(0).get_target_inputs()]
        node = next((reader for reader in readers if reader.get_type_name() == kind), node)
    return node if node.get_type_name() == "Relu" else None


def constant_of(node: Any) -> NDArray[Any] | None:
    """The constant that a node's value is made from by reshaping, spreading or converting; None if none."""
    while node.get_type_name() in ("Broadcast", "Reshape", "Convert", "Unsqueeze"):
        node = node.input_value(0).get_node()
    return np.asarray(node.get_data()) if node.get_type_name() == "Constant" else None


class _Pruning:
    """One way through a network, from its input on. `left` holds which channels of a value are left, by its
    maker's name, where not all are."""

    def __init__(self, widths: Mapping[str, int], silent: Mapping[str, Sequence[int]]) -> None:
        self.left: dict[str, NDArray[np.int64]] = {}
        self._widths = widths
        self._silent = silent

    def follow(self, node: Any) -> None:
        """Make a node fit what is left of its inputs."""
        name, kind = node.get_friendly_name(), node.get_type_name()
        inputs = [value.get_node().get_friendly_name() for value in node.input_values()]
        if kind == "Convolution":
            self._prune_convolution(node, name, inputs[0])
        elif self.left.keys().isdisjoint(inputs):
            return
        elif kind == "Add":
            offsets = constant_of(node.input_value(1).get_node())
            if offsets is None:
                raise KeyError(name)
            self.left[name] = self.left[inputs[0]]
            _replace(node, offsets.reshape(1, -1, 1, 1)[:, self.left[name]])
        elif kind == "Concat":
            starts = np.cumsum([0, *(self._widths[value] for value in inputs[:-1])])
            parts = [start + self._left_of(value) for start, value in zip(starts, inputs, strict=True)]
            self.left[name] = np.concatenate(parts)
        elif kind in PASSED_ON:
            self.left[name] = self.left[inputs[0]]

    def _prune_convolution(self, node: Any, name: str, source: str) -> None:
        weights = constant_of(node.input_value(1).get_node())
        if weights is None or (name not in self._silent and source not in self.left):
            return
        if source in self.left:
            weights = weights[:, self.left[source]]
        if name in self._silent:
            self.left[name] = np.setdiff1d(np.arange(len(weights)), self._silent[name])
            weights = weights[self.left[name]]
        _replace(node, weights)

    def _left_of(self, value: str) -> NDArray[np.int64]:
        return self.left.get(value, np.arange(self._widths[value]))


def _is_added_to(node: Any) -> bool:
    readers = [target.get_node() for target in node.output(0).get_target_inputs()]
    kinds = {reader.get_type_name() for reader in readers}
    return "Add" in kinds or any(_is_added_to(node) for node in readers if node.get_type_name() in PASSED_ON)


def _replace(node: Any, constant: NDArray[Any]) -> None:
    """Gives a node another constant as its second input."""
    value = constant.astype(node.input(1).get_element_type().to_dtype())
    node.input(1).replace_source_output(ops.constant(np.ascontiguousarray(value)).output(0))


def _width(node: Any) -> int:
    """How many channels a value has; 0 where that has no meaning."""
    if not node.get_output_size():
        return 0
    shape = node.output(0).get_partial_shape()
    if shape.rank.is_dynamic or shape.rank.get_length() != 4 or shape[1].is_dynamic:
        return 0
    return int(shape[1].get_length())
