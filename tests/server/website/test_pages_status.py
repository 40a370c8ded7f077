"""The health history: what was seen, what nobody saw, and what the status page says of both."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
import time_machine
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from offcut.server.website.pages import history, recorder
from offcut.server.website.pages.models import HealthDay, Incident, IncidentUpdate, Reading, Stage
from offcut.server.website.pages.recorder import BOUNDS_S, Seen, look, record, seconds_by_day

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
UP, DOWN = Seen(True, 5.0), Seen(False, problem="no answer")


def record_minutes(seen: Seen, count: int, begin: datetime = NOON) -> datetime:
    """One reading a minute; returns when the next is due."""
    for number in range(count):
        record(seen, begin + number * MINUTE)
    return begin + count * MINUTE


@pytest.mark.django_db
def test_time_is_counted_between_readings_only() -> None:
    end = record_minutes(UP, 11)
    # An hour without the recorder.
    record_minutes(UP, 6, begin=end + timedelta(hours=1))
    day = HealthDay.objects.get()
    assert (day.up_s, day.down_s) == (15 * 60, 0)


@pytest.mark.django_db
def test_a_minute_with_a_bad_end_is_down() -> None:
    end = record_minutes(UP, 5)
    end = record_minutes(DOWN, 3, begin=end)
    record_minutes(UP, 5, begin=end)
    day = HealthDay.objects.get()
    assert (day.up_s, day.down_s) == (8 * 60, 4 * 60)


@pytest.mark.django_db
def test_midnight_parts_a_minute() -> None:
    record_minutes(UP, 2, begin=datetime(2026, 3, 10, 23, 59, 40, tzinfo=UTC))
    seconds = dict(HealthDay.objects.values_list("day", "up_s"))
    assert seconds == {date(2026, 3, 10): 20, date(2026, 3, 11): 40}


@given(st.integers(0, 400_000_000), st.integers(0, 400_000))
def test_days_share_exactly_the_time_between(after_s: int, length_s: int) -> None:
    begin = NOON + timedelta(seconds=after_s)
    parts = seconds_by_day(begin, begin + timedelta(seconds=length_s))
    assert sum(parts.values()) == pytest.approx(length_s, abs=1e-3)
    assert all(0 < part <= history.DAY_S for part in parts.values())


@pytest.mark.django_db
def test_counters_that_begin_anew_are_not_taken_for_less_than_nothing() -> None:
    def seen(removals: float, slow: float) -> Seen:
        within = {f"within_{bound:g}": slow if bound >= 1 else 0.0 for bound in BOUNDS_S}
        return Seen(True, 4.0, counters={"cut_outs": removals, "failures": 0.0, "waiting": 2.0, **within})

    record(seen(100, 90), NOON)
    second = record(seen(103, 92), NOON + MINUTE)
    third = record(seen(4, 4), NOON + 2 * MINUTE)
    assert (second.removal_count, third.removal_count) == (3, 4)
    assert sum(second.bucket_counts) == 2
    assert second.bucket_counts[BOUNDS_S.index(1.0)] == 2
    assert HealthDay.objects.get().removal_count == 7


@pytest.mark.django_db
def test_old_readings_go() -> None:
    record(UP, NOON)
    record(UP, NOON + timedelta(days=91))
    recorder.forget_old(NOON + timedelta(days=91))
    assert Reading.objects.count() == HealthDay.objects.count() == 1


@contextmanager
def web_server(status: int, metrics: str) -> Iterator[str]:
    """A web server that answers /readyz and /metrics with these."""

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            is_ready = self.path == "/readyz"
            said = json.dumps({"checks": {"database": "ok", "queue": "full"}}) if is_ready else metrics
            self.send_response(status if is_ready else 200)
            self.end_headers()
            self.wfile.write(said.encode())

        def log_message(self, *_: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Answers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def test_looking_at_the_web_server() -> None:
    from prometheus_client import generate_latest

    from offcut.server.removals.metrics import CUT_OUTS, REGISTRY, REMOVALS, REQUEST_SECONDS, REQUESTS

    REQUEST_SECONDS.labels("removebg").observe(0.3)
    REQUESTS.labels("removebg", "503").inc()
    for way in ("website", "api"):
        CUT_OUTS.labels(way).inc()
    REMOVALS.labels("full", "png").inc(1000)
    counted = [REGISTRY.get_sample_value("offcut_cut_outs_total", {"way": way}) for way in ("website", "api")]
    with web_server(503, generate_latest(REGISTRY).decode()) as address:
        seen = look(address)
    assert not seen.is_up
    assert seen.problem == "queue: full"
    assert seen.counters["failures"] >= 1
    assert seen.counters["cut_outs"] == sum(counted)
    assert seen.counters["within_0.5"] >= seen.counters["within_0.25"] + 1
    assert {f"within_{bound:g}" for bound in BOUNDS_S} <= set(seen.counters)
    gone = look(address)
    assert (gone.is_up, gone.problem) == (False, "no answer: ConnectError")


def days(*seen: tuple[int, float, float], now: datetime = NOON) -> list[history.Day]:
    """The last ninety days; `seen` has (days ago, up, down)."""
    return history.days_until(now, {now.date() - timedelta(days=ago): (up, down) for ago, up, down in seen})


def test_a_day_without_readings_is_neither_up_nor_down() -> None:
    found = days((2, 86_400, 0), (0, 3600, 0))
    assert [day.state for day in found[-3:]] == ["up", "no_data", "up"]
    assert found[0].state == "no_data"
    assert found[-1].unknown_s == 11 * 3600
    assert history.up_percent(found) == 100
    # A whole day and an hour of two and a half days.
    assert history.seen_percent(found) == pytest.approx(100 * 25 / 60)
    assert history.up_percent(days()) is None


def test_nobody_is_missed_before_the_first_reading() -> None:
    """Six minutes after the first start, at noon: five of them were seen."""
    seen = {NOON.date(): (300.0, 0.0)}
    found = history.days_until(NOON + 6 * MINUTE, seen, first_at=NOON)
    assert found[-1].unknown_s == 60
    assert sum(day.unknown_s for day in found[:-1]) == 0
    assert history.seen_percent(found) == pytest.approx(100 * 5 / 6)
    # Days later the first one is a part of a day, and all others are whole.
    later = history.days_until(NOON + timedelta(days=2), seen, first_at=NOON)
    assert [day.unknown_s for day in later[-4:]] == [0, 12 * 3600 - 300, 86_400, 12 * 3600]


def test_a_second_of_failure_shows() -> None:
    found = days((1, 86_399, 1))
    assert found[-2].state == "some_down"
    assert history.up_percent(found) == 99.99
    assert days((1, 80_000, 6_400))[-2].state == "down"


@given(st.lists(st.floats(0.001, 59), min_size=1, max_size=60))
def test_a_median_lies_in_the_bucket_of_the_true_one(times_s: list[float]) -> None:
    counts = [0] * len(BOUNDS_S)
    for time_s in times_s:
        counts[next(place for place, bound in enumerate(BOUNDS_S) if time_s <= bound)] += 1
    true_s = sorted(times_s)[(len(times_s) - 1) // 2]
    place = next(place for place, bound in enumerate(BOUNDS_S) if true_s <= bound)
    found_s = history.median_s(counts, BOUNDS_S)
    assert found_s is not None
    assert (BOUNDS_S[place - 1] if place else 0) <= found_s <= BOUNDS_S[place]
    assert history.median_s([0] * len(BOUNDS_S), BOUNDS_S) is None


def page(client: Client) -> str:
    return client.get("/en/status/").content.decode()


@pytest.mark.django_db
def test_the_page_says_when_nobody_looked(client: Client) -> None:
    with time_machine.travel(NOON, tick=False):
        assert "Nothing has been recorded yet" in page(client)
        assert "Nobody knows" in page(client)
    end = record_minutes(UP, 3)
    with time_machine.travel(end, tick=False):
        assert "as usual" in page(client)
    with time_machine.travel(end + timedelta(hours=3), tick=False):
        assert "Nobody knows" in page(client)
        shown = page(client)
        # From the first reading on, not from midnight.
        assert "no data for 3 hours" in shown
        assert shown.count("<rect") == shown.count("<g>") == 90
    record_minutes(DOWN, 2, begin=end)
    with time_machine.travel(end + 2 * MINUTE, tick=False):
        assert "cannot be cut out right now" in page(client)


@pytest.mark.django_db
def test_an_incident_is_told_on_the_page_and_in_the_feed(client: Client) -> None:
    incident = Incident.objects.create(title="Slow queue", began_at=NOON)
    IncidentUpdate.objects.create(incident=incident, at=NOON, text="We are <looking>.")
    incident.settle()
    record_minutes(UP, 2)
    with time_machine.travel(NOON + 2 * MINUTE, tick=False):
        assert "there is trouble" in page(client)
        assert "We are &lt;looking&gt;." in page(client)
        over = IncidentUpdate.objects.create(
            incident=incident, at=NOON + MINUTE, stage=Stage.OVER, text="A disk was full."
        )
        incident.settle()
        assert incident.over_at == over.at
        assert "as usual" in page(client)
        feed = client.get("/en/status/feed.atom").content.decode()
    assert feed.index("Slow queue: Over") < feed.index("Slow queue: Looking into it")
    assert f"#incident-{incident.pk}" in feed
