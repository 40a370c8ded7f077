"""The charge: credits are spent once, with the result, and never otherwise."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone
from tests.server.api_caller import Caller, error_of, upload
from tests.server.plain_runner import GREEN, photo_bytes, plain_cut, plain_runner

from offcut.errors import WeightsMissingError
from offcut.server.credits import ledger
from offcut.server.credits.models import Entry, Hold, HoldState
from offcut.server.runners import current
from offcut.server.runners.cutting import Finished, Tell, Work

PHOTO = photo_bytes(800, 600)
FULL = {"size": "full"}


def use_cut(cut: Any, **options: Any) -> None:
    current.use(plain_runner(cut=cut, **options))


def test_a_preview_is_free_fifty_times_and_then_a_quarter(alice: Caller, settings: Any) -> None:
    settings.FREE_PREVIEWS = 2
    charged = [alice.multipart(PHOTO)["X-Credits-Charged"] for _ in range(4)]
    assert charged == ["0", "0", "0.25", "0.25"]
    assert alice.owned == (1050, 0, 0)


@pytest.mark.parametrize("size", ["full", "hd", "medium", "50MP", "4k"])
def test_every_other_size_is_one_credit(alice: Caller, size: str) -> None:
    answer = alice.multipart(PHOTO, size=size)
    assert answer["X-Credits-Charged"] == "1"
    assert alice.owned == (1000, 0, 1250)


@pytest.mark.parametrize(
    "fields", [{"crop": "true"}, {"format": "jpg"}, {"bg_color": "red"}, {"scale": "50%"}]
)
def test_no_option_changes_the_price(alice: Caller, fields: dict[str, str]) -> None:
    assert alice.multipart(PHOTO, **FULL, **fields)["X-Credits-Charged"] == "1"


def test_auto_takes_what_photo_and_balance_allow_and_says_why(alice: Caller, settings: Any) -> None:
    settings.FREE_PREVIEWS = 0
    settings.GIFT_CREDITS = 0
    bob = Caller.make("bob", credit_count=2)
    seen = []
    for photo in (photo_bytes(500, 333), PHOTO, PHOTO, PHOTO, PHOTO, PHOTO):
        answer = bob.multipart(photo, size="auto")
        names = ("X-Size-Chosen", "X-Size-Reason", "X-Width", "X-Credits-Charged")
        seen.append((answer.status_code, *(answer.get(name) for name in names)))
    assert seen == [
        (200, "preview", "small_photo", "500", "0.25"),
        (200, "full", "largest", "800", "1"),
        (200, "preview", "credits_short", "577", "0.25"),
        (200, "preview", "credits_short", "577", "0.25"),
        (200, "preview", "credits_short", "577", "0.25"),
        (402, None, None, None, None),
    ]
    assert bob.owned == (0, 0, 0)


def test_auto_takes_the_smaller_size_when_another_request_was_quicker(
    alice: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    from offcut.server.removals import removal

    held = ledger.hold

    def late(team_id: int, request_id: str, amount: int, **rest: Any) -> Any:
        if amount == 100 and not Hold.objects.exists():
            # Between the look at the balance and the hold, everything else is spent.
            held(team_id, "quick", 1100, content_hash="", now=timezone.now())
        return held(team_id, request_id, amount, **rest)

    monkeypatch.setattr(removal.ledger, "hold", late)
    answer = alice.multipart(PHOTO, size="auto")
    assert (answer.status_code, answer["X-Size-Reason"]) == (200, "credits_short")


def test_the_credits_are_held_while_the_work_runs(alice: Caller) -> None:
    during = []

    def cut(work: Work, tell: Tell) -> Finished:
        during.append(work.options.size)
        return plain_cut(work, tell)

    use_cut(cut)
    answer = alice.multipart(PHOTO, **FULL)
    assert answer.status_code == 200
    assert during == ["full"]
    kinds = list(Entry.objects.filter(hold__isnull=False).order_by("pk").values_list("kind", flat=True))
    assert kinds == ["hold", "capture"]
    hold = Hold.objects.get()
    assert (hold.size, hold.key_id, hold.state) == ("full asked", alice.key.pk, HoldState.CAPTURED)


def raising(error: Exception) -> Any:
    def cut(_work: Work, _tell: Tell) -> Finished:
        raise error

    return cut


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (ZeroDivisionError("a fault of ours"), 500, "internal_error"),
        (MemoryError(), 500, "internal_error"),
        (WeightsMissingError("The weights are not here."), 503, "server_not_ready"),
    ],
)
def test_a_failure_gives_the_credits_back(alice: Caller, error: Exception, status: int, code: str) -> None:
    use_cut(raising(error))
    before = alice.owned
    answer = alice.multipart(PHOTO, **FULL)
    assert answer.status_code == status
    assert error_of(answer)["code"] == code
    assert str(error) not in answer.content.decode() or not str(error)
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert alice.owned == before
    assert Hold.objects.get().state == HoldState.RELEASED


def test_no_subject_no_charge(alice: Caller) -> None:
    before = alice.owned
    assert alice.multipart(photo_bytes(color=GREEN), **FULL).status_code == 400
    assert alice.owned == before


def test_a_full_queue_is_told_with_a_time_and_not_charged(alice: Caller) -> None:
    let_go, is_busy = threading.Event(), threading.Event()

    def cut(work: Work, tell: Tell) -> Finished:
        is_busy.set()
        assert let_go.wait(20)
        return plain_cut(work, tell)

    use_cut(cut, jobs=1, places=1)
    runner = current.runner()
    crowd = [threading.Thread(target=runner.run, args=(Work(PHOTO, _options()),), kwargs={"team_id": 0})]
    crowd[0].start()
    assert is_busy.wait(20)
    crowd.append(threading.Thread(target=runner.run, args=(Work(PHOTO, _options()),), kwargs={"team_id": 0}))
    crowd[1].start()
    while runner.waiting == 0:
        threading.Event().wait(0.005)
    before = alice.owned
    answer = alice.multipart(PHOTO, **FULL)
    assert answer.status_code == 503
    assert error_of(answer)["code"] == "server_busy"
    assert int(answer["Retry-After"]) == 2
    assert alice.owned == before
    let_go.set()
    for one in crowd:
        one.join(20)
    assert alice.multipart(PHOTO, **FULL).status_code == 200


def _options() -> Any:
    from offcut.engine.options import Options

    return Options()


def test_a_client_that_has_gone_pays_nothing(alice: Caller) -> None:
    from django.test import RequestFactory

    from offcut.server.api.views import removebg

    gone = threading.Event()

    def cut(work: Work, tell: Tell) -> Finished:
        gone.set()
        return plain_cut(work, tell)

    use_cut(cut)
    before = alice.owned
    request = RequestFactory().post(
        "/v1.0/removebg", {"image_file": upload(PHOTO), "size": "full"}, headers=alice.headers()
    )
    request.is_gone = gone.is_set  # type: ignore[attr-defined]
    assert removebg(request).status_code == 499
    assert alice.owned == before


REPEAT = {"Idempotency-Key": "order-17"}


def test_the_same_again_is_answered_and_charged_once(alice: Caller) -> None:
    answers = [alice.multipart(PHOTO, **FULL, headers=REPEAT) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200] * 3
    assert len({answer.content for answer in answers}) == 1
    assert [answer["X-Credits-Charged"] for answer in answers] == ["1"] * 3
    assert [answer.get("X-Repeated") for answer in answers] == [None, "true", "true"]
    assert alice.owned == (1000, 0, 1250)


def test_the_same_again_is_answered_when_nothing_is_left(alice: Caller) -> None:
    assert alice.multipart(PHOTO, size="auto", headers=REPEAT)["X-Size-Chosen"] == "full"
    ledger.hold(alice.team.pk, "rest", 1000, content_hash="", now=timezone.now())
    again = alice.multipart(PHOTO, size="auto", headers=REPEAT)
    assert (again.status_code, again["X-Size-Chosen"], again["X-Size-Reason"]) == (200, "full", "largest")


@pytest.mark.parametrize("change", ["photo", "option", "background"])
def test_another_request_under_the_same_id_is_an_error_of_its_own(alice: Caller, change: str) -> None:
    assert alice.multipart(PHOTO, **FULL, headers=REPEAT).status_code == 200
    before = alice.owned
    photo = photo_bytes(800, 601) if change == "photo" else PHOTO
    changes: dict[str, Any] = {"option": {"crop": "true"}, "background": {"bg_image_file": upload(PHOTO)}}
    data = changes.get(change, {})
    answer = alice.multipart(photo, **FULL, data=data, headers=REPEAT)
    assert answer.status_code == 422
    assert error_of(answer)["code"] == "id_reused"
    assert alice.owned == before


def test_another_team_may_use_the_same_id(alice: Caller) -> None:
    bob = Caller.make("bob")
    for caller in (alice, bob):
        answer = caller.multipart(PHOTO, **FULL, headers=REPEAT)
        assert (answer.status_code, answer.get("X-Repeated")) == (200, None)


def test_a_failed_request_may_be_repeated_and_is_charged_then(alice: Caller) -> None:
    use_cut(raising(ZeroDivisionError()))
    assert alice.multipart(PHOTO, **FULL, headers=REPEAT).status_code == 500
    use_cut(plain_cut)
    answer = alice.multipart(PHOTO, **FULL, headers=REPEAT)
    assert (answer.status_code, answer.get("X-Repeated")) == (200, None)
    assert alice.owned == (1000, 0, 1250)


def test_after_the_retention_time_the_id_is_over(alice: Caller, settings: Any) -> None:
    settings.RETENTION_S = 60
    with time_machine.travel(timezone.now(), tick=False) as clock:
        assert alice.multipart(PHOTO, **FULL, headers=REPEAT).status_code == 200
        clock.shift(59)
        assert alice.multipart(PHOTO, **FULL, headers=REPEAT).status_code == 200
        clock.shift(1)
        answer = alice.multipart(PHOTO, **FULL, headers=REPEAT)
    assert (answer.status_code, error_of(answer)["code"]) == (422, "request_over")
    assert alice.owned == (1000, 0, 1250)


def test_a_request_whose_server_died_is_taken_up_again(alice: Caller) -> None:
    """The hold of the dead server is still open; nobody works on it."""
    answer = alice.multipart(PHOTO, **FULL, headers=REPEAT)
    assert answer.status_code == 200
    done = Hold.objects.get()
    ledger.hold(
        alice.team.pk, "repeat:dead", 100, content_hash=done.content_hash, now=timezone.now(), size=done.size
    )
    before = alice.owned
    assert before == (900, 100, 1250)
    answer = alice.multipart(PHOTO, **FULL, headers={"Idempotency-Key": "dead"})
    assert (answer.status_code, answer.get("X-Repeated")) == (200, None)
    assert alice.owned == (900, 0, 1250)


def test_a_request_that_runs_already_is_not_run_twice(alice: Caller) -> None:
    from offcut.server.removals import removal

    name = (alice.team.pk, "repeat:order-17")
    removal._running.add(name)
    try:
        before = alice.owned
        answer = alice.multipart(PHOTO, **FULL, headers=REPEAT)
    finally:
        removal._running.discard(name)
    assert (answer.status_code, error_of(answer)["code"]) == (409, "request_running")
    assert int(answer["Retry-After"]) >= 1
    assert alice.owned == before


def test_work_that_outlasts_its_hold_is_still_charged_once(alice: Caller, settings: Any) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:

        def cut(work: Work, tell: Tell) -> Finished:
            clock.shift(timedelta(seconds=settings.HOLD_S + 1))
            return plain_cut(work, tell)

        use_cut(cut)
        assert alice.multipart(PHOTO, **FULL).status_code == 200
        assert alice.owned[:2] == (1000, 0)


def test_a_key_with_a_monthly_limit_stops_there(alice: Caller) -> None:
    alice.key.monthly_limit_credits = 1
    alice.key.save()
    assert alice.multipart(PHOTO, **FULL).status_code == 200
    before = alice.owned
    answer = alice.multipart(PHOTO, **FULL)
    assert (answer.status_code, error_of(answer)["code"]) == (402, "insufficient_credits")
    assert "limit" in error_of(answer)["detail"] or "may use" in error_of(answer)["detail"]
    assert alice.owned == before
