"""One removal from the photo's bytes to the result's bytes: what a runner runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from offcut.engine.decode import DEFAULT_LIMITS, Limits
from offcut.engine.opening import open_photo
from offcut.engine.options import Format, Options
from offcut.engine.types import Box, Note, Subject
from offcut.server.runners.steps import Clock, Tell

if TYPE_CHECKING:
    from offcut.engine.models.networks import Networks


@dataclass(frozen=True, slots=True)
class Work:
    """What is to be done: a photo's file and what is asked of it. `png_pixels_max` as in the pipeline."""

    photo: bytes
    options: Options
    limits: Limits = DEFAULT_LIMITS
    png_pixels_max: int | None = None


@dataclass(frozen=True, slots=True)
class Finished:
    """A result: the file, its size in pixels, where the subject is in it, and what was found.

    `steps_s` is how long each step took, in seconds: decode, the pipeline's own, encode.
    """

    content: bytes
    format: Format
    width: int
    height: int
    box: Box | None
    subject: Subject
    source_size: tuple[int, int]
    notes: tuple[Note, ...] = ()
    steps_s: dict[str, float] = field(default_factory=dict)


Cut = Callable[[Work, Tell], Finished]
"""Does the work and tells each step as it begins. Telling may raise, which ends the work."""


def cut_with(networks: Networks, model: str) -> Cut:
    """The engine with these networks and the weights of that name, as a function."""

    def cut(work: Work, tell: Tell) -> Finished:
        # OpenVINO and its kin are loaded with the first photo, not with the first page.
        from offcut.engine import pipeline

        clock = Clock(tell)
        clock("decode")
        photo = open_photo(work.photo, work.options, limits=work.limits)
        cutout = pipeline.cut_out(
            photo, work.options, networks, model=model, on_step=clock, png_pixels_max=work.png_pixels_max
        )
        clock("encode")
        content = cutout.encode()
        clock.stop()
        return finished(cutout, content, clock.steps_s)

    return cut


def finished(cutout: Any, content: bytes, steps_s: dict[str, float]) -> Finished:
    """What a `Cutout` and its file say, without its pixels."""
    return Finished(
        content,
        cutout.format,
        cutout.width,
        cutout.height,
        cutout.box,
        cutout.subject,
        cutout.source_size,
        cutout.notes,
        steps_s,
    )
