"""Amounts: integers of hundredths of a credit, and the decimals people read."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from offcut.errors import AmountError

SCALE = 100
"""How many units of an amount make one credit."""

AMOUNT_MAX = 10**15
"""No single amount is larger; sums of many still fit a 64-bit column."""


def amount_of(credit_count: Decimal | int | str) -> int:
    """Turn credits as people write them (1, "0.25", Decimal("12.5")) into an amount.

    Raises AmountError for text that is no number, for floats (they round silently), and for fractions
    below 1/100 credit.
    """
    if isinstance(credit_count, bool) or not isinstance(credit_count, Decimal | int | str):
        raise AmountError("Credits are given as a whole number, a decimal or text.")
    try:
        scaled = Decimal(credit_count) * SCALE
    except InvalidOperation:
        raise AmountError(f"{credit_count!r} is not a number of credits.") from None
    if not scaled.is_finite() or abs(scaled) > AMOUNT_MAX:
        raise AmountError(f"{credit_count!r} is not a number of credits that can be booked.")
    if scaled != scaled.to_integral_value():
        raise AmountError(f"{credit_count} credits cannot be booked: the smallest part is 1/{SCALE} credit.")
    return int(scaled)


def credits_of(amount: int) -> Decimal:
    """Turn an amount into credits: 25 becomes Decimal("0.25"), 100 becomes Decimal("1")."""
    whole, rest = divmod(abs(amount), SCALE)
    value = Decimal(whole) if rest == 0 else (Decimal(abs(amount)) / SCALE).normalize()
    return -value if amount < 0 else value


def price_of_a_credit(price: int, amount: int) -> int:
    """What one credit costs where `amount` costs `price`, all in 1/100: rounded up to the smallest coin, so
    that nobody is told less than they pay."""
    return -(-price * SCALE // amount)


def checked(amount: int) -> int:
    """Return `amount` if it may be booked: an int, at least 1, at most AMOUNT_MAX. Else raise AmountError."""
    if isinstance(amount, bool) or not isinstance(amount, int):
        raise AmountError(f"An amount is a whole number of 1/{SCALE} credits, not {amount!r}.")
    if not 1 <= amount <= AMOUNT_MAX:
        raise AmountError(f"An amount must be above zero, not {amount}.")
    return amount
