"""Upload, look at, delete and retry images: pages for people, JSON for scripts."""

from __future__ import annotations

import time
import uuid

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from offcut.server.removals import changes, feeding, images
from offcut.server.removals.models import Image, State
from offcut.server.website.images.access import image_or_404
from offcut.server.website.images.answers import image_json
from offcut.server.website.images.receiving import Received, receive
from offcut.server.website.images.refusals import refused, wants_json

WAIT_S_MAX = 10.0
LOOK_EVERY_S = 1.0
REFRESH_S = 2


@require_POST
@refused
def upload(request: HttpRequest) -> HttpResponse:
    """Take one or many photos; they are cut out one after the other from now on."""
    received: Received = receive(request)
    feeding.wake()
    if not wants_json(request):
        return redirect(received.page)
    return JsonResponse(received.json(), status=201)


@require_safe
@refused
def image(request: HttpRequest, image_id: uuid.UUID) -> HttpResponse:
    """The page of an image, or its JSON; with `wait` the JSON comes when something has changed."""
    row = image_or_404(request, image_id)
    if wants_json(request):
        row = _after_change(row, _wait_s(request))
        response: HttpResponse = JsonResponse(image_json(row))
    else:
        is_coming = row.state in (State.WAITING, State.WORKING)
        context = {"image": row, "data": image_json(row), "refresh_s": REFRESH_S if is_coming else None}
        response = render(request, "images/image.html", context)
    response["Cache-Control"] = "no-store"
    response["Vary"] = "Accept, Cookie"
    return response


@require_POST
@refused
def delete(request: HttpRequest, image_id: uuid.UUID) -> HttpResponse:
    """Delete an image now."""
    images.delete(image_or_404(request, image_id))
    if wants_json(request):
        return HttpResponse(status=204)
    return redirect("images:image", image_id=image_id)


@require_POST
@refused
def retry(request: HttpRequest, image_id: uuid.UUID) -> HttpResponse:
    """Let an image that failed be tried again."""
    row = image_or_404(request, image_id)
    images.retry(row)
    feeding.wake()
    if wants_json(request):
        return JsonResponse(image_json(row))
    return redirect("images:image", image_id=image_id)


def _wait_s(request: HttpRequest) -> float:
    text = request.GET.get("wait", "0")
    return min(WAIT_S_MAX, float(text)) if text.isascii() and text.isdigit() and len(text) < 4 else 0.0


def _after_change(row: Image, wait_s: float) -> Image:
    """The row when its state has changed, or when the time is over."""
    until = time.monotonic() + wait_s
    state = row.state
    with changes.listening(row.pk) as event:
        while row.state == state and not row.is_over:
            row.refresh_from_db()
            left_s = until - time.monotonic()
            if row.state != state or left_s <= 0:
                break
            event.wait(min(left_s, LOOK_EVERY_S))
            event.clear()
    images.require_here(row)
    return row
