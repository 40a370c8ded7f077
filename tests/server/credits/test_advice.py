from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from offcut.server.credits.advice import PackFacts, Way, advise, cheapest_packs, play
from offcut.server.credits.rules import PlanFacts


def plan(number: int, monthly: int, price: int, multiple: int = 5, months: int = 1) -> PlanFacts:
    return PlanFacts(number, monthly * 100, price, months, multiple, timedelta(days=7))


SMALL, MIDDLE, LARGE = plan(1, 40, 900), plan(2, 200, 3900), plan(3, 500, 8900)
PLANS = [SMALL, MIDDLE, LARGE]
PACKS = [PackFacts(1, 300, 300), PackFacts(2, 1000, 900), PackFacts(3, 7500, 4900)]


def used(*credit_counts: int) -> list[int]:
    return [100 * credit for credit in credit_counts]


def test_a_team_that_runs_out_every_month_is_told_of_the_larger_plan() -> None:
    advice = advise(used(120, 130, 150, 140), SMALL, PLANS, PACKS)
    assert advice.way is Way.LARGER_PLAN
    assert advice.best is not None
    assert advice.best.plan == MIDDLE
    assert advice.best.short_months == 0
    assert advice.now is not None
    assert advice.now.short_months == 4
    assert advice.now.short_amount == 100 * (120 + 130 + 150 + 140 - 160)
    assert advice.saving == advice.now.price - advice.best.price > 0


def test_a_team_whose_credits_pile_up_is_told_of_the_smaller_plan() -> None:
    advice = advise(used(20, 30, 25, 35), MIDDLE, PLANS, PACKS)
    assert advice.way is Way.SMALLER_PLAN
    assert advice.best is not None
    assert advice.best.plan == SMALL
    assert advice.saving == 4 * (3900 - 900)


def test_a_team_with_one_peak_is_told_of_a_pack() -> None:
    advice = advise(used(38, 40, 49, 40), SMALL, PLANS, PACKS)
    assert advice.way is Way.PACK
    assert advice.best is not None
    assert advice.best.plan == SMALL
    assert (advice.best.short_months, advice.best.short_amount) == (1, 700)
    assert (advice.best.pack, advice.best.pack_count) == (PACKS[1], 1)


def test_roll_over_is_played_with_the_plans_own_cap() -> None:
    history = used(0, 0, 0, 100)
    kept, ended = play(history, SMALL, PACKS), play(history, plan(9, 40, 900, multiple=0), PACKS)
    assert kept is not None
    assert kept.short_amount == 0
    assert kept.left_amount == 6000
    assert ended is not None
    assert ended.short_amount == 6000


def test_a_plan_that_fits_is_kept() -> None:
    assert advise(used(40, 39, 38, 40), SMALL, PLANS, PACKS).way is Way.STAY


def test_plans_are_compared_with_plans_billed_as_often() -> None:
    yearly, yearly_middle = plan(7, 40, 9720, months=12), plan(8, 200, 42120, months=12)
    assert advise(used(*[40] * 12), SMALL, [SMALL, yearly], PACKS).way is Way.STAY
    advice = advise(used(*[190] * 12), yearly, [*PLANS, yearly, yearly_middle], PACKS)
    assert advice.best is not None
    assert advice.best.plan == yearly_middle
    assert advice.best.price == 42120


def test_one_month_says_nothing() -> None:
    assert advise(used(40), SMALL, PLANS, PACKS).way is Way.NOT_ENOUGH_HISTORY
    assert advise(used(0, 0, 0), SMALL, PLANS, PACKS).way is Way.NOT_ENOUGH_HISTORY


@given(st.lists(st.integers(0, 60_000), min_size=2, max_size=24), st.sampled_from([None, *PLANS]))
def test_no_advice_is_dearer_than_staying(history: list[int], current: PlanFacts | None) -> None:
    advice = advise(history, current, PLANS, PACKS)
    assert advice.saving >= 0
    if advice.way is Way.STAY:
        assert advice.saving == 0


@given(st.integers(1, 10**6))
def test_the_packs_chosen_are_enough(amount: int) -> None:
    pack, count = cheapest_packs(amount, PACKS)
    assert pack.amount * count >= amount > pack.amount * (count - 1)
