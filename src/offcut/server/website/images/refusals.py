"""Errors of ours as answers: JSON for scripts, a page for people."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import structlog
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.urls import reverse

from offcut import errors
from offcut.errors import OffcutError
from offcut.server.website.images.words import said_of

log = structlog.get_logger(__name__)
View = Callable[..., HttpResponseBase]

_STATUS: dict[type[OffcutError], int] = {
    errors.InsufficientCreditsError: 402,
    errors.KeyLimitError: 402,
    errors.SignInNeededError: 403,
    errors.AccountError: 403,
    errors.FileTooLargeError: 413,
    errors.AddressTooLargeError: 413,
    errors.NoForegroundError: 422,
    errors.ImageNotReadyError: 409,
    errors.ImageExpiredError: 410,
    errors.ImageDeletedError: 410,
    errors.BackgroundGoneError: 410,
    errors.TooManyImagesError: 429,
    errors.ImageStorageError: 503,
    errors.RateLimitError: 429,
    errors.SubmissionQuotaError: 429,
    errors.RequestRunningError: 409,
    errors.RemovalBusyError: 503,
    errors.ClientGoneError: 499,
    errors.UnknownRequestError: 404,
    errors.UploadTimeoutError: 408,
    errors.StrokesChangedError: 409,
    errors.MatteChangedError: 409,
    errors.RequestMethodError: 405,
    errors.ModelError: 503,
    errors.DeviceError: 503,
    errors.DiskFullError: 503,
    errors.OutputTooLargeError: 400,
    errors.PhotoError: 400,
    errors.OptionError: 400,
    errors.RequestError: 400,
    errors.OffcutError: 500,
}


def wants_json(request: HttpRequest) -> bool:
    """Whether a script asks, and not a browser that shows a page."""
    return "application/json" in request.headers.get("Accept", "")


def refused(view: View) -> View:
    """A view whose errors become answers: JSON where JSON is asked for, else a page."""

    @functools.wraps(view)
    def answer(request: HttpRequest, *args: Any, **options: Any) -> HttpResponseBase:
        try:
            return view(request, *args, **options)
        except OffcutError as error:
            return refusal(request, error)

    return answer


def refusal(request: HttpRequest, error: OffcutError) -> HttpResponse:
    """The answer for an error of ours."""
    status = status_of(error)
    if status >= 500:
        log.error("refused", code=error.code, problem=str(error))
    words = said_of(error)
    if wants_json(request):
        response: HttpResponse = JsonResponse(
            {"error": words.json() | _sign_in(request, error)}, status=status
        )
    else:
        template = "images/gone.html" if status == 410 else "images/refused.html"
        context = {"said": words, "code": error.code, "sign_in": _sign_in(request, error)}
        context["credits"] = reverse("dashboard:plan") if status == 402 else ""
        context["back"] = _page_of(request) if status not in (404, 410) else ""
        response = render(request, template, context, status=status)
    wait_s = getattr(error, "retry_after_s", None)
    if wait_s is not None:
        response["Retry-After"] = str(max(1, math.ceil(wait_s)))
    response["Cache-Control"] = "no-store"
    return response


def status_of(error: OffcutError) -> int:
    """The HTTP status of an error: its own, or that of the nearest class above."""
    return next(_STATUS[above] for above in type(error).__mro__ if above in _STATUS)


def _sign_in(request: HttpRequest, error: OffcutError) -> dict[str, str]:
    """Where to sign in or up, and to come back to the image afterwards."""
    if not isinstance(error, errors.SignInNeededError):
        return {}
    back = "?" + urlencode({"next": _page_of(request) or "/"})
    return {"sign_in": reverse("account_login") + back, "sign_up": reverse("account_signup") + back}


def _page_of(request: HttpRequest) -> str:
    """The page that the request came from: the image's or the batch's."""
    match = request.resolver_match
    if match and "image_id" in match.kwargs:
        return reverse("images:image", kwargs={"image_id": match.kwargs["image_id"]})
    if match and "batch_id" in match.kwargs:
        return reverse("images:batch", kwargs={"batch_id": match.kwargs["batch_id"]})
    return ""
