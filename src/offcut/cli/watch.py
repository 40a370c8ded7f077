"""Watching a folder: photos that appear in it, each once it is complete.

The folder is looked through at an interval instead of being told by the system, because network drives and
shared folders tell nothing. A photo is taken when its size and time stood still between two looks. What the
run itself wrote is never taken, wherever in the folder it went.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from pathlib import Path

from offcut.cli.photos import Found, Lost, walk

INTERVAL_S = 1.0

Stamp = tuple[int, int]


def arrivals(
    folder: Path,
    *,
    recursive: bool,
    beside: Path | None,
    written: Collection[str],
    wait: Callable[[float], bool],
) -> Iterator[list[Found]]:
    """At every look, the photos that became complete since the last one ([] mostly).

    `written` holds the `Found.identity` of what the run wrote so far. `wait` sleeps for the seconds it is
    given and says True when the watching is to end.
    """
    last: dict[Path | str, Stamp] = {}
    taken: dict[Path | str, Stamp] = {}
    while True:
        now = dict(_stamps(folder, recursive=recursive, beside=beside))
        complete = [
            found
            for found, stamp in now.items()
            if stamp[0] > 0
            and last.get(found.location) == stamp
            and taken.get(found.location) != stamp
            and found.identity not in written
        ]
        taken.update((found.location, now[found]) for found in complete)
        last = {found.location: stamp for found, stamp in now.items()}
        taken = {location: stamp for location, stamp in taken.items() if location in last}
        yield complete
        if wait(INTERVAL_S):
            return


def _stamps(folder: Path, *, recursive: bool, beside: Path | None) -> Iterator[tuple[Found, Stamp]]:
    for found in walk(folder, recursive=recursive, beside=beside):
        if isinstance(found, Lost):
            continue  # A folder that cannot be read now may be readable at the next look.
        try:
            state = Path(found.location).stat()
        except OSError:
            continue  # It went away between the listing and the look.
        yield found, (state.st_size, state.st_mtime_ns)
