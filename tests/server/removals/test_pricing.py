"""What a removal costs, and what `auto` becomes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offcut.errors import InsufficientCreditsError
from offcut.server.removals.pricing import Choice, Reason, choose

SMALL, LARGE = (500, 333), (720, 1080)


@pytest.mark.parametrize(
    ("asked", "photo", "total", "free", "expected"),
    [
        ("preview", LARGE, 0, 25, Choice("preview", 25, Reason.ASKED)),
        ("preview", LARGE, 25, 0, Choice("preview", 25, Reason.ASKED)),
        ("full", SMALL, 100, 0, Choice("full", 100, Reason.ASKED)),
        ("hd", LARGE, 100, 0, Choice("hd", 100, Reason.ASKED)),
        # Recorded: 500×333 with size=auto was charged 0.25, 720×1080 one credit.
        ("auto", SMALL, 1000, 0, Choice("preview", 25, Reason.SMALL_PHOTO)),
        ("auto", LARGE, 1000, 0, Choice("full", 100, Reason.LARGEST)),
        ("auto", LARGE, 99, 0, Choice("preview", 25, Reason.CREDITS_SHORT)),
        ("auto", LARGE, 0, 25, Choice("preview", 25, Reason.CREDITS_SHORT)),
        ("auto", LARGE, 100, 1000, Choice("full", 100, Reason.LARGEST)),
    ],
)
def test_the_choice(asked: str, photo: tuple[int, int], total: int, free: int, expected: Choice) -> None:
    assert choose(asked, photo, total=total, free_preview_amount=free) == expected  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("asked", "total", "free"),
    [
        ("full", 99, 1000),
        ("50MP", 0, 1000),
        ("preview", 24, 0),
        ("preview", 24, 24),
        ("auto", 24, 0),
        ("auto", 0, 0),
    ],
)
def test_too_few_credits(asked: str, total: int, free: int) -> None:
    with pytest.raises(InsufficientCreditsError):
        choose(asked, LARGE, total=total, free_preview_amount=free)  # type: ignore[arg-type]


@given(
    st.sampled_from(["preview", "medium", "hd", "full", "50MP", "auto"]),
    st.tuples(st.integers(1, 9000), st.integers(1, 9000)),
    st.integers(0, 300),
    st.integers(0, 60),
)
def test_a_choice_can_always_be_paid(asked: str, photo: tuple[int, int], total: int, free: int) -> None:
    try:
        choice = choose(asked, photo, total=total, free_preview_amount=free)  # type: ignore[arg-type]
    except InsufficientCreditsError:
        return
    assert choice.size != "auto"
    assert choice.amount == (25 if choice.is_preview else 100)
    assert choice.amount <= (max(total, free) if choice.is_preview else total)
