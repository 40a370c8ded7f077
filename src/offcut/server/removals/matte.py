"""The present matte of an image: read it, and write it anew after the brush.

The matte that the networks found stays as it is (`first_matte_file`), so that strokes can be replayed from
the beginning. Every other one is a file with a number of its own; only the latest is kept.
"""

from __future__ import annotations

import secrets

from django.db.models import F

from offcut.engine.encode import encode
from offcut.engine.types import Alpha
from offcut.errors import ImageNotReadyError, MatteChangedError
from offcut.server.removals import files, renditions
from offcut.server.removals.images import require_here
from offcut.server.removals.models import Image, State


def require_done(image: Image) -> None:
    """Raises ImageNotReadyError for an image without a matte."""
    if image.state != State.DONE:
        raise ImageNotReadyError("The cut-out is not there yet.")


def present(image: Image) -> Alpha:
    """The present matte at the photo's size: H×W uint8. Raises ImageNotReadyError."""
    require_done(image)
    return renditions.gray(files.read(image.matte_file))


def first(image: Image) -> Alpha:
    """The matte before any stroke: H×W uint8. Raises ImageNotReadyError."""
    require_done(image)
    return renditions.gray(files.read(image.first_matte_file))


def belief(image: Image) -> Alpha:
    """The networks' belief: a square of uint8, the whole photo stretched to it. Raises ImageNotReadyError."""
    require_done(image)
    return renditions.gray(files.read(image.belief_file))


def rewritten(image: Image, alpha: Alpha) -> bytes:
    """Make `alpha` (H×W uint8, the photo's size) the present matte; its copy for the screen, a gray PNG.

    The row is saved with its strokes as they stand in `image`, in the same UPDATE as the new matte: whoever
    looks never sees the one without the other. Raises ValueError for a matte of another size,
    ImageExpiredError and ImageDeletedError when the image has gone meanwhile.
    """
    if alpha.shape != (image.height, image.width):
        raise ValueError(f"a matte of {alpha.shape} for a photo of {(image.height, image.width)}")
    older = image.matte_file
    number = image.matte_number + 1
    # A name that nobody else writes to: two windows may be at it at the same moment.
    path = files.write(image.pk, f"matte-{number}-{secrets.token_hex(4)}.png", encode(alpha, None, "png"))
    changed = Image.objects.filter(pk=image.pk, gone="", matte_number=image.matte_number).update(
        matte_file=path,
        matte_number=F("matte_number") + 1,
        strokes=image.strokes,
        stroke_count=image.stroke_count,
    )
    if not changed:
        files.remove(path)
        _give_way(image)
    image.matte_file, image.matte_number = path, number
    if older != image.first_matte_file:
        files.remove(older)
    content = renditions.write_matte(image, alpha)
    renditions.forget_older(image)
    return content


def _give_way(image: Image) -> None:
    """Somebody else was quicker: what they wrote stays."""
    image.refresh_from_db()
    if image.is_gone:
        files.remove_all(image.pk)
    require_here(image)
    raise MatteChangedError("The cut-out was changed from another window.")
