"""What a monitor may count: requests, removals, steps, credits, failures, the queue."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.process_collector import ProcessCollector

from offcut.server.runners import current

REGISTRY = CollectorRegistry()
_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)

ProcessCollector(registry=REGISTRY)
REQUESTS = Counter("offcut_requests", "Answers of the API.", ("endpoint", "status"), registry=REGISTRY)
REQUEST_SECONDS = Histogram(
    "offcut_request_seconds", "From the whole request to the answer.", ("endpoint",),
    buckets=_SECONDS, registry=REGISTRY,
)  # fmt: skip
CUT_OUTS = Counter(
    "offcut_cut_outs", "Photos whose subject was cut out, by the way they came.", ("way",), registry=REGISTRY
)
REMOVALS = Counter(
    "offcut_removals",
    "Results handed out in the size that was paid for.",
    ("size", "format"),
    registry=REGISTRY,
)
STEP_SECONDS = Histogram(
    "offcut_step_seconds",
    "How long a step of a removal took.",
    ("step",),
    buckets=_SECONDS,
    registry=REGISTRY,
)
CREDITS = Counter("offcut_credits", "Credits spent, by what paid.", ("source",), registry=REGISTRY)
FAILURES = Counter(
    "offcut_failures", "Requests that were refused or failed, by code.", ("code",), registry=REGISTRY
)
DEGRADED = Counter(
    "offcut_degraded_steps", "Notes that results carried, by code.", ("code",), registry=REGISTRY
)
RATE_COUNTERS_LOST = Gauge(
    "offcut_rate_counters_lost",
    "1 while the shared counters of the rate limit do not answer, and each process counts for itself.",
    registry=REGISTRY,
)
_WAITING = Gauge("offcut_queue_waiting", "Photos that wait for their turn.", registry=REGISTRY)
_RUNNING = Gauge("offcut_queue_running", "Photos that are worked on.", registry=REGISTRY)
_PLACES = Gauge("offcut_queue_places", "Photos that may wait.", registry=REGISTRY)
_WAITING.set_function(lambda: current.runner().waiting)
_RUNNING.set_function(lambda: current.runner().running)
_PLACES.set_function(lambda: current.runner().places)
