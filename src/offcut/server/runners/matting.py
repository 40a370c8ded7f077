"""From a photo's bytes to its alpha matte at full size, with nothing composed yet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from offcut.engine.decode import DEFAULT_LIMITS, Limits, Photo
from offcut.engine.opening import open_photo
from offcut.engine.options import Options
from offcut.engine.types import Alpha, Subject
from offcut.server.runners.steps import Clock, Tell

if TYPE_CHECKING:
    from offcut.engine.models.networks import Networks


@dataclass(frozen=True, slots=True)
class MatteWork:
    """A photo's file whose subject is to be found."""

    photo: bytes
    limits: Limits = DEFAULT_LIMITS


@dataclass(frozen=True, slots=True, eq=False)
class FoundMatte:
    """The decoded photo, its matte at the photo's own size, and what was found.

    `alpha` and `belief` are H×W uint8; `belief` is square, as in `Cutout`. `steps_s` as in `Finished`.
    """

    photo: Photo
    alpha: Alpha
    belief: Alpha
    subject: Subject
    confidence: float
    steps_s: dict[str, float] = field(default_factory=dict)


FindMatte = Callable[[MatteWork, Tell], FoundMatte]


def find_with(networks: Networks, model: str) -> FindMatte:
    """The engine's search for the subject with these networks, as a function."""

    def find(work: MatteWork, tell: Tell) -> FoundMatte:
        from offcut.engine import pipeline

        clock = Clock(tell)
        clock("decode")
        photo = open_photo(work.photo, limits=work.limits)
        found = pipeline.find_subject(photo, networks, Options(), model=model, on_step=clock)
        clock.stop()
        return FoundMatte(photo, found.alpha, found.belief, found.subject, found.confidence, clock.steps_s)

    return find
