from __future__ import annotations

import ast
import re
from datetime import UTC, datetime, timedelta
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offcut.errors import AmountError, ClockError, InsufficientCreditsError, PlanChangeError
from offcut.server.credits import rules
from offcut.server.credits.rules import LotState, PlanFacts, Source

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def lots(*, least: int = 0) -> st.SearchStrategy[list[LotState]]:
    moments = st.integers(-30, 30).map(lambda days: NOW + days * DAY)
    rows = st.lists(
        st.tuples(st.sampled_from(Source), st.integers(least, 500), moments, st.none() | moments), max_size=8
    )
    return rows.map(lambda found: [LotState(number, *row) for number, row in enumerate(found)])


def lot(number: int, source: Source, available: int, days: int | None = None) -> LotState:
    return LotState(number, source, available, NOW - DAY, None if days is None else NOW + days * DAY)


def test_credits_burn_subscription_first_and_pay_as_you_go_last() -> None:
    every = [lot(rank, source, 10) for rank, source in enumerate(reversed(Source))]
    burnt = [piece.lot_id for piece in rules.burn(every, 50, NOW)]
    assert [every[number].source for number in burnt] == [
        Source.SUBSCRIPTION, Source.ENTERPRISE, Source.GIFT, Source.ADJUSTMENT, Source.PAY_AS_YOU_GO,
    ]  # fmt: skip


def test_within_a_source_the_lot_that_ends_first_burns_first() -> None:
    packs = [
        lot(1, Source.PAY_AS_YOU_GO, 10),
        lot(2, Source.PAY_AS_YOU_GO, 10, 9),
        lot(3, Source.PAY_AS_YOU_GO, 10, 5),
    ]
    assert [piece.lot_id for piece in rules.burn(packs, 30, NOW)] == [3, 2, 1]


def test_free_previews_pay_for_previews_only() -> None:
    free = [lot(1, Source.FREE_PREVIEW, 1000), lot(2, Source.GIFT, 100)]
    assert rules.burn(free, 25, NOW, preview=True)[0].lot_id == 1
    assert rules.burn(free, 100, NOW)[0].lot_id == 2
    with pytest.raises(InsufficientCreditsError) as refusal:
        rules.burn(free, 101, NOW)
    assert (refusal.value.needed, refusal.value.available) == (101, 100)


@given(lots())
def test_the_burn_order_is_total_and_does_not_depend_on_the_order_given(found: list[LotState]) -> None:
    keys = [rules.burn_key(one) for one in found]
    assert len(set(keys)) == len(found)
    backwards = found[::-1]
    assert sorted(found, key=rules.burn_key) == sorted(backwards, key=rules.burn_key)


@given(lots(), st.integers(1, 3000), st.booleans())
def test_burning_takes_exactly_the_amount_from_the_front_of_the_order(
    found: list[LotState], amount: int, preview: bool
) -> None:
    usable = sorted((one for one in found if rules.is_usable(one, NOW, preview=preview)), key=rules.burn_key)
    total = sum(one.available for one in usable)
    if amount > total:
        with pytest.raises(InsufficientCreditsError):
            rules.burn(found, amount, NOW, preview=preview)
        return
    pieces = rules.burn(found, amount, NOW, preview=preview)
    assert sum(piece.amount for piece in pieces) == amount
    assert [piece.lot_id for piece in pieces] == [one.id for one in usable[: len(pieces)]]
    assert all(piece.amount == one.available for piece, one in zip(pieces[:-1], usable, strict=False))
    assert 0 < pieces[-1].amount <= usable[len(pieces) - 1].available


@pytest.mark.parametrize("amount", [0, -1, 0.5, True, 10**16, "1", None])
def test_an_amount_that_is_no_amount_is_refused(amount: object) -> None:
    with pytest.raises(AmountError):
        rules.burn([lot(1, Source.GIFT, 100)], amount, NOW)  # type: ignore[arg-type]


@given(lots(least=1), st.data())
def test_a_capture_spends_the_first_pieces_and_gives_the_rest_back(
    found: list[LotState], data: st.DataObject
) -> None:
    pieces = [rules.Piece(one.id, one.available) for one in found]
    total = sum(piece.amount for piece in pieces)
    if total == 0:
        return
    amount = data.draw(st.integers(1, total))
    spent, returned = rules.split_capture(pieces, amount)
    assert sum(piece.amount for piece in spent) == amount
    assert sum(piece.amount for piece in returned) == total - amount
    assert len(spent) + len(returned) <= len(pieces) + 1


@given(lots(), st.integers(0, 2000))
def test_roll_over_leaves_at_most_the_cap_and_touches_only_the_subscription(
    found: list[LotState], cap: int
) -> None:
    cuts, stay = rules.roll_over(found, NOW, cap)
    lost = {piece.lot_id: piece.amount for piece in cuts}
    live = [one for one in found if one.source is Source.SUBSCRIPTION and rules.is_live(one, NOW)]
    before = sum(one.available for one in live)
    after = sum(one.available - lost.get(one.id, 0) for one in live if one.id in stay)
    assert after == min(before, cap)
    assert set(lost) <= set(stay) <= {one.id for one in live}
    assert all(0 < lost[one.id] <= one.available for one in live if one.id in lost)


def test_the_classic_cap_of_five_months_and_none_at_all() -> None:
    piled = [lot(1, Source.SUBSCRIPTION, 15_000, 1), lot(2, Source.SUBSCRIPTION, 8_000, 1)]
    cuts, stay = rules.roll_over(piled, NOW, 5 * 4_000)
    assert (cuts, stay) == ([rules.Piece(1, 3_000)], [1, 2])
    assert rules.roll_over(piled, NOW, 0) == ([], [])


@pytest.mark.parametrize(
    ("spent", "left", "reached"),
    [
        (0, 0, False),
        (0, 100, False),
        (79, 21, False),
        (80, 20, True),
        (3199, 801, False),
        (3200, 800, True),
        (5, 0, True),
    ],
)
def test_the_threshold_is_80_percent_of_all_the_period_had(spent: int, left: int, reached: bool) -> None:
    assert rules.is_past_threshold(spent, left) is reached


def test_a_clock_a_little_late_is_stamped_with_the_latest_moment_and_a_wrong_one_refused() -> None:
    assert rules.entry_moment(NOW + DAY, NOW) == NOW + DAY
    assert rules.entry_moment(NOW - rules.CLOCK_TOLERANCE, NOW) == NOW
    with pytest.raises(ClockError):
        rules.entry_moment(NOW - rules.CLOCK_TOLERANCE - timedelta(microseconds=1), NOW)


def plan(number: int, monthly: int, price: int, months: int = 1, multiple: int = 5) -> PlanFacts:
    return PlanFacts(number, monthly * 100, price, months, multiple, timedelta(days=7))


def test_more_credits_is_an_upgrade_and_paying_for_longer_is_too() -> None:
    small, large, small_yearly = plan(1, 40, 900), plan(2, 200, 3900), plan(3, 40, 9720, 12)
    assert rules.plan_change(small, large) is rules.Change.UPGRADE
    assert rules.plan_change(large, small) is rules.Change.DOWNGRADE
    assert rules.plan_change(small, small_yearly) is rules.Change.UPGRADE
    assert rules.plan_change(small_yearly, small) is rules.Change.DOWNGRADE
    with pytest.raises(PlanChangeError):
        rules.plan_change(small, small)


@given(st.integers(0, 10**6), st.integers(1, 400), st.integers(-10, 420))
def test_the_unused_part_of_a_price_is_never_more_than_the_price(price: int, length: int, day: int) -> None:
    end = NOW + length * DAY
    unused = rules.unused_price(price, NOW, end, NOW + day * DAY)
    assert 0 <= unused <= price
    if 0 <= day <= length:
        assert 0 <= unused * length - price * (length - day) < length


def facts(**changes: object) -> rules.RefundFacts:
    usual = {
        "paid_at": NOW,
        "asked_at": NOW + 14 * DAY,
        "is_first_subscription": True,
        "image_count": 49,
        "was_refunded_before": False,
    }
    return rules.RefundFacts(**{**usual, **changes})  # type: ignore[arg-type]


def test_the_refund_rule_and_each_objection() -> None:
    assert rules.refund_objections(facts()) == []
    for change in (
        {"asked_at": NOW + 14 * DAY + timedelta(seconds=1)},
        {"is_first_subscription": False},
        {"image_count": 50},
        {"was_refunded_before": True},
    ):
        assert len(rules.refund_objections(facts(**change))) == 1


@given(st.integers(-500, 500), st.integers(-500, 500), st.integers(0, 500))
def test_a_correction_never_does_more_than_undo(change: int, corrected: int, available: int) -> None:
    least, most = rules.correction_bounds(change, corrected, available)
    assert least <= 0 <= most
    assert -available <= least
    assert most == max(0, -change - corrected)
    assert least == 0 or least >= -change - corrected


@pytest.mark.parametrize("name", ["amounts", "months", "rules", "advice"])
def test_the_rules_have_no_clock_and_no_database(name: str) -> None:
    tree = ast.parse((files("offcut.server.credits") / f"{name}.py").read_text("utf-8"))
    modules = {
        alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names
    } | {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    pure = {"offcut.errors", *(f"offcut.server.credits.{other}" for other in ("amounts", "months", "rules"))}
    standard = {"calendar", "collections.abc", "dataclasses", "datetime", "decimal", "enum", "__future__"}
    assert modules <= pure | standard
    attributes = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert not attributes & {"utcnow", "today"}
    assert not re.search(r"\bdatetime\.now\b", ast.unparse(tree))
