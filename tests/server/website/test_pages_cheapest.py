"""The cheapest mix, against a search through everything that could be bought."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from offcut.server.credits.advice import PackFacts
from offcut.server.credits.rules import PlanFacts
from offcut.server.website.pages.cheapest import IMAGES_MAX, cheapest_mix, cheapest_packs


def plan(number: int, credit_count: int, price: int, months: int = 1) -> PlanFacts:
    return PlanFacts(number, credit_count * 100, price, months, 5, timedelta(days=7))


def pack(number: int, amount: int, price: int) -> PackFacts:
    return PackFacts(number, amount, price)


PLANS = st.lists(
    st.tuples(st.integers(1, 30), st.integers(0, 5000), st.sampled_from([1, 12])), max_size=3
).map(lambda rows: [plan(place, *row) for place, row in enumerate(rows)])
PACKS = st.lists(
    st.tuples(st.integers(2, 40).map(lambda quarters: quarters * 25), st.integers(0, 3000)), max_size=3
).map(lambda rows: [pack(place, *row) for place, row in enumerate(rows)])


def by_search(
    image_count: int, plans: Sequence[PlanFacts], packs: Sequence[PackFacts], months: int
) -> int | None:
    """The least price in money, by trying every plan with every number of every pack."""
    prices = []
    for chosen in (None, *plans):
        short = max(0, image_count * 100 - (chosen.monthly_amount if chosen else 0)) * months
        own = -(-chosen.price * months // chosen.billing_months) if chosen else 0
        for counts in product(*(range(-(-short // one.amount) + 1) for one in packs)):
            if sum(count * one.amount for count, one in zip(counts, packs, strict=True)) >= short:
                prices.append(own + sum(count * one.price for count, one in zip(counts, packs, strict=True)))
    return min(prices, default=None)


@settings(max_examples=150, deadline=None)
@given(image_count=st.integers(1, 12), plans=PLANS, packs=PACKS, months=st.integers(1, 3))
def test_nothing_that_could_be_bought_is_cheaper(
    image_count: int, plans: list[PlanFacts], packs: list[PackFacts], months: int
) -> None:
    mix = cheapest_mix(image_count, plans, packs, month_count=months)
    assert (None if mix is None else mix.price) == by_search(image_count, plans, packs, months)
    if mix is None:
        return
    granted = (mix.plan.monthly_amount if mix.plan else 0) * months
    bought = sum(one.amount * count for one, count in mix.packs)
    asked = image_count * 100 * months
    assert granted + bought >= asked
    assert mix.left_amount == bought - max(0, image_count * 100 - granted // months) * months
    assert mix.left_amount >= 0


@given(image_count=st.integers(1, 200), plans=PLANS, packs=PACKS)
def test_more_images_never_cost_less(
    image_count: int, plans: list[PlanFacts], packs: list[PackFacts]
) -> None:
    less, more = (cheapest_mix(count, plans, packs) for count in (image_count, image_count + 1))
    assert more is None or less is not None
    assert less is None or more is None or less.price <= more.price


def test_what_a_known_price_list_gives() -> None:
    """The prices that the service this one replaces had."""
    plans = [plan(1, 40, 900), plan(2, 200, 3900), plan(3, 500, 8900)]
    packs = [pack(1, 300, 300), pack(2, 1000, 900), pack(3, 7500, 4900), pack(4, 20000, 9900)]
    few = cheapest_mix(1, plans, packs)
    assert few is not None
    # 12 in a year: a pack of ten and one of three.
    assert (few.plan, [(one.amount, count) for one, count in few.packs]) == (None, [(1000, 1), (300, 1)])
    some = cheapest_mix(45, plans, packs)
    assert some is not None
    # The small plan, and 60 in a year from one pack of 75.
    assert some.plan == plans[0]
    assert some.price == 12 * 900 + 4900
    assert some.left_amount == 1500


def test_the_ends_of_the_range() -> None:
    packs = [pack(1, 100, 100), pack(2, 400_000, 99_900)]
    assert cheapest_mix(IMAGES_MAX, [], packs) is not None
    for count in (0, IMAGES_MAX + 1):
        with pytest.raises(ValueError, match="image_count"):
            cheapest_mix(count, [], packs)
    assert cheapest_packs(0, packs) == ()
    assert cheapest_packs(1, []) is None
    assert cheapest_packs(100, [pack(1, 10, 5)]) is None
