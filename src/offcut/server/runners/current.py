"""The one runner of this process, made from the settings when it is first asked for."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING

import structlog
from django.conf import settings

from offcut.engine.models.machine import release_memory
from offcut.engine.options import Options
from offcut.errors import NoForegroundError, OffcutError
from offcut.server.runners.any_work import do_with
from offcut.server.runners.composing import ResultWork, compose_result
from offcut.server.runners.in_process import InProcessRunner
from offcut.server.runners.matting import MatteWork, find_with

if TYPE_CHECKING:
    from offcut.engine.models.networks import Networks

log = structlog.get_logger(__name__)
_lock = threading.Lock()
_runner: InProcessRunner | None = None
_warming: threading.Thread | None = None
_is_stopping = threading.Event()
_is_warm = False
_weights_error = "the networks are not loaded yet"


def runner() -> InProcessRunner:
    """The process's runner, with the networks of this machine."""
    global _runner
    with _lock:
        if _runner is None:
            _runner = _made()
        return _runner


def use(other: InProcessRunner | None) -> None:
    """Put another runner in place (a test's); None: make the usual one when next asked."""
    global _runner
    with _lock:
        _runner = other


def warm() -> None:
    """Load the networks in the background, so that the first photo need not wait. Does nothing twice."""
    global _warming
    with _lock:
        if _warming is None or (not _is_warm and not _warming.is_alive()):
            # No daemon: a process that ends in the middle of OpenVINO's work is aborted. It waits instead.
            _warming = threading.Thread(target=_load, name="offcut-warming")
            _warming.start()


def stop(finish_s: float) -> None:
    """Refuse new photos, let those that run finish for `finish_s` seconds, and load no further network."""
    _is_stopping.set()
    runner().stop(finish_s)


def weights_problem() -> str:
    """Why no photo can be cut out yet, "" when one can."""
    return "" if _is_warm else _weights_error


def rehearse(networks: Networks) -> None:
    """Take a made photo through all steps once: the first real one would be a second slower than the next."""
    import numpy as np

    from offcut.engine.encode import encode

    y, x = np.mgrid[:900, :1200]
    picture = np.full((900, 1200, 3), 225, np.uint8)
    picture[np.hypot(x - 600, y - 450) < 280] = (200, 60, 40)
    photo = encode(picture, None, "jpg")
    # A network of somebody's own may see nothing in it: then the rest has to wait for a real photo.
    with contextlib.suppress(NoForegroundError):
        found = find_with(networks, settings.MODEL)(MatteWork(photo), lambda _step: None)
        matte = encode(found.alpha, None, "png")
        compose_result(ResultWork(photo, matte, Options(), found.subject), lambda _step: None)


def _made() -> InProcessRunner:
    return InProcessRunner(
        do_with(_networks(), settings.MODEL),
        jobs=settings.JOBS,
        places=settings.QUEUE_PLACES,
        # A hold that lapses while its photo still waits would let the credits be spent twice.
        wait_s_max=settings.HOLD_S * 0.9,
        tidy=release_memory,
    )


def _networks():  # type: ignore[no-untyped-def]
    from offcut.library import default_networks

    return default_networks(idle_s=settings.NETWORKS_IDLE_S)


def _load() -> None:
    global _is_warm, _weights_error
    from offcut.engine.models.families import nanodet
    from offcut.engine.pipeline import DETECTOR, WHOLE

    try:
        networks = _networks()
        for name in (settings.MODEL, WHOLE):
            networks.segmenter(name)
        networks.network(DETECTOR, nanodet.convert)
        for name in (settings.MODEL, WHOLE, DETECTOR):
            if _is_stopping.is_set():
                return
            networks.prepare(name)
        rehearse(networks)
    except OffcutError as error:
        _weights_error = f"{error.code}: {error}"
        log.error("the networks cannot be loaded", code=error.code, problem=str(error), hint=error.hint)
    else:
        _is_warm = True
