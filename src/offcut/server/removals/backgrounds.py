"""Pictures that people lay behind their cut-outs."""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.db.models import QuerySet
from django.utils import timezone

from offcut.engine.encode import encode
from offcut.engine.opening import open_photo
from offcut.engine.options import Options
from offcut.errors import BackgroundGoneError, TooManyImagesError
from offcut.server.removals import files, images
from offcut.server.removals.models import Background
from offcut.server.removals.owners import Owner, owned_rows

MOST = 20
"""How many somebody can keep at once."""

PIXELS_MAX = 4_000_000
"""A background is kept at no more pixels than this: it lies behind, out of focus as a rule."""

QUALITY = 90
NAME = "background.jpg"


def receive(owner: Owner, photo: bytes) -> Background:
    """Keep a picture as a background; as large as it makes sense, upright, sRGB, on white.

    Raises PhotoError, TooManyImagesError, ImageStorageError.
    """
    images.require_room(owner, len(photo))
    if backgrounds_of(owner).count() >= MOST:
        raise TooManyImagesError(f"At most {MOST} background pictures are kept at once.")
    opened = open_photo(photo, Options(size="hd"), limits=images.LIMITS)
    from offcut.engine import pipeline

    pixels = pipeline.on_white(opened, pixels_max=PIXELS_MAX)
    content = encode(pixels, None, "jpg", quality=QUALITY)
    row = Background(
        **owner.fields(),
        width=pixels.shape[1],
        height=pixels.shape[0],
        bytes=len(content),
        expires_at=_until(),
    )
    row.file = files.write(row.pk, NAME, content)
    row.save(force_insert=True)
    return row


def backgrounds_of(owner: Owner) -> QuerySet[Background]:
    """What is kept for them, newest first."""
    rows = Background.objects.filter(expires_at__gt=timezone.now()).order_by("-made_at", "id")
    return owned_rows(owner, rows)


def content(owner: Owner, background_id: uuid.UUID) -> bytes:
    """The JPEG of a background of theirs; used, it is kept on. Raises BackgroundGoneError."""
    row = backgrounds_of(owner).filter(pk=background_id).first()
    if row is None:
        raise BackgroundGoneError("The background picture is gone.")
    Background.objects.filter(pk=row.pk).update(expires_at=_until())
    return files.read(row.file)


def _until() -> object:
    return timezone.now() + timedelta(seconds=images.retention_s())
