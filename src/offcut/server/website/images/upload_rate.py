"""How many photos may come from one address within a minute, so that a stranger cannot flood the website."""

from __future__ import annotations

import threading

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.http import HttpRequest
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

from offcut.errors import RateLimitError

_lock = threading.Lock()
_limiter = FixedWindowRateLimiter(MemoryStorage())


def take(request: HttpRequest, count: int = 1) -> None:
    """Count these photos. Raises RateLimitError, and counts nothing, when they are too many."""
    item = RateLimitItemPerMinute(settings.UPLOADS_A_MINUTE, namespace="uploads")
    address = get_adapter().get_client_ip(request)
    with _lock:
        if not _limiter.hit(item, address, cost=count):
            raise RateLimitError("Too many photos from this address in a minute.", retry_after_s=60)


def forget() -> None:
    """Begin at zero for everybody."""
    _limiter.storage.reset()
