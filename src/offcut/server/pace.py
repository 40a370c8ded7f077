"""Whether a body of known length, at the pace it comes, can be complete in time."""

from __future__ import annotations

STRETCH_S = 1.0
"""Over how long a pace is measured; nothing is said before that much has been seen."""

GROWTH_MAX = 8.0
"""How many times as fast a body may still become after its first second."""


class Pace:
    """The pace of a body of `length` bytes whose first byte came at `begun_s`.

    All times are of one clock, in seconds. What is taken is the pace of the whole body or that of its latest
    second, whichever is better: so neither a slow beginning nor a pause in the middle decides alone.
    """

    def __init__(self, length: int, begun_s: float) -> None:
        self._length = length
        self._begun_s = self._stretch_begun_s = begun_s
        self._received = self._stretch_received = 0
        self._latest = 0.0

    def add(self, size: int, now_s: float) -> None:
        """Count bytes that have come."""
        self._received += size
        lasted_s = now_s - self._stretch_begun_s
        if lasted_s >= STRETCH_S:
            self._latest = (self._received - self._stretch_received) / lasted_s
            self._stretch_begun_s, self._stretch_received = now_s, self._received

    def is_too_slow(self, now_s: float, left_s: float) -> bool:
        """Whether the rest cannot come within `left_s`, even if it still grows faster as connections do.

        A connection begins slowly and doubles its pace with each round trip. After one second of a body it is
        granted `GROWTH_MAX` times what was seen, after two seconds nothing more.
        """
        seen_s = now_s - self._begun_s
        if seen_s < STRETCH_S:
            return False
        pace = max(self._received / seen_s, self._latest) * max(1.0, GROWTH_MAX / seen_s**3)
        return self._length - self._received > pace * left_s
