"""The engine in this process: a few threads behind a queue that refuses rather than grows."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import structlog

from offcut.errors import ClientGoneError, QueueFullError, RemovalBusyError, StoppingError
from offcut.server import telemetry
from offcut.server.runners.any_work import AnyResult, AnyWork, Do
from offcut.server.runners.fair_queue import FairQueue

LOOK_EVERY_S = 0.25
"""How often those that wait look whether they still should: a look of many costs the engine time."""

FIRST_GUESS_S = 1.0
"""How long a photo is taken to last before any has been measured."""

TIDY_EVERY_S = 10.0
"""How often memory that was freed is given back: it takes 5 ms, and the next photo up to 20 ms longer."""

Gone = Callable[[], bool]

log = structlog.get_logger(__name__)


@dataclass(eq=False, slots=True)
class _Job:
    team_id: int
    work: AnyWork
    is_done: threading.Event = field(default_factory=threading.Event)
    is_unwanted: bool = False
    result: AnyResult | None = None
    error: Exception | None = None
    steps: telemetry.Steps = field(default_factory=lambda: telemetry.follow("queue"))


class InProcessRunner:
    """Runs `do` in `jobs` threads; at most `places` photos wait for them.

    A photo is refused at once when there is no place (`run`), leaves the queue when nobody wants it any
    more, and stops between two steps when it has begun. `tidy` is called now and then between two photos:
    among the gaps that photos of all sizes leave, memory would otherwise pile up for hours.
    """

    def __init__(
        self,
        do: Do,
        *,
        jobs: int,
        places: int,
        wait_s_max: float = 540.0,
        tidy: Callable[[], None] = lambda: None,
    ) -> None:
        self._do_work = do
        self._jobs = jobs
        self._wait_s_max = wait_s_max
        self._tidy = tidy
        self._tidy_at_s = time.monotonic() + TIDY_EVERY_S
        self._changed = threading.Condition()
        self._queue: FairQueue[_Job] = FairQueue(places)
        self._running: set[_Job] = set()
        self._mean_s = FIRST_GUESS_S
        self._threads: list[threading.Thread] = []
        self._is_stopping = False
        self._finish_until_s = 0.0

    def run(self, work: AnyWork, *, team_id: int, is_gone: Gone = lambda: False) -> Any:
        """The finished work, after waiting for its turn; raises what the engine raises.

        What comes back is `FoundMatte` for a `MatteWork`, else `Finished`.
        `team_id` is whose turn it counts for: a team's number, or one below zero for a visitor.
        `is_gone` is asked four times a second whether whoever asked has hung up. Raises QueueFullError or
        TeamQueueFullError at once when there is no place, StoppingError, ClientGoneError.
        """
        job = _Job(team_id, work)
        try:
            self._put(job)
        except RemovalBusyError as busy:
            job.steps.end(busy)
            raise
        deadline_s = time.monotonic() + self._wait_s_max
        while not job.is_done.wait(LOOK_EVERY_S):
            if is_gone():
                self._drop(job)
                raise ClientGoneError("Whoever asked for this photo has hung up.")
            if time.monotonic() > deadline_s:
                self._drop(job)
                raise QueueFullError("This photo's turn did not come in time.", retry_after_s=60)
        if job.error is not None:
            error, job.error = job.error, None
            try:
                raise error
            finally:
                # The error knows this frame and the engine's, with all their pixels. If these knew the error
                # too, all would stay until the interpreter next looks for circles, which may be long.
                del error
        assert job.result is not None
        return job.result

    def stop(self, finish_s: float) -> None:
        """Refuse new photos and those that wait, and let those that run finish for `finish_s` seconds; one
        that has not by then is refused as well. Asked again, it waits no longer than the first time said.
        """
        with self._changed:
            if not self._is_stopping:
                self._finish_until_s = time.monotonic() + finish_s
            self._is_stopping = True
            for job in self._queue.clear():
                _refuse(job)
                job.steps.end(job.error)
            self._changed.notify_all()
        for thread in self._threads:
            thread.join(max(0.0, self._finish_until_s - time.monotonic()))
        with self._changed:
            for job in self._running:
                if job.result is None and job.error is None:
                    _refuse(job)

    @property
    def jobs(self) -> int:
        return self._jobs

    @property
    def mean_s(self) -> float:
        """How long a photo takes, by the mean of the latest."""
        return self._mean_s

    @property
    def waiting(self) -> int:
        return len(self._queue)

    @property
    def running(self) -> int:
        return len(self._running)

    @property
    def places(self) -> int:
        return self._queue.places

    @property
    def retry_after_s(self) -> float:
        """In how many seconds all that waits now will have been done, by the mean of the latest photos."""
        return (len(self._queue) + len(self._running)) * self._mean_s / self._jobs

    @property
    def takes_photos(self) -> bool:
        return not self._is_stopping and len(self._queue) < self._queue.places

    def _put(self, job: _Job) -> None:
        with self._changed:
            if self._is_stopping:
                raise _stopping()
            try:
                self._queue.put(job.team_id, job)
            except RemovalBusyError as full:
                full.retry_after_s = max(1.0, self.retry_after_s)
                raise
            if len(self._threads) < self._jobs:
                self._start_thread()
            self._changed.notify()

    def _start_thread(self) -> None:
        # With the first photos, not before: the web server may still divide itself into processes.
        name = f"offcut-engine-{len(self._threads)}"
        thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _drop(self, job: _Job) -> None:
        with self._changed:
            job.is_unwanted = True
            if self._queue.remove(job.team_id, job):
                job.steps.end()

    def _work(self) -> None:
        while True:
            with self._changed:
                while not self._queue:
                    if self._is_stopping:
                        return
                    self._changed.wait()
                job = self._queue.take()
                self._running.add(job)
            begun_s = time.monotonic()
            try:
                self._do(job)
            finally:
                with self._changed:
                    self._running.discard(job)
                    if job.result is not None:
                        # An average that leans to the latest, so that it follows the load.
                        self._mean_s += 0.2 * (time.monotonic() - begun_s - self._mean_s)
                job.is_done.set()
            self._tidy_up()

    def _tidy_up(self) -> None:
        now_s = time.monotonic()
        with self._changed:
            if now_s < self._tidy_at_s:
                return
            self._tidy_at_s = now_s + TIDY_EVERY_S
        self._tidy()

    def _do(self, job: _Job) -> None:
        def tell(step: str) -> None:
            if job.is_unwanted:
                raise ClientGoneError("Whoever asked for this photo has hung up.")
            job.steps.step(step)

        try:
            job.result = self._do_work(job.work, tell)
        except Exception as error:
            # One that was refused while it ran ends with an error of ours, which is not what it is told.
            job.error = job.error or error
        job.steps.end(job.error)


def _refuse(job: _Job) -> None:
    job.error = _stopping()
    job.is_unwanted = True
    job.is_done.set()


def _stopping() -> StoppingError:
    return StoppingError("The server is being stopped.", retry_after_s=10)
