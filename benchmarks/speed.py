"""Speed of whole calls, JPEG bytes in, PNG bytes out, beside rembg with the same weights and no matting.

usage: python benchmarks/speed.py [--megapixels 1 12 45] [--rounds 5] [--rembg PYTHON] [--no-rembg] [--write]

Both programs run warm in processes of their own and take turns, so that what else the machine does meets both
alike. Reported are medians. rembg has no preview: its column there is its full-size call.

A last table says how much of a call is not the networks: the time in which none of them runs. What runs
beside the naming network hides behind it; the table says for how long.
"""

from __future__ import annotations

import argparse
import statistics
from pathlib import Path
from typing import Any

import programs
import record
from photographs import photograph

COLUMNS = ["call", "Offcut s", "rembg s", "ratio"]
SHARE_COLUMNS = ["call", "networks ms", "of these beside other work", "all else ms", "all else, share"]
NETWORKS, BESIDE = "networks", "beside"
PREVIEW = "preview"


def main() -> None:
    """Takes the times and prints them."""
    parser = argparse.ArgumentParser(description="Speed of whole calls beside rembg.")
    parser.add_argument("--megapixels", type=float, nargs="+", default=[1, 12, 45])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--rembg", type=Path, metavar="PYTHON", help="an interpreter that has rembg")
    parser.add_argument("--no-rembg", action="store_true")
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args()
    ours = programs.offcut_program()
    theirs = None if asked.no_rembg else programs.rembg_program(asked.rembg)
    rows: list[list[str]] = []
    steps: list[list[str]] = []
    shares: list[list[str]] = []
    for megapixels in asked.megapixels:
        photo = photograph(megapixels, programs.BUILD / "photographs")
        taken = take_turns(ours, theirs, photo, asked.rounds)
        rows += rows_of(f"{megapixels:g} MP", taken)
        steps.append([f"{megapixels:g} MP", steps_of(taken["offcut"])])
        shares.append([f"{megapixels:g} MP", *share_of(taken["offcut"])])
    ours.close()
    if theirs:
        theirs.close()
    tables = record.table(COLUMNS, rows) + "\n\n" + record.table(["call", "Offcut's steps, ms"], steps)
    tables += "\n\n" + record.table(SHARE_COLUMNS, shares)
    print(tables)
    if asked.write:
        record.write("speed", "Speed", tables)


def take_turns(
    ours: programs.Program, theirs: programs.Program | None, photo: Path, rounds: int
) -> dict[str, Any]:
    """The answers of both programs; the first round warms them up and is not kept."""
    taken: dict[str, list[Any]] = {"offcut": [], PREVIEW: [], "rembg": []}
    for number in range(rounds + 1):
        answers = {
            "offcut": ours.call(photo, format="png"),
            PREVIEW: ours.call(photo, format="png", size=PREVIEW),
        }
        if theirs:
            answers["rembg"] = theirs.call(photo)
        if number:
            for name, answer in answers.items():
                taken[name].append(answer)
    return taken


def rows_of(name: str, taken: dict[str, Any]) -> list[list[str]]:
    """The full-size call and the preview, each against rembg's call."""
    rows = []
    theirs = median(taken["rembg"]) if taken["rembg"] else None
    for label, way in ((name, "offcut"), (f"{name}, preview", PREVIEW)):
        mine = median(taken[way])
        compared = [f"{theirs:.3f}", f"{theirs / mine:.2f}×"] if theirs else ["–", "–"]
        rows.append([label, f"{mine:.3f}", *compared])
    return rows


def median(answers: list[dict[str, Any]]) -> float:
    """The median of the calls, in seconds."""
    return statistics.median(answer["seconds"] for answer in answers)


def steps_of(answers: list[dict[str, Any]]) -> str:
    """The median of each step, in the order of the pipeline."""
    all_names = dict.fromkeys(name for answer in answers for name in answer["steps"])
    names = [name for name in all_names if name not in (NETWORKS, BESIDE)]
    middle = {name: statistics.median(answer["steps"].get(name, 0.0) for answer in answers) for name in names}
    return ", ".join(f"{name} {seconds * 1000:.0f}" for name, seconds in middle.items())


def share_of(answers: list[dict[str, Any]]) -> list[str]:
    """The medians of: networks, those beside other work, all else (in milliseconds), and its share."""
    networks, beside = ([answer["steps"][name] for answer in answers] for name in (NETWORKS, BESIDE))
    rest = [answer["seconds"] - spent for answer, spent in zip(answers, networks, strict=True)]
    shares = [left / answer["seconds"] for answer, left in zip(answers, rest, strict=True)]
    times = [f"{statistics.median(values) * 1000:.0f}" for values in (networks, beside, rest)]
    return [*times, f"{statistics.median(shares):.0%}"]


if __name__ == "__main__":
    main()
