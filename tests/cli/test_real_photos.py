"""The whole way with the real networks: a photograph on disk, one command, a cut-out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import skimage.data
from PIL import Image

import offcut

pytestmark = pytest.mark.network


@pytest.fixture(scope="session")
def weights_folder() -> Path:
    """The person's own folder of weights, fetched once if they are not there."""
    from offcut.engine.models.weights import Weights

    store = Weights()
    for name in store.catalog.default:
        store.pull(name)
    return store.folder


@pytest.mark.usefixtures("weights_folder")
def test_one_command_cuts_out_a_photograph(tmp_path: Path) -> None:
    Image.fromarray(skimage.data.astronaut()).save(tmp_path / "astronaut.jpg", quality=95)
    ran = subprocess.run(
        [sys.executable, "-m", "offcut.cli.main", "astronaut.jpg", "--json"],
        cwd=tmp_path,
        env=dict(os.environ),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    record = json.loads(ran.stdout.splitlines()[0])
    assert (record["status"], record["width"], record["height"]) == ("done", 512, 512)
    with Image.open(tmp_path / "astronaut-removebg.png") as result:
        alpha = np.asarray(result.getchannel("A"))
    # Her face and suit stay, the flag and the screen behind her go.
    assert alpha[60:160, 190:260].mean() > 250
    assert alpha[350:500, 150:300].mean() > 250
    assert alpha[20:300, 10:60].mean() < 10
    assert alpha[0:100, 380:500].mean() < 40


@pytest.mark.usefixtures("weights_folder")
def test_the_library_cuts_out_the_same(tmp_path: Path) -> None:
    photos = [skimage.data.astronaut(), Image.fromarray(skimage.data.coffee())]
    outcomes = list(offcut.remove_many(photos))
    assert [outcome.error for outcome in outcomes] == [None, None]
    for outcome, photo in zip(outcomes, photos, strict=True):
        assert outcome.cutout is not None
        assert outcome.cutout.alpha.shape == np.asarray(photo).shape[:2]
        assert 0.1 < (outcome.cutout.alpha > 128).mean() < 0.9
        assert outcome.cutout.save(tmp_path / "cut.png").stat().st_size > 0
