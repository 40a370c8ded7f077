"""Taking a cut-out home: previews free, the full size for one credit once."""

from __future__ import annotations

import json
import uuid
from typing import Any, cast
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_http_methods, require_safe

from offcut.engine.options import Format
from offcut.errors import OptionError, RequestMethodError, SignInNeededError
from offcut.server.removals import results
from offcut.server.removals.results import Result
from offcut.server.website.images.access import image_or_404, owner_of
from offcut.server.website.images.refusals import refused

SETTINGS_LENGTH_MAX = 4000
SIZES = ("preview", "full")


@require_safe
@refused
def preview(request: HttpRequest, image_id: uuid.UUID) -> HttpResponse:
    """The free preview as PNG, to be shown on a page."""
    image = image_or_404(request, image_id)
    return _inline(results.preview(image, asked_settings(request)))


@require_safe
@refused
def size(request: HttpRequest, image_id: uuid.UUID) -> HttpResponse:
    """How large the full size is with these settings, before anybody pays for it."""
    width, height = results.full_size(image_or_404(request, image_id), asked_settings(request))
    response = JsonResponse({"width": width, "height": height})
    response["Cache-Control"] = "private, no-store"
    return response


@require_http_methods(["GET", "POST"])
@refused
def download(request: HttpRequest, image_id: uuid.UUID) -> HttpResponse:
    """A file to keep. The full size costs, so it is only ever answered to a POST."""
    image = image_or_404(request, image_id)
    size = asked_word(request, "size", SIZES, "preview")
    format_ = cast(Format, asked_word(request, "format", results.FORMATS, "png"))
    settings = asked_settings(request)
    if size == "preview":
        return _attached(results.preview(image, settings, format_))
    if request.method != "POST":
        raise RequestMethodError("POST", "The full size is asked for with POST.")
    if owner_of(request).is_visitor:
        raise SignInNeededError("The full size needs an account.")
    return _attached(results.full(image, settings, format_))


def asked_settings(request: HttpRequest) -> Any:
    """The Settings that the request brings; None when the stored ones count. Raises OptionError."""
    text = request.POST.get("settings") or request.GET.get("settings") or ""
    if not text.strip():
        return None
    if len(text) > SETTINGS_LENGTH_MAX:
        raise OptionError("settings", "These settings are too long.")
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise OptionError("settings", "These settings are no JSON.") from None


def asked_word(request: HttpRequest, name: str, words: tuple[str, ...], default: str) -> str:
    """One of a few words in the request. Raises OptionError for another."""
    word = request.POST.get(name) or request.GET.get(name) or default
    if word not in words:
        raise OptionError(name, f"There is no such {name}.", hint=f"Allowed: {', '.join(words)}.")
    return word


def disposition(name: str) -> str:
    """The header that says under which name a file is to be kept."""
    plain = "".join(letter if letter.isascii() and letter not in '"\\%' else "_" for letter in name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name)}"


def _attached(result: Result) -> HttpResponse:
    response = _inline(result)
    response["Content-Disposition"] = disposition(result.name)
    return response


def _inline(result: Result) -> HttpResponse:
    response = HttpResponse(result.content, content_type=result.media_type)
    response["X-Width"], response["X-Height"] = str(result.width), str(result.height)
    response["X-Notes"] = " ".join(result.notes)
    response["Cache-Control"] = "private, no-store"
    return response
