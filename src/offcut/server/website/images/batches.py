"""Many photos at once: one page, one set of settings, one ZIP."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import Any, cast

import structlog
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language, override
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from zipstream import ZIP_STORED, ZipStream

from offcut.engine.options import Format
from offcut.errors import (
    ImageNotReadyError,
    InsufficientCreditsError,
    OffcutError,
    OptionError,
    SignInNeededError,
)
from offcut.server.credits.amounts import SCALE, amount_of
from offcut.server.credits.statement import balance
from offcut.server.removals import charge, feeding, images, look, results
from offcut.server.removals.models import Image, State
from offcut.server.website.images.access import batch_or_404, owner_of
from offcut.server.website.images.answers import batch_json
from offcut.server.website.images.paying import paying_context
from offcut.server.website.images.refusals import refused, wants_json
from offcut.server.website.images.results import SETTINGS_LENGTH_MAX, SIZES, asked_word, disposition
from offcut.server.website.images.words import said, said_of, short_of_credits

log = structlog.get_logger(__name__)
REFRESH_S = 4
ZIP_FORMATS = ("png", "jpg", "webp")


@require_safe
@refused
def batch(request: HttpRequest, batch_id: uuid.UUID) -> HttpResponse:
    """The page of a batch, or its JSON."""
    row = batch_or_404(request, batch_id)
    paying = paying_context(request)
    left = paying["credits_left"]
    data = batch_json(row) | {"balance": float(left) if paying["may_pay"] else None}
    if wants_json(request):
        response: HttpResponse = JsonResponse(data)
    else:
        is_coming = data["done"] + data["failed"] < data["total"]
        context = {
            "batch": row, "data": data,
            "refresh_s": REFRESH_S if is_coming else None, "formats": ZIP_FORMATS,
            "short": short_of_credits(data["price"] * SCALE, amount_of(left)) if data["price"] > left else "",
            **paying,
        }  # fmt: skip
        response = render(request, "images/batch.html", context)
    response["Cache-Control"] = "no-store"
    response["Vary"] = "Accept, Cookie"
    return response


@require_http_methods(["PUT", "POST", "PATCH"])
@refused
def settings(request: HttpRequest, batch_id: uuid.UUID) -> HttpResponse:
    """Give all photos of a batch the same settings, those that come later too; with PATCH only some parts,
    and each photo keeps its others."""
    row = batch_or_404(request, batch_id)
    given = _body(request)
    if request.method == "PATCH":
        images.restyle(row, given)
    else:
        look.read(given)
        images.style(row, given)
    return JsonResponse(batch_json(row))


@require_POST
@refused
def retry(request: HttpRequest, batch_id: uuid.UUID) -> HttpResponse:
    """Let all photos of a batch that failed be tried again."""
    row = batch_or_404(request, batch_id)
    for image in images.images_in(row).filter(state=State.FAILED):
        images.retry(image)
    feeding.wake()
    return JsonResponse(batch_json(row)) if wants_json(request) else redirect("images:batch", batch_id=row.pk)


@require_POST
@refused
def delete(request: HttpRequest, batch_id: uuid.UUID) -> HttpResponse:
    """Delete all photos of a batch now."""
    row = batch_or_404(request, batch_id)
    for image in images.images_in(row):
        images.delete(image)
    return HttpResponse(status=204) if wants_json(request) else redirect("images:history")


@require_POST
@refused
def download(request: HttpRequest, batch_id: uuid.UUID) -> HttpResponseBase:
    """All finished cut-outs of a batch as a ZIP, made while it is being sent.

    It does not begin where the credits do not suffice for all; each unpaid image is paid when its own result
    is made. One that fails on the way, or cannot be paid any more because the credits went elsewhere in the
    meantime, is named in `errors.txt` and costs nothing.
    """
    row = batch_or_404(request, batch_id)
    size = asked_word(request, "size", SIZES, "preview")
    format_ = cast(Format, asked_word(request, "format", ZIP_FORMATS, "png"))
    done = list(images.images_in(row).filter(state=State.DONE))
    if not done:
        raise ImageNotReadyError("No cut-out of this batch is there yet.")
    if size == "full":
        _require_credits(request, done)
    archive = ZipStream(compress_type=ZIP_STORED)
    pieces = _pieces(request, archive, done, size, format_)
    response = StreamingHttpResponse(pieces, content_type="application/zip")
    response["Content-Disposition"] = disposition(f"cut-outs-{str(row.pk)[:8]}.zip")
    response["Cache-Control"] = "private, no-store"
    return response


def _require_credits(request: HttpRequest, done: list[Image]) -> None:
    owner = owner_of(request)
    if owner.team_id is None:
        raise SignInNeededError("The full size needs an account.")
    needed, available = charge.price(done), balance(owner.team_id, at=timezone.now()).total
    if needed > available:
        raise InsufficientCreditsError(needed=needed, available=available)


def _pieces(
    request: HttpRequest, archive: ZipStream, done: list[Image], size: str, format_: Format
) -> Iterator[bytes]:
    """The ZIP's bytes: one result is in memory at a time. Nothing more is made, or paid, for somebody who
    has hung up."""
    is_gone = getattr(request, "is_gone", lambda: False)
    make = results.full if size == "full" else results.preview
    language, names, problems = get_language(), set(), []
    for image in done:
        if is_gone():
            return
        try:
            result = make(image, None, format_)
        except (OffcutError, FileNotFoundError) as error:
            # This runs while the answer is being sent, in a thread that speaks no language yet.
            with override(language):
                words = said_of(error) if isinstance(error, OffcutError) else said("image_expired")
                problems.append(f"{image.name or image.pk}: {words.message}")
            log.warning("a cut-out of a batch is left out", image=str(image.pk), code=words.code)
            continue
        archive.add(result.content, _free_name(result.name, names))
        yield from archive.all_files()
    if problems:
        archive.add("\n".join(problems).encode(), "errors.txt")
    yield from archive.finalize()


def _free_name(name: str, taken: set[str]) -> str:
    """The name, with a number where another file has it already."""
    stem, _, ending = name.rpartition(".")
    number, free = 1, name
    while free.lower() in taken:
        number += 1
        free = f"{stem}-{number}.{ending}"
    taken.add(free.lower())
    return free


def _body(request: HttpRequest) -> Any:
    text = request.read(SETTINGS_LENGTH_MAX + 1)
    if len(text) > SETTINGS_LENGTH_MAX:
        raise OptionError("settings", "These settings are too long.")
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise OptionError("settings", "These settings are no JSON.") from None
