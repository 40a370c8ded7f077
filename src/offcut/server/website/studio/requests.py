"""What browsers send to the studio, read with a limit on everything."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Sequence
from typing import Any

from offcut.errors import OffcutError, StrokeRequestError
from offcut.server.website.studio.painting import WrittenStroke, read_stroke

STROKES_PER_REQUEST_MAX = 40
POINTS_PER_STROKE_MAX = 5_000
STROKES_PER_IMAGE_MAX = 4_000
BODY_BYTES_MAX = 2_000_000


def read_object(body: bytes) -> dict[str, Any]:
    """The JSON object of a request. Raises `StrokeRequestError`."""
    if len(body) > BODY_BYTES_MAX:
        raise StrokeRequestError("That is too much for one message.")
    try:
        value = json.loads(body, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise StrokeRequestError("The message is not JSON.") from error
    if not isinstance(value, dict):
        raise StrokeRequestError("The message is not a JSON object.")
    return value


def read_count(value: object, *, most: int) -> int:
    """A number of strokes, 0 to `most`. Raises `StrokeRequestError`."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
        raise StrokeRequestError("There are not that many strokes.")
    return value


def read_strokes(value: object, *, width: int, height: int) -> list[WrittenStroke]:
    """The strokes of a message, checked and in one written form.

    Coordinates are rounded to a tenth of a pixel. Raises `StrokeRequestError` for anything that is not a
    list of strokes of reasonable number and size.
    """
    if not isinstance(value, list) or not 0 < len(value) <= STROKES_PER_REQUEST_MAX:
        raise StrokeRequestError(f"Send 1 to {STROKES_PER_REQUEST_MAX} strokes at a time.")
    reach = max(width, height)
    return [_read_stroke(one, reach) for one in value]


def _read_stroke(value: object, reach: int) -> WrittenStroke:
    if not isinstance(value, dict) or set(value) - {"mode", "kind", "radius", "hardness", "points"}:
        raise StrokeRequestError("A stroke has mode, kind, radius, hardness and points.")
    points = value.get("points")
    if not isinstance(points, list) or not 0 < len(points) <= POINTS_PER_STROKE_MAX:
        raise StrokeRequestError(f"A stroke has 1 to {POINTS_PER_STROKE_MAX} points.")
    written = {
        "mode": value.get("mode"),
        "kind": value.get("kind"),
        "radius": _number(value.get("radius"), 0.5, reach),
        "hardness": _number(value.get("hardness", 0.8), 0, 1),
        "points": [_point(point, reach) for point in points],
    }
    try:
        read_stroke(written)
    except (OffcutError, TypeError) as error:
        raise StrokeRequestError(str(error)) from error
    return written


def _point(value: object, reach: int) -> list[float]:
    if not isinstance(value, list) or len(value) != 2:
        raise StrokeRequestError("A point is two numbers.")
    return [_number(part, -reach, 2 * reach) for part in value]


def _number(value: object, low: float, high: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise StrokeRequestError("A stroke is made of numbers.")
    # Compared before it is turned into a float: a whole number may have thousands of digits.
    if not low <= value <= high or not math.isfinite(value):
        raise StrokeRequestError("A number of the stroke is out of range.")
    return round(float(value), 1 if high > 1 else 3)


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON")


def tag_of(strokes: Sequence[WrittenStroke]) -> str:
    """A short name for a list of strokes: two windows that see the same name see the same matte."""
    written = json.dumps(list(strokes), separators=(",", ":"), sort_keys=True)
    return f'"{hashlib.sha256(written.encode()).hexdigest()[:20]}"'
