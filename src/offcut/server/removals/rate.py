"""How much a team may send within a minute, counted in megapixels."""

from __future__ import annotations

import math
import threading
import time
from dataclasses import dataclass

from django.conf import settings
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

from offcut.errors import RateLimitError

_lock = threading.Lock()
# In this process's memory: there is one web process. Several machines would need a shared store.
_limiter = FixedWindowRateLimiter(MemoryStorage())


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
    with _lock:
        if megapixels and not _limiter.test(item, str(team_id), cost=megapixels):
            wait_s = _limiter.get_window_stats(item, str(team_id)).reset_time - time.time()
            raise RateLimitError("The team's limit for this minute is used up.", retry_after_s=wait_s)
        if megapixels:
            _limiter.hit(item, str(team_id), cost=megapixels)
    return allowance(team_id)


def allowance(team_id: int) -> Allowance:
    """What the team may still send; counts nothing."""
    item = _item()
    stats = _limiter.get_window_stats(item, str(team_id))
    # Nothing counted yet: the window would begin now.
    reset_at = stats.reset_time if stats.reset_time > time.time() else time.time() + item.get_expiry()
    return Allowance(item.amount, max(0, stats.remaining), math.ceil(reset_at))


def forget() -> None:
    """Begin at zero for everybody."""
    _limiter.storage.reset()


def _item() -> RateLimitItemPerMinute:
    return RateLimitItemPerMinute(settings.RATE_LIMIT, namespace="megapixels")
