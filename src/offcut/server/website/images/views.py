"""Upload, look at, delete and retry images: pages for people, JSON for scripts."""

from __future__ import annotations

import time
import uuid

from django.core.paginator import Paginator
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from offcut.server.removals import changes, feeding, images, results
from offcut.server.removals.models import Image, State
from offcut.server.website.images.access import image_or_404, owner_of
from offcut.server.website.images.answers import image_json, result_json
from offcut.server.website.images.opinions import opinion_json
from offcut.server.website.images.paying import paying_context
from offcut.server.website.images.receiving import Received, receive
from offcut.server.website.images.refusals import refused, wants_json

WAIT_S_MAX = 10.0
LOOK_EVERY_S = 1.0
REFRESH_S = 2
PAGE_LENGTH = 48


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
        response: HttpResponse = JsonResponse(result_json(row))
    else:
        is_coming = row.state in (State.WAITING, State.WORKING)
        context = {"image": row, "refresh_s": REFRESH_S if is_coming else None, "formats": results.FORMATS}
        context |= paying_context(request) | {"data": opinion_json(request, row)}
        context["photos_beside"] = images.count_beside(row)
        response = render(request, "images/image.html", context | {"opinion": context["data"]})
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
        return JsonResponse(result_json(row))
    return redirect("images:image", image_id=image_id)


@require_safe
@refused
def history(request: HttpRequest) -> HttpResponse:
    """All images that are kept for whoever asks."""
    rows = images.images_of(owner_of(request)).select_related("batch")
    page = Paginator(rows, PAGE_LENGTH).get_page(request.GET.get("page"))
    if wants_json(request):
        listed = [image_json(row) for row in page]
        return JsonResponse({"images": listed, "pages": page.paginator.num_pages, "page": page.number})
    context = {"page": page, "rows": [image_json(row) for row in page]}
    context["batches"] = images.batches_among(page)
    response = render(request, "images/history.html", context)
    response["Cache-Control"] = "no-store"
    return response


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
            if connection.vendor == "postgresql" and not connection.in_atomic_block:
                # Whoever only waits needs no connection: they are few.
                connection.close()
            event.wait(min(left_s, LOOK_EVERY_S))
            event.clear()
    images.require_here(row)
    return row
