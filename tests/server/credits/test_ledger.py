from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError, connection, transaction

from offcut.errors import (
    AmountError,
    ClockError,
    CorrectionError,
    CreditError,
    EntryFinalError,
    HoldCapturedError,
    HoldLapsedError,
    HoldNotFoundError,
    HoldReleasedError,
    IdReusedError,
    InsufficientCreditsError,
    KeyLimitError,
    KeyRefusedError,
    OffcutError,
    TeamSuspendedError,
)
from offcut.server.accounts.models import ApiKey, Team
from offcut.server.accounts.teams import suspend_team
from offcut.server.credits import ledger, statement
from offcut.server.credits.models import Entry, HoldState, Kind, Lot
from offcut.server.credits.rebuild import rebuild
from offcut.server.credits.rules import Source

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
LATER = NOW + 6 * MINUTE
Book = Callable[[], list]


def pack(team: Team, credit_count: int, reference: str = "pack", **options: object) -> Lot:
    return ledger.grant(team.pk, reference, Source.PAY_AS_YOU_GO, credit_count * 100, now=NOW, **options)


def hold(
    team: Team, request_id: str = "a", amount: int = 100, content: str = "x", **options: object
) -> ledger.Held:
    return ledger.hold(team.pk, request_id, amount, content_hash=content, **{"now": NOW, **options})


def available(team: Team, at: object = NOW) -> int:
    return statement.balance(team.pk, at=at).total


def test_a_hold_counts_at_once_and_a_capture_spends_it(team: Team) -> None:
    pack(team, 3)
    held = hold(team)
    assert (held.state, held.charged, held.is_replay) == (
        HoldState.OPEN,
        ((Source.PAY_AS_YOU_GO, 100),),
        False,
    )
    assert available(team) == 200
    captured = ledger.capture(team.pk, "a", now=NOW + MINUTE)
    assert (captured.state, captured.captured) == (HoldState.CAPTURED, 100)
    assert available(team, NOW + MINUTE) == 200
    assert [entry.kind for entry in Entry.objects.order_by("id")] == [Kind.GRANT, Kind.HOLD, Kind.CAPTURE]


def test_a_release_gives_everything_back(team: Team) -> None:
    pack(team, 1)
    hold(team)
    ledger.release(team.pk, "a", now=NOW)
    assert available(team) == 100


def test_less_can_be_captured_than_was_held(team: Team) -> None:
    ledger.grant(team.pk, "gift", Source.GIFT, 50, now=NOW)
    pack(team, 1)
    hold(team, amount=100)
    captured = ledger.capture(team.pk, "a", amount=75, now=NOW)
    assert captured.charged == ((Source.GIFT, 50), (Source.PAY_AS_YOU_GO, 25))
    assert available(team) == 75


def test_time_alone_lapses_a_hold(team: Team) -> None:
    pack(team, 1)
    held = hold(team)
    assert available(team, held.lapses_at - MINUTE) == 0
    assert available(team, held.lapses_at) == 100
    assert ledger.lapse_due(held.lapses_at) == 1
    assert available(team, held.lapses_at) == 100
    assert Entry.objects.filter(kind=Kind.LAPSE).count() == 1
    assert ledger.lapse_due(held.lapses_at) == 0


def test_the_next_hold_finds_the_credits_of_a_lapsed_one_without_a_worker(team: Team) -> None:
    pack(team, 1)
    held = hold(team)
    hold(team, "b", now=held.lapses_at)
    with pytest.raises(HoldLapsedError):
        ledger.capture(team.pk, "a", now=held.lapses_at)


def test_the_same_id_with_the_same_content_charges_once(team: Team) -> None:
    pack(team, 3)
    hold(team)
    again = hold(team, now=NOW + MINUTE)
    assert (again.is_replay, again.state) == (True, HoldState.OPEN)
    ledger.capture(team.pk, "a", now=NOW + MINUTE)
    after = hold(team, now=NOW + 2 * MINUTE)
    assert (after.is_replay, after.state, after.charged) == (
        True,
        HoldState.CAPTURED,
        ((Source.PAY_AS_YOU_GO, 100),),
    )
    assert available(team, NOW + 2 * MINUTE) == 200


@pytest.mark.parametrize("end", ["release", "lapse"])
def test_an_id_that_failed_may_be_tried_again(team: Team, end: str) -> None:
    pack(team, 1)
    held = hold(team)
    if end == "release":
        ledger.release(team.pk, "a", now=NOW)
    later = NOW + MINUTE if end == "release" else held.lapses_at
    again = hold(team, now=later)
    assert (again.is_replay, again.state) == (False, HoldState.OPEN)
    ledger.capture(team.pk, "a", now=later)
    assert available(team, later) == 0


def test_two_teams_may_use_the_same_id(team: Team) -> None:
    other = Team.objects.create(name="Other")
    ledger.open_account(other, now=NOW, gift_amount=100)
    pack(team, 1)
    hold(team)
    assert not ledger.hold(other.pk, "a", 100, content_hash="y", now=NOW).is_replay


def test_free_previews_pay_for_previews_until_the_month_is_over(team: Team) -> None:
    pack(team, 1)
    for number in range(50):
        hold(team, f"p{number}", 25, preview=True)
        ledger.capture(team.pk, f"p{number}", now=NOW)
    assert statement.balance(team.pk, at=NOW).free_preview_count == 0
    assert hold(team, "p50", 25, preview=True).charged == ((Source.PAY_AS_YOU_GO, 25),)
    next_month = NOW + 30 * DAY
    assert statement.balance(team.pk, at=next_month).free_preview_count == 50
    assert hold(team, "p51", 25, preview=True, now=next_month).charged == ((Source.FREE_PREVIEW, 25),)


def test_a_full_image_never_takes_free_previews(team: Team) -> None:
    pack(team, 1)
    hold(team, "p", 25, preview=True)
    with pytest.raises(InsufficientCreditsError):
        hold(team, "full", 200)


def test_grants_are_made_once_for_a_reference(team: Team) -> None:
    first = pack(team, 3, "order:1")
    assert pack(team, 3, "order:1").pk == first.pk
    with pytest.raises(IdReusedError):
        pack(team, 4, "order:1")
    assert available(team) == 300


def test_credits_end_with_their_lot_and_so_does_what_is_given_back(team: Team) -> None:
    pack(team, 2, expires_at=NOW + MINUTE)
    hold(team, lifetime=DAY)
    assert available(team, NOW + MINUTE) == 0
    ledger.release(team.pk, "a", now=NOW + 2 * MINUTE)
    assert available(team, NOW + 2 * MINUTE) == 0


def test_a_capture_stands_even_when_the_lot_has_ended_meanwhile(team: Team) -> None:
    pack(team, 1, expires_at=NOW + MINUTE)
    hold(team, lifetime=DAY)
    assert ledger.capture(team.pk, "a", now=NOW + 2 * MINUTE).captured == 100


def test_a_key_has_its_limit_a_month(team: Team) -> None:
    key = ApiKey.objects.create(team=team, name="shop", prefix="p", digest="d")
    pack(team, 30)
    hold(team, "before", 100, key=key)
    key.monthly_limit_credits = 3
    hold(team, "one", 100, key=key)
    hold(team, "two", 100, key=key)
    with pytest.raises(KeyLimitError) as refusal:
        hold(team, "three", 1, key=key)
    assert (refusal.value.limit, refusal.value.used) == (300, 300)
    ledger.release(team.pk, "one", now=NOW)
    ledger.capture(team.pk, "two", now=NOW, amount=50)
    hold(team, "four", 150, key=key)
    assert hold(team, "next month", 300, key=key, now=NOW + 30 * DAY).state == HoldState.OPEN


def test_a_correction_names_its_entry_and_undoes_no_more_than_it_did(team: Team) -> None:
    pack(team, 3)
    hold(team)
    ledger.capture(team.pk, "a", now=NOW)
    capture = Entry.objects.get(kind=Kind.CAPTURE)
    entry = ledger.correct(capture.pk, 60, reason="The result was empty.", actor_id=7, now=NOW)
    assert (entry.corrects_id, entry.actor_id, entry.reason) == (capture.pk, 7, "The result was empty.")
    assert available(team) == 260
    with pytest.raises(CorrectionError):
        ledger.correct(capture.pk, 41, reason="again", actor_id=7, now=NOW)
    ledger.correct(capture.pk, 40, reason="the rest", actor_id=7, now=NOW)
    assert available(team) == 300


def test_a_grant_can_be_taken_back_as_far_as_it_is_there(team: Team) -> None:
    granted = pack(team, 3).entries.get()
    hold(team)
    with pytest.raises(CorrectionError):
        ledger.correct(granted.pk, -201, reason="wrong team", actor_id=None, now=NOW)
    ledger.correct(granted.pk, -200, reason="wrong team", actor_id=None, now=NOW)
    assert available(team) == 0


def test_what_is_given_back_to_a_lot_that_ended_does_not_end(team: Team) -> None:
    pack(team, 1, expires_at=NOW + MINUTE)
    hold(team)
    ledger.capture(team.pk, "a", now=NOW)
    capture = Entry.objects.get(kind=Kind.CAPTURE)
    ledger.correct(capture.pk, 100, reason="The result was empty.", actor_id=None, now=NOW + DAY)
    assert statement.balance(team.pk, at=NOW + 900 * DAY).by_source[Source.ADJUSTMENT] == 100


def test_a_clock_a_little_late_is_forgiven(team: Team) -> None:
    pack(team, 2)
    hold(team, now=NOW + MINUTE)
    hold(team, "b", now=NOW)
    assert list(Entry.objects.order_by("id").values_list("at", flat=True))[-2:] == [NOW + MINUTE] * 2


class TestRefusals:
    """Each is an error of its own, and changes nothing."""

    @pytest.fixture(autouse=True)
    def _book(self, team: Team) -> None:
        pack(team, 3)
        for request_id in ("open", "captured", "released", "lapsed"):
            hold(team, request_id, 25, lifetime=MINUTE if request_id == "lapsed" else DAY)
        ledger.capture(team.pk, "captured", now=NOW)
        ledger.release(team.pk, "released", now=NOW)
        hold(team, "later", 1, now=NOW + 5 * MINUTE)
        ledger.lapse_due(NOW + 5 * MINUTE)

    @pytest.mark.parametrize(
        ("change", "error"),
        [
            ({"amount": 301}, InsufficientCreditsError),
            ({"amount": 0}, AmountError),
            ({"amount": -100}, AmountError),
            ({"amount": 0.5}, AmountError),
            ({"request_id": ""}, CreditError),
            ({"request_id": "x" * 201}, CreditError),
            ({"request_id": "open", "content": "other"}, IdReusedError),
            ({"request_id": "captured", "content": "other"}, IdReusedError),
            ({"now": NOW}, ClockError),
            ({"now": LATER.replace(tzinfo=None)}, ClockError),
        ],
    )
    @pytest.mark.usefixtures("unchanged")
    def test_holds(self, team: Team, change: dict, error: type[OffcutError]) -> None:
        refused(error, lambda: hold(team, **{"request_id": "new", "now": LATER, **change}))

    @pytest.mark.parametrize(
        ("request_id", "change", "error"),
        [
            ("unknown", {}, HoldNotFoundError),
            ("captured", {}, HoldCapturedError),
            ("released", {}, HoldReleasedError),
            ("lapsed", {}, HoldLapsedError),
            ("open", {"amount": 26}, AmountError),
            ("open", {"amount": 0}, AmountError),
            ("open", {"now": NOW - DAY}, ClockError),
        ],
    )
    @pytest.mark.usefixtures("unchanged")
    def test_captures(self, team: Team, request_id: str, change: dict, error: type[OffcutError]) -> None:
        refused(error, lambda: ledger.capture(team.pk, request_id, **{"now": LATER, **change}))

    @pytest.mark.parametrize(
        ("request_id", "error"),
        [
            ("unknown", HoldNotFoundError),
            ("captured", HoldCapturedError),
            ("released", HoldReleasedError),
            ("lapsed", HoldLapsedError),
        ],
    )
    @pytest.mark.usefixtures("unchanged")
    def test_releases(self, team: Team, request_id: str, error: type[OffcutError]) -> None:
        refused(error, lambda: ledger.release(team.pk, request_id, now=LATER))

    @pytest.mark.parametrize(
        ("team_id", "amount", "expires_at", "error"),
        [
            (None, 0, None, AmountError),
            (None, -1, None, AmountError),
            (None, 100, LATER, CreditError),
            (999_999, 100, None, CreditError),
        ],
    )
    @pytest.mark.usefixtures("unchanged")
    def test_grants(
        self,
        team: Team,
        team_id: int | None,
        amount: int,
        expires_at: datetime | None,
        error: type[OffcutError],
    ) -> None:
        owner = team_id or team.pk
        grant = (owner, "new", Source.GIFT, amount)
        refused(error, lambda: ledger.grant(*grant, now=LATER, expires_at=expires_at))

    @pytest.mark.parametrize(
        ("kind", "change", "reason", "error"),
        [
            (Kind.CAPTURE, 5, " ", CorrectionError),
            (Kind.CAPTURE, 0, "r", AmountError),
            (Kind.CAPTURE, 26, "r", CorrectionError),
            (Kind.CAPTURE, -1, "r", CorrectionError),
            (Kind.GRANT, 1, "r", CorrectionError),
            (Kind.HOLD, 5, "r", CorrectionError),
            (None, 5, "r", CorrectionError),
        ],
    )
    @pytest.mark.usefixtures("unchanged", "team")
    def test_corrections(self, kind: Kind | None, change: int, reason: str, error: type[OffcutError]) -> None:
        found = Entry.objects.filter(kind=kind).first()
        entry_id = 10**12 if found is None else found.pk
        refused(error, lambda: ledger.correct(entry_id, change, reason=reason, actor_id=None, now=LATER))

    def test_a_suspended_team_cannot_hold(self, team: Team, whole_book: Book) -> None:
        suspend_team(team, "chargeback", by=None)
        before = whole_book()
        with pytest.raises(TeamSuspendedError):
            hold(team, "new", now=LATER)
        assert whole_book() == before

    def test_another_teams_key_cannot_hold(self, team: Team, whole_book: Book) -> None:
        other = Team.objects.create(name="Other")
        key = ApiKey.objects.create(team=other, name="k", prefix="q", digest="d")
        before = whole_book()
        with pytest.raises(KeyRefusedError):
            hold(team, "new", key=key, now=LATER)
        assert whole_book() == before


def refused(error: type[OffcutError], call: Callable[[], object]) -> None:
    with pytest.raises(error) as refusal:
        call()
    assert str(refusal.value)
    assert refusal.value.code != "error"


@pytest.mark.parametrize(
    "statement_text",
    [
        "UPDATE credits_entry SET available_change = 10000",
        "DELETE FROM credits_entry",
        "UPDATE credits_entry SET reason = 'other' WHERE id > 0",
    ],
)
def test_the_database_refuses_to_change_or_delete_an_entry(
    team: Team, whole_book: Book, statement_text: str
) -> None:
    pack(team, 1)
    before = whole_book()
    with pytest.raises(DatabaseError, match="never changed or deleted"), transaction.atomic():
        connection.cursor().execute(statement_text)
    assert whole_book() == before
    with pytest.raises(DatabaseError), transaction.atomic():
        connection.cursor().execute("UPDATE credits_lot SET available = -1")


def test_the_models_refuse_it_too(team: Team) -> None:
    entry = pack(team, 1).entries.get()
    entry.reason = "other"
    for change in (entry.save, entry.delete, Entry.objects.all().delete):
        with pytest.raises(EntryFinalError):
            change()
    with pytest.raises(EntryFinalError):
        Entry.objects.update(reason="other")


def test_a_second_attempt_keeps_its_own_burn_order_when_the_sums_are_made_anew(team: Team) -> None:
    """Found by a random history: the free previews opened after the first attempt burn before its lot."""
    pack(team, 100)
    held = hold(team, amount=1)
    hold(team, amount=4000, preview=True, now=held.lapses_at)
    row = team.account.holds.get()
    assert [amount for _, amount in row.pieces] == [1250, 2750]
    assert rebuild(team.pk) == []
