"""What the full size of an image costs: one credit, once, as long as it is kept.

Held before the result is made and spent only when it is there, under one id an image: two clicks at the same
moment, two processes, a server that died in between: the ledger books it once.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator

import structlog
from django.utils import timezone

from offcut.errors import HoldCapturedError, HoldError, HoldLapsedError, HoldReleasedError, SignInNeededError
from offcut.server.credits import ledger
from offcut.server.credits.ledger import Held
from offcut.server.credits.models import HoldState
from offcut.server.credits.rules import FULL_AMOUNT
from offcut.server.removals import metrics
from offcut.server.removals.models import Image

log = structlog.get_logger(__name__)


def price(images: list[Image]) -> int:
    """What the full size of these images costs together, in 1/100 credit: the unpaid ones count."""
    return FULL_AMOUNT * sum(1 for image in images if not image.is_paid)


@contextlib.contextmanager
def paying(image: Image) -> Iterator[None]:
    """Around the making of the full size: hold, and capture when it is there; give back when it fails.

    Nothing happens for an image that is paid. Raises SignInNeededError for a visitor's image,
    InsufficientCreditsError, TeamSuspendedError.
    """
    if image.is_paid:
        yield
        return
    if image.team_id is None:
        raise SignInNeededError("The full size needs an account.")
    held = _hold(image)
    if held.state == HoldState.CAPTURED:
        # Paid by another request a moment ago.
        _write_down(image)
        yield
        return
    try:
        yield
        held = _captured(image)
    except BaseException:
        # Another request may be working under the same hold; whoever opened it gives it back.
        if not held.is_replay:
            with contextlib.suppress(HoldError):
                ledger.release(image.team_id, image.hold_id, now=timezone.now())
        raise
    _write_down(image)
    if held.state == HoldState.CAPTURED and not held.is_replay:
        for source, amount in held.charged:
            metrics.CREDITS.labels(source).inc(amount / 100)


def _captured(image: Image) -> Held:
    for _ in range(3):
        try:
            return ledger.capture(image.team_id, image.hold_id, now=timezone.now())
        except HoldCapturedError:
            return _hold(image)
        except (HoldLapsedError, HoldReleasedError):
            # It took longer than the hold, or the request that opened it has failed: held anew.
            log.info("an image's hold was over before its result", hold_id=image.hold_id)
            _hold(image)
    return ledger.capture(image.team_id, image.hold_id, now=timezone.now())


def _hold(image: Image) -> Held:
    return ledger.hold(
        image.team_id,
        image.hold_id,
        FULL_AMOUNT,
        content_hash=hashlib.sha256(image.hold_id.encode()).hexdigest(),
        now=timezone.now(),
        size="full website",
    )


def _write_down(image: Image) -> None:
    image.paid_at = timezone.now()
    Image.objects.filter(pk=image.pk, paid_at=None).update(paid_at=image.paid_at)
