"""Measures the ranges that 8-bit networks round within, and writes them to calibration.json.

    python benchmarks/calibrate.py isnet [--models FOLDER]

The photographs are scikit-image's samples, whole, cropped, mirrored, darkened and brightened, at several
sizes, so that one table serves all sizes. For each group of values, of several ranges that clip the
largest a little, the one with the least mean squared error of rounding is taken. No quantiser is needed
for this, nor to use the table.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import cv2
import numpy as np
import onnx
import openvino as ov
from numpy.typing import NDArray
from openvino import opset13 as ops
from skimage import data

from offcut.engine.models.families import FAMILIES, Family
from offcut.engine.models.graph import matte_graph
from offcut.engine.models.quantize import LEVELS, TABLE, Group, groups
from offcut.engine.models.runtime import HINTS, best_float
from offcut.engine.models.weights import Weights

SIZES = {"isnet": (512, 768, 1024), "u2net": (320,)}
SHARES = (1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4)
KEPT = {"isnet": ["/conv_in/Conv/WithoutBiases"], "u2net": []}

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
    tables = json.loads(TABLE.read_text("utf-8")) if TABLE.exists() else {}
    tables[entry.files[0].sha256] = {"name": entry.name, "kept": KEPT[entry.family], "ranges": ranges}
    TABLE.write_text(json.dumps(tables, indent=1) + "\n", "utf-8")
    print(f"{len(ranges)} ranges from {len(squares)} squares written to {TABLE}")


def photographs() -> Iterator[Photo]:
    """Sample photographs and variations of them, H×W×3 uint8."""
    colour = [data.astronaut(), data.chelsea(), data.coffee(), data.rocket(), data.stereo_motorcycle()[0]]
    grey = [np.repeat(photo[..., None], 3, axis=2) for photo in (data.camera(), data.coins())]
    for index, photo in enumerate((*colour, *grey)):
        yield photo
        height, width = photo.shape[:2]
        crop = photo[height // 8 : -height // 8, width // 6 : -width // 6]
        yield np.ascontiguousarray(crop[:, ::-1])
        if index < len(colour):
            gain = 0.5 if index % 2 else 1.6
            yield cv2.convertScaleAbs(photo, alpha=gain)


def prepared(family: Family, size: int) -> Iterator[Photo]:
    """The photographs as the network wants them, 1×size×size×3."""
    for photo in photographs():
        yield family.prepare(photo, size)[np.newaxis]


def measured(path: Path, squares: list[Photo]) -> dict[str, tuple[float, float]]:
    """Low and high of each group of values, by the group's name."""
    model = ov.Core().read_model(path)
    found = groups(model)
    extremes = np.array(list(answers(model, extreme_outputs(found), squares, HINTS[best_float()])))
    low = extremes.reshape(len(squares), -1, 2)[..., 0].min(axis=0)
    high = extremes.reshape(len(squares), -1, 2)[..., 1].max(axis=0)
    model = ov.Core().read_model(path)
    outputs = error_outputs(groups(model), low, high)
    # Every fourth square: the errors cost far more than the extremes, and depend less on single photographs.
    errors = np.array(list(answers(model, outputs, squares[::4], "f32")))
    best = errors.sum(axis=0).reshape(len(found), len(SHARES)).argmin(axis=1)
    share = np.array(SHARES)[best]
    return {
        group.name: (round(float(lo * s), 4), round(float(hi * s), 4))
        for group, lo, hi, s in zip(found, low, high, share, strict=True)
    }


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


def error_outputs(found: list[Group], low: NDArray[Any], high: NDArray[Any]) -> list[Any]:
    """For each group and each share of its range, the mean squared error of rounding within that."""
    outputs = []
    for group, lo, hi in zip(found, low, high, strict=True):
        for share in SHARES:
            ends = [ops.constant(np.full((1, 1, 1, 1), end * share, np.float32)) for end in (lo, hi, lo, hi)]
            errors = []
            for maker in group.makers:
                error = ops.subtract(ops.fake_quantize(maker.output(0), *ends, LEVELS), maker.output(0))
                errors.append(ops.reduce_mean(ops.multiply(error, error), ops.constant([0, 1, 2, 3])))
            total = errors[0]
            for error in errors[1:]:
                total = ops.add(total, error)
            outputs.append(total)
    return outputs


def answers(
    model: ov.Model, outputs: list[Any], squares: list[Photo], precision: str
) -> Iterator[list[float]]:
    """What the outputs, numbers all, say on each square."""
    results = [ops.result(output) for output in outputs]
    hints = {"INFERENCE_PRECISION_HINT": precision, "PERFORMANCE_HINT": "LATENCY"}
    compiled = ov.Core().compile_model(ov.Model(results, model.get_parameters()), "CPU", hints)
    request = compiled.create_infer_request()
    for number, square in enumerate(squares, 1):
        print(f"\r{number}/{len(squares)}", end=" ", flush=True)
        request.infer({0: square})
        yield [float(tensor.data.ravel()[0]) for tensor in request.output_tensors]


if __name__ == "__main__":
    main()
