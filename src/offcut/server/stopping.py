"""How the web process begins to end: photos are refused first, then the web server is let close.

Left to itself, the web server closes its port, answers all that is asked by then, and tells the application
of the end only afterwards: a full queue would be worked off to its last photo, or killed with all in it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable
from pathlib import Path

LOOK_EVERY_S = 0.2


def before_closing(finish: Callable[[], None]) -> None:
    """Call `finish` once, in a thread, when SIGTERM comes, and let the web server close when it has returned.

    Until then the web server takes requests as before. To be called in its event loop.
    """
    loop = asyncio.get_running_loop()
    starter = _starter()
    begun: list[asyncio.Task[None]] = []

    def begin() -> None:
        # Whoever tells us again has nothing more to say: what runs is being finished.
        if not begun:
            begun.append(loop.create_task(_finish_and_close(finish, starter)))

    # Where a loop takes no signals (Windows), or runs in another thread than the first (a test's), the web
    # server closes as it always does.
    with contextlib.suppress(RuntimeError):
        loop.add_signal_handler(signal.SIGTERM, begin)


async def _finish_and_close(finish: Callable[[], None], starter: int | None) -> None:
    finishing = asyncio.get_running_loop().run_in_executor(None, finish)
    # When `offcut serve` has been killed outright, the next one needs the port at once.
    while not finishing.done() and _starter() == starter:
        await asyncio.wait({finishing}, timeout=LOOK_EVERY_S)
    # The web server closes on either signal. SIGTERM, which its own parent sends, is taken here; SIGINT is
    # still the web server's, so that Ctrl-C closes it where it runs without `offcut serve`.
    signal.raise_signal(signal.SIGINT)
    await finishing


def _starter() -> int | None:
    """The process that started the web server, whose child this is (Linux; None where it cannot be told)."""
    try:
        status = Path(f"/proc/{os.getppid()}/stat").read_text()
    except OSError:
        return None
    return int(status.rpartition(")")[2].split()[1])
