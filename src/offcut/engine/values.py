"""The values that options are made of: lengths, regions, points, positions, margins, colours.

Each has `read(value)`, which takes the written form ("10% 20px …"), plain numbers or the value itself, and
raises `ValueError` with one plain sentence when it is not allowed. `Options` turns that into an
`OptionError` that carries the option's name.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Literal, NamedTuple, TypeAlias

from PIL import ImageColor

from offcut.engine.types import Box
from offcut.errors import OptionError

Unit: TypeAlias = Literal["px", "%"]
PointLabel: TypeAlias = Literal["subject", "background"]

_LENGTH = re.compile(r"(\d{1,6}(?:\.\d{1,6})?)(px|%)", re.ASCII)
_ZERO = re.compile(r"0{1,6}(?:\.0{1,6})?", re.ASCII)
_HEX_COLOR = re.compile(r"#?([0-9a-f]{8}|[0-9a-f]{6}|[0-9a-f]{4}|[0-9a-f]{3})", re.ASCII)
_NUDGE = 1e-6
"""Percentages of a whole are floating-point: 33.3 % of 1000 must not spill into the next pixel."""


@dataclass(frozen=True, slots=True)
class Length:
    """A length in pixels or in percent of a whole. Never negative."""

    value: float
    unit: Unit

    def __post_init__(self) -> None:
        if self.unit not in ("px", "%"):
            raise ValueError("a length is in px or in %")
        if not (math.isfinite(self.value) and 0 <= self.value < 1_000_000):
            raise ValueError("a length is a number from 0 upwards")

    @classmethod
    def read(cls, value: object, *, bare: Unit | None = "px") -> Length:
        """ "30px", "12.5%", "0" or a plain number, which is in `bare` units."""
        if isinstance(value, Length):
            return value
        if isinstance(value, Real) and not isinstance(value, bool) and bare is not None:
            return cls(float(value), bare)
        text = str(value).strip().lower() if isinstance(value, str) else ""
        if _ZERO.fullmatch(text):
            return cls(0.0, "px")
        if match := _LENGTH.fullmatch(text):
            return cls(float(match[1]), "px" if match[2] == "px" else "%")
        raise ValueError("a length is written 30px or 12.5%")

    def of(self, whole: float) -> float:
        """In pixels, where 100 % is `whole`."""
        return self.value if self.unit == "px" else whole * self.value / 100


@dataclass(frozen=True, slots=True)
class Region:
    """A rectangle in the photo, from its left top corner (x1, y1) to its right bottom corner (x2, y2)."""

    x1: Length
    y1: Length
    x2: Length
    y2: Length

    @classmethod
    def read(cls, value: object) -> Region:
        """ "0 0 100% 640px", or four numbers in pixels (a `Box`), or four lengths."""
        if isinstance(value, Region):
            return value
        parts = _parts(value)
        if len(parts) != 4:
            raise ValueError("a region is four lengths: x1 y1 x2 y2")
        return cls(*(Length.read(part) for part in parts))

    def box(self, width: int, height: int, *, parameter: str = "roi") -> Box:
        """The region in a photo of this size, in whole pixels, grown to whole ones.

        Raises `OptionError` with code `<parameter>_exceeds_bounds` or `<parameter>_region_empty`.
        """
        left, top = (math.floor(end.of(of) + _NUDGE) for end, of in ((self.x1, width), (self.y1, height)))
        right, bottom = (math.ceil(end.of(of) - _NUDGE) for end, of in ((self.x2, width), (self.y2, height)))
        if max(left, right) > width or max(top, bottom) > height:
            raise OptionError(
                parameter,
                f"The region in '{parameter}' reaches beyond the photo.",
                code=f"{parameter}_exceeds_bounds",
                hint=f"The photo is {width} px wide and {height} px high.",
            )
        if right <= left or bottom <= top:
            raise OptionError(
                parameter,
                f"The region in '{parameter}' is empty.",
                code=f"{parameter}_region_empty",
                hint="x2 must be greater than x1, and y2 greater than y1.",
            )
        return left, top, right, bottom


@dataclass(frozen=True, slots=True)
class Point:
    """A place in the photo that is known to be subject or background: a prompt for the segmentation."""

    x: Length
    y: Length
    label: PointLabel = "subject"

    @classmethod
    def read(cls, value: object) -> Point:
        """ "40% 120px", "40% 120px background", (x, y) in pixels or (x, y, label)."""
        if isinstance(value, Point):
            return value
        parts = _parts(value)
        if len(parts) not in (2, 3):
            raise ValueError("a point is x y, or x y subject, or x y background")
        label = parts[2] if len(parts) == 3 else "subject"
        if label not in ("subject", "background"):
            raise ValueError("a point is labelled subject or background")
        return cls(
            Length.read(parts[0]),
            Length.read(parts[1]),
            "background" if label == "background" else "subject",
        )

    def pixel(self, width: int, height: int) -> tuple[int, int]:
        """x, y of the pixel in a photo of this size. Raises `OptionError` (`points_exceed_bounds`)."""
        x, y = (math.floor(end.of(of) + _NUDGE) for end, of in ((self.x, width), (self.y, height)))
        if x > width or y > height:
            raise OptionError(
                "points",
                "A point in 'points' lies outside the photo.",
                code="points_exceed_bounds",
                hint=f"The photo is {width} px wide and {height} px high.",
            )
        return min(x, width - 1), min(y, height - 1)


def read_points(value: object) -> tuple[Point, ...]:
    """ "40% 50%, 10px 10px background", or a sequence of points. At most 100."""
    if isinstance(value, str):
        value = [part for part in re.split("[,;]", value) if part.strip()]
    if not isinstance(value, Sequence):
        raise ValueError("points are a list of x y label")
    if len(value) > 100:
        raise ValueError("there are at most 100 points")
    return tuple(Point.read(part) for part in value)


@dataclass(frozen=True, slots=True)
class Position:
    """Where the subject sits in the free room of the canvas: 0 % is left (top), 100 % right (bottom)."""

    x_percent: float
    y_percent: float

    def __post_init__(self) -> None:
        if not all(0 <= percent <= 100 for percent in (self.x_percent, self.y_percent)):
            raise ValueError("a position is from 0% to 100%")

    @classmethod
    def read(cls, value: object) -> Position:
        """ "center", "30%", "30% 80%" (x y), or one or two numbers in percent."""
        if isinstance(value, Position):
            return value
        if isinstance(value, str) and value.strip().lower() == "center":
            return cls(50.0, 50.0)
        parts = [Length.read(part, bare="%") for part in _parts(value)]
        if len(parts) not in (1, 2) or any(part.unit == "px" and part.value for part in parts):
            raise ValueError("a position is one or two percentages")
        return cls(parts[0].value, parts[-1].value)


@dataclass(frozen=True, slots=True)
class Margins:
    """Room around the cropped subject. A percentage is of the subject's width (left, right) or height (top,
    bottom). At most 50 % or 500 px a side."""

    top: Length
    right: Length
    bottom: Length
    left: Length

    def __post_init__(self) -> None:
        for side in (self.top, self.right, self.bottom, self.left):
            if side.value > (500 if side.unit == "px" else 50):
                raise ValueError("a margin is at most 50% of the subject or 500px a side")

    @classmethod
    def read(cls, value: object) -> Margins:
        """1, 2 or 4 lengths in the order of CSS: all; vertical horizontal; top right bottom left."""
        if isinstance(value, Margins):
            return value
        sides = [Length.read(part) for part in _parts(value)]
        if len(sides) not in (1, 2, 4):
            raise ValueError("margins are 1, 2 or 4 lengths")
        return cls(*(sides * (4 // len(sides))))

    def pixels(self, width: int, height: int) -> tuple[int, int, int, int]:
        """top, right, bottom, left around a subject of this size, in whole pixels."""
        return (
            round(self.top.of(height)),
            round(self.right.of(width)),
            round(self.bottom.of(height)),
            round(self.left.of(width)),
        )


class Color(NamedTuple):
    """An sRGB colour with straight alpha, each 0-255."""

    red: int
    green: int
    blue: int
    alpha: int = 255

    @classmethod
    def read(cls, value: object) -> Color:
        """Hex with 3, 4, 6 or 8 digits, with or without #, a CSS colour name, or 3 or 4 numbers 0-255."""
        if isinstance(value, str):
            return cls._parse(value.strip().lower())
        if isinstance(value, Sequence) and len(value) in (3, 4):
            return cls(*(_channel(part) for part in value))
        raise ValueError("a colour is hex digits, a CSS name, or 3 or 4 numbers from 0 to 255")

    @classmethod
    def _parse(cls, text: str) -> Color:
        if text in ImageColor.colormap:
            return cls(*ImageColor.getrgb(text))
        match = _HEX_COLOR.fullmatch(text)
        if match is None:
            raise ValueError("a colour is 3, 4, 6 or 8 hex digits, or a CSS colour name")
        digits = match[1] if len(match[1]) > 4 else "".join(digit * 2 for digit in match[1])
        return cls(*bytes.fromhex(digits))


def _channel(value: object) -> int:
    if isinstance(value, Integral) and not isinstance(value, bool) and 0 <= int(value) <= 255:
        return int(value)
    raise ValueError("each part of a colour is a whole number from 0 to 255")


def _parts(value: object) -> list[object]:
    """The parts of a written list ("a b c"), of a sequence, or the one value."""
    if isinstance(value, str):
        return list(value.split())
    if isinstance(value, Sequence):
        return list(value)
    return [value]
