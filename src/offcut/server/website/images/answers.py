"""Images and batches as JSON: what scripts of the website read."""

from __future__ import annotations

from typing import Any

from django.urls import NoReverseMatch, reverse

from offcut.server.removals import feeder, renditions
from offcut.server.removals.models import Image
from offcut.server.website.images.words import said

_PICTURES = ("original", "colours", "matte", "preview")
_DEEDS = ("download", "delete", "rating", "contribution", "retry")


def image_json(image: Image) -> dict[str, Any]:
    """Everything a script may know of an image."""
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
        "seconds_left": feeder.seconds_left(image),
        "is_paid": image.is_paid,
        "is_rated": bool(image.rating),
        "expires_at": image.expires_at.isoformat(),
        "settings": image.settings,
        "stroke_count": image.stroke_count,
        "batch": str(image.batch_id) if image.batch_id else None,
        "urls": urls_of(image),
    }


def urls_of(image: Image) -> dict[str, str]:
    """Where everything about the image is. Those of pictures change when the picture does."""
    own = {"image_id": image.pk}
    names = (
        "original",
        "colours",
        "matte",
        "preview",
        "download",
        "delete",
        "rating",
        "contribution",
        "retry",
    )
    urls = {name: _address(f"images:{name}", own) for name in names}
    for name in ("colours", "matte"):
        urls[name] += f"?v={image.matte_number}"
    return {"page": reverse("images:image", kwargs=own), "studio": _address("studio:studio", own), **urls}


def _address(name: str, own: dict[str, Any]) -> str:
    """An address by its name; "" where there is no such page."""
    try:
        return reverse(name, args=own.values())
    except NoReverseMatch:
        return ""
