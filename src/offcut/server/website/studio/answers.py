"""Answers to the studio's scripts: a matte, or an error that a person understands."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import structlog
from django.http import HttpRequest, HttpResponse, JsonResponse

from offcut import errors
from offcut.errors import OffcutError
from offcut.server.website.studio.strokes import Shown

log = structlog.get_logger(__name__)

_STATUS: dict[type[OffcutError], int] = {
    errors.StrokesChangedError: 409,
    errors.MatteChangedError: 409,
    errors.ImageNotReadyError: 503,
    errors.ImageExpiredError: 410,
    errors.ImageDeletedError: 410,
    errors.BackgroundGoneError: 410,
    errors.FileTooLargeError: 413,
    errors.TooManyImagesError: 429,
    errors.RemovalBusyError: 503,
    errors.ImageStorageError: 503,
    errors.OutputError: 503,
    errors.PhotoError: 400,
    errors.OptionError: 400,
    errors.RequestError: 400,
    OffcutError: 500,
}


def matte_answer(shown: Shown) -> HttpResponse:
    """The part of the matte as a PNG; where it belongs and what it shows is in the headers."""
    response = HttpResponse(shown.content, content_type="image/png")
    response["X-Box"] = " ".join(map(str, shown.box))
    response["X-Strokes"] = str(shown.count)
    response["X-Strokes-Total"] = str(shown.total)
    response["ETag"] = shown.tag
    response["Cache-Control"] = "no-store"
    return response


def said(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A view whose errors of ours become JSON: code, message and hint."""

    @functools.wraps(view)
    def answer(request: HttpRequest, *args: Any, **options: Any) -> HttpResponse:
        try:
            return view(request, *args, **options)
        except OffcutError as error:
            status = next(_STATUS[above] for above in type(error).__mro__ if above in _STATUS)
            if status >= 500:
                log.error("refused", code=error.code, problem=str(error))
            body = {"code": error.code, "message": str(error), "hint": error.hint}
            return JsonResponse({"error": body}, status=status)

    return answer
