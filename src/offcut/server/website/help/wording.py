"""The words of the live parts, from `words/<language>.toml`: they belong to the articles around them."""

from __future__ import annotations

import tomllib
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any

from django.utils.formats import number_format

_UNITS = (("month", 30 * 86_400), ("day", 86_400), ("hour", 3600), ("minute", 60), ("second", 1))


class Words:
    """What one language says."""

    def __init__(self, table: dict[str, Any]) -> None:
        self._table = table

    def topic(self, name: str) -> str:
        """Return what a topic is called."""
        return str(self._table["topics"][name])

    @property
    def passed_over(self) -> list[str]:
        """Words of questions that say nothing of what is asked about."""
        return list(self._table["passed_over"])

    def say(self, name: str, **values: str) -> str:
        """Return a sentence with its {names} filled in."""
        return str(self._table["sentences"][name]).format_map(values)

    def counted(self, unit: str, number: Decimal | int) -> str:
        """Return a number with its unit, such as "0.25 credits" or "1 Credit"; numbers as the active
        language writes them."""
        one, many = self._table["units"][unit]
        is_one = abs(number) < 2 if self._table["one_below_two"] else number == 1
        return f"{number_format(number, use_l10n=True, force_grouping=True)}\u00a0{one if is_one else many}"

    def duration(self, seconds: int) -> str:
        """Return a time in the largest unit that says it exactly; months only for those of 30 days."""
        unit, length = (
            next((unit, length) for unit, length in _UNITS[1:] if seconds % length == 0 and seconds >= length)
            if seconds
            else ("second", 1)
        )
        return self.counted(unit, seconds // length)


@cache
def words_of(language: str) -> Words:
    """Return the words of a language that has articles."""
    place = files(__package__) / "words" / f"{language}.toml"
    return Words(tomllib.loads(place.read_text(encoding="utf-8")))
