"""Measures the ranges that 8-bit networks round within, and writes them to calibration.json.

    python benchmarks/calibrate.py isnet [--models FOLDER]

The photographs are scikit-image's samples, whole and as mirrored crops, at several sizes, so that one table
serves all sizes. Each group of values gets the range that holds all values of nine in ten squares. All of ten
is ten times worse at the matte: now and then the decoder answers a photograph with values thirty times the
usual, which the sigmoid cuts off anyhow. Ranges that clip for the least squared error of each value are three
times worse. No quantiser is needed for this, nor to use the table.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import onnx
import openvino as ov
from numpy.typing import NDArray
from openvino import opset13 as ops
from skimage import data

from offcut.engine.models.families import FAMILIES, Family
from offcut.engine.models.graph import matte_graph
from offcut.engine.models.prune import activation_of, may_prune
from offcut.engine.models.quantize import LEVELS, TABLE, Group, convolutions, groups
from offcut.engine.models.runtime import HINTS, best_float
from offcut.engine.models.weights import Weights

SIZES = {"isnet": (512, 768, 1024), "u2net": (256, 320)}
SEEN = 90
"""Share of the squares, in per cent, whose values a range must hold."""

KEPT = {"isnet": ["/conv_in/Conv/WithoutBiases"], "u2net": ["Conv_787/WithoutBiases"]}
SINGLE = {"isnet": False, "u2net": True}
"""docs/decisions/int8.md says why these."""

PRUNED = {"isnet"}
"""Networks whose silent channels are taken out. U²-Net-p has some too, but is no quicker without them: its
layers are so narrow that the processor's units are not filled anyhow."""

Photo = NDArray[np.uint8]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", help="the weights' name in the catalogue")
    parser.add_argument("--models", type=Path, help="the models folder")
    arguments = parser.parse_args()
    weights = Weights(arguments.models)
    entry = weights.catalog.entry(arguments.name)
    family = FAMILIES[entry.family]
    with TemporaryDirectory() as folder:
        path = Path(folder) / "graph.onnx"
        onnx.save(matte_graph(weights.path(entry.name), family), path)
        squares = [family_square for size in SIZES[entry.family] for family_square in prepared(family, size)]
        ranges = measured(path, squares)
        silent = unheard(path, squares) if arguments.name in PRUNED else {}
    tables = json.loads(TABLE.read_text("utf-8")) if TABLE.exists() else {}
    tables[entry.files[0].sha256] = {
        "name": entry.name,
        "kept": KEPT[entry.family],
        "is_single": SINGLE[entry.family],
        "silent": silent,
        "ranges": ranges,
    }
    TABLE.write_text(written(tables), "utf-8")
    print(f"{len(ranges)} ranges from {len(squares)} squares written to {TABLE}")


def written(tables: dict[str, Any]) -> str:
    """The tables as JSON, each list on one line."""
    text = json.dumps(tables, indent=1)
    return re.sub(r"\[[^\[\]{}]*\]", lambda found: " ".join(found[0].split()), text) + "\n"


def photographs() -> Iterator[Photo]:
    """Sample photographs, each whole and as a mirrored crop, H×W×3 uint8."""
    for photo in (
        data.astronaut(),
        data.chelsea(),
        data.coffee(),
        data.rocket(),
        data.stereo_motorcycle()[0],
    ):
        yield photo
        height, width = photo.shape[:2]
        crop = photo[height // 8 : -height // 8, width // 6 : -width // 6]
        yield np.ascontiguousarray(crop[:, ::-1])


def prepared(family: Family, size: int) -> Iterator[Photo]:
    """The photographs as the network wants them, 1×size×size×3."""
    for photo in photographs():
        yield family.prepare(photo, size)[np.newaxis]


def measured(path: Path, squares: list[Photo]) -> dict[str, tuple[float, float]]:
    """Low and high of each group of values, by the group's name."""
    model = ov.Core().read_model(path)
    found = groups(model)
    extremes = np.array(list(answers(model, extreme_outputs(found), squares)))
    extremes = extremes.reshape(len(squares), -1, 2)
    low = np.percentile(extremes[..., 0], 100 - SEEN, axis=0)
    high = np.percentile(extremes[..., 1], SEEN, axis=0)
    return {
        group.name: (round(float(lo), 4), round(float(hi), 4))
        for group, lo, hi in zip(found, low, high, strict=True)
    }


def unheard(path: Path, squares: list[Photo]) -> dict[str, list[int]]:
    """The channels that never reach half a step of what their layer rounds to, by the convolution's name."""
    model = ov.Core().read_model(path)
    makers = [node for node in convolutions(model) if may_prune(node)]
    heights = [ops.reduce_max(activation_of(node).output(0), ops.constant([2, 3])) for node in makers]
    found = {}
    for node, *seen in zip(makers, *answers(model, heights, squares), strict=True):
        channels = np.array(seen)
        step = np.percentile(channels.max(axis=1), SEEN) / (LEVELS - 1)
        silent = np.flatnonzero(channels.max(axis=0) < step / 2)
        if len(silent):
            found[node.get_friendly_name()] = silent.tolist()
    return found


def extreme_outputs(found: list[Group]) -> list[Any]:
    """The lowest and the highest value of each group."""
    outputs = []
    for group in found:
        values = [
            ops.reshape(maker.output(0), ops.constant([-1]), special_zero=False) for maker in group.makers
        ]
        together = ops.concat(values, 0)
        axis = ops.constant([0])
        outputs += [ops.reduce_min(together, axis), ops.reduce_max(together, axis)]
    return outputs


def answers(model: ov.Model, outputs: list[Any], squares: list[Photo]) -> Iterator[list[NDArray[np.float32]]]:
    """What the outputs say on each square, each as a row of numbers."""
    results = [ops.result(output) for output in outputs]
    hints = {"INFERENCE_PRECISION_HINT": HINTS[best_float()], "PERFORMANCE_HINT": "LATENCY"}
    compiled = ov.Core().compile_model(ov.Model(results, model.get_parameters()), "CPU", hints)
    request = compiled.create_infer_request()
    for number, square in enumerate(squares, 1):
        print(f"\r{number}/{len(squares)}", end=" ", flush=True)
        request.infer({0: square})
        yield [np.array(tensor.data, np.float32).ravel() for tensor in request.output_tensors]


if __name__ == "__main__":
    main()
