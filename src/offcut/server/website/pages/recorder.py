"""Recording the health history: the worker asks the web server once a minute, as a monitor would.

What nobody saw is not made up: between two readings that lie further apart than GAP no time is counted,
neither as up nor as down.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import httpx
import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import F
from prometheus_client.parser import text_string_to_metric_families

from offcut.server.website.pages.models import HealthDay, Reading

GAP = timedelta(seconds=150)
"""Readings are a minute apart; one that is missed leaves no gap, two do."""
KEPT = timedelta(days=90)
TIMEOUT_S = 10.0
SECOND_LOOK_S = 5.0
"""After how long a web server that seems to be down is looked at again, as one that just starts should be."""
BOUNDS_S = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, float("inf"))
"""Upper ends of the buckets in which the web server counts how long a photo took."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Seen:
    """What the web server answered. `counters` is empty when it did not tell its sums."""

    is_up: bool
    answer_ms: float | None = None
    problem: str = ""
    counters: Mapping[str, float] = field(default_factory=dict)


def own_address() -> str:
    """Where this machine reaches the web server."""
    host = settings.CONFIGURATION.host
    # An address that means “all addresses” cannot be called; this machine's own can.
    own = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)
    return f"http://{own}:{settings.CONFIGURATION.port}"


def look_twice(address: str) -> Seen:
    """Look, and where it seems to be down look once more before believing it."""
    seen = look(address)
    if not seen.is_up:
        time.sleep(SECOND_LOOK_S)
        seen = look(address)
    return seen


def look(address: str) -> Seen:
    """Ask the web server at `address` whether it can take a photo, and what it has counted."""
    headers = {"Host": "localhost"}
    if settings.BEHIND_TLS:
        headers["X-Forwarded-Proto"] = "https"
    if settings.METRICS_TOKEN:
        headers["Authorization"] = f"Bearer {settings.METRICS_TOKEN}"
    try:
        with httpx.Client(base_url=address, headers=headers, timeout=TIMEOUT_S, trust_env=False) as client:
            ready = client.get("/readyz")
            metrics = client.get("/metrics")
    except httpx.HTTPError as error:
        return Seen(False, problem=f"no answer: {type(error).__name__}")
    counters = _sums(metrics.text) if metrics.status_code == 200 else {}
    answer_ms = ready.elapsed.total_seconds() * 1000
    return Seen(ready.status_code == 200, answer_ms, _problem(ready), counters)


def record(seen: Seen, now: datetime) -> Reading:
    """Write down what was seen at `now`, and add the time since the last reading to its days."""
    with transaction.atomic():
        # The newest row is locked where the database can, so that two recorders do not both count a minute.
        before = Reading.objects.select_for_update().order_by("-at").first()
        reading = _reading(seen, before, now)
        reading.save()
        if before is None:
            HealthDay.objects.get_or_create(day=now.astimezone(UTC).date())
        else:
            _count(before, reading)
    if not seen.is_up:
        log.warning("the web server cannot take photos", problem=seen.problem)
    return reading


def forget_old(now: datetime) -> None:
    """Delete what is older than ninety days."""
    Reading.objects.filter(at__lt=now - KEPT).delete()
    HealthDay.objects.filter(day__lt=(now - KEPT).date()).delete()


def seconds_by_day(begin: datetime, end: datetime) -> dict[date, float]:
    """Split the time from `begin` to `end` among the days (UTC) it lies in."""
    parts: dict[date, float] = {}
    begin, end = begin.astimezone(UTC), end.astimezone(UTC)
    while begin < end:
        midnight = datetime(begin.year, begin.month, begin.day, tzinfo=UTC) + timedelta(days=1)
        until = min(midnight, end)
        parts[begin.date()] = (until - begin).total_seconds()
        begin = until
    return parts


def _reading(seen: Seen, before: Reading | None, now: datetime) -> Reading:
    grown = _grown(before.counters if before else {}, seen.counters)
    sums = [grown.get(f"within_{bound:g}", 0) for bound in BOUNDS_S]
    return Reading(
        at=now,
        is_up=seen.is_up,
        answer_ms=seen.answer_ms,
        problem=seen.problem[:300],
        queue_waiting=int(seen.counters["waiting"]) if "waiting" in seen.counters else None,
        removal_count=int(grown.get("cut_outs", 0)),
        failure_count=int(grown.get("failures", 0)),
        # The web server's buckets hold all that took at most so long; ours only what the one below has not.
        bucket_counts=[int(most - least) for least, most in zip([0.0, *sums], sums, strict=False)],
        counters=dict(seen.counters),
    )


def _grown(old: Mapping[str, float], new: Mapping[str, float]) -> dict[str, float]:
    """How much each sum has grown. The sums of a web server that was started anew begin at nothing; the
    first that is ever seen tells of a time before the history."""
    if not old or not new:
        return {}
    is_restarted = any(new.get(name, 0) < value for name, value in old.items() if name != "waiting")
    return {name: value - (0 if is_restarted else old.get(name, 0)) for name, value in new.items()}


def _count(before: Reading, reading: Reading) -> None:
    is_up = before.is_up and reading.is_up
    parts = seconds_by_day(before.at, reading.at) if reading.at - before.at <= GAP else {}
    today = reading.at.astimezone(UTC).date()
    for day in {*parts, today}:
        HealthDay.objects.get_or_create(day=day)
        HealthDay.objects.filter(day=day).update(
            up_s=F("up_s") + (parts.get(day, 0) if is_up else 0),
            down_s=F("down_s") + (0 if is_up else parts.get(day, 0)),
            removal_count=F("removal_count") + (reading.removal_count if day == today else 0),
            failure_count=F("failure_count") + (reading.failure_count if day == today else 0),
        )


def _problem(ready: httpx.Response) -> str:
    if ready.status_code == 200:
        return ""
    try:
        checks = ready.json()["checks"].items()
    except (ValueError, KeyError, AttributeError):
        return f"status {ready.status_code}"
    return "; ".join(f"{name}: {said}" for name, said in checks if said != "ok")


def _sums(text: str) -> dict[str, float]:
    """The few of the web server's counters that the history keeps."""
    sums: dict[str, float] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            name = _kept_name(sample.name, sample.labels)
            if name:
                sums[name] = sums.get(name, 0) + sample.value
    return sums


def _kept_name(name: str, labels: Mapping[str, str]) -> str:
    if name == "offcut_queue_waiting":
        return "waiting"
    if name == "offcut_cut_outs_total":
        return "cut_outs"
    if name == "offcut_requests_total" and labels.get("status", "").startswith("5"):
        return "failures"
    if name == "offcut_request_seconds_bucket" and labels.get("endpoint") == "removebg":
        return f"within_{float(labels['le']):g}"
    return ""
