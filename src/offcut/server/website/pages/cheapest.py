"""The cheapest mix of plan and packs for a steady number of images a month. Pure.

Prices are compared over as many months as the credits of every pack hold, a year at most: what a pack
leaves in one month pays for images of the next. So every credit that is bought is used in time, or left
over at the end and said.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import gcd

from offcut.server.credits.advice import PackFacts
from offcut.server.credits.rules import FULL_AMOUNT, PREVIEW_AMOUNT, PlanFacts

IMAGES_MAX = 10_000
"""Most images a month that are counted here; above, people talk."""

MONTHS_MAX = 12


@dataclass(frozen=True, slots=True)
class Mix:
    """One plan or none, and packs with how many of each, that pay for `month_count` months.

    `price` is for all these months in 1/100 of money, rounded up; of a year's price, the months' part.
    `left_amount` is what remains of the packs at the end, in 1/100 credit.
    """

    plan: PlanFacts | None
    packs: tuple[tuple[PackFacts, int], ...]
    month_count: int
    price: int
    left_amount: int

    @property
    def month_price(self) -> int:
        """The price of one month, in 1/100 of money, rounded up."""
        return -(-self.price // self.month_count)


def cheapest_mix(
    image_count: int, plans: Iterable[PlanFacts], packs: Sequence[PackFacts], *, month_count: int = MONTHS_MAX
) -> Mix | None:
    """Find what pays for `image_count` full-size images in each of `month_count` months for the least money.

    For the same money no plan is better than a plan, and the smaller plan better than a larger one. None
    where nothing on offer can pay. Raises ValueError for a count below 1 or above IMAGES_MAX.
    """
    if not 1 <= image_count <= IMAGES_MAX:
        raise ValueError(f"image_count must be from 1 to {IMAGES_MAX}")
    ordered = sorted(plans, key=lambda plan: (plan.monthly_amount, plan.price))
    mixes = [_mix(image_count * FULL_AMOUNT, plan, tuple(packs), month_count) for plan in (None, *ordered)]
    possible = [mix for mix in mixes if mix is not None]
    return min(possible, key=lambda mix: mix.price) if possible else None


def cheapest_packs(amount: int, packs: Sequence[PackFacts]) -> tuple[tuple[PackFacts, int], ...] | None:
    """Choose packs, of any kinds, that together hold `amount` (1/100 credit) for the least money.

    Returns each kind with how many of it, the largest first; () for no amount, None where no pack helps.
    A pack's credits are counted in quarters: nothing costs less.
    """
    if amount <= 0:
        return ()
    # The larger first: for the same money it wins, because it leaves more.
    useful = sorted((pack for pack in packs if pack.amount >= PREVIEW_AMOUNT), key=lambda pack: -pack.amount)
    if not useful:
        return None
    sizes = [pack.amount // PREVIEW_AMOUNT for pack in useful]
    step = gcd(*sizes)
    wanted = -(-amount // (PREVIEW_AMOUNT * step))
    last = _last_packs(
        tuple((size // step, pack.price) for size, pack in zip(sizes, useful, strict=True)), _round(wanted)
    )
    counts = [0] * len(useful)
    while wanted > 0:
        counts[last[wanted]] += 1
        wanted -= sizes[last[wanted]] // step
    return tuple((pack, count) for pack, count in zip(useful, counts, strict=True) if count)


def _mix(amount: int, plan: PlanFacts | None, packs: tuple[PackFacts, ...], month_count: int) -> Mix | None:
    granted = 0 if plan is None else plan.monthly_amount
    short = max(0, amount - granted) * month_count
    chosen = cheapest_packs(short, packs)
    if chosen is None:
        return None
    price = 0 if plan is None else -(-plan.price * month_count // plan.billing_months)
    price += sum(pack.price * count for pack, count in chosen)
    bought = sum(pack.amount * count for pack, count in chosen)
    return Mix(plan, chosen, month_count, price, bought - short)


def _round(wanted: int) -> int:
    """The next power of two, so that neighbouring questions share one table."""
    return 1 << max(6, (wanted - 1).bit_length())


@lru_cache(maxsize=8)
def _last_packs(packs: tuple[tuple[int, int], ...], most: int) -> list[int]:
    """For every number of units up to `most`: which pack, by its place, is bought last in the cheapest set
    that holds at least so many. Packs are (units, price)."""
    prices = [0] * (most + 1)
    last = [0] * (most + 1)
    for units in range(1, most + 1):
        best = None
        for place, (size, price) in enumerate(packs):
            whole = price + (prices[units - size] if units > size else 0)
            if best is None or whole < best:
                best, last[units] = whole, place
        prices[units] = best or 0
    return last
