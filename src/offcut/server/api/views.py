"""The endpoints: read the request, ask `removals`, write the answer."""

from __future__ import annotations

import contextvars
import functools
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from offcut.engine.decode import probe
from offcut.errors import (
    ForbiddenAddressError,
    InvalidAddressError,
    MissingKeyError,
    OffcutError,
    OptionError,
    PhotoAddressError,
    PhotoError,
    RequestMethodError,
    UnknownRequestError,
)
from offcut.server import telemetry
from offcut.server.accounts.keys import authenticate_key
from offcut.server.accounts.models import ApiKey
from offcut.server.api import errors, wire
from offcut.server.api.body import read_fields
from offcut.server.api.wire import Picture
from offcut.server.credits.statement import balance
from offcut.server.fetching import FetchLimits
from offcut.server.removals import improvement, metrics, rate
from offcut.server.removals.addresses import fetch_photo
from offcut.server.removals.api_images import keep_if_asked
from offcut.server.removals.owners import Owner
from offcut.server.removals.removal import (
    Request,
    affords_anything,
    may_be_answered_again,
    remove_background,
)

View = Callable[["Call"], HttpResponse]
log = structlog.get_logger(__name__)


@dataclass
class Call:
    """One call of an endpoint. `key` is known once `authenticate` was called."""

    request: HttpRequest
    key: ApiKey | None = None

    def authenticate(self) -> ApiKey:
        """The key that asks. Raises KeyRefusedError."""
        token = wire.read_key(self.request)
        if not token:
            raise MissingKeyError("There is no API key in this request.")
        self.key = authenticate_key(token)
        structlog.contextvars.bind_contextvars(team_id=self.key.team_id, key_prefix=self.key.prefix)
        return self.key

    @property
    def is_gone(self) -> Callable[[], bool]:
        """Says whether whoever asked has hung up, as far as the web server can tell."""
        return getattr(self.request, "is_gone", lambda: False)


def endpoint(name: str, method: str | None) -> Callable[[View], Callable[[HttpRequest], HttpResponse]]:
    """Makes a view of a function: method and preflight, errors in the API's shape, CORS, counters."""

    def wrap(view: View) -> Callable[[HttpRequest], HttpResponse]:
        @csrf_exempt
        @functools.wraps(view)
        def answer(request: HttpRequest, **_: object) -> HttpResponse:
            begun_s = time.monotonic()
            call = Call(request)
            # In a context of its own: what is bound to the log's lines must not stay with the thread.
            response = contextvars.copy_context().run(_answered, view, call, method)
            wire.set_cors_headers(response)
            response["Cache-Control"] = "no-store"
            if call.key is not None:
                wire.set_rate_headers(response, rate.allowance(call.key.team_id))
            metrics.REQUESTS.labels(name, str(response.status_code)).inc()
            metrics.REQUEST_SECONDS.labels(name).observe(time.monotonic() - begun_s)
            return response

        return answer

    return wrap


@endpoint("removebg", "POST")
def removebg(call: Call) -> HttpResponse:
    """`POST /v1.0/removebg`: a photo in, its cut-out out."""
    key = call.authenticate()
    repeat_id = wire.read_repeat_id(call.request)
    rate.take(key.team_id, 1)
    asked = wire.read_asked(read_fields(call.request))
    # What was answered before under the same id has been paid for, even when nothing is left by now.
    if repeat_id is None or not may_be_answered_again(key.team, repeat_id):
        affords_anything(key.team, asked.options)
    options = asked.options
    background = _background(call, asked.background)
    if background is not None:
        options = replace(options, bg_image=background)
    request = Request(
        key.team,
        _content(call, asked.photo),
        options,
        key=key,
        repeat_id=repeat_id,
        limits=wire.LIMITS,
        png_pixels_max=wire.PNG_PIXELS_MAX,
        megapixels_counted=1,
        is_gone=call.is_gone,
    )
    try:
        removal = remove_background(request)
    except OptionError as error:
        raise _as_sent(error, asked.background) from error
    is_paid = not removal.choice.is_preview
    kept = None if removal.is_repeated else keep_if_asked(key.team, request.photo, is_paid=is_paid)
    as_json = wire.wants_json(call.request.headers.get("Accept", ""))
    return wire.removal_answer(removal, asked, kept, as_json=as_json)


@endpoint("account", "GET")
def account(call: Call) -> HttpResponse:
    """`GET /v1.0/account`: what is left."""
    key = call.authenticate()
    return JsonResponse(wire.account_answer(balance(key.team_id, at=timezone.now())))


@endpoint("improve", "POST")
def improve(call: Call) -> HttpResponse:
    """`POST /v1.0/improve`: gives a photo to improve the networks. The call itself is the consent."""
    key = call.authenticate()
    repeat_id = wire.read_repeat_id(call.request)
    rate.take(key.team_id, 1)
    photo, filename, tag = wire.read_submission(read_fields(call.request))
    row = improvement.submit(
        Owner(key.team_id),
        _content(call, photo),
        limits=wire.LIMITS,
        key=key,
        filename=filename,
        tag=tag,
        repeat_id=repeat_id,
    )
    return JsonResponse({"id": str(row.pk)})


@endpoint("unknown", None)
def unknown(_call: Call) -> HttpResponse:
    """Anything else below `/v1.0/`."""
    raise UnknownRequestError("There is nothing at this address.")


def refused(request: HttpRequest, error: OffcutError) -> HttpResponse:
    """The answer to a request that comes to no endpoint: in the API's shape, with CORS, counted."""

    def view(_call: Call) -> HttpResponse:
        raise error

    return endpoint("unknown", None)(view)(request)


def _answered(view: View, call: Call, method: str | None) -> HttpResponse:
    asked_by = "GET" if call.request.method == "HEAD" else call.request.method
    try:
        if method and asked_by == "OPTIONS":
            return wire.preflight_answer(method)
        if method and asked_by != method:
            raise RequestMethodError(f"{method}, OPTIONS", f"This address knows {method} only.")
        return view(call)
    except OffcutError as error:
        # Under the code that the caller was told, so that an owner finds what a caller complains of.
        code = errors.code_of(error)
        metrics.FAILURES.labels(code).inc()
        telemetry.tell({"error.type": error.code})
        response = errors.answer_to(error)
        level = 40 if response.status_code >= 500 else 20
        log.log(level, "refused", code=code, error=error.code, problem=str(error))
        return response
    except Exception:
        metrics.FAILURES.labels("internal_error").inc()
        log.exception("a fault of ours")
        return errors.fault_answer()


def _content(call: Call, picture: Picture) -> bytes:
    """The photo's bytes, fetched if need be."""
    if picture.content is not None:
        return picture.content
    assert picture.address is not None
    assert call.key is not None
    limits = FetchLimits(size_max=wire.FILE_SIZE_MAX, begin_s=settings.FETCH_BEGIN_S)
    return fetch_photo(picture.address, owner=call.key.team_id, limits=limits, is_gone=call.is_gone)


def _as_sent(error: OptionError, background: Picture) -> OptionError:
    """An error of the background image under the name that it was sent by; others as they are."""
    if error.parameter != "bg_image":
        return error
    name = "bg_image_file" if background.address is None else "bg_image_url"
    return OptionError(name, str(error), hint=error.hint)


def _background(call: Call, picture: Picture) -> bytes | None:
    """The background image's bytes; its errors speak of the background, not of the photo."""
    if picture.content is None and picture.address is None:
        return None
    name = "bg_image_file" if picture.address is None else "bg_image_url"
    try:
        content = _content(call, picture)
    except (InvalidAddressError, ForbiddenAddressError) as error:
        raise OptionError(name, str(error), code="invalid_bg_image_url", hint=error.hint) from error
    except PhotoAddressError as error:
        raise OptionError(name, str(error), code="failed_bg_download", hint=error.hint) from error
    try:
        probe(content, wire.LIMITS)
    except PhotoError as error:
        raise OptionError(name, str(error), hint=error.hint) from error
    return content
