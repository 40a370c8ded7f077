"""The real server, with an engine that is busy until a file is there; started by tests as `offcut serve` is.

Run as a program it is `offcut serve`; loaded by the web server it is what `offcut.server.asgi` is. HELD_UNTIL
names the file.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

if __name__ == "__main__":
    from offcut.server import processes
    from offcut.server.command import server_app

    class Child(processes.Child):
        """Starts this module where the server's own would be started."""

        def start(self) -> None:
            own = "tests.server.process.held_server:application"
            self.command = [own if "asgi:application" in word else word for word in self.command]
            super().start()

    processes.Child = Child  # type: ignore[misc]
    server_app()
else:
    from offcut.server.asgi import application as application  # noqa: I001
    from tests.server.plain_runner import plain_runner
    from tests.server.website_people import plain_do

    from offcut.server.runners import current
    from offcut.server.runners.any_work import AnyResult, AnyWork
    from offcut.server.runners.steps import Tell

    def _held(work: AnyWork, tell: Tell) -> AnyResult:
        file = Path(os.environ["HELD_UNTIL"])
        while not file.exists():
            tell("wait")
            time.sleep(0.02)
        return plain_do(work, tell)

    current.use(plain_runner(cut=_held, jobs=2, places=64))
    current._is_warm = True
