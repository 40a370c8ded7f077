"""Log lines as key=value or JSON, each with its request's id, none with a secret."""

from __future__ import annotations

import logging
import re
import time
import uuid
from collections.abc import Callable
from typing import Any

import structlog
from django.http import HttpRequest, HttpResponse

from offcut.server import telemetry

HIDDEN = "[hidden]"
_SECRET_FIELD = re.compile(
    r"(?i)(password|passwd|secret|token|api[-_]?key|authorization|cookie|credential|session[-_]?key|otp)"
)
_SECRET_TEXT = (
    # Our own API keys, wherever they turn up.
    re.compile(r"offcut_[A-Za-z0-9]{4,}_[A-Za-z0-9]{8,}"),
    # Bearer and basic credentials.
    re.compile(r"(?i)(?<=bearer )[^\s\"',;]+|(?<=basic )[A-Za-z0-9+/=]{8,}"),
    # The password in user:password@host, which database and mail addresses carry.
    re.compile(r"(?<=://)[^/\s:@]*:[^/\s@]+(?=@)"),
    # name=value and "name": "value" where the name gives it away.
    re.compile(
        r"(?i)(?<![a-z])(?:x-api-key|api[-_]?key|password\d?|passwd|secret|token|credential)"
        r"[\"']?\s*[=:]\s*[\"']?(?P<value>[^\s\"'&,;]+)"
    ),
    # One-time links: sign-in, invitations, e-mail confirmation, password reset.
    re.compile(r"(?<=/sign-in/once/)[^/\s?]+|(?<=/invitations/)[A-Za-z0-9_-]{20,}"),
    re.compile(r"(?<=/confirm-email/)[^/\s?]+|(?<=/reset/key/)[^/\s?]+"),
)


def hide_secrets(_logger: object, _method: str, event: dict[str, Any]) -> dict[str, Any]:
    """A structlog processor: every value that is or holds a secret is replaced by “[hidden]”."""
    return {name: HIDDEN if _is_secret(name) else _clean(value) for name, value in event.items()}


def hide_in_text(text: str) -> str:
    """The text with “[hidden]” for everything that looks like a key, password, token or one-time link."""
    for pattern in _SECRET_TEXT:
        text = pattern.sub(_replacement, text)
    return text


def logging_configuration(log_format: str, level: str) -> dict[str, Any]:
    """The `LOGGING` of Django's settings: all lines to the standard error stream in one shape."""
    first = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*first, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "lines": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": first,
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    structlog.processors.format_exc_info,
                    # Last before the line is written, so that nothing can be added after it.
                    hide_secrets,
                    _renderer(log_format),
                ],
            }
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "lines"}},
        "root": {"handlers": ["stderr"], "level": level.upper()},
        "loggers": {
            "django": {"handlers": [], "level": "INFO", "propagate": True},
            # Our own middleware writes one line a request; Django's second line would repeat it.
            "django.server": {"handlers": [], "level": "ERROR", "propagate": True},
            "django.request": {"level": "ERROR"},
            # The image library tells of every thread that it begins and ends.
            "pyvips": {"level": "WARNING"},
        },
    }


class RequestLogMiddleware:
    """One line a request, and the request's id on every line written while it is answered.

    The id is taken from `X-Request-ID` when it is harmless, made otherwise, and sent back in the answer.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.log = structlog.get_logger("offcut.request")

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request_id = _request_id(request)
        request.request_id = request_id  # type: ignore[attr-defined]
        begun = time.monotonic()
        quiet = request.path in {"/healthz", "/readyz", "/metrics"}
        with _traced(request, quiet) as span, structlog.contextvars.bound_contextvars(**_ids(request_id)):
            response = self.get_response(request)
            response["X-Request-ID"] = request_id
            _tell(span, request, response)
            self.log.log(
                logging.DEBUG if quiet else logging.INFO,
                "answered",
                method=request.method,
                path=request.path,
                status=response.status_code,
                took_ms=round((time.monotonic() - begun) * 1000),
            )
        return response


def _traced(request: HttpRequest, quiet: bool) -> telemetry.Span:
    return telemetry.Span() if quiet else telemetry.request_span(str(request.method), request.headers)


def _tell(span: telemetry.Span, request: HttpRequest, response: HttpResponse) -> None:
    # The route and not the path, because a path may hold a one-time link.
    route = "" if request.resolver_match is None else f"/{request.resolver_match.route}"
    attributes = {
        "http.route": route,
        "http.response.status_code": response.status_code,
        "offcut.request_id": response["X-Request-ID"],
    }
    span.tell(attributes, name=f"{request.method} {route}".strip())


def _ids(request_id: str) -> dict[str, str]:
    """What every line of this request carries."""
    trace_id = telemetry.trace_id()
    return {"request_id": request_id} | ({"trace_id": trace_id} if trace_id else {})


def _request_id(request: HttpRequest) -> str:
    given = request.headers.get("X-Request-ID", "")
    return given if re.fullmatch(r"[A-Za-z0-9._-]{8,64}", given) else uuid.uuid4().hex


def _renderer(log_format: str) -> Any:
    if log_format == "json":
        return structlog.processors.JSONRenderer()
    return structlog.processors.LogfmtRenderer(
        key_order=["timestamp", "level", "logger", "event"], bool_as_flag=False
    )


def _is_secret(name: str) -> bool:
    return _SECRET_FIELD.search(name) is not None


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return hide_in_text(value)
    if isinstance(value, dict):
        return {name: HIDDEN if _is_secret(str(name)) else _clean(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple | set):
        return [_clean(inner) for inner in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    return hide_in_text(str(value))


def _replacement(match: re.Match[str]) -> str:
    value = match.groupdict().get("value")
    return HIDDEN if value is None else match.group(0)[: -len(value)] + HIDDEN
