"""Images and batches as JSON: what scripts of the website read."""

from __future__ import annotations

from typing import Any

from django.urls import NoReverseMatch, reverse

from offcut.server.credits.amounts import SCALE
from offcut.server.removals import charge, feeder, images, look, renditions, results
from offcut.server.removals.models import Batch, Image, State
from offcut.server.website.images.words import said

_PICTURES = ("original", "colours", "matte", "preview")
_DEEDS = ("download", "delete", "rating", "contribution", "retry")


def image_json(image: Image, *, seconds_left: float | None = None) -> dict[str, Any]:
    """Everything a script may know of an image. `seconds_left` spares asking for it again."""
    screen = renditions.screen_of(image.width, image.height)
    return {
        "id": str(image.pk),
        "name": image.name,
        "state": image.state,
        "width": image.width,
        "height": image.height,
        "screen": {"width": screen.width, "height": screen.height},
        "subject": image.subject or None,
        "error": said(image.error_code).json() if image.error_code else None,
        "seconds_left": feeder.seconds_left(image) if seconds_left is None else seconds_left,
        "is_paid": image.is_paid,
        "is_rated": bool(image.rating),
        "expires_at": image.expires_at.isoformat(),
        "settings": image.settings,
        "stroke_count": image.stroke_count,
        "batch": str(image.batch_id) if image.batch_id else None,
        "upload": str(image.upload_id) if image.upload_id else None,
        "urls": urls_of(image),
    }


def result_json(image: Image) -> dict[str, Any]:
    """The image with what its download gives now: whether that is the plain cut-out, and the full size.

    `result` is None until the cut-out is there. Not for lists: to say the size, it may look at the matte.
    """
    if image.state != State.DONE:
        return image_json(image) | {"result": None}
    width, height = results.full_size(image, None)
    result = {"is_plain": look.read(image.settings).is_plain, "width": width, "height": height}
    return image_json(image) | {"result": result}


def batch_json(batch: Batch) -> dict[str, Any]:
    """A batch with all its images, how far it is, and what its full sizes cost together (credits)."""
    rows = list(images.images_in(batch))
    done = [row for row in rows if row.state == State.DONE]
    coming = [row for row in rows if row.state in (State.WAITING, State.WORKING)]
    return {
        "id": str(batch.pk),
        "images": [_row_json(row) for row in rows],
        "done": len(done),
        "failed": len(rows) - len(done) - len(coming),
        "total": len(rows),
        "seconds_left": feeder.seconds_left(coming[-1]) if coming else None,
        "price": charge.price(done) // SCALE,
        "price_of_all": charge.price(done + coming) // SCALE,
        "expires_at": min((row.expires_at for row in rows), default=batch.expires_at).isoformat(),
        "settings": batch.settings,
        "urls": batch_urls(batch),
    }


def urls_of(image: Image) -> dict[str, str]:
    """Where everything about the image is. Those of pictures change when the picture does."""
    own = {"image_id": image.pk}
    urls = {name: _address(f"images:{name}", own) for name in _PICTURES + _DEEDS}
    for name in ("colours", "matte"):
        urls[name] += f"?v={image.matte_number}"
    return {"page": reverse("images:image", kwargs=own), "studio": _address("studio:studio", own), **urls}


def batch_urls(batch: Batch) -> dict[str, str]:
    """Where everything about the batch is."""
    own = {"batch_id": batch.pk}
    names = {"page": "batch", "settings": "batch_settings", "retry": "batch_retry", "delete": "batch_delete"}
    urls = {name: reverse(f"images:{target}", kwargs=own) for name, target in names.items()}
    return {**urls, "zip": reverse("images:batch_zip", kwargs=own), "upload": reverse("images:upload")}


def _row_json(row: Image) -> dict[str, Any]:
    """An image of a batch; what is left for it is told for the batch as a whole, with one query."""
    return image_json(row, seconds_left=0.0) | {"seconds_left": None}


def _address(name: str, own: dict[str, Any]) -> str:
    """An address by its name; "" where there is no such page."""
    try:
        return reverse(name, args=own.values())
    except NoReverseMatch:
        return ""
