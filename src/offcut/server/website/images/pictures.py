"""The pictures of an image for the screen."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import condition, require_safe

from offcut.errors import ImageNotReadyError
from offcut.server.removals import renditions
from offcut.server.removals.models import Image, State
from offcut.server.website.images.access import image_or_404
from offcut.server.website.images.refusals import refused

Picture = Callable[[Image], bytes]


@require_safe
@refused
def original(request: HttpRequest, image_id: uuid.UUID) -> HttpResponse:
    """The upright photo, small enough for a screen."""
    image = image_or_404(request, image_id)
    return _answer(request, image, renditions.original, "image/jpeg", "original")


@require_safe
@refused
def colours(request: HttpRequest, image_id: uuid.UUID) -> HttpResponse:
    """The subject's own colours."""
    image = _done(request, image_id)
    return _answer(request, image, renditions.colours, "image/jpeg", f"colours-{image.matte_number}")


@require_safe
@refused
def matte(request: HttpRequest, image_id: uuid.UUID) -> HttpResponse:
    """The present matte."""
    image = _done(request, image_id)
    return _answer(request, image, renditions.matte, "image/png", f"matte-{image.matte_number}")


def _done(request: HttpRequest, image_id: uuid.UUID) -> Image:
    image = image_or_404(request, image_id)
    if image.state != State.DONE:
        raise ImageNotReadyError("The cut-out is not there yet.")
    return image


def _answer(request: HttpRequest, image: Image, make: Picture, kind: str, tag: str) -> HttpResponse:
    """The picture, or 304 when the browser has it; it must ask each time, for it may have been deleted."""

    @condition(etag_func=lambda _request: f'"{tag}"')
    def picture(_request: HttpRequest) -> HttpResponse:
        return HttpResponse(make(image), content_type=kind)

    response = picture(request)
    response["Cache-Control"] = "private, no-cache"
    return response
