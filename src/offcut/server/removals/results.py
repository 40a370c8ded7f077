"""The files that people take home: previews at once, full sizes by way of the engine's queue."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from django.db import connection

from offcut.engine.decode import decode
from offcut.engine.options import PIXELS_MAX, Format, output_size
from offcut.errors import ImageDeletedError
from offcut.server.removals import backgrounds, charge, files, images, look, matte, metrics, renditions
from offcut.server.removals.look import Look
from offcut.server.removals.models import Image
from offcut.server.removals.owners import owner_of
from offcut.server.runners import current
from offcut.server.runners.composing import ResultWork
from offcut.server.runners.cutting import Finished, finished

FORMATS: tuple[Format, ...] = ("png", "jpg", "webp", "zip", "psd")
MEDIA_TYPES = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "webp": "image/webp",
    "zip": "application/zip",
    "psd": "image/vnd.adobe.photoshop",
}

ResultSize = Literal["preview", "full"]


@dataclass(frozen=True, slots=True)
class Result:
    """A file to take home: its bytes, its media type and the name it should get there."""

    content: bytes
    media_type: str
    name: str
    width: int
    height: int
    notes: tuple[str, ...] = ()


def preview(image: Image, settings: object, format_: Format = "png") -> Result:
    """The free preview, at most .25 megapixels. Made from the copies for the screen, at once.

    `settings` are the website's Settings; None asks for those that are stored with the image.
    Raises OptionError, ImageNotReadyError, BackgroundGoneError.
    """
    from offcut.engine import pipeline

    matte.require_done(image)
    asked = _asked(image, settings, size="preview", format=format_)
    if asked.has_own_canvas:
        # What is cut from the photo's middle needs more of the photo's pixels to fill a preview.
        asked = asked.asking(size="medium")
    cutout = pipeline.recompose(
        decode(renditions.original(image)),
        renditions.gray(renditions.matte(image)),
        asked.options,
        subject=image.subject,  # type: ignore[arg-type]
        styling=asked.styling,
        pixels_max=PIXELS_MAX["preview"],
    )
    return _named(image, finished(cutout, cutout.encode(), {}), "preview")


def full(image: Image, settings: object, format_: Format = "png") -> Result:
    """The full size, up to 50 megapixels; costs one credit, once an image.

    Raises what `preview` raises, SignInNeededError, InsufficientCreditsError, TeamSuspendedError,
    QueueFullError, TeamQueueFullError, StoppingError, OutputTooLargeError; nothing is charged then.
    """
    matte.require_done(image)
    asked = _asked(image, settings, size="50MP", format=format_)
    with charge.paying(image):
        work = ResultWork(
            files.read(image.original_file),
            files.read(image.matte_file),
            asked.options,
            image.subject,  # type: ignore[arg-type]
            images.LIMITS,
            asked.styling,
        )
        if connection.vendor == "postgresql" and not connection.in_atomic_block:
            # While it waits its turn, its thread needs no connection: they are few.
            connection.close()
        result = current.runner().run(work, team_id=owner_of(image).number)
    metrics.REMOVALS.labels("full", result.format).inc()
    return _named(image, result, "full")


def full_size(image: Image, settings: object) -> tuple[int, int]:
    """Width and height of what `full` gives for these settings. Costs nothing, and next to no time unless the
    canvas depends on the subject.

    Raises OptionError, ImageNotReadyError, ImageDeletedError.
    """
    from offcut.engine import pipeline

    matte.require_done(image)
    asked = look.read(image.settings if settings is None else settings).asking(size="50MP")
    photo_size = image.width, image.height
    if not asked.has_own_canvas:
        return output_size(*photo_size, asked.options)
    try:
        alpha = matte.present(image)
    except FileNotFoundError:
        raise ImageDeletedError("This image is no longer kept.") from None
    return pipeline.result_size(alpha, asked.options, photo_size=photo_size, styling=asked.styling)


def _asked(image: Image, settings: object, **options: object) -> Look:
    stored = image.settings if settings is None else settings
    asked = look.read(stored).asking(**options)
    if asked.background_id is None:
        return asked
    return asked.asking(bg_image=backgrounds.content(owner_of(image), asked.background_id))


def _named(image: Image, result: Finished, size: ResultSize) -> Result:
    stem = image.name.rpartition(".")[0] or image.name or "photo"
    end = "-preview" if size == "preview" else ""
    return Result(
        result.content,
        MEDIA_TYPES[result.format],
        f"{stem}-cut-out{end}.{result.format}",
        result.width,
        result.height,
        tuple(note.code for note in result.notes),
    )
