"""A server's refusals as Offcut's own errors: every code of the v1.0 API has its class here."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from offcut.client.options import OPTION_NAMES
from offcut.errors import (
    BrokenPhotoError,
    FileTooLargeError,
    InvalidAddressError,
    InvalidDimensionsError,
    NoForegroundError,
    OffcutError,
    OptionError,
    PhotoAddressError,
    ServiceAnswerError,
    ServiceBusyError,
    ServiceCreditsError,
    ServiceFaultError,
    ServiceIdReusedError,
    ServiceKeyError,
    ServiceLimitError,
    ServiceRefusalError,
    ServiceTimeoutError,
    ServiceUnreachableError,
    TooManyPixelsError,
    UnsupportedPhotoError,
)

if TYPE_CHECKING:
    import httpx

PHOTO_ERRORS: dict[str, type[OffcutError]] = {
    "invalid_image_url": InvalidAddressError,
    "invalid_bg_image_url": InvalidAddressError,
    "failed_image_download": PhotoAddressError,
    "failed_bg_download": PhotoAddressError,
    "failed_to_read_image": BrokenPhotoError,
    "invalid_dimensions": InvalidDimensionsError,
    "file_too_large": FileTooLargeError,
    "resolution_too_high": TooManyPixelsError,
    "unknown_foreground": NoForegroundError,
}
"""The codes that are about the photo, by the error that the same photo would raise on this machine."""

OPTION_ERRORS: dict[str, str] = {
    **{f"invalid_{name}": name for name in OPTION_NAMES},
    "invalid_image_file": "image_file",
    "invalid_image_file_b64": "image_file_b64",
    "invalid_bg_image_file": "bg_image_file",
    "invalid_idempotency_key": "idempotency_key",
    "roi_exceeds_bounds": "roi",
    "roi_region_empty": "roi",
    "multiple_bg_sources": "bg_color",
    "missing_source": "image_file",
    "multiple_sources": "image_file",
}
"""The codes that are about an option, by that option. Such an `OptionError` keeps the code."""

SERVICE_ERRORS: dict[str, type[OffcutError]] = {
    "auth_failed": ServiceKeyError,
    "insufficient_credits": ServiceCreditsError,
    "rate_limit_exceeded": ServiceLimitError,
    "request_running": ServiceBusyError,
    "server_busy": ServiceBusyError,
    "server_not_ready": ServiceBusyError,
    "id_reused": ServiceIdReusedError,
    "request_over": ServiceIdReusedError,
    "internal_error": ServiceFaultError,
    "client_gone": ServiceUnreachableError,
    "upload_timeout": ServiceTimeoutError,
    "host_not_allowed": ServiceRefusalError,
    "not_found": ServiceAnswerError,
    "method_not_allowed": ServiceAnswerError,
    "invalid_body": ServiceRefusalError,
    "request_error": ServiceRefusalError,
}
"""The codes that are about the call itself, by what stands between the caller and the server."""

_BY_STATUS: dict[int, type[OffcutError]] = {
    401: ServiceKeyError,
    402: ServiceCreditsError,
    403: ServiceKeyError,
    413: FileTooLargeError,
    429: ServiceLimitError,
    503: ServiceBusyError,
}
RETRIED = frozenset({429, 502, 503, 504})


@dataclass(eq=False)
class Refusal(Exception):  # noqa: N818 (what a server wrote; it is a cause, and never raised by itself)
    """What the server wrote when it refused, word for word.

    `status` is the HTTP status; `code`, `title` and `detail` are "" when the server did not say;
    `retry_after_s` is in seconds from now.
    """

    status: int
    code: str = ""
    title: str = ""
    detail: str = ""
    retry_after_s: float | None = None
    request_id: str | None = None

    def __str__(self) -> str:
        words = " ".join(part for part in (self.code, self.title, self.detail) if part)
        return f"HTTP status {self.status} {words}".strip()

    @property
    def sentence(self) -> str:
        """Title and detail for a person, "" when there are none."""
        parts = [part.strip().rstrip(".") for part in (self.title, self.detail) if part.strip()]
        return f"{': '.join(parts)}." if parts else ""


def refusal_of(error: BaseException) -> Refusal | None:
    """What the server wrote, for an error that comes from its refusal; None for any other."""
    return error.__cause__ if isinstance(error.__cause__, Refusal) else None


def error_of(response: httpx.Response) -> OffcutError | None:
    """The error that an answer stands for, with its `Refusal` as the cause; None when it is no refusal."""
    if response.status_code == 200:
        return None
    refusal = _read(response)
    error = _error(refusal, response)
    error.__cause__ = refusal
    return error


def connection_error(error: Exception, host: str) -> OffcutError:
    """The error for a connection that failed before there was an answer."""
    import httpx

    if isinstance(error, httpx.TimeoutException):
        made: OffcutError = ServiceTimeoutError(f"{host} does not answer in time.")
    else:
        reason = str(error) or type(error).__name__
        made = ServiceUnreachableError(f"{host} cannot be reached: {reason.rstrip('.')}.")
    made.__cause__ = error
    return made


def may_be_tried_again(error: OffcutError) -> bool:
    """Whether the same request may do better a little later. A server that did not answer in time may still
    be at work, and asking again would only add to it."""
    refusal = refusal_of(error)
    if refusal is not None:
        return refusal.status in RETRIED or (refusal.status == 409 and refusal.retry_after_s is not None)
    import httpx

    lost = (httpx.NetworkError, httpx.RemoteProtocolError, httpx.ConnectTimeout, httpx.PoolTimeout)
    return isinstance(error.__cause__, lost)


def _read(response: httpx.Response) -> Refusal:
    first: dict[str, Any] = {}
    try:
        found = json.loads(response.content)["errors"][0]
        first = found if isinstance(found, dict) else {}
    except (ValueError, KeyError, IndexError, TypeError):
        pass  # A proxy in front of the server answers in its own words.
    code, title, detail = (str(first.get(name) or "")[:500] for name in ("code", "title", "detail"))
    after = _seconds(response.headers.get("retry-after"))
    return Refusal(response.status_code, code, title, detail, after, response.headers.get("x-request-id"))


def _error(refusal: Refusal, response: httpx.Response) -> OffcutError:
    if refusal.code in OPTION_ERRORS:
        sentence = refusal.sentence or "An option is not allowed."
        return OptionError(OPTION_ERRORS[refusal.code], sentence, code=refusal.code)
    if refusal.code == "invalid_file_type":
        received = re.search(r"received (\S+)", refusal.detail)
        return UnsupportedPhotoError(received[1] if received else "", refusal.sentence)
    named = {**PHOTO_ERRORS, **SERVICE_ERRORS}.get(refusal.code) or _BY_STATUS.get(refusal.status)
    sentence = refusal.sentence or f"The server answers with HTTP status {refusal.status}."
    if named is not None and issubclass(named, ServiceBusyError):
        return named(sentence, retry_after_s=refusal.retry_after_s)
    if named is not None:
        return named(sentence)
    if refusal.status >= 500:
        return ServiceFaultError(sentence)
    if refusal.code or refusal.title:
        return ServiceRefusalError(sentence)
    if 300 <= refusal.status < 400:
        # Not followed: the key would go to whoever is there.
        place = response.headers.get("location", "")[:200]
        sentence = f"The server leads on to {place or 'another address'}."
    return ServiceAnswerError(sentence)


def _seconds(text: str | None) -> float | None:
    """Retry-After: seconds, or a date."""
    if text is None:
        return None
    text = text.strip()
    if text.isascii() and text.replace(".", "", 1).isdigit():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())
