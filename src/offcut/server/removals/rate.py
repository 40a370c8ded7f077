"""How much a team may send within a minute, counted in megapixels.

The counters live in this process's memory, or in a Redis that several processes share (OFFCUT_REDIS_URL).
While that Redis does not answer, requests go on and each process counts for itself: a limit is there to keep
order, and a photo refused because of it would cost more than a photo too many. The log and `/metrics` say so.
"""

from __future__ import annotations

import functools
import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import structlog
from django.conf import settings
from limits import RateLimitItemPerMinute
from limits.errors import StorageError
from limits.storage import MemoryStorage, storage_from_string
from limits.strategies import FixedWindowRateLimiter

from offcut.errors import RateLimitError
from offcut.server.removals import metrics

Answer = TypeVar("Answer")

REDIS_TIMEOUT_S = 0.5
LOOK_AGAIN_S = 5.0
"""How long Redis is left alone after it has not answered, so that not every request waits for it in vain."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a team may still send: of `limit` megapixels `remaining`, anew at `reset_at` (Unix seconds)."""

    limit: int
    remaining: int
    reset_at: int


def cost(width: int, height: int) -> int:
    """What a photo of this size counts, in megapixels: rounded up, at least 1."""
    return max(1, math.ceil(width * height / 1_000_000))


def take(team_id: int, megapixels: int) -> Allowance:
    """Count these megapixels. Raises RateLimitError, and counts nothing, when they are too many."""
    item = _item()
    if megapixels and not _counters().ask(lambda limiter: _taken(limiter, item, str(team_id), megapixels)):
        wait_s = _window(item, team_id)[1] - time.time()
        raise RateLimitError("The team's limit for this minute is used up.", retry_after_s=wait_s)
    return allowance(team_id)


def allowance(team_id: int) -> Allowance:
    """What the team may still send; counts nothing."""
    item = _item()
    remaining, reset_at = _window(item, team_id)
    return Allowance(item.amount, remaining, math.ceil(reset_at))


def forget() -> None:
    """Begin at zero for everybody."""
    _counters().ask(lambda limiter: limiter.storage.reset())


class _OwnCounters:
    """Counters in this process's memory."""

    def __init__(self) -> None:
        self._limiter = FixedWindowRateLimiter(MemoryStorage())
        self._lock = threading.Lock()

    def ask(self, question: Callable[[FixedWindowRateLimiter], Answer]) -> Answer:
        # To look and to count are two steps.
        with self._lock:
            return question(self._limiter)


class _SharedCounters:
    """Counters in Redis, and this process's own while Redis does not answer."""

    def __init__(self, address: str) -> None:
        self._limiter = FixedWindowRateLimiter(_redis(address))
        self._own = _OwnCounters()
        self._look_again_at_s = 0.0
        self._is_lost = False

    def ask(self, question: Callable[[FixedWindowRateLimiter], Answer]) -> Answer:
        if time.monotonic() < self._look_again_at_s:
            return self._own.ask(question)
        try:
            answer = question(self._limiter)
        except StorageError as error:
            self._lose(error.storage_error)
            return self._own.ask(question)
        if self._is_lost:
            self._is_lost = False
            metrics.RATE_COUNTERS_LOST.set(0)
            log.warning("the shared rate counters answer again")
        return answer

    def _lose(self, problem: Exception) -> None:
        self._look_again_at_s = time.monotonic() + LOOK_AGAIN_S
        if not self._is_lost:
            self._is_lost = True
            metrics.RATE_COUNTERS_LOST.set(1)
            # The sentence of the library may hold the address, and with it the password.
            log.error(
                "the shared rate counters do not answer; each process counts for itself",
                problem=type(problem).__name__,
            )


def _window(item: RateLimitItemPerMinute, team_id: int) -> tuple[int, float]:
    """What is left, and until when that holds (Unix seconds)."""
    stats = _counters().ask(lambda limiter: limiter.get_window_stats(item, str(team_id)))
    # Nothing counted yet: the window would begin now.
    reset_at = stats.reset_time if stats.reset_time > time.time() else time.time() + item.get_expiry()
    return max(0, stats.remaining), reset_at


def _taken(limiter: FixedWindowRateLimiter, item: RateLimitItemPerMinute, team: str, amount: int) -> bool:
    if not limiter.test(item, team, cost=amount):
        return False
    if limiter.hit(item, team, cost=amount):
        return True
    # Another process was quicker between the two steps: what was counted for nothing is taken off again.
    limiter.storage.incr(item.key_for(team), item.get_expiry(), amount=-amount)
    return False


def _redis(address: str) -> Any:
    # Only who shares counters needs this library: the extra `redis` brings it.
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    options: dict[str, Any] = {
        "key_prefix": "offcut",
        "wrap_exceptions": True,
        "socket_timeout": REDIS_TIMEOUT_S,
        "socket_connect_timeout": REDIS_TIMEOUT_S,
        # Once more at once, for connections that have died of old age; the library's own way waits seconds.
        "retry": Retry(NoBackoff(), 1),
    }
    return storage_from_string(address, **options)


@functools.cache
def _counters_at(address: str) -> _OwnCounters | _SharedCounters:
    return _SharedCounters(address) if address else _OwnCounters()


def _counters() -> _OwnCounters | _SharedCounters:
    return _counters_at(settings.REDIS_URL)


def _item() -> RateLimitItemPerMinute:
    return RateLimitItemPerMinute(settings.RATE_LIMIT, namespace="megapixels")
