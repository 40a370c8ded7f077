"""What a removal costs, and which size `auto` becomes. Pure: values in, values out."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from offcut.engine.options import PIXELS_MAX, Size
from offcut.errors import InsufficientCreditsError
from offcut.server.credits.rules import FULL_AMOUNT, PREVIEW_AMOUNT


class Reason(StrEnum):
    """Why a removal has the size it has."""

    ASKED = "asked"
    SMALL_PHOTO = "small_photo"
    LARGEST = "largest"
    CREDITS_SHORT = "credits_short"


@dataclass(frozen=True, slots=True)
class Choice:
    """A size (never "auto"), what it costs in 1/100 credit, and why it was chosen."""

    size: Size
    amount: int
    reason: Reason

    @property
    def is_preview(self) -> bool:
        return self.size == "preview"


def priced(size: Size, reason: Reason = Reason.ASKED) -> Choice:
    """The choice of a size by name: 0.25 credit for a preview, 1 credit for every other size."""
    return Choice(size, PREVIEW_AMOUNT if size == "preview" else FULL_AMOUNT, reason)


def choose(asked: Size, photo_size: tuple[int, int], *, total: int, free_preview_amount: int) -> Choice:
    """The size for this photo and these credits (1/100 credit): what was asked for, and for `auto` the
    largest that the photo and the credits allow.

    Raises InsufficientCreditsError when the credits do not even suffice for the least of it.
    """
    affords_preview = max(total, free_preview_amount) >= PREVIEW_AMOUNT
    choice = priced(asked) if asked != "auto" else _largest(photo_size, total)
    if total < choice.amount and not (choice.is_preview and affords_preview):
        available = max(total, free_preview_amount) if choice.is_preview else total
        raise InsufficientCreditsError(needed=choice.amount, available=available)
    return choice


def _largest(photo_size: tuple[int, int], total: int) -> Choice:
    if photo_size[0] * photo_size[1] <= PIXELS_MAX["preview"]:
        return priced("preview", Reason.SMALL_PHOTO)
    if total >= FULL_AMOUNT:
        return priced("full", Reason.LARGEST)
    return priced("preview", Reason.CREDITS_SHORT)
