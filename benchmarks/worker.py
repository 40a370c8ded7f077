"""One of the programs under test, in a process of its own: reads a job a line, answers with a JSON line.

usage: python benchmarks/worker.py offcut | rembg WEIGHTS
A job is `{"photo": path, "options": {…}}`; the answer has the seconds of the whole call from the JPEG's bytes
to the PNG's bytes, the PNG's size, the seconds of each step if the program tells them, the seconds in which a
network ran, and the peak memory.
"""

from __future__ import annotations

import json
import resource
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

NETWORKS, BESIDE = "networks", "beside"
"""Among the steps: seconds in which a network ran, and those of them in which the call went on beside it."""

Removal = Callable[[bytes, dict[str, Any]], tuple[bytes, dict[str, float]]]


def main() -> None:
    """Answers jobs until the input ends."""
    remove = offcut_removal() if sys.argv[1] == "offcut" else rembg_removal(sys.argv[2])
    for line in sys.stdin:
        job = json.loads(line)
        content = Path(job["photo"]).read_bytes()
        started = time.perf_counter()
        png, steps = remove(content, job["options"])
        seconds = time.perf_counter() - started
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
        print(
            json.dumps({"seconds": seconds, "bytes": len(png), "steps": steps, "peak_bytes": peak}),
            flush=True,
        )


def offcut_removal() -> Removal:
    """Offcut's whole call; its steps are told by the pipeline."""
    from offcut import library
    from offcut.engine.opening import open_photo
    from offcut.engine.options import Options
    from offcut.engine.pipeline import cut_out

    runs = watched_runs()

    def remove(content: bytes, given: dict[str, Any]) -> tuple[bytes, dict[str, float]]:
        options = Options(**given)
        runs.clear()
        marks: list[tuple[str, float]] = [("decode", time.perf_counter())]

        def mark(step: str) -> None:
            marks.append((step, time.perf_counter()))

        photo = open_photo(content, options)
        cutout = cut_out(photo, options, library.default_networks(), on_step=mark)
        mark("encode")
        png = cutout.encode("png")
        ends = [at for _, at in marks[1:]] + [time.perf_counter()]
        steps: dict[str, float] = {}
        for (step, began), ended in zip(marks, ends, strict=True):
            steps[step] = steps.get(step, 0.0) + ended - began
        waited = covered([(began, ended) for began, ended, is_beside in runs if not is_beside])
        steps[NETWORKS] = covered([(began, ended) for began, ended, _ in runs])
        steps[BESIDE] = steps[NETWORKS] - waited
        return png, steps

    return remove


def watched_runs() -> list[tuple[float, float, bool]]:
    """A list that every run of a network is added to from now on: begin, end, and whether in another thread
    than the call's, which then goes on beside it."""
    from offcut.engine.models import runtime

    runs: list[tuple[float, float, bool]] = []
    main = threading.main_thread()

    def watch(kind: type) -> None:
        plain: Callable[[Any, Any], Any] = kind.__call__

        def run(self: Any, value: Any) -> Any:
            began = time.perf_counter()
            try:
                return plain(self, value)
            finally:
                runs.append((began, time.perf_counter(), threading.current_thread() is not main))

        kind.__call__ = run  # type: ignore[operator]

    for kind in (runtime.OpenVinoNetwork, runtime.OnnxRuntimeNetwork):
        watch(kind)
    return runs


def covered(spans: list[tuple[float, float]]) -> float:
    """The time that spans cover together, in seconds; where they overlap it counts once."""
    total, reached = 0.0, 0.0
    for began, ended in sorted(spans):
        total += max(0.0, ended - max(began, reached))
        reached = max(reached, ended)
    return total


def rembg_removal(weights: str) -> Removal:
    """rembg's whole call with its defaults (no matting) and the weights it is given."""
    import rembg

    session = rembg.new_session("dis_custom", model_path=weights)
    return lambda content, _options: (rembg.remove(content, session=session), {})


if __name__ == "__main__":
    main()
