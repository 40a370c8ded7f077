"""Asking again: when, after how long, with what, and that nothing is charged twice."""

from __future__ import annotations

import io
import os
import socket
import threading
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offcut import errors
from offcut.client import Refusal, Retries, refusal_of

PHOTO = b"\xff\xd8 a photo"


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The waits of both clients, without the waiting."""
    waited: list[float] = []

    async def pause(seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr("offcut.client.client.time.sleep", waited.append)
    monkeypatch.setattr("offcut.client.client.anyio.sleep", pause)
    return waited


def too_many(recorded: Any, retry_after: str) -> Any:
    return recorded.refusal(429, "rate_limit_exceeded", "Rate limit exceeded", Retry_After=retry_after)


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_what_may_pass_is_asked_again(
    status: int, client: Any, service: Any, recorded: Any, pauses: Any
) -> None:
    service.script = [(status, {}, b"")] * 3
    assert client.remove(PHOTO).data == recorded.PNG
    assert len(service.received) == 4
    assert len(pauses) == 3


@pytest.mark.parametrize("status", [400, 402, 403, 404, 409, 413, 500])
def test_what_will_not_pass_is_not_asked_again(status: int, client: Any, service: Any, pauses: Any) -> None:
    service.script = [(status, {}, b"")]
    with pytest.raises(errors.OffcutError):
        client.remove(PHOTO)
    assert len(service.received) == 1
    assert pauses == []


@pytest.mark.usefixtures("pauses")
def test_a_conflict_that_says_when_to_come_back_is_asked_again(client: Any, service: Any) -> None:
    """The same key is being worked on: the answer will be there soon."""
    service.script = [(409, {"Retry-After": "1"}, b"")]
    client.remove(PHOTO)
    assert len(service.received) == 2


def test_it_ends_with_the_last_refusal(client: Any, service: Any, recorded: Any, pauses: Any) -> None:
    service.script = [too_many(recorded, "2")] * 9
    with pytest.raises(errors.ServiceLimitError, match="Rate limit exceeded") as refused:
        client.remove(PHOTO)
    assert refused.value.retry_after_s == 2
    assert len(service.received) == 4
    assert all(2 <= pause <= 2.3 for pause in pauses)


def test_a_wait_that_is_too_long_is_left_to_the_caller(
    client: Any, service: Any, recorded: Any, pauses: Any
) -> None:
    service.script = [too_many(recorded, "3600")]
    with pytest.raises(errors.ServiceLimitError) as refused:
        client.remove(PHOTO)
    assert refused.value.retry_after_s == 3600
    assert pauses == []


@pytest.mark.parametrize(
    ("text", "least", "most"),
    [
        ("7", 7, 7),
        ("0.5", 0.5, 0.5),
        (format_datetime(datetime.now(UTC) + timedelta(hours=2), usegmt=True), 7000, 7200),
        ("Wed, 21 Oct 2015 07:28:00 -0000", 0, 0),
        ("soon", None, None),
        ("-3", None, None),
        ("٣", None, None),
    ],
    ids=["whole", "parts", "date-ahead", "date-gone", "word", "negative", "other-digits"],
)
def test_retry_after_is_seconds_or_a_date(
    text: str, least: float | None, most: float | None, make_client: Any, service: Any
) -> None:
    service.script = [(429, {"Retry-After": text.encode().decode("latin-1")}, b"")]
    with pytest.raises(errors.ServiceLimitError) as refused:
        make_client(retries=0).remove(PHOTO)
    after = refused.value.retry_after_s
    assert after is None if least is None or most is None else least <= after <= most


@pytest.mark.parametrize("kind", ["bytes", "file", "rest", "pipe"])
@pytest.mark.usefixtures("pauses")
def test_every_try_carries_the_same_photo_and_key(
    kind: str, client: Any, service: Any, recorded: Any
) -> None:
    photo: Any = PHOTO
    if kind == "file":
        photo = io.BytesIO(PHOTO)
    elif kind == "rest":
        photo = io.BytesIO(b"before" + PHOTO)
        photo.seek(6)
    elif kind == "pipe":
        reading, writing = os.pipe()
        os.write(writing, PHOTO)
        os.close(writing)
        photo = os.fdopen(reading, "rb")
    service.script = [(503, {}, b""), recorded.hang_up]
    client.remove(photo, crop=True)
    assert [request.files["image_file"][1] for request in service.received] == [PHOTO] * 3
    assert [request.fields["crop"] for request in service.received] == ["true"] * 3
    assert len({request.headers["idempotency-key"] for request in service.received}) == 1
    if kind == "pipe":
        photo.close()


@pytest.mark.usefixtures("pauses")
def test_a_broken_connection_is_charged_once(client: Any, service: Any, recorded: Any) -> None:
    """The server works and charges by key, and its answer is lost twice."""
    charged: dict[str, int] = {}

    def work(handler: Any, received: Any) -> Any:
        key = received.headers["idempotency-key"]
        charged[key] = charged.get(key, 1)
        lost = len(service.received) < 3
        return recorded.hang_up(handler, received) if lost else service.answer(handler, received)

    service.script = [work] * 3
    assert client.remove(PHOTO).data == recorded.PNG
    assert len(service.received) == 3
    assert list(charged.values()) == [1]


@pytest.mark.usefixtures("pauses")
def test_an_answer_that_breaks_off_is_asked_for_again(client: Any, service: Any, recorded: Any) -> None:
    def half(handler: Any, _received: Any) -> None:
        handler.send((200, {"Content-Type": "image/png", "Content-Length": "9999"}, recorded.PNG[:99]))
        handler.close_connection = True

    service.script = [half]
    assert client.remove(PHOTO).data == recorded.PNG
    assert len(service.received) == 2


def test_a_server_that_is_not_there_is_told_after_a_few_tries(make_client: Any, pauses: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(errors.ServiceUnreachableError, match=r"^127\.0\.0\.1 cannot be reached") as lost:
        make_client(base_url=f"http://127.0.0.1:{port}").remove(PHOTO)
    assert len(pauses) == 3
    assert refusal_of(lost.value) is None


def test_a_silent_server_is_asked_once(make_client: Any, service: Any, pauses: Any) -> None:
    """It may still be at work; asking again would only give it more."""
    ended = threading.Event()

    def wait(*_: Any) -> None:
        ended.wait(10)

    service.script = [wait]
    with pytest.raises(errors.ServiceTimeoutError):
        make_client(timeout_s=0.1).remove(PHOTO)
    ended.set()
    assert len(service.received) == 1
    assert pauses == []


@pytest.mark.usefixtures("pauses")
def test_the_account_is_asked_again_as_well(client: Any, service: Any, recorded: Any) -> None:
    service.script = [recorded.hang_up, (503, {}, b"")]
    assert client.account().free_calls == 50


def refused(status: int, after: float | None) -> errors.OffcutError:
    error = errors.ServiceBusyError("Busy.", retry_after_s=after)
    error.__cause__ = Refusal(status)
    return error


@given(tries=st.integers(1, 8), chance=st.floats(0, 1), after=st.none() | st.floats(0, 100))
def test_waits_stay_within_their_bounds(tries: int, chance: float, after: float | None) -> None:
    policy = Retries(count=5, first_s=0.5, longest_s=8, retry_after_max_s=60)
    pause = policy.wait_s(tries, refused(503, after), chance)
    if tries > 5 or (after is not None and after > 60):
        assert pause is None
    elif after is None:
        longest = min(8, 0.5 * 2 ** (tries - 1))
        assert longest / 2 <= pause <= longest
    else:
        # The sums are floating-point numbers: the last digit is nobody's promise.
        assert after <= pause <= after * 1.1 + 0.5 + 1e-9


def test_waits_of_many_clients_are_spread() -> None:
    policy = Retries()
    waits = {policy.wait_s(2, refused(503, None), chance / 10) for chance in range(10)}
    assert len(waits) == 10
