"""The bars of a chart: which rectangles, how high. Pure; the template draws them as SVG.

The drawing is stretched to the room there is, so all distances are in a box of 1000 × 100 and nothing in
it is text: labels stand around it, in the page's own type.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH = 1000.0
HEIGHT = 100.0
_GAP = 0.28


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of two parts, the second on top of the first. Lengths as SVG writes them, with a point."""

    left: str
    width: str
    lower_top: str
    lower_height: str
    upper_top: str
    upper_height: str


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars, and the amounts that the middle and the upper line stand for."""

    bars: list[Bar]
    middle: int
    top: int


def chart(parts: Sequence[tuple[int, int]]) -> Chart:
    """Draw one bar for each pair of amounts (1/100 credit): the first below, the second on top of it."""
    top = round_top(max((sum(pair) for pair in parts), default=0))
    pitch = WIDTH / max(len(parts), 1)
    bars = []
    for number, (lower, upper) in enumerate(parts):
        lower_height, upper_height = HEIGHT * lower / top, HEIGHT * upper / top
        bars.append(
            Bar(
                left=_length(pitch * (number + _GAP / 2)),
                width=_length(pitch * (1 - _GAP)),
                lower_top=_length(HEIGHT - lower_height),
                lower_height=_length(lower_height),
                upper_top=_length(HEIGHT - lower_height - upper_height),
                upper_height=_length(upper_height),
            )
        )
    return Chart(bars, top // 2, top)


def round_top(amount: int) -> int:
    """Return the least of 2, 4, 10, 20, 40, 100 … credits that is not below `amount`: halves are whole."""
    step = 100
    while True:
        for factor in (2, 4, 10):
            if factor * step >= amount:
                return factor * step
        step *= 10


def _length(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
