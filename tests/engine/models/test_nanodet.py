"""The detector: its input, its answer decoded, and things found in photographs."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from skimage import data

from offcut.engine.models.families import nanodet
from offcut.engine.models.families.nanodet import LABELS, SIZE, Detector
from offcut.engine.models.networks import Networks
from offcut.errors import ModelError


def answer(things: list[tuple[str, float, int, tuple[int, int], tuple[float, ...]]]) -> dict[str, np.ndarray]:
    """What the network would say: (label, score, grid 0-2, cell x and y, distances in strides)."""
    tensors: dict[str, np.ndarray] = {}
    for grid, stride in enumerate(nanodet.STRIDES):
        count = (SIZE // stride) ** 2
        tensors[nanodet.SCORES[grid]] = np.full((1, count, len(LABELS)), 0.01, np.float32)
        tensors[nanodet.DISTANCES[grid]] = np.zeros((1, count, 44), np.float32)
    for label, score, grid, (x, y), distances in things:
        place = y * (SIZE // nanodet.STRIDES[grid]) + x
        tensors[nanodet.SCORES[grid]][0, place, LABELS.index(label)] = score
        odds = tensors[nanodet.DISTANCES[grid]].reshape(-1, 4, 11)[place]
        odds[:] = -50
        for side, distance in enumerate(distances):
            low = int(distance)
            share = distance - low
            odds[side, low] = np.log(1 - share)
            if share:
                odds[side, low + 1] = np.log(share)
    return tensors


def test_a_box_is_the_expected_distance_from_its_cell() -> None:
    """Cell (5, 4) of the coarse grid has its centre at 176, 144; the photo is twice the square."""
    said = answer([("dog", 0.8, 2, (5, 4), (2, 1.5, 3, 4))])
    found = Detector(lambda _: said).detect(np.zeros((832, 832, 3), np.uint8))
    assert [(thing.label, round(thing.confidence, 3)) for thing in found] == [("dog", 0.8)]
    assert found[0].box == (2 * (176 - 64), 2 * (144 - 48), 2 * (176 + 96), 2 * (144 + 128))


def test_boxes_come_back_out_of_the_square_in_a_photos_own_proportions() -> None:
    """A photo half as high as wide fills rows 104-312 of the square."""
    said = answer([("car", 0.5, 1, (12, 12), (4, 3, 5, 10))])
    found = Detector(lambda _: said).detect(np.zeros((104, 208, 3), np.uint8))
    assert found[0].box == ((200 - 64) // 2, (200 - 48 - 104) // 2, (200 + 80) // 2, 104)


def test_of_boxes_over_each_other_the_surest_stays_and_other_labels_too() -> None:
    said = answer(
        [
            ("cat", 0.5, 2, (5, 5), (3, 3, 3, 3)),
            ("cat", 0.7, 1, (11, 11), (6, 6, 6, 6)),
            ("dog", 0.4, 2, (5, 5), (3, 3, 3, 3)),
            ("cat", 0.3, 2, (11, 11), (1, 1, 1, 1)),
            ("cat", 0.2, 2, (1, 1), (1, 1, 1, 1)),
        ]
    )
    found = Detector(lambda _: said).detect(np.zeros((416, 416, 3), np.uint8))
    assert [(thing.label, round(thing.confidence, 1)) for thing in found] == [
        ("cat", 0.7),
        ("dog", 0.4),
        ("cat", 0.3),
    ]


def test_nothing_is_found_where_nothing_scores() -> None:
    assert Detector(lambda _: answer([])).detect(np.zeros((1, 3000, 3), np.uint8)) == []


def test_another_networks_answer_is_refused() -> None:
    with pytest.raises(ModelError, match="NanoDet"):
        Detector(lambda _: {"matte": np.zeros((1, 1, 8, 8), np.float32)}).detect(
            np.zeros((9, 9, 3), np.uint8)
        )


def test_the_input_is_blue_first_normal_and_centred_on_black() -> None:
    photo = np.zeros((200, 100, 3), np.uint8)
    photo[...] = (255, 0, 0)
    value = nanodet.to_input(photo)
    assert value.shape == (1, 3, SIZE, SIZE)
    assert value.dtype == np.float32
    red, black = (255 - 123.675) / 58.395, -123.675 / 58.395
    np.testing.assert_allclose(value[0, 2, :, 104:312], red, rtol=1e-5)
    np.testing.assert_allclose(value[0, 2, :, :104], black, rtol=1e-5)
    np.testing.assert_allclose(value[0, 0], -103.53 / 57.375, rtol=1e-5)


@pytest.fixture(scope="module")
def detector() -> Detector:
    networks = Networks()
    networks.weights.pull("nanodet")
    return Detector(networks.network("nanodet", nanodet.convert))


@pytest.mark.network
@pytest.mark.parametrize(
    ("photo", "label", "box"),
    [
        ("astronaut", "person", (18, 0, 370, 512)),
        ("chelsea", "cat", (0, 0, 451, 300)),
        ("coffee", "cup", (160, 40, 440, 320)),
        ("camera", "person", (100, 60, 330, 512)),
    ],
)
def test_boxes_fit_the_things_in_photographs(
    detector: Detector, photo: str, label: str, box: tuple[int, int, int, int]
) -> None:
    """The boxes were drawn by eye; wrong colours, order, grid or distances would miss them."""
    pixels = getattr(data, photo)()
    rgb = cv2.cvtColor(pixels, cv2.COLOR_GRAY2RGB) if pixels.ndim == 2 else pixels
    named = [thing for thing in detector.detect(rgb) if thing.label == label]
    assert named
    assert overlap(named[0].box, box) > 0.65


def overlap(first: tuple[int, ...], second: tuple[int, ...]) -> float:
    """Intersection over union."""
    width = max(0, min(first[2], second[2]) - max(first[0], second[0]))
    height = max(0, min(first[3], second[3]) - max(first[1], second[1]))
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (first, second)]
    return width * height / (sum(areas) - width * height)
