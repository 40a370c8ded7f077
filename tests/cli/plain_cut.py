"""`offcut` with a cut that needs no networks: what is red is the subject. Started by the tests.

PLAIN_CUT_SECONDS makes each cut take as long as a network would. PLAIN_CUT_PATIENCE_S is how long
a run that was told to end waits for a server. Everything else is the real command.
"""

from __future__ import annotations

import os
import time
from dataclasses import replace
from typing import Any

import numpy as np

from offcut import library
from offcut.engine import pipeline
from offcut.engine.cutout import Cutout
from offcut.engine.types import Layer
from offcut.errors import NoForegroundError, WeightsMissingError


def cut_out(photo: Any, options: Any, _networks: Any, *, model: str = "", on_step: Any = None) -> Cutout:
    del model, on_step
    time.sleep(float(os.environ.get("PLAIN_CUT_SECONDS", "0")))
    if "PLAIN_CUT_NO_WEIGHTS" in os.environ:
        raise WeightsMissingError("The weights are not here.", hint="Pull them.")
    red, green, blue = (photo.pixels[:, :, channel].astype(int) for channel in range(3))
    if (blue > 200).any() and (red < 50).any():
        raise ZeroDivisionError("a fault of ours")
    alpha = np.where((red > 150) & (green < 100), 255, 0).astype(np.uint8)
    if options.bg_color is not None:
        alpha[:] = 255
    if not alpha.any():
        raise NoForegroundError("There is nothing red.")
    done = Cutout(photo.pixels, alpha, (0, 0, 1, 1), "other", 0.5, photo.source_size, options, photo.notes)
    return replace(done, dpi=photo.dpi, layers=(Layer("Photo", photo.pixels, mask=alpha),))


if __name__ == "__main__":
    pipeline.cut_out = cut_out
    library.default_networks = lambda: None  # type: ignore[assignment,return-value]
    from offcut.cli import purchases
    from offcut.cli.main import run

    purchases.PATIENCE_S = float(os.environ.get("PLAIN_CUT_PATIENCE_S", purchases.PATIENCE_S))
    run()
