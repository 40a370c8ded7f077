"""Photos by address: few are fetched at once, so that slow hosts hold up nobody but those who named them.

Who fetches holds a thread, for as long as somebody else's host likes: up to 20 seconds. So a team has a few
places and all teams together have not many more; who finds none free waits for one a short while, and is then
refused like by a full queue.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.conf import settings
from django.db import connection

from offcut.errors import ClientGoneError, QueueFullError, TeamQueueFullError
from offcut.server import telemetry
from offcut.server.fetching import DEFAULT_LIMITS, FetchLimits, fetch

AT_ONCE_MAX = 16
AT_ONCE_EACH_MAX = 4
RESERVED = 2
"""How many of the places are for those who fetch nothing yet: a few teams alone cannot take them all."""

WAITING_MAX = 16
WAITING_EACH_MAX = 8
WAIT_S_MAX = 2.0
THREADS_MAX = AT_ONCE_MAX + WAITING_MAX
"""How many threads fetches may hold, those that wait for a place included."""

LOOK_EVERY_S = 0.25
FIRST_GUESS_S = 0.5
"""How long a fetch is taken to last before any has been measured."""

Gone = Callable[[], bool]


def fetch_photo(
    address: str, *, owner: int, limits: FetchLimits = DEFAULT_LIMITS, is_gone: Gone = lambda: False
) -> bytes:
    """The file at an address, for a team or visitor (`owners.Owner.number`).

    Raises what `fetching.fetch` raises; TeamQueueFullError or QueueFullError when too many are being fetched
    for this owner, or for all; ClientGoneError when `is_gone` says so.
    """
    if connection.vendor == "postgresql" and not connection.in_atomic_block:
        # While a photo comes, its thread needs no connection: they are few.
        connection.close()
    with telemetry.span("fetch"), _turns.turn(owner, is_gone):
        return fetch(address, limits=limits, allowed_hosts=settings.FETCH_HOSTS, is_gone=is_gone).content


@dataclass(eq=False, slots=True)
class _Turn:
    owner: int
    begun_s: float = 0.0


class FetchTurns:
    """Who may fetch now: at most `at_once`, and `each` of them for one owner; the others wait in their order.

    `last_s_max` is how long a fetch may last at most, all times are in seconds.
    """

    def __init__(
        self,
        *,
        at_once: int = AT_ONCE_MAX,
        each: int = AT_ONCE_EACH_MAX,
        wait_s_max: float = WAIT_S_MAX,
        last_s_max: float = DEFAULT_LIMITS.total_s,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._at_once, self._each = at_once, each
        self._wait_s_max, self._last_s_max = wait_s_max, last_s_max
        self._clock = clock
        self._changed = threading.Condition()
        self._waiting: list[_Turn] = []
        self._running: list[_Turn] = []
        self._mean_s = FIRST_GUESS_S

    @contextlib.contextmanager
    def turn(self, owner: int, is_gone: Gone = lambda: False) -> Iterator[None]:
        """Around a fetch: waits for a place, if need be, and gives it back.

        Raises TeamQueueFullError, QueueFullError, ClientGoneError.
        """
        turn = _Turn(owner)
        with self._changed:
            self._waiting.append(turn)
            try:
                self._wait(turn, is_gone)
            finally:
                self._waiting.remove(turn)
                self._changed.notify_all()
            turn.begun_s = self._clock()
            self._running.append(turn)
        try:
            yield
        finally:
            with self._changed:
                self._running.remove(turn)
                # An average that leans to the latest, as the runner's.
                self._mean_s += 0.2 * (self._clock() - turn.begun_s - self._mean_s)
                self._changed.notify_all()

    def _wait(self, turn: _Turn, is_gone: Gone) -> None:
        own = sum(1 for one in self._waiting if one.owner == turn.owner)
        is_line_full = len(self._waiting) > WAITING_MAX or own > WAITING_EACH_MAX
        until_s = self._clock() + (0.0 if is_line_full else self._wait_s_max)
        while not self._is_next(turn):
            if self._clock() >= until_s:
                raise self._full(turn)
            if is_gone():
                raise ClientGoneError("Whoever wanted this file has hung up.")
            self._changed.wait(LOOK_EVERY_S)

    def _is_next(self, turn: _Turn) -> bool:
        """Whether nobody before could go as well."""
        return next((one for one in self._waiting if self._has_place(one.owner)), None) is turn

    def _has_place(self, owner: int) -> bool:
        own = len(self._of(owner))
        return own < self._each and len(self._running) < self._at_once - (RESERVED if own else 0)

    def _of(self, owner: int) -> list[_Turn]:
        return [one for one in self._running if one.owner == owner]

    def _full(self, turn: _Turn) -> QueueFullError | TeamQueueFullError:
        before = self._waiting[: self._waiting.index(turn)]
        own = self._of(turn.owner)
        if len(own) >= self._each:
            ahead = sum(1 for one in before if one.owner == turn.owner)
            wait_s = self._left_s(own) + ahead * self._mean_s / self._each
            return TeamQueueFullError("Too many photos of this team are being fetched.", retry_after_s=wait_s)
        wait_s = self._left_s(self._running) + len(before) * self._mean_s / self._at_once
        return QueueFullError("As many photos are being fetched as this server can.", retry_after_s=wait_s)

    def _left_s(self, running: list[_Turn]) -> float:
        """In how many seconds the first of these is over."""
        return min((self._expected_s(self._clock() - one.begun_s) for one in running), default=0.0)

    def _expected_s(self, lasted_s: float) -> float:
        """How much longer a fetch lasts: as long as most, or to the end of its time when it has already
        lasted twice as long as those. What is said to be slow is not said to be over soon."""
        if lasted_s < 2 * self._mean_s:
            return max(self._mean_s - lasted_s, self._mean_s / 2)
        return max(self._last_s_max - lasted_s, 0.0)


_turns = FetchTurns()
