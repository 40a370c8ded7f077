"""Random histories of one account: after every step the invariants of credits/README.md hold.

The everyday run plays 60; `LEDGER_HISTORIES=10000 pytest tests/server/credits/test_histories.py` plays more.
"""

from __future__ import annotations

import itertools
import os
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from offcut.errors import OffcutError
from offcut.server.accounts.models import ApiKey, Team
from offcut.server.credits import ledger, rules, statement, subscriptions
from offcut.server.credits.models import (
    Account,
    Entry,
    Hold,
    KeyMonth,
    Lot,
    Plan,
    PlanTerms,
    Subscription,
    SubscriptionEvent,
)
from offcut.server.credits.rebuild import rebuild
from offcut.server.credits.rules import Source

pytestmark = pytest.mark.django_db

HISTORIES = int(os.environ.get("LEDGER_HISTORIES", "60"))
START = datetime(2027, 12, 31, 9, 30, tzinfo=UTC)
BOOK = (Account, Lot, Hold, Entry, Subscription, SubscriptionEvent, KeyMonth)

amounts = st.sampled_from([1, 25, 99, 100, 250, 1000, 4000, 40_000, 0, -5])
changes = st.sampled_from([1, -1, 25, -25, 100, -100, 4000, -4000])
granted_sources = st.sampled_from([s for s in Source if s not in ("subscription", "free_preview")])
ids = st.integers(0, 4)
seconds = st.sampled_from(
    [0, 1, 30, 599, 600, 3600, 86_400, 6 * 86_400, 8 * 86_400, 27 * 86_400, 40 * 86_400]
)
steps = st.one_of(
    st.tuples(st.just("wait"), seconds),
    st.tuples(st.just("wait"), seconds),
    st.tuples(st.just("hold"), ids, amounts, st.booleans(), st.integers(0, 9)),
    st.tuples(st.just("hold"), ids, amounts, st.booleans(), st.integers(0, 9)),
    st.tuples(st.just("capture"), ids, st.sampled_from([None, None, 1, 25, 5000])),
    st.tuples(st.just("release"), ids),
    st.tuples(st.just("grant"), granted_sources, ids, amounts, st.sampled_from([None, 1, 20, 400])),
    st.tuples(st.just("clock_back"), st.sampled_from([1, 59, 61, 86_400])),
    st.tuples(st.just("subscribe"), st.integers(0, 3)),
    st.tuples(st.just("renew"), st.integers(0, 3)),
    st.tuples(st.just("renew"), st.integers(0, 3)),
    st.tuples(st.just("upgrade"), st.integers(0, 3)),
    st.tuples(st.just("downgrade"), st.integers(0, 3)),
    st.tuples(st.just("cancel")),
    st.tuples(st.just("resume")),
    st.tuples(st.just("advance")),
    st.tuples(st.just("lapse")),
    st.tuples(st.just("correct"), st.integers(0, 60), changes),
    st.tuples(st.just("drop_kept_sums")),
)  # fmt: skip


@settings(
    max_examples=HISTORIES,
    deadline=None,
    derandomize="LEDGER_HISTORIES" not in os.environ,
    database=None,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
    ],
)
@given(st.lists(steps, min_size=8, max_size=30))
def test_the_invariants_hold_after_every_step(plans: list[Plan], history: list[tuple]) -> None:
    with transaction.atomic():
        world = World(plans)
        for step in history:
            world.play(*step)
        world.check_the_end()
        transaction.set_rollback(True)


@pytest.fixture
def plans() -> list[Plan]:
    rows = [
        ("Small", 1, 4000, 5),
        ("Large", 1, 20_000, 5),
        ("Yearly", 12, 4000, 5),
        ("No roll-over", 1, 20_001, 0),
    ]
    made = []
    for name, months, monthly, multiple in rows:
        plan = Plan.objects.create(name=name, billing_months=months)
        PlanTerms.objects.create(
            plan=plan, starts_at=START - timedelta(days=1), price=900, monthly_amount=monthly,
            rollover_cap_multiple=multiple,
        )  # fmt: skip
        made.append(plan)
    return made


class World:
    """One team, one clock, and what was seen so far."""

    def __init__(self, plans: list[Plan]) -> None:
        self.plans = plans
        self.now = START
        self.team = Team.objects.create(name="Alice", time_zone="Europe/Madrid")
        ledger.open_account(self.team, now=self.now, gift_amount=100)
        self.key = ApiKey.objects.create(
            team=self.team, name="k", prefix="p", digest="d", monthly_limit_credits=300
        )
        self.seen: dict[datetime, statement.Balance] = {}
        self.captured: Counter[str] = Counter()
        self.numbers = itertools.count()
        self.book = self.read()

    def play(self, what: str, *details: object) -> None:
        if what == "wait":
            self.now += timedelta(seconds=details[0], microseconds=1)  # type: ignore[arg-type]
            return
        refusal = self.refusal_of(what, details)
        after = self.read()
        if refusal is not None:
            assert refusal.code != "error"
            assert after == self.book, f"{what} was refused ({refusal}) and yet changed something"
            return
        self.book = after
        self.check()

    def refusal_of(self, what: str, details: tuple) -> OffcutError | None:
        try:
            getattr(self, what)(*details)
        except OffcutError as refusal:
            return refusal
        return None

    # The steps

    def hold(self, number: int, amount: int, preview: bool, content: int) -> None:
        content_hash = "other" if content == 0 else "same"
        key = self.key if content % 2 else None
        held = ledger.hold(
            self.team.pk,
            f"h{number}",
            amount,
            content_hash=content_hash,
            now=self.now,
            preview=preview,
            key=key,
        )
        if not held.is_replay:
            assert sum(taken for _, taken in held.charged) == amount
            self.check_burn_order(f"h{number}", preview)

    def capture(self, number: int, amount: int | None) -> None:
        captured = ledger.capture(self.team.pk, f"h{number}", now=self.now, amount=amount)
        self.captured[f"h{number}"] += 1
        assert self.captured[f"h{number}"] == 1
        assert sum(spent for _, spent in captured.charged) == captured.captured

    def release(self, number: int) -> None:
        ledger.release(self.team.pk, f"h{number}", now=self.now)

    def grant(self, source: Source, number: int, amount: int, days: int | None) -> None:
        ends = None if days is None else self.now + timedelta(days=days)
        ledger.grant(self.team.pk, f"g{number}", source, amount, now=self.now, expires_at=ends)

    def clock_back(self, by_seconds: int) -> None:
        late = self.now - timedelta(seconds=by_seconds)
        ledger.hold(self.team.pk, f"late{next(self.numbers)}", 1, content_hash="x", now=late)
        # What a late clock wrote is stamped with the latest entry's moment: what was seen since is not past.
        stamped = Entry.objects.order_by("id").last().at
        self.seen = {at: balance for at, balance in self.seen.items() if at < stamped}

    def subscribe(self, number: int) -> None:
        subscriptions.subscribe(self.team.pk, self.terms(number), now=self.now)

    def renew(self, number: int) -> None:
        subscriptions.renew(self.subscription(), self.terms(number), now=self.now)

    def upgrade(self, number: int) -> None:
        subscriptions.upgrade(self.subscription(), self.terms(number), now=self.now)

    def downgrade(self, number: int) -> None:
        subscriptions.downgrade(self.subscription(), self.plans[number], now=self.now)

    def cancel(self) -> None:
        subscriptions.cancel(self.subscription(), now=self.now)

    def resume(self) -> None:
        subscriptions.resume(self.subscription(), now=self.now)

    def advance(self) -> None:
        subscriptions.advance_due(self.now)

    def lapse(self) -> None:
        ledger.lapse_due(self.now)

    def correct(self, number: int, change: int) -> None:
        entries = list(Entry.objects.filter(account_id=self.team.pk).order_by("id"))
        chosen = entries[number % len(entries)]
        ledger.correct(chosen.pk, change, reason="because", actor_id=None, now=self.now)

    def drop_kept_sums(self) -> None:
        before = statement.balance(self.team.pk, at=self.moment())
        assert rebuild(self.team.pk) == []
        assert statement.balance(self.team.pk, at=self.moment()) == before

    # The invariants

    def check(self) -> None:
        self.check_lots()
        self.check_holds()
        self.check_account()
        balance = statement.balance(self.team.pk, at=self.moment())
        assert balance == statement.balance_by_entries(self.team.pk, at=self.moment())
        assert balance.total >= 0
        assert balance.held >= 0
        self.seen[self.moment()] = balance

    def check_lots(self) -> None:
        available, held, gone, came = Counter(), Counter(), Counter(), Counter()
        ends = {}
        for entry in self.book[Entry]:
            lot = entry["lot_id"]
            available[lot] += entry["available_change"]
            held[lot] += entry["held_change"]
            assert available[lot] >= 0
            assert held[lot] >= 0
            if entry["kind"] in ("grant", "correct", "cut"):
                came[lot] += entry["available_change"]
            if entry["kind"] == "capture":
                gone[lot] -= entry["held_change"]
            if entry["kind"] in ("grant", "term"):
                ends[lot] = entry["expires_at"]
        for row in self.book[Lot]:
            lot = row["id"]
            assert (row["available"], row["held"]) == (available[lot], held[lot])
            assert row["is_open"] == (row["available"] > 0 or row["held"] > 0)
            assert row["expires_at"] == ends.get(lot)
            assert came[lot] == row["available"] + row["held"] + gone[lot]

    def check_holds(self) -> None:
        still_held, spent = Counter(), Counter()
        for entry in self.book[Entry]:
            still_held[entry["hold_id"]] += entry["held_change"]
            if entry["kind"] == "capture":
                spent[entry["hold_id"]] -= entry["held_change"]
        for hold in self.book[Hold]:
            assert still_held[hold["id"]] == (hold["amount"] if hold["state"] == "open" else 0)
            assert spent[hold["id"]] == hold["captured"]
            assert (hold["state"] == "captured") == (hold["captured"] > 0)
            assert self.captured[hold["request_id"]] == (hold["captured"] > 0)

    def check_account(self) -> None:
        (account,) = self.book[Account]
        moments = [entry["at"] for entry in self.book[Entry]]
        assert moments == sorted(moments)
        assert account["latest_at"] == moments[-1]
        lapses = [hold["lapses_at"] for hold in self.book[Hold] if hold["state"] == "open"]
        if lapses:
            assert account["next_lapse_at"] is not None
            assert account["next_lapse_at"] <= min(lapses)
        subscribed = {lot["id"] for lot in self.book[Lot] if lot["source"] == "subscription"}
        spent, corrections = 0, Counter()
        for entry in self.book[Entry]:
            if entry["kind"] == "grant" and entry["lot_id"] in subscribed:
                spent = 0
            elif entry["kind"] == "capture" and entry["lot_id"] in subscribed:
                spent -= entry["held_change"]
            if entry["corrects_id"] is not None:
                corrections[entry["corrects_id"]] += entry["available_change"]
        assert account["period_spent"] == (spent if subscribed else 0)
        for entry in self.book[Entry]:
            effect = entry["held_change" if entry["kind"] == "capture" else "available_change"]
            if corrections[entry["id"]]:
                assert min(0, -effect) <= corrections[entry["id"]] <= max(0, -effect)

    def check_burn_order(self, request_id: str, preview: bool) -> None:
        """No lot that comes before the last one taken has anything left."""
        at = self.moment()
        row = Hold.objects.get(request_id=request_id)
        states = {lot.pk: lot.state for lot in Lot.objects.all()}
        last = max(rules.burn_key(states[lot_id]) for lot_id, _ in row.pieces)
        for state in states.values():
            if rules.burn_key(state) < last:
                assert not rules.is_usable(state, at, preview=preview)

    def check_the_end(self) -> None:
        for at, balance in self.seen.items():
            assert statement.balance_by_entries(self.team.pk, at=at) == balance, f"the past changed: {at}"
        self.drop_kept_sums()
        lines = list(self.lines())
        final = statement.balance(self.team.pk, at=self.moment())
        previews_held = sum(Lot.objects.filter(source="free_preview").values_list("held", flat=True))
        lapsed_now = statement.balance_by_entries(self.team.pk, at=self.moment())
        assert final == lapsed_now
        if not Hold.objects.filter(state="open").exists():
            assert (lines[-1].owned if lines else 0) == final.total + final.held - previews_held
        assert sum(line.change for line in lines) == (lines[-1].owned if lines else 0)
        for line, following in itertools.pairwise(lines):
            assert following.owned == line.owned + following.change

    def lines(self) -> Iterator[statement.Line]:
        yield from statement.statement(
            self.team.pk, since=START - timedelta(days=1), until=self.moment() + timedelta(microseconds=1)
        )

    def read(self) -> dict[type, list[dict]]:
        """Every row of the book, as the database keeps it."""
        found = {}
        with connection.cursor() as cursor:
            for model in BOOK:
                cursor.execute(f"SELECT * FROM {model._meta.db_table} ORDER BY {model._meta.pk.column}")
                names = [column[0] for column in cursor.description]
                found[model] = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        return found

    def moment(self) -> datetime:
        return max(self.now, Account.objects.get(pk=self.team.pk).latest_at)

    def terms(self, number: int) -> PlanTerms:
        return self.plans[number].terms_at(self.now)

    def subscription(self) -> int:
        running = subscriptions.running(self.team.pk)
        return 0 if running is None else running.pk
