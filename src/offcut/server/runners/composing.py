"""From a photo and its kept matte to the bytes of a result: no network runs."""

from __future__ import annotations

from dataclasses import dataclass

from offcut.engine.decode import DEFAULT_LIMITS, Limits
from offcut.engine.opening import open_photo
from offcut.engine.options import Options
from offcut.engine.types import Subject
from offcut.server.runners.cutting import Finished, finished
from offcut.server.runners.steps import Clock, Tell


@dataclass(frozen=True, slots=True)
class ResultWork:
    """A photo's file, the file of its matte (gray PNG, whole upright photo), and what is asked of both."""

    photo: bytes
    matte: bytes
    options: Options
    subject: Subject
    limits: Limits = DEFAULT_LIMITS


def compose_result(work: ResultWork, tell: Tell) -> Finished:
    """The result. Raises what the engine's `recompose` and encoding raise."""
    from offcut.engine import pipeline

    clock = Clock(tell)
    clock("decode")
    photo = open_photo(work.photo, work.options, limits=work.limits)
    matte = open_photo(work.matte, limits=work.limits).pixels[:, :, 0]
    clock("compose")
    cutout = pipeline.recompose(photo, matte, work.options, subject=work.subject)
    clock("encode")
    content = cutout.encode()
    clock.stop()
    return finished(cutout, content, clock.steps_s)
