"""Time and memory of composing and of shadows: `python benchmarks/speed_compose.py [MEGAPIXELS]`.

The photo is noise and the subject a disc with a soft edge (3 % of the pixels partly transparent). Best of
five: time on the clock, and processor time of all threads, which other work on the machine disturbs less.
Memory is what the call itself allocates at its highest, results included.
"""

from __future__ import annotations

import sys
import time
import tracemalloc
from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from offcut.engine.compose import compose, find_box, place
from offcut.engine.options import Options, Shadow
from offcut.engine.shadow import cast

_CASES: tuple[tuple[str, dict[str, str]], ...] = (
    ("nothing", {}),
    ("crop", {"crop": "true", "crop_margin": "5%"}),
    ("roi", {"roi": "10% 10% 90% 90%"}),
    ("position", {"position": "10% 90%"}),
    ("scale 70%", {"scale": "70%"}),
    ("colour", {"bg_color": "0a0"}),
    ("half-clear colour", {"bg_color": "0a08"}),
)


def measure(name: str, call: Callable[[], object]) -> None:
    """Print the best time of five and the highest memory of one call."""
    clock = processor = float("inf")
    for _ in range(5):
        start = time.perf_counter(), time.process_time()
        call()
        clock = min(clock, time.perf_counter() - start[0])
        processor = min(processor, time.process_time() - start[1])
    tracemalloc.start()
    call()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    print(f"{name:24}{clock * 1e3:8.1f} ms{processor * 1e3:8.1f} ms CPU{peak / 1e6:8.1f} MB")


def scene(megapixels: float) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """A 4:3 photo and its matte."""
    width, height = round((megapixels * 1e6 * 4 / 3) ** 0.5), round((megapixels * 1e6 * 3 / 4) ** 0.5)
    rgb = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    alpha = np.zeros((height, width), np.uint8)
    cv2.circle(alpha, (width // 2, height // 2), round(height * 0.4), 255, -1)
    return rgb, cv2.GaussianBlur(alpha, (0, 0), height / 375).astype(np.uint8, copy=False)


def main() -> None:
    """Every case, then shadows."""
    rgb, alpha = scene(float(sys.argv[1]) if len(sys.argv) > 1 else 12)
    box = find_box(alpha)
    assert box is not None
    for name, strings in _CASES:
        options = Options.from_strings(strings)
        measure(name, lambda asked=options: compose(place(rgb, alpha, asked), asked))
    plain, white = Options(), Options.from_strings({"bg_color": "fff"})
    shadow = cast(alpha, box, Shadow("3D", 50))
    picture = rgb[: rgb.shape[0] // 2]
    measure("image", lambda: compose(place(rgb, alpha, plain), plain, background=picture))
    measure("colour and shadow", lambda: compose(place(rgb, alpha, white), white, shadow=shadow))
    measure("shadow, transparent", lambda: compose(place(rgb, alpha, plain), plain, shadow=shadow))
    done = compose(place(rgb, alpha, plain), plain)
    measure("join to RGBA", done.pixels)
    for drawn in (Shadow("car", 50), Shadow("3D", 50), Shadow("drop", 50)):
        measure(f"cast {drawn.style}", lambda asked=drawn: cast(alpha, box, asked))


if __name__ == "__main__":
    main()
