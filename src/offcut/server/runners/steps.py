"""How long each step of a piece of work took."""

from __future__ import annotations

import time
from collections.abc import Callable

Tell = Callable[[str], None]


class Clock:
    """Passes steps on to `tell` and notes how long each took, in `steps_s`."""

    def __init__(self, tell: Tell) -> None:
        self.steps_s: dict[str, float] = {}
        self._tell = tell
        self._step = ""
        self._since_s = 0.0

    def __call__(self, step: str) -> None:
        self.stop()
        self._tell(step)
        self._step, self._since_s = step, time.monotonic()

    def stop(self) -> None:
        """The last step is over."""
        if self._step:
            taken_s = time.monotonic() - self._since_s
            self.steps_s[self._step] = self.steps_s.get(self._step, 0.0) + taken_s
            self._step = ""
