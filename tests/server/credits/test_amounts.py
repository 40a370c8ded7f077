from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offcut.errors import AmountError
from offcut.server.credits.amounts import AMOUNT_MAX, amount_of, credits_of


@pytest.mark.parametrize(
    ("written", "amount"),
    [(1, 100), ("0.25", 25), (Decimal("12.5"), 1250), ("-3", -300), (0, 0), ("1e2", 10_000)],
)
def test_credits_become_amounts(written: int | str | Decimal, amount: int) -> None:
    assert amount_of(written) == amount


@pytest.mark.parametrize(
    "written", ["0.001", "0.255", "one", "", "NaN", "Infinity", "1e99", 0.25, True, None]
)
def test_what_cannot_be_booked_is_refused(written: object) -> None:
    with pytest.raises(AmountError):
        amount_of(written)  # type: ignore[arg-type]


@given(st.integers(-AMOUNT_MAX, AMOUNT_MAX))
def test_there_and_back(amount: int) -> None:
    assert amount_of(credits_of(amount)) == amount
    assert "E" not in str(credits_of(amount))
