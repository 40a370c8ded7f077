"""When to ask again, and how long to wait before."""

from __future__ import annotations

import random
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from offcut.client.refusals import connection_error, error_of, may_be_tried_again
from offcut.errors import OffcutError, ServiceBusyError

if TYPE_CHECKING:
    import httpx

Result = TypeVar("Result")
SEND = None
"""The step "send the request": any other step is a number of seconds to wait."""


@dataclass(frozen=True, slots=True)
class Retries:
    """How often a request is sent again after the first time, and how long the waits are, in seconds.

    The waits double from `first_s` up to `longest_s`, and each is drawn between half of that and all of it,
    so that many clients do not come back at the same moment. When the server says how long to wait, that is
    the least; when it says more than `retry_after_max_s`, the error is raised at once.
    """

    count: int = 3
    first_s: float = 0.5
    longest_s: float = 8.0
    retry_after_max_s: float = 60.0

    def wait_s(self, tries: int, error: OffcutError, chance: float) -> float | None:
        """Seconds to wait after `tries` tries that ended in `error`; None to give up. `chance` is 0-1."""
        if tries > self.count or not may_be_tried_again(error):
            return None
        backed_off = min(self.longest_s, self.first_s * 2.0 ** (tries - 1)) * (0.5 + chance / 2)
        asked = error.retry_after_s if isinstance(error, ServiceBusyError) else None
        if asked is None:
            return backed_off
        if asked > self.retry_after_max_s:
            return None
        return asked + min(backed_off, 0.1 * asked + self.first_s)


def conversation(
    retries: Retries, host: str, read: Callable[[httpx.Response], Result]
) -> Generator[float | None, httpx.Response | Exception | None, Result]:
    """One request with its repetitions, without doing anything itself: yields `SEND`, and is given the answer
    or the failed connection; yields seconds to wait, and is given None; returns what `read` makes of the
    answer. So the blocking and the awaiting client follow the very same rules. Raises an OffcutError."""
    tries = 0
    while True:
        outcome = yield SEND
        tries += 1
        if isinstance(outcome, Exception):
            error: OffcutError | None = connection_error(outcome, host)
        else:
            assert outcome is not None
            error = error_of(outcome)
            if error is None:
                return read(outcome)
        assert error is not None
        pause_s = retries.wait_s(tries, error, random.random())
        if pause_s is None:
            raise error
        yield pause_s
