"""Pictures to lay behind a cut-out: the person's own, and the made scenes."""

from __future__ import annotations

import functools
import uuid

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from offcut.engine.encode import encode
from offcut.engine.styling import SCENES, SceneName
from offcut.errors import BackgroundGoneError, FileTooLargeError, MissingPhotoError
from offcut.server.removals import backgrounds as kept
from offcut.server.removals import images
from offcut.server.removals.models import Background
from offcut.server.website.images import upload_rate
from offcut.server.website.images.access import owner_of
from offcut.server.website.images.refusals import refused

SCENE_SIZE = (1600, 1200)
SCENE_KEPT_S = 24 * 3600


@require_http_methods(["GET", "POST"])
@refused
def backgrounds(request: HttpRequest) -> HttpResponse:
    """POST: keep a picture (`photo`) as a background. GET: those that are kept. Both as JSON."""
    if request.method == "GET":
        rows = kept.backgrounds_of(owner_of(request))
        return JsonResponse({"backgrounds": [_json(row) for row in rows]})
    upload = request.FILES.get("photo")
    if upload is None:
        raise MissingPhotoError("There is no picture in this request.")
    if upload.size > images.LIMITS.bytes_max:
        raise FileTooLargeError("The picture is too large.")
    upload_rate.take(request)
    row = kept.receive(owner_of(request, is_new=True), upload.read())
    return JsonResponse(_json(row), status=201)


@require_safe
@refused
def background(request: HttpRequest, background_id: uuid.UUID) -> HttpResponse:
    """A background of theirs as JPEG."""
    try:
        content = kept.content(owner_of(request), background_id)
    except BackgroundGoneError:
        raise Http404("There is no such background.") from None
    response = HttpResponse(content, content_type="image/jpeg")
    response["Cache-Control"] = "private, no-cache"
    return response


@require_safe
def scene(_request: HttpRequest, name: str) -> HttpResponse:
    """A made scene as JPEG. The same for everybody."""
    if name not in SCENES:
        raise Http404("There is no such scene.")
    response = HttpResponse(_drawn(name), content_type="image/jpeg")
    response["Cache-Control"] = f"public, max-age={SCENE_KEPT_S}"
    return response


@functools.lru_cache(maxsize=len(SCENES))
def _drawn(name: SceneName) -> bytes:
    from offcut.engine import scenes

    return encode(scenes.draw(name, *SCENE_SIZE), None, "jpg", quality=85)


def _json(row: Background) -> dict[str, object]:
    address = reverse("images:background", kwargs={"background_id": row.pk})
    return {"id": str(row.pk), "width": row.width, "height": row.height, "url": address}
