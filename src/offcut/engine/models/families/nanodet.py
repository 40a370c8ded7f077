"""NanoDet: names and boxes the 80 everyday things of COCO in a photo, in some ten milliseconds.

    detector = Detector(networks.network("nanodet", convert))
    detector.detect(rgb)

RangiLyu, NanoDet (2021). Its head is that of Li et al., "Generalized Focal Loss" (NeurIPS 2020): each place
of three grids gives one score a class, and, for each side of the box, the odds of eleven distances.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias

import cv2
import numpy as np
import onnx
from numpy.typing import NDArray

from offcut.engine.models.families.tfjs import read_graph_model
from offcut.engine.types import Detection, Rgb
from offcut.errors import ModelError

Floats: TypeAlias = NDArray[np.float32]
Network: TypeAlias = Callable[[Floats], Mapping[str, Floats]]
"""1×3×416×416 float32 in; out the six tensors of the graph by name."""

SIZE = 416
STRIDES = (8, 16, 32)
SCORES = ("Identity", "Identity_1", "Identity_2")
"""One tensor a stride: 1×places×80, 0.0-1.0."""
DISTANCES = ("Identity_3", "Identity_4", "Identity_5")
"""One tensor a stride: 1×places×44, logits of the distances left, top, right, bottom in strides 0-10."""

MEAN = np.array([123.675, 116.28, 103.53], np.float32)
DEVIATION = np.array([58.395, 57.12, 57.375], np.float32)

CONFIDENCE_MIN = 0.25
OVERLAP_MAX = 0.6
DETECTIONS_MAX = 50

_LABELS = (
    "person,bicycle,car,motorcycle,airplane,bus,train,truck,boat,traffic light,fire hydrant,stop sign,"
    "parking meter,bench,bird,cat,dog,horse,sheep,cow,elephant,bear,zebra,giraffe,backpack,umbrella,handbag,"
    "tie,suitcase,frisbee,skis,snowboard,sports ball,kite,baseball bat,baseball glove,skateboard,surfboard,"
    "tennis racket,bottle,wine glass,cup,fork,knife,spoon,bowl,banana,apple,sandwich,orange,broccoli,carrot,"
    "hot dog,pizza,donut,cake,chair,couch,potted plant,bed,dining table,toilet,tv,laptop,mouse,remote,"
    "keyboard,cell phone,microwave,oven,toaster,sink,refrigerator,book,clock,vase,scissors,teddy bear,"
    "hair drier,toothbrush"
)
LABELS: tuple[str, ...] = tuple(_LABELS.split(","))


class Detector:
    """Finds things in photos with a loaded NanoDet network. One detector serves any number of threads if
    its network does."""

    def __init__(self, network: Network) -> None:
        self._network = network

    def detect(self, rgb: Rgb) -> list[Detection]:
        """The things in `rgb` (H×W×3 uint8, any size), surest first, boxes in its pixels.

        Raises `ModelError` when the network does not answer as NanoDet does.
        """
        height, width = rgb.shape[:2]
        scores, boxes = read_answer(self._network(to_input(rgb)))
        left, top, inner_width, inner_height = _frame(height, width)
        scale = np.array([width / inner_width, height / inner_height] * 2, np.float32)
        boxes = (boxes - np.array([left, top] * 2, np.float32)) * scale
        return _strongest(scores, np.clip(boxes, 0, np.array([width, height] * 2, np.float32)), width, height)


def convert(paths: tuple[Path, ...]) -> onnx.ModelProto:
    """The catalogued files (topology, then weights) as an ONNX graph; see `Networks.network`."""
    return read_graph_model(paths[0], paths[1:])


def to_input(rgb: Rgb) -> Floats:
    """H×W×3 uint8 to what the network reads: 1×3×416×416 float32, BGR, mean 0, deviation 1; the whole photo
    in its own proportions, centred on black, as it was trained."""
    left, top, width, height = _frame(*rgb.shape[:2])
    square = np.zeros((SIZE, SIZE, 3), np.uint8)
    small = cv2.resize(rgb, (width, height), interpolation=cv2.INTER_AREA)
    square[top : top + height, left : left + width] = small
    planes = np.empty((1, 3, SIZE, SIZE), np.float32)
    for plane, colour, mean, deviation in zip(
        planes[0, ::-1], cv2.split(square), MEAN, DEVIATION, strict=True
    ):
        np.subtract(colour, mean, out=plane)
        plane /= deviation
    return planes


def read_answer(answer: Mapping[str, Floats]) -> tuple[Floats, Floats]:
    """The network's tensors as scores (N×80, 0-1) and boxes (N×4: left, top, right, bottom in pixels of the
    416×416 square), N = 3549 places of all grids."""
    scores, boxes = [], []
    try:
        for stride, score_name, distance_name in zip(STRIDES, SCORES, DISTANCES, strict=True):
            places = _places(stride)
            scores.append(np.asarray(answer[score_name], np.float32).reshape(len(places), len(LABELS)))
            sides = _distances(np.asarray(answer[distance_name], np.float32).reshape(len(places), 4, -1))
            boxes.append(np.hstack([places - sides[:, :2], places + sides[:, 2:]]) * stride)
    except (KeyError, ValueError) as error:
        raise ModelError("The network does not answer as NanoDet does.") from error
    return np.concatenate(scores), np.concatenate(boxes)


def _frame(height: int, width: int) -> tuple[int, int, int, int]:
    """Where the photo lies in the square: left, top, width, height."""
    scale = SIZE / max(height, width)
    inner_width, inner_height = max(1, round(width * scale)), max(1, round(height * scale))
    return (SIZE - inner_width) // 2, (SIZE - inner_height) // 2, inner_width, inner_height


def _places(stride: int) -> Floats:
    """Centres of the grid's cells, x and y in strides, row by row."""
    count = SIZE // stride
    rows, columns = np.divmod(np.arange(count * count), count)
    return np.stack([columns, rows], axis=1).astype(np.float32) + np.float32(0.5)


def _distances(logits: Floats) -> Floats:
    """The expected distance under the softmax of the last axis."""
    odds = np.exp(logits - logits.max(axis=-1, keepdims=True))
    steps = np.arange(logits.shape[-1], dtype=np.float32)
    expected: Floats = (odds @ steps) / odds.sum(axis=-1)
    return expected


def _strongest(scores: Floats, boxes: Floats, width: int, height: int) -> list[Detection]:
    """Of boxes with one label that cover each other, only the surest."""
    places, labels = np.nonzero(scores >= CONFIDENCE_MIN)
    if not len(places):
        return []
    found, sure = boxes[places], scores[places, labels]
    corner_and_size = np.hstack([found[:, :2], found[:, 2:] - found[:, :2]])
    kept = cv2.dnn.NMSBoxesBatched(
        corner_and_size.tolist(), sure.tolist(), labels.tolist(), CONFIDENCE_MIN, OVERLAP_MAX
    )
    kept = sorted((int(index) for index in kept), key=lambda index: -sure[index])[:DETECTIONS_MAX]
    return [
        Detection(LABELS[labels[index]], float(sure[index]), _box(found[index], width, height))
        for index in kept
    ]


def _box(sides: Floats, width: int, height: int) -> tuple[int, int, int, int]:
    """Whole pixels, never empty."""
    left, top, right, bottom = (round(float(side)) for side in sides)
    left, top = min(left, width - 1), min(top, height - 1)
    return left, top, max(right, left + 1), max(bottom, top + 1)
