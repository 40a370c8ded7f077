"""Load over HTTP: photographs of one megapixel from several clients at once, and what the engine does alone.

python benchmarks/load.py http://127.0.0.1:8000 API_KEY CLIENTS SECONDS [--path /v1.0/removebg]
python benchmarks/load.py --engine SECONDS

The first prints throughput, p50, p95 and failures; the second the throughput of the engine in this process
with two photos at once, which is what the server does. Works with any server that takes an upload by the
name given with --field (rembg: --path /api/remove --field file).
"""

from __future__ import annotations

import argparse
import io
import statistics
import threading
import time

import httpx
import skimage.data
from PIL import Image


def photo() -> bytes:
    """A photograph of 1000×1000 pixels as a JPEG."""
    file = io.BytesIO()
    Image.fromarray(skimage.data.astronaut()).resize((1000, 1000)).save(file, "JPEG", quality=92)
    return file.getvalue()


def over_http(address: str, key: str, path: str, field: str, clients: int, seconds: float) -> None:
    """Print what `clients` at once get answered within `seconds`."""
    content, took, failed = photo(), [], []
    end_s = time.monotonic() + seconds
    lock = threading.Lock()

    def ask() -> None:
        with httpx.Client(base_url=address, headers={"X-Api-Key": key}, timeout=120) as client:
            while time.monotonic() < end_s:
                begun_s = time.monotonic()
                answer = client.post(path, files={field: ("a.jpg", content)}, data={"size": "full"})
                with lock:
                    took.append(time.monotonic() - begun_s)
                    if answer.status_code != 200:
                        failed.append(answer.status_code)

    begun_s = time.monotonic()
    threads = [threading.Thread(target=ask) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    report(f"{clients} clients", len(took) - len(failed), time.monotonic() - begun_s, took, failed)


def engine_alone(seconds: float) -> None:
    """Print what the engine does in this process, two photos at once, from bytes to bytes."""
    from offcut.engine.options import Options
    from offcut.library import default_networks
    from offcut.server.runners.cutting import Work, cut_with

    cut, work, took = cut_with(default_networks(), "isnet"), Work(photo(), Options(size="full")), []
    cut(work, lambda _step: None)
    end_s = time.monotonic() + seconds

    def run() -> None:
        while time.monotonic() < end_s:
            begun_s = time.monotonic()
            cut(work, lambda _step: None)
            took.append(time.monotonic() - begun_s)

    begun_s = time.monotonic()
    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    report("engine alone", len(took), time.monotonic() - begun_s, took, [])


def report(what: str, answered: int, elapsed_s: float, took: list[float], failed: list[int]) -> None:
    """One line of figures."""
    cuts = statistics.quantiles(took, n=20)
    print(
        f"{what}: {answered / elapsed_s:.2f} photos/s, p50 {cuts[9]:.2f} s, p95 {cuts[18]:.2f} s, "
        f"{len(failed)} failed of {len(took)} {sorted(set(failed))}"
    )


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("address", nargs="?", default="")
    parser.add_argument("key", nargs="?", default="")
    parser.add_argument("clients", nargs="?", type=int, default=1)
    parser.add_argument("seconds", nargs="?", type=float, default=60)
    parser.add_argument("--engine", type=float)
    parser.add_argument("--path", default="/v1.0/removebg")
    parser.add_argument("--field", default="image_file")
    given = parser.parse_args()
    if given.engine:
        engine_alone(given.engine)
    else:
        over_http(given.address, given.key, given.path, given.field, given.clients, given.seconds)


if __name__ == "__main__":
    main()
