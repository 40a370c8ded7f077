"""Sends the hostile files and addresses of tests/wire to a running server: slowest answer, and memory.

python benchmarks/hostile.py http://127.0.0.1:8000 API_KEY PID [ROUNDS]

PID is the web server's process (the child of `offcut serve` that runs granian's worker).
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import httpx

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.wire.hostile_files import ADDRESSES, hostile_files


def resident_mb(pid: str) -> float:
    """What the process holds in memory, in MB."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * 4096 / 1e6


def main() -> None:
    """Print one line a round: slowest answer, server faults, memory."""
    address, key, pid = sys.argv[1:4]
    files = hostile_files()
    with httpx.Client(base_url=address, headers={"X-Api-Key": key}, timeout=60) as client:
        for number in range(int(sys.argv[4]) if len(sys.argv) > 4 else 3):
            took: list[tuple[float, int, str]] = []
            for name, content in files.items():
                begun_s = time.monotonic()
                answer = client.post("/v1.0/removebg", files={"image_file": content})
                took.append((time.monotonic() - begun_s, answer.status_code, name))
            for url in ADDRESSES:
                begun_s = time.monotonic()
                answer = client.post("/v1.0/removebg", json={"image_url": url})
                took.append((time.monotonic() - begun_s, answer.status_code, url[:60]))
            refused = [one for one in took if one[1] == 400]
            faults = [one for one in took if one[1] >= 500]
            slowest = max(refused)
            print(
                f"round {number + 1}: {len(took)} sent, {len(refused)} refused, {len(faults)} faults; "
                f"slowest refusal {slowest[0]:.2f} s ({slowest[2]}); {resident_mb(pid):.0f} MB resident"
            )


if __name__ == "__main__":
    main()
