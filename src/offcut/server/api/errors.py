"""Which error of ours is which answer of the API: the one table, and the shape of an error."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse, JsonResponse

from offcut import errors
from offcut.errors import OffcutError

Words = str | Callable[[Any], str]
"""A sentence, or what makes one of the error."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP status, a code and a title. `code` "" means the error's own; `detail` "" means none."""

    status: int
    code: str
    title: Words
    detail: Words | None = None

    def code_for(self, error: OffcutError) -> str:
        """The code that whoever asked is told."""
        return self.code or error.code

    def errors(self, error: OffcutError) -> list[dict[str, str]]:
        """What stands in the answer's `errors`."""
        entry = {"title": _said(self.title, error), "code": self.code_for(error)}
        detail = _sentence(error) if self.detail is None else _said(self.detail, error)
        return [entry | ({"detail": detail} if detail else {})]


def answer_to(error: OffcutError) -> HttpResponse:
    """The answer for an error of ours."""
    line = line_for(type(error))
    response = JsonResponse({"errors": line.errors(error)}, status=line.status)
    wait_s = getattr(error, "retry_after_s", None)
    if wait_s is None and line.status == 503:
        wait_s = NOT_READY_RETRY_S
    if wait_s is not None:
        response["Retry-After"] = str(max(1, math.ceil(wait_s)))
    if isinstance(error, errors.RequestMethodError):
        response["Allow"] = error.allowed
    return response


def code_of(error: OffcutError) -> str:
    """The code that the answer for an error of ours has."""
    return line_for(type(error)).code_for(error)


def fault_answer() -> HttpResponse:
    """The answer for a fault of ours that nobody foresaw."""
    entry = {"title": "Internal server error", "code": "internal_error"}
    return JsonResponse({"errors": [entry]}, status=500)


def line_for(kind: type[OffcutError]) -> Answer:
    """The line of the table for a class: its own, or that of the nearest class above."""
    return next(TABLE[above] for above in kind.__mro__ if above in TABLE)


NOT_READY_RETRY_S = 30

PER_VALUE_TITLE = ("size", "channels")
"""Parameters whose errors are worded in the older of the two forms."""


def _said(words: Words, error: OffcutError) -> str:
    return words if isinstance(words, str) else words(error)


def _sentence(error: OffcutError) -> str:
    return f"{error} {error.hint}".strip()


_OPTION_TITLES = {
    "roi_exceeds_bounds": "The region of interest reaches beyond the image",
    "roi_region_empty": "The region of interest is empty",
    "multiple_bg_sources": "More than one background given",
    "failed_bg_download": "Failed to download background image from given bg_image_url",
    "invalid_image_url": "Invalid image_url given",
    "invalid_bg_image_url": "Invalid bg_image_url given",
}


def _option_title(error: errors.OptionError) -> str:
    if error.code in _OPTION_TITLES:
        return _OPTION_TITLES[error.code]
    if error.parameter in PER_VALUE_TITLE:
        return f"Invalid value for parameter '{error.parameter}'"
    return f"Invalid {error.parameter} parameter given"


def _download_title(reason: Words) -> Callable[[Any], str]:
    return lambda error: f"Failed to download image from given image_url: {_said(reason, error)}"


def _received(error: errors.UnsupportedPhotoError) -> str:
    return f"Expected jpg/png, received {error.kind}"


_TOO_LARGE = Answer(400, "file_too_large", "File too large", "File exceeds limit of 22MB")
_UNREADABLE = Answer(400, "failed_to_read_image", "Failed to read image")
_KEY_INVALID = Answer(403, "auth_failed", "API Key invalid")
_INTERNAL = Answer(500, "internal_error", "Internal server error", "")

TABLE: dict[type[OffcutError], Answer] = {
    OffcutError: _INTERNAL,
    # The photo.
    errors.PhotoError: _UNREADABLE,
    errors.MissingPhotoError: Answer(400, "missing_source", "No image given"),
    errors.SeveralPhotosError: Answer(400, "multiple_sources", "More than one image given"),
    errors.UnsupportedPhotoError: Answer(400, "invalid_file_type", "Invalid file type", _received),
    errors.InvalidDimensionsError: Answer(400, "invalid_dimensions", "Invalid image dimensions"),
    errors.FileTooLargeError: _TOO_LARGE,
    errors.TooManyPixelsError: Answer(400, "resolution_too_high", "Image resolution too high"),
    errors.InvalidAddressError: Answer(400, "invalid_image_url", "Invalid image_url given"),
    errors.ForbiddenAddressError: Answer(400, "invalid_image_url", "Invalid image_url given"),
    errors.PhotoAddressError: Answer(400, "failed_image_download", _download_title(str)),
    errors.AddressStatusError: Answer(
        400, "failed_image_download", _download_title(lambda error: f"HTTP Status {error.status}")
    ),
    errors.AddressTooLargeError: _TOO_LARGE,
    errors.NoForegroundError: Answer(
        400, "unknown_foreground", "Could not identify foreground in image.", lambda error: error.hint
    ),
    # What is asked.
    errors.OptionError: Answer(400, "", _option_title),
    # The header is looked at before; this one is found out when the pixels are read.
    errors.BackgroundImageError: Answer(
        400, "invalid_bg_image_file", "Invalid bg_image_file parameter given"
    ),
    errors.OutputTooLargeError: Answer(400, "invalid_format", "Invalid format parameter given"),
    errors.RequestError: Answer(400, "", "Invalid request"),
    errors.RequestBodyError: Answer(400, "", "Invalid request body"),
    errors.HostNotAllowedError: Answer(400, "", "Host not allowed"),
    errors.UploadTimeoutError: Answer(408, "", "Upload took too long"),
    errors.UnknownRequestError: Answer(404, "", "Not found"),
    errors.RequestMethodError: Answer(405, "", "Method not allowed"),
    # Who asks, and what is left.
    errors.KeyRefusedError: _KEY_INVALID,
    errors.UnknownKeyError: Answer(403, "auth_failed", "API Key invalid", ""),
    errors.MissingKeyError: Answer(403, "auth_failed", "Missing API Key"),
    errors.InsufficientCreditsError: Answer(402, "insufficient_credits", "Insufficient credits"),
    errors.KeyLimitError: Answer(402, "insufficient_credits", "Insufficient credits"),
    # When.
    errors.RateLimitError: Answer(429, "rate_limit_exceeded", "Rate limit exceeded"),
    errors.SubmissionQuotaError: Answer(429, "rate_limit_exceeded", "Rate limit exceeded"),
    errors.RemovalBusyError: Answer(503, "server_busy", "Server busy"),
    errors.RequestRunningError: Answer(409, "", "The same request is being worked on"),
    errors.RequestOverError: Answer(422, "", "Idempotency-Key used before"),
    errors.IdReusedError: Answer(
        422, "", "Idempotency-Key used for another request", lambda error: error.hint
    ),
    # Nobody reads this one; the number is what other servers write into their logs for it.
    errors.ClientGoneError: Answer(499, "", "Client closed the request"),
    # What the owner has to put right.
    errors.ModelError: Answer(503, "server_not_ready", "Server not ready", ""),
    errors.DeviceError: Answer(503, "server_not_ready", "Server not ready", ""),
}
