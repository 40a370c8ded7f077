"""Measures the networks alone: time a pass, loading cold and warm, memory, and how far quicker arithmetic
strays from single precision.

    python benchmarks/networks.py [--models FOLDER] [--photos FOLDER] [--precisions fp32 bf16 int8]

Each precision runs in a process of its own, so that its memory is its own. Without --photos the differences
are measured on scikit-image's samples, which also made the calibration: give a folder of other photographs
for figures that count.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage import data

from offcut.engine.models import machine
from offcut.engine.models.networks import Networks
from offcut.engine.models.weights import PREPARED

SIDES = {"isnet": (512, 640, 768, 896, 1024), "u2netp": (256, 320)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", type=Path)
    parser.add_argument("--photos", type=Path, help="an evaluation folder (…/image/*)")
    parser.add_argument("--precisions", nargs="+", default=["fp32", "bf16", "int8"])
    parser.add_argument("--passes", type=int, default=7)
    parser.add_argument("--every", type=int, default=4, help="use one photograph in so many")
    parser.add_argument("--one", nargs=3, metavar=("NAME", "PRECISION", "FOLDER"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        name, precision, folder = arguments.one
        print(json.dumps(measure(arguments, name, precision, Path(folder))))
        return
    print(f"{machine.processor_name()}, {machine.cores()} cores, load {os.getloadavg()[0]:.1f}")
    print(f"{platform.platform()}, Python {platform.python_version()}")
    with TemporaryDirectory() as folder:
        for name in SIDES:
            for precision in arguments.precisions:
                command = [sys.executable, *sys.argv, "--one", name, precision, folder]
                done = subprocess.run(command, check=True, capture_output=True, text=True)
                show(name, precision, json.loads(done.stdout))


def show(name: str, precision: str, found: dict[str, Any]) -> None:
    print(f"\n{name} {precision} (computes in {found['precision']})")
    print(
        f"  load: {found['cold_s']:.2f} s the first time ever, {found['warm_s']:.2f} s after; "
        f"memory {found['loaded_mb']} MB loaded, peak {found['cold_peak_mb']} MB while preparing"
    )
    for side, row in found["sides"].items():
        times = f"{row['median_ms']:6.0f} ms (best {row['best_ms']:.0f}, processor {row['processor_ms']:.0f})"
        line = f"  {side:>5}: {times}, two views {row['two_ms']:.0f} ms, memory {row['memory_mb']} MB"
        if "strays" in row:
            line += f", strays by {row['strays']:.5f} (worst photo {row['worst']:.5f})"
        print(line)


def measure(arguments: argparse.Namespace, name: str, precision: Any, folder: Path) -> dict[str, Any]:
    """All figures of one network at one precision, in this process."""
    with Networks(arguments.models, device="cpu", precision=precision) as networks:
        chosen = networks.precision(name)
        for path in (networks.weights.folder / PREPARED).glob(f"{name}-{chosen}-*"):
            path.unlink()
        cold_s = timed(lambda: networks.prepare(name))
        cold_peak_mb = status("VmHWM")
    with Networks(arguments.models, device="cpu", precision=precision) as networks:
        warm_s = timed(lambda: networks.prepare(name))
        found = {"precision": chosen, "cold_s": cold_s, "warm_s": warm_s, "cold_peak_mb": cold_peak_mb}
        found |= {"loaded_mb": status("VmRSS"), "sides": {}}
        for side in SIDES[name]:
            exact = folder / f"{name}-{side}.npy"
            found["sides"][side] = side_figures(networks, name, side, arguments, exact, chosen)
        return found


def side_figures(
    networks: Networks, name: str, side: int, arguments: argparse.Namespace, exact: Path, precision: str
) -> dict[str, Any]:
    segmenter = networks.segmenter(name)
    photo = data.astronaut()
    views = [photo, np.ascontiguousarray(photo[:, ::-1])]
    segmenter.matte(photo, side)
    one = [timed(lambda: segmenter.matte(photo, side)) for _ in range(arguments.passes)]
    row: dict[str, Any] = {"median_ms": statistics.median(one) * 1000, "best_ms": min(one) * 1000}
    # The processor's own time does not depend on what else the machine is doing.
    begin = time.process_time()
    for _ in range(arguments.passes):
        segmenter.matte(photo, side)
    row["processor_ms"] = (time.process_time() - begin) / arguments.passes * 1000
    row["two_ms"] = min(timed(lambda: segmenter.matte_many(views, side)) for _ in range(3)) * 1000
    row["memory_mb"] = status("VmRSS")
    mattes = np.stack([segmenter.matte(rgb, side) for rgb in photographs(arguments)])
    if precision == "fp32":
        np.save(exact, mattes.astype(np.float16))
    elif exact.exists():
        strays = np.abs(mattes - np.load(exact).astype(np.float32)).mean(axis=(1, 2))
        row |= {"strays": float(strays.mean()), "worst": float(strays.max())}
    return row


def photographs(arguments: argparse.Namespace) -> list[NDArray[np.uint8]]:
    if arguments.photos is None:
        return [data.astronaut(), data.chelsea(), data.coffee()]
    paths = sorted(arguments.photos.rglob("image/*"))
    return [cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB) for path in paths[:: arguments.every]]


def timed(work: Any) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def status(field: str) -> int:
    """A memory figure of this process in MB, as Linux counts it."""
    for line in Path("/proc/self/status").read_text("ascii").splitlines():
        if line.startswith(field):
            return int(line.split()[1]) // 1024
    return 0


if __name__ == "__main__":
    main()
