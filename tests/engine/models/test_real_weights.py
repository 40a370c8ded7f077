"""The real networks on a real photograph. The weights are fetched once into the person's own data folder."""

from __future__ import annotations

import time
from collections.abc import Iterator

import cv2
import numpy as np
import pytest
from skimage import data

from offcut import library
from offcut.engine.models.networks import Networks
from offcut.engine.models.runtime import precisions
from offcut.engine.models.weights import Weights
from offcut.engine.segment import GRID, WHOLE
from offcut.engine.types import Matte

pytestmark = pytest.mark.network

FACE = (0.20, 0.35, 0.40, 0.48)
CORNER = (0.0, 0.04, 0.96, 1.0)
"""Parts of the sample photograph of an astronaut: top, bottom, left, right as shares of its side."""


def part(matte: Matte, share: tuple[float, float, float, float]) -> Matte:
    top, bottom, left, right = (round(edge * len(matte)) for edge in share)
    return matte[top:bottom, left:right]


@pytest.fixture(scope="module")
def weights() -> Weights:
    store = Weights()
    for name in ("isnet", "u2netp"):
        store.pull(name)
    return store


@pytest.fixture(scope="module")
def exact(weights: Weights) -> Iterator[Networks]:
    with Networks(weights.folder, device="cpu", precision="fp32") as networks:
        yield networks


@pytest.mark.parametrize(("name", "side"), [("isnet", 512), ("isnet", GRID), ("u2netp", WHOLE)])
def test_astronaut_is_found(exact: Networks, name: str, side: int) -> None:
    matte = exact.segmenter(name).matte(data.astronaut(), side)
    assert matte.shape == (side, side)
    assert part(matte, FACE).min() > 0.95
    assert part(matte, CORNER).max() < 0.05
    assert 0.35 < matte.mean() < 0.65


def test_two_networks_agree(exact: Networks) -> None:
    fine = exact.segmenter("isnet").matte(data.astronaut(), 768)
    coarse = cv2.resize(exact.segmenter("u2netp").matte(data.astronaut()), (768, 768))
    inside, other = fine > 0.5, coarse > 0.5
    assert (inside & other).sum() / (inside | other).sum() > 0.93


@pytest.mark.parametrize("precision", ["bf16", "int8"])
@pytest.mark.parametrize(
    ("name", "side", "strays"),
    [("isnet", 512, {"bf16": 0.002, "int8": 0.01}), ("isnet", GRID, {"bf16": 0.002, "int8": 0.01}),
     ("u2netp", WHOLE, {"bf16": 0.06, "int8": 0.03}), ("u2netp", 320, {"bf16": 0.06, "int8": 0.03})],
)  # fmt: skip
def test_quicker_arithmetic_stays_close(
    exact: Networks, precision: str, name: str, side: int, strays: dict[str, float]
) -> None:
    if precision not in precisions():
        pytest.skip(f"this processor does not compute in {precision}")
    with Networks(exact.weights.folder, device="cpu", precision=precision) as networks:  # type: ignore[arg-type]
        assert networks.precision(name) == precision
        for photo in (data.astronaut(), data.chelsea()):
            quick = networks.segmenter(name).matte(photo, side)
            difference = np.abs(quick - exact.segmenter(name).matte(photo, side)).mean()
            assert 0 < difference < strays[precision]


def test_views_are_answered_in_their_order(exact: Networks) -> None:
    photo = data.astronaut()
    plain, mirrored = exact.segmenter("isnet").matte_many([photo, photo[:, ::-1]], 512)
    left, right = (0.20, 0.35, 0.40, 0.48), (0.20, 0.35, 0.52, 0.60)
    assert part(plain, left).min() > 0.95 < part(mirrored, right).min()


def test_weights_are_whole(weights: Weights) -> None:
    assert {weights.state(name, read=True) for name in ("isnet", "u2netp")} == {"present"}


def test_the_librarys_networks_go_when_idle_and_come_back(
    weights: Weights, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(library, "IDLE_S", 0.2)
    monkeypatch.setenv("OFFCUT_MODELS_DIR", str(weights.folder))
    with library.make_networks() as networks:
        first = networks.segmenter("u2netp").matte(data.astronaut())
        assert networks.loaded() == ("u2netp",)
        until = time.monotonic() + 30
        while networks.loaded() and time.monotonic() < until:
            time.sleep(0.05)
        assert networks.loaded() == ()
        assert np.array_equal(networks.segmenter("u2netp").matte(data.astronaut()), first)
