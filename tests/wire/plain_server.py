"""The real server, with a cut that needs no networks; started by tests as a process of its own.

PLAIN_CUT_S makes each cut take as long as an engine would. Everything else is what `offcut serve` loads.
"""

from __future__ import annotations

import os
import time

from tests.server.plain_runner import plain_cut, plain_runner

from offcut.server.asgi import application as application
from offcut.server.runners import current
from offcut.server.runners.cutting import Finished, Tell, Work


def _cut(work: Work, tell: Tell) -> Finished:
    tell("wait")
    until_s = time.monotonic() + float(os.environ.get("PLAIN_CUT_S", "0"))
    while time.monotonic() < until_s:
        time.sleep(0.01)
        tell("wait")
    return plain_cut(work, tell)


current.use(plain_runner(cut=_cut, places=int(os.environ.get("PLAIN_PLACES", "64"))))
current.warm = lambda: None  # type: ignore[assignment]
current._is_warm = True
