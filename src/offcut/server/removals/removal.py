"""`remove_background`: gate → hold → run → capture or release.

Credits are held before the work and spent only when the result exists. The engine runs outside any
transaction. Whatever goes wrong in between gives the credits back; should the process die, the hold lapses.
"""

from __future__ import annotations

import contextlib
import hashlib
import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

import structlog
from django.conf import settings
from django.db import connection
from django.utils import timezone

from offcut.engine.decode import DEFAULT_LIMITS, Header, Limits, probe
from offcut.engine.options import Options
from offcut.errors import (
    ClientGoneError,
    HoldCapturedError,
    HoldError,
    HoldLapsedError,
    InsufficientCreditsError,
    RequestOverError,
    RequestRunningError,
)
from offcut.server import telemetry
from offcut.server.accounts.models import ApiKey, Team
from offcut.server.credits import ledger
from offcut.server.credits.ledger import Held
from offcut.server.credits.models import Hold, HoldState
from offcut.server.credits.rules import Source
from offcut.server.credits.statement import balance
from offcut.server.removals import metrics, pricing, rate
from offcut.server.removals.pricing import Choice, Reason
from offcut.server.runners.current import runner
from offcut.server.runners.cutting import Finished, Work

log = structlog.get_logger(__name__)

_running: set[tuple[int, str]] = set()
_running_lock = threading.Lock()


def _never() -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Request:
    """One removal that is asked for.

    `photo` and `options.bg_image` are files as bytes. `repeat_id` is the id under which the caller may ask
    again; None: this is asked once. `png_pixels_max` limits what becomes a PNG. `is_gone` says whether
    whoever asked has hung up.
    """

    team: Team
    photo: bytes
    options: Options
    key: ApiKey | None = None
    repeat_id: str | None = None
    limits: Limits = DEFAULT_LIMITS
    png_pixels_max: int | None = None
    megapixels_counted: int = 0
    is_gone: Callable[[], bool] = _never


@dataclass(frozen=True, slots=True)
class Removal:
    """A finished removal: the result, the size it has and why, what it cost (1/100 credit, free previews
    not counted), and whether it repeats an earlier one."""

    finished: Finished
    choice: Choice
    charged_amount: int
    is_repeated: bool


def affords_anything(team: Team, options: Options) -> None:
    """Look whether the team's credits could pay for the least that `options` may mean, before a photo is
    even fetched. Raises InsufficientCreditsError. The ledger decides; this only spares the work."""
    own = balance(team.pk, at=timezone.now())
    pricing.choose(options.size, (1, 1), total=own.total, free_preview_amount=own.free_preview_amount)


def may_be_answered_again(team: Team, repeat_id: str) -> bool:
    """Whether something under this id may be answered without paying anew: it was paid and its time is not
    over, or its credits are held at this moment. One look-up."""
    hold = Hold.objects.filter(account_id=team.pk, request_id=_hold_id(repeat_id)).first()
    if hold is None:
        return False
    return hold.state == HoldState.OPEN or (hold.state == HoldState.CAPTURED and not _is_over(hold))


def remove_background(request: Request) -> Removal:
    """Cut the subject out and charge for it: once, and only when there is a result.

    Raises PhotoError and OptionError for what cannot be used, RateLimitError, InsufficientCreditsError,
    KeyLimitError, KeyRefusedError, QueueFullError, NoForegroundError, IdReusedError, RequestRunningError,
    RequestOverError, ClientGoneError; nothing is charged then.
    """
    header = _checked(request)
    rate.take(request.team.pk, rate.cost(header.width, header.height) - request.megapixels_counted)
    hold_id = f"asked:{uuid.uuid4()}" if request.repeat_id is None else _hold_id(request.repeat_id)
    with _only_one(request.team.pk, hold_id):
        with telemetry.span("hold"):
            choice, held = _held(request, header, hold_id)
        structlog.contextvars.bind_contextvars(hold_id=hold_id)
        if held.state == HoldState.CAPTURED:
            return Removal(_run(request, choice), choice, _paid(held), is_repeated=True)
        return _run_and_capture(request, choice, hold_id)


def _checked(request: Request) -> Header:
    """What the photo's header says; all that can be refused without decoding is refused here."""
    header = probe(request.photo, request.limits)
    if request.options.roi is not None:
        request.options.roi.box(header.width, header.height)
    if request.options.box is not None:
        request.options.box.box(header.width, header.height, parameter="box")
    return header


@contextlib.contextmanager
def _only_one(team_id: int, hold_id: str) -> Iterator[None]:
    """At any time this process works once on a hold."""
    name = (team_id, hold_id)
    with _running_lock:
        if name in _running:
            raise RequestRunningError("This very request is being worked on.", retry_after_s=2)
        _running.add(name)
    try:
        yield
    finally:
        with _running_lock:
            _running.discard(name)


def _held(request: Request, header: Header, hold_id: str) -> tuple[Choice, Held]:
    """The size, and the credits for it, set aside; or the hold of an earlier, finished request."""
    content_hash = _content_hash(request)
    earlier = None
    if request.repeat_id is not None:
        # Any other id was made for this request, so nobody has asked under it before.
        earlier = Hold.objects.filter(account_id=request.team.pk, request_id=hold_id).first()
    if earlier is not None and earlier.content_hash == content_hash:
        if earlier.state == HoldState.CAPTURED:
            return _repeated(earlier, content_hash)
        if earlier.state == HoldState.OPEN:
            # Nobody here works on it, so whoever did has died. It begins anew, with its whole time.
            with contextlib.suppress(HoldError):
                ledger.release(request.team.pk, hold_id, now=timezone.now())
    return _hold_what_suffices(request, header, hold_id, content_hash)


def _hold_id(repeat_id: str) -> str:
    return f"repeat:{repeat_id}"


def _is_over(captured: Hold) -> bool:
    """Whether the time in which this may be answered again has passed."""
    ended_at = captured.ended_at
    return ended_at is None or timezone.now() >= ended_at + timedelta(seconds=settings.RETENTION_S)


def _repeated(earlier: Hold, content_hash: str) -> tuple[Choice, Held]:
    if _is_over(earlier):
        raise RequestOverError("The time in which this request may be repeated is over.")
    held = ledger.hold(
        earlier.account_id, earlier.request_id, earlier.amount, content_hash=content_hash, now=timezone.now()
    )
    size, _, reason = earlier.size.partition(" ")
    return pricing.priced(size, Reason(reason)), held  # type: ignore[arg-type]


def _hold_what_suffices(
    request: Request, header: Header, hold_id: str, content_hash: str
) -> tuple[Choice, Held]:
    """Between looking at the balance and holding, another request may have spent it: for `auto` the smaller
    size is tried then."""
    if request.options.size != "auto":
        # The ledger looks for itself whether the credits suffice.
        choice = pricing.priced(request.options.size)
        return choice, _hold(request, choice, hold_id, content_hash)
    own = balance(request.team.pk, at=timezone.now())
    choice = pricing.choose(
        request.options.size,
        (header.width, header.height),
        total=own.total,
        free_preview_amount=own.free_preview_amount,
    )
    try:
        return choice, _hold(request, choice, hold_id, content_hash)
    except InsufficientCreditsError:
        if choice.reason is not Reason.LARGEST:
            raise
        smaller = pricing.priced("preview", Reason.CREDITS_SHORT)
        return smaller, _hold(request, smaller, hold_id, content_hash)


def _hold(request: Request, choice: Choice, hold_id: str, content_hash: str) -> Held:
    return ledger.hold(
        request.team.pk,
        hold_id,
        choice.amount,
        content_hash=content_hash,
        now=timezone.now(),
        preview=choice.is_preview,
        # The reason as well, so that a repeated request is answered in the same words.
        size=f"{choice.size} {choice.reason}",
        key=request.key,
    )


def _run_and_capture(request: Request, choice: Choice, hold_id: str) -> Removal:
    try:
        result = _run(request, choice)
        if request.is_gone():
            raise ClientGoneError("Whoever asked for this photo has hung up.")
        with telemetry.span("capture"):
            held = _captured(request, choice, hold_id)
    except BaseException:
        # A hold that is no longer open needs no release; and the first error is the one to tell.
        with telemetry.span("release"), contextlib.suppress(HoldError):
            ledger.release(request.team.pk, hold_id, now=timezone.now())
        raise
    for source, amount in held.charged:
        metrics.CREDITS.labels(source).inc(amount / 100)
    return Removal(result, choice, _paid(held), is_repeated=False)


def _run(request: Request, choice: Choice) -> Finished:
    if connection.vendor == "postgresql" and not connection.in_atomic_block:
        # While a photo waits its turn, its thread needs no connection: they are few.
        connection.close()
    work = Work(
        request.photo,
        replace(request.options, size=choice.size),
        request.limits,
        request.png_pixels_max,
    )
    result = runner().run(work, team_id=request.team.pk, is_gone=request.is_gone)
    for step, taken_s in result.steps_s.items():
        metrics.STEP_SECONDS.labels(step).observe(taken_s)
    for note in result.notes:
        metrics.DEGRADED.labels(note.code).inc()
    metrics.CUT_OUTS.labels("api").inc()
    metrics.REMOVALS.labels(choice.size, result.format).inc()
    return result


def _captured(request: Request, choice: Choice, hold_id: str) -> Held:
    try:
        return ledger.capture(request.team.pk, hold_id, now=timezone.now())
    except HoldCapturedError:
        # Another process has answered the same request meanwhile: it is paid, and paid once.
        return _hold(request, choice, hold_id, _content_hash(request))
    except HoldLapsedError:
        log.warning("the work took longer than its hold", hold_id=hold_id)
        _hold(request, choice, hold_id, _content_hash(request))
        return ledger.capture(request.team.pk, hold_id, now=timezone.now())


def _paid(held: Held) -> int:
    return sum(amount for source, amount in held.charged if source is not Source.FREE_PREVIEW)


def _content_hash(request: Request) -> str:
    """Stands for the photo and all that is asked: the same means the same answer."""
    digest = hashlib.sha256(request.photo)
    background = request.options.bg_image
    digest.update(repr(replace(request.options, bg_image=None)).encode())
    digest.update(b"" if background is None else hashlib.sha256(background).digest())
    return digest.hexdigest()
