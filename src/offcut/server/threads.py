"""Threads that answer requests, and before them a line that does not grow without end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

Result = TypeVar("Result")

WAITING_MAX = 256
FIRST_GUESS_S = 0.1
"""How long a request is taken to last before any has been measured."""


class Threads:
    """`count` threads; at most `waiting_max` requests wait for one. Asked from one event loop alone."""

    def __init__(self, name: str, count: int, *, waiting_max: int = WAITING_MAX) -> None:
        self.count = count
        self.inside = 0
        self._waiting_max = waiting_max
        self._mean_s = FIRST_GUESS_S
        self._pool = ThreadPoolExecutor(count, thread_name_prefix=name)

    @property
    def has_room(self) -> bool:
        return self.inside < self.count + self._waiting_max

    @property
    def retry_after_s(self) -> float:
        """In how many seconds all that is inside will have been done, by the mean of the latest."""
        return self.inside * self._mean_s / self.count

    async def run(self, work: Callable[..., Result], *arguments: Any) -> Result:
        """What the work returns, once a thread has done it. Whoever starts something looks for room first."""
        self.inside += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, self._timed, work, arguments)
        finally:
            self.inside -= 1

    def _timed(self, work: Callable[..., Result], arguments: tuple[Any, ...]) -> Result:
        begun_s = time.monotonic()
        try:
            return work(*arguments)
        finally:
            # An average that leans to the latest. Two threads at once may lose one of them: it is a guess.
            self._mean_s += 0.2 * (time.monotonic() - begun_s - self._mean_s)
