"""Writes docs/errors.md from the error tree: `make errors`."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from pathlib import Path

from offcut.engine.options import OPTION_CODES, OPTION_HELP
from offcut.errors import OffcutError

HEAD = """# Errors

Every error that Offcut raises on purpose is an `offcut.OffcutError` with a `code` that stays the same, one
sentence for a person, and a `hint` that says what to do next. The command line prints all three on one line;
`--json` gives them as `error.code`, `error.message` and `error.hint`.

This page is written by `make errors` from the source; edit the source.
"""


OTHER_CODES = {
    "multiple_bg_sources": "one background: a colour or an image",
    "unknown_option": "the names of the options",
    "roi_exceeds_bounds": "a region inside the photo",
    "roi_region_empty": "a region of at least one pixel",
    "box_exceeds_bounds": "a box inside the photo",
    "box_region_empty": "a box of at least one pixel",
    "points_exceed_bounds": "points inside the photo",
}


def page() -> str:
    """The whole page as Markdown."""
    rows = [
        _row(f"`{error.code}`", f"`{error.__name__}`", inspect.getdoc(error) or "", error.default_hint)
        for error in tree(OffcutError)
    ]
    table = ["| code | class | when | what to do |", "|---|---|---|---|", *rows]
    options = [_row(f"`{code}`", _allowed(code)) for code in OPTION_CODES]
    codes = ["| code | allowed |", "|---|---|", *options]
    return "\n".join(
        [
            HEAD,
            *table,
            "",
            "## Codes of option errors",
            "",
            "An `OptionError` has the code of its option.",
            "",
            *codes,
            "",
        ]
    )


def tree(error: type[OffcutError]) -> Iterator[type[OffcutError]]:
    """An error and all below it, in the order of the source."""
    yield error
    for below in error.__subclasses__():
        if below.__module__ == OffcutError.__module__:
            yield from tree(below)


def _allowed(code: str) -> str:
    name = code.removeprefix("invalid_")
    return OPTION_HELP[name] if name != code else OTHER_CODES[code]


def _row(*cells: str) -> str:
    """A row of a Markdown table: the first paragraph of each text, on one line."""
    lines = [" ".join(cell.split("\n\n")[0].split()).replace("|", "\\|") for cell in cells]
    return f"| {' | '.join(lines)} |"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page(), encoding="utf-8")
