"""Memory: the peak of one call in a fresh process, and the growth over hundreds of photos.

usage: python benchmarks/memory.py [--megapixels 12 45] [--many 500] [--rembg PYTHON] [--with-rembg] [--write]
"""

from __future__ import annotations

import argparse
import itertools
import os
from collections.abc import Iterator
from pathlib import Path

import offcut
import programs
import record
from photographs import photograph

EARLY = 50


def main() -> None:
    """Takes the figures and prints them."""
    parser = argparse.ArgumentParser(description="Peak memory and growth.")
    parser.add_argument("--megapixels", type=float, nargs="+", default=[12, 45])
    parser.add_argument("--many", type=int, default=500)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--with-rembg", action="store_true")
    parser.add_argument("--rembg", type=Path, metavar="PYTHON")
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args()
    rows = []
    for megapixels in asked.megapixels:
        photo = photograph(megapixels, programs.BUILD / "photographs")
        row = [f"{megapixels:g} MP", megabytes(peak_bytes(programs.offcut_program(), photo))]
        if asked.with_rembg:
            row.append(megabytes(peak_bytes(programs.rembg_program(asked.rembg), photo)))
        rows.append(row)
    tables = record.table(["call", "Offcut MB", *(["rembg MB"] if asked.with_rembg else [])], rows)
    if asked.many > EARLY:
        tables += "\n\n" + growth(asked.many, asked.jobs)
    print(tables)
    if asked.write:
        record.write("memory", "Memory", tables)


def peak_bytes(program: programs.Program, photo: Path) -> int:
    """The most memory that a fresh process ever held over one call, networks included."""
    peak = program.call(photo, format="png")["peak_bytes"]
    program.close()
    return int(peak)


def growth(many: int, jobs: int) -> str:
    """Sends photos of changing sizes through `remove_many` and compares the memory early and late."""
    sizes = [photograph(size, programs.BUILD / "photographs", seed=3) for size in (0.5, 1, 2, 0.8, 3)]

    def photos() -> Iterator[Path]:
        yield from itertools.islice(itertools.cycle(sizes), many)

    early = late = 0
    for number, outcome in enumerate(offcut.remove_many(photos(), jobs=jobs), 1):
        if outcome.error:
            raise outcome.error
        if number == EARLY:
            early = resident_bytes()
        late = resident_bytes()
    change = (late - early) / early * 100
    row = [str(many), megabytes(early), megabytes(late), f"{change:+.1f} %"]
    return record.table(["photos", f"MB after {EARLY}", "MB at the end", "growth"], [row])


def resident_bytes() -> int:
    """What this process holds in memory now (Linux)."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def megabytes(count: int) -> str:
    """For people."""
    return f"{count / 1e6:.0f}"


if __name__ == "__main__":
    main()
