"""Every code that an answer of the API can have."""

from __future__ import annotations

from collections.abc import Iterator

from offcut.errors import OffcutError, OptionError
from offcut.server.api.errors import TABLE, line_for
from offcut.server.api.wire import OPTION_NAMES

OPTION_CODES = (
    *(f"invalid_{name}" for name in OPTION_NAMES),
    "invalid_image_file",
    "invalid_image_file_b64",
    "invalid_bg_image_file",
    "invalid_bg_image_url",
    "invalid_idempotency_key",
    "failed_bg_download",
    "multiple_bg_sources",
    "roi_exceeds_bounds",
    "roi_region_empty",
)


def all_codes() -> list[str]:
    """The codes, sorted: those of the table, and those of the parameters."""
    return sorted({*_codes_of_errors(), *OPTION_CODES})


def _codes_of_errors() -> Iterator[str]:
    for kind in _tree(OffcutError):
        line = line_for(kind)
        if issubclass(kind, OptionError):
            continue
        if line.code:
            yield line.code
        elif kind in TABLE or line.status != 400:
            yield kind.code


def _tree(kind: type[OffcutError]) -> Iterator[type[OffcutError]]:
    yield kind
    for below in kind.__subclasses__():
        yield from _tree(below)
