"""The web server and the worker as one: started together, brought back when they fall, stopped together."""

from __future__ import annotations

import ctypes
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from types import FrameType

import structlog

FALLS_MAX = 5
FALLS_WITHIN_S = 60.0
LOOK_EVERY_S = 0.2
PAUSE_S = 1.0
_PR_SET_PDEATHSIG = 1
log = structlog.get_logger(__name__)


@dataclass
class Child:
    """One process that has to be there, and when it fell lately."""

    name: str
    command: list[str]
    process: subprocess.Popen[bytes] | None = None
    falls: deque[float] = field(default_factory=lambda: deque(maxlen=FALLS_MAX))

    def start(self) -> None:
        """Start the process, or start it again."""
        # Ctrl-C in a terminal reaches the whole session at once; in a session of its own the child hears
        # of the end from us, once.
        self.process = subprocess.Popen(
            self.command, start_new_session=True, preexec_fn=_end_with_parent if _LIBC else None
        )

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def falls_too_often(self, now_s: float) -> bool:
        """Notes one more fall; True when it was one too many."""
        self.falls.append(now_s)
        return len(self.falls) == FALLS_MAX and now_s - self.falls[0] < FALLS_WITHIN_S


def run_together(
    children: list[Child], *, stop_s: float, when_running: Callable[[], bool] | None = None
) -> int:
    """Run until SIGTERM or SIGINT; the exit code: 0, or 1 when a child keeps falling.

    A child that ends by itself is started again. `when_running` is called until it returns True, to say
    that all is up. At the end every child gets SIGTERM and `stop_s` seconds to finish, then SIGKILL.
    """
    stop = threading.Event()

    def asked_to_stop(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, asked_to_stop)
    try:
        for child in children:
            child.start()
        return _watch(children, stop, when_running)
    finally:
        _stop(children, stop_s)


def _watch(children: list[Child], stop: threading.Event, when_running: Callable[[], bool] | None) -> int:
    said = when_running is None
    while not stop.wait(LOOK_EVERY_S):
        said = said or (when_running is not None and when_running())
        for child in children:
            if child.is_running or stop.is_set():
                continue
            code = child.process.returncode if child.process else None
            if child.falls_too_often(time.monotonic()):
                log.error("a process keeps ending; stopping", process=child.name, exit_code=code)
                return 1
            log.warning("a process has ended and is started again", process=child.name, exit_code=code)
            if not stop.wait(PAUSE_S):
                child.start()
    return 0


def _stop(children: list[Child], stop_s: float) -> None:
    running = [child.process for child in children if child.process and child.process.poll() is None]
    for process in running:
        process.terminate()
    until = time.monotonic() + stop_s
    for process in running:
        try:
            process.wait(max(0.1, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            log.warning("a process did not stop in time and is killed", pid=process.pid)
            process.kill()
            process.wait()


_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


def _end_with_parent() -> None:
    # Should this process be killed outright, Linux tells the children to stop; otherwise they would hold
    # the port against the next start.
    if _LIBC:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
