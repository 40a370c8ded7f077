"""The one feeder of this process."""

from __future__ import annotations

import threading

from django.conf import settings

from offcut.server.removals.feeder import Feeder

_lock = threading.Lock()
_feeder: Feeder | None = None


def start() -> None:
    """Begin to cut out waiting images in this process. Does nothing twice."""
    global _feeder
    with _lock:
        if _feeder is None:
            # One more than the engine's jobs: while one image is being stored, the engine is not idle.
            _feeder = Feeder(threads=settings.JOBS + 1)
            _feeder.start()


def wake() -> None:
    """An image has begun to wait. Where no feeder runs (a command, a test), another process will see it."""
    feeder = _feeder
    if feeder is not None:
        feeder.wake()


def refuse_more() -> None:
    """Take no more images from now on; those that are being worked on go on."""
    if _feeder is not None:
        _feeder.refuse_more()


def stop(finish_s: float) -> None:
    """Take no more images, and let those that run finish for `finish_s` seconds."""
    global _feeder
    with _lock:
        if _feeder is not None:
            _feeder.stop(finish_s)
            _feeder = None
