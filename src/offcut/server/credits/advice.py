"""Advice: which of the three ways to never run out fits a team's own history. Pure.

The three ways: a plan a little larger than needed, whose rest rolls over; a smaller plan while unused
credits pile up; a pack as a backup. Each is played through the team's months, and the cheapest one in
which no image had to wait is the advice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from offcut.server.credits.rules import PlanFacts


class Way(StrEnum):
    STAY = "stay"
    LARGER_PLAN = "larger_plan"
    SMALLER_PLAN = "smaller_plan"
    PACK = "pack"
    NOT_ENOUGH_HISTORY = "not_enough_history"


MONTH_COUNT_MIN = 2
"""Fewer months than this say nothing about the next one."""


@dataclass(frozen=True, slots=True)
class PackFacts:
    """What advice needs to know of a pack: its credits, its price in 1/100 of money."""

    pack_id: int
    amount: int
    price: int


@dataclass(frozen=True, slots=True)
class Course:
    """One plan played through the history: with packs bought where its credits were not enough.

    `price` is for the whole history; `short_months` counts months in which the plan alone ran out,
    `short_amount` what packs had to give, `left_amount` the plan's credits unused at the end.
    """

    plan: PlanFacts | None
    pack: PackFacts | None
    pack_count: int
    price: int
    short_months: int
    short_amount: int
    left_amount: int


@dataclass(frozen=True, slots=True)
class Advice:
    """The way that fits, beside the course the team is on now (with the packs it would have needed)."""

    way: Way
    month_count: int
    used_amount: int
    now: Course | None
    best: Course | None

    @property
    def saving(self) -> int:
        """How much cheaper the best course is than the present one, in 1/100 of money."""
        return 0 if self.now is None or self.best is None else self.now.price - self.best.price


def advise(
    used_by_month: Sequence[int],
    current: PlanFacts | None,
    plans: Sequence[PlanFacts],
    packs: Sequence[PackFacts],
) -> Advice:
    """Compare every plan (and no plan) over the history, oldest month first, amounts in 1/100 credit.

    Plans are compared with plans billed as often: paying by the year is no answer to running out.
    `current` is None for a team without a subscription. A course that cannot pay for the history (no
    pack on offer and too few credits) is left out.
    """
    used = sum(used_by_month)
    if len(used_by_month) < MONTH_COUNT_MIN or used == 0:
        return Advice(Way.NOT_ENOUGH_HISTORY, len(used_by_month), used, None, None)
    now = play(used_by_month, current, packs)
    billing_months = 1 if current is None else current.billing_months
    comparable = [plan for plan in plans if plan.billing_months == billing_months]
    courses = [play(used_by_month, plan, packs) for plan in (None, *comparable)]
    possible = [course for course in (now, *courses) if course is not None]
    if not possible:
        return Advice(Way.LARGER_PLAN, len(used_by_month), used, None, None)
    # `now` stands first, so a tie is an advice to stay.
    best = min(possible, key=lambda course: course.price)
    return Advice(_way(best, current), len(used_by_month), used, now, best)


def play(used_by_month: Sequence[int], plan: PlanFacts | None, packs: Sequence[PackFacts]) -> Course | None:
    """Play `plan` through the months: grant, roll over up to the cap, burn, and let packs pay the rest.

    Returns None where packs are needed and none is on offer.
    """
    left = short_months = short_amount = 0
    for used in used_by_month:
        if plan is not None:
            left = min(left, plan.rollover_cap) + plan.monthly_amount
        short = max(0, used - left)
        left = max(0, left - used)
        short_months += short > 0
        short_amount += short
    plan_price = 0 if plan is None else -(-plan.price * len(used_by_month) // plan.billing_months)
    if short_amount == 0:
        return Course(plan, None, 0, plan_price, 0, 0, left)
    if not packs:
        return None
    pack, count = cheapest_packs(short_amount, packs)
    return Course(plan, pack, count, plan_price + count * pack.price, short_months, short_amount, left)


def cheapest_packs(amount: int, packs: Sequence[PackFacts]) -> tuple[PackFacts, int]:
    """Return the one kind of pack, and how many of it, that gives `amount` for the least money.

    For the same money the larger pack wins: it leaves more.
    """
    counted = [(pack, -(-amount // pack.amount)) for pack in packs]
    return min(counted, key=lambda choice: (choice[0].price * choice[1], -choice[0].amount))


def _way(best: Course, current: PlanFacts | None) -> Way:
    if best.plan is None or best.plan == current:
        return Way.PACK if best.pack is not None else Way.STAY
    if current is None or best.plan.monthly_amount > current.monthly_amount:
        return Way.LARGER_PLAN
    return Way.SMALLER_PLAN
