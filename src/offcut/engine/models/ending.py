"""The end of a network, done outside of it.

The last thing these networks do is to enlarge a plane or a few to the photo's square, to add them up, and to
take the sigmoid. A runtime made for many channels is slow at so little: of IS-Net's time at 1024 pixels, one
part in twenty-five goes into enlarging its single plane. So the network ends before that: it hands out the
small planes, and `matte_of` does the rest, at whatever size is wanted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

import cv2
import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, numpy_helper

from offcut.engine.types import Matte

MATTE = "matte"
LOGITS = "logits"
"""Outputs: a finished matte; or `logits0`, `logits1` …, planes that make one."""

HALF_PIXEL = (b"half_pixel", b"pytorch_half_pixel")
"""Where enlarging takes its points, by ONNX's names: as OpenCV does."""


def planes_of(
    nodes: Sequence[onnx.NodeProto], constants: dict[str, TensorProto], result: str, *, is_logits: bool
) -> list[str]:
    """The values, one channel each, that make the matte when they are enlarged and added up and the sigmoid
    is taken; none if the network does not end so.

    `is_logits` says that `result` itself still lacks its sigmoid. Where planes are weighted, the weights
    move into the convolutions that make them, as new constants.
    """
    makers = {name: node for node in nodes for name in node.output}
    last = _unchanged(makers, result)
    if not is_logits:
        sigmoid = makers.get(last)
        if sigmoid is None or sigmoid.op_type != "Sigmoid":
            return []
        last = sigmoid.input[0]
    last = _small(makers, last)
    return _weighted(makers, constants, last) or [last]


def matte_of(outputs: Mapping[str, NDArray[np.float32]], side: int) -> Matte:
    """The matte, side×side float32 0.0-1.0, from what a network handed out: planes 1×1×h×h, or a finished
    matte. Never rescaled by its own extremes: a photo with nothing in it must stay empty."""
    planes = [_plane(output) for name, output in outputs.items() if name.startswith(LOGITS)]
    if not planes:
        return _at(np.clip(_plane(outputs[MATTE]), 0.0, 1.0), side)
    largest = max(len(plane) for plane in planes)
    total = _at(planes[0], largest)
    for plane in planes[1:]:
        total = total + _at(plane, largest)
    # The sigmoid, in place and by OpenCV's exponential: a tenth of the time of the usual way.
    odds = _at(-total, side)
    cv2.exp(odds, dst=odds)
    odds += 1
    return cast(Matte, np.reciprocal(odds, out=odds))


def _plane(output: NDArray[np.float32]) -> NDArray[np.float32]:
    return output.reshape(output.shape[-2:])


def _at(plane: NDArray[np.float32], side: int) -> NDArray[np.float32]:
    if len(plane) == side:
        return plane
    how = cv2.INTER_AREA if side < len(plane) else cv2.INTER_LINEAR
    return cast(NDArray[np.float32], cv2.resize(plane, (side, side), interpolation=how))


def _unchanged(makers: Mapping[str, onnx.NodeProto], name: str) -> str:
    """The value that comes here as it is."""
    while name in makers and makers[name].op_type in ("Identity", "Cast"):
        name = makers[name].input[0]
    return name


def _small(makers: Mapping[str, onnx.NodeProto], name: str) -> str:
    """The value that is enlarged to this one, or itself."""
    name = _unchanged(makers, name)
    maker = makers.get(name)
    if maker is None or maker.op_type != "Resize":
        return name
    settings = {attribute.name: attribute.s for attribute in maker.attribute}
    if settings.get("mode") != b"linear":
        return name
    if settings.get("coordinate_transformation_mode", HALF_PIXEL[0]) not in HALF_PIXEL:
        return name
    return _unchanged(makers, maker.input[0])


def _weighted(
    makers: Mapping[str, onnx.NodeProto], constants: dict[str, TensorProto], name: str
) -> list[str]:
    """The planes whose weighted sum this is, weighted by the convolutions that make them; none if it is no
    such sum."""
    total = makers.get(name)
    joined = None if total is None else makers.get(_unchanged(makers, total.input[0]))
    if total is None or joined is None or total.op_type != "Conv" or joined.op_type != "Concat":
        return []
    names = [_small(makers, part) for part in joined.input]
    parts = [makers[part] for part in names if part in makers and makers[part].op_type == "Conv"]
    readers = [sum(name in node.input for node in makers.values()) for name in names]
    if len(parts) < len(names) or max(readers) > 1:
        return []
    try:
        shares, offset = _constants(total, constants)
        planes = [_constants(part, constants) for part in parts]
    except (KeyError, ValueError):
        return []  # Without an offset, or not constant: then the sum stays inside.
    if shares.shape != (1, len(names), 1, 1) or any(len(kernel) != 1 for kernel, _ in planes):
        return []
    for name, part, share, (kernel, bias) in zip(names, parts, shares.ravel(), planes, strict=True):
        # The sum's own offset once only, or it would be added as often as there are planes.
        own = {f"{name}_kernel": kernel * share, f"{name}_bias": bias * share + offset}
        offset = np.zeros_like(offset)
        for key, value in own.items():
            constants[key] = numpy_helper.from_array(value.astype(np.float32), key)
        part.input[1:] = list(own)
    return names


def _constants(
    convolution: onnx.NodeProto, constants: Mapping[str, TensorProto]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Its kernel and its offset. Raises KeyError or ValueError if they are not constants, or not both."""
    kernel, offset = (numpy_helper.to_array(constants[name]) for name in convolution.input[1:])
    return kernel, offset
