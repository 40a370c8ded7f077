"""Our sample photos: drawn by us, small enough, and what is kept is what the script draws."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from offcut.server.website.home.samples.__main__ import DEMO, NAMES, PHOTO, SIZE_MAX, draw
from offcut.server.website.home.views import SAMPLES

FOLDER = Path("src/offcut/server/website/home/static/home/samples")


def test_every_sample_is_there_and_small() -> None:
    assert SAMPLES == NAMES
    for name in NAMES:
        with Image.open(FOLDER / f"{name}.jpg") as photo:
            assert photo.size == PHOTO
            assert not photo.getexif()
        for part in ("before", "after"):
            with Image.open(FOLDER / f"{name}-{part}.webp") as picture:
                assert picture.size == DEMO
    assert max(file.stat().st_size for file in FOLDER.iterdir()) <= SIZE_MAX


@pytest.mark.parametrize("name", ["mug", "dandelion"])
def test_a_kept_sample_is_what_the_script_draws(name: str) -> None:
    drawn, truth = draw(name, 240, 180)
    kept = cv2.resize(
        np.asarray(Image.open(FOLDER / f"{name}.jpg")), (240, 180), interpolation=cv2.INTER_AREA
    )
    assert np.abs(drawn.astype(float) - kept).mean() < 7
    assert truth[2, 2] == 0
    assert truth.max() == 255


@pytest.mark.parametrize(("name", "error_max"), [("mug", 0.01), ("dandelion", 0.08)])
def test_a_shown_cutout_is_close_to_the_truth(name: str, error_max: float) -> None:
    """The cut-outs of the front page are the engine's, and each scene knows its own true alpha."""
    _drawn, truth = draw(name, 240, 180)
    with Image.open(FOLDER / f"{name}-after.webp") as cutout:
        alpha = cv2.resize(np.asarray(cutout)[..., 3], (240, 180), interpolation=cv2.INTER_AREA)
    assert np.abs(alpha.astype(float) - truth).mean() / 255 < error_max
