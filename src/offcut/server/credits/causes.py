"""What a write has to tell the team: it looks at an account before and after, and writes the notices."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Max

from offcut.server.credits import rules
from offcut.server.credits.models import Lot
from offcut.server.credits.notices import outbox
from offcut.server.credits.notices.kinds import NoticeKind
from offcut.server.credits.posting import Book
from offcut.server.credits.rules import Source


@dataclass(frozen=True, slots=True)
class Standing:
    """What the running period has spent, and what is left, held credits included, in 1/100 credit."""

    period_spent: int
    subscription_left: int
    other_left: int

    @property
    def is_past_threshold(self) -> bool:
        return rules.is_past_threshold(self.period_spent, self.subscription_left)


def standing(book: Book) -> Standing:
    """Return where the account of `book` stands now, with what the book has posted so far."""
    subscription = other = 0
    for lot in book.open_lots():
        if lot.source == Source.SUBSCRIPTION:
            subscription += lot.available + lot.held
        elif lot.source != Source.FREE_PREVIEW:
            other += lot.available + lot.held
    return Standing(book.account.period_spent, subscription, other)


def notice_use(book: Book, before: Standing) -> None:
    """Write the notice that a capture causes: the gravest one only, and each at most once for its cause."""
    after = standing(book)
    had, left = before.subscription_left + before.other_left, after.subscription_left + after.other_left
    period = f"period:{book.account.period_lot_id}"
    if had > 0 and left == 0:
        newest = Lot.objects.filter(account=book.account).exclude(source=Source.FREE_PREVIEW)
        cause = f"lot:{newest.aggregate(newest=Max('id'))['newest']}"
        outbox.write(book.account.pk, NoticeKind.EVERYTHING_USED_UP, cause, book.at)
    elif before.subscription_left > 0 and after.subscription_left == 0:
        outbox.write(
            book.account.pk, NoticeKind.SUBSCRIPTION_USED_UP, period, book.at, left_amount=after.other_left
        )
    elif after.is_past_threshold and not before.is_past_threshold:
        outbox.write(
            book.account.pk,
            NoticeKind.PERIOD_THRESHOLD,
            period,
            book.at,
            spent_amount=after.period_spent,
            left_amount=after.subscription_left,
        )


def notice_ending_lots(now: datetime) -> int:
    """Write a notice for every lot that ends within 14 days and has credits left; return how many are new.

    Credits of a subscription that goes on are no news: they roll over. Those of a cancelled one are.
    """
    soon = Lot.objects.filter(
        is_open=True, available__gt=0, expires_at__gt=now, expires_at__lte=now + rules.EXPIRY_WARNING
    ).exclude(source=Source.FREE_PREVIEW)
    running = soon.filter(source=Source.SUBSCRIPTION).exclude(
        account__subscriptions__state__in=("active", "past_due"),
        account__subscriptions__cancels_at_end=True,
    )
    return sum(_notice_ending(lot, now) for lot in soon.exclude(pk__in=running.values("pk")))


def _notice_ending(lot: Lot, now: datetime) -> bool:
    assert lot.expires_at is not None
    return outbox.write(
        lot.account_id,
        NoticeKind.LOT_EXPIRING,
        f"lot:{lot.pk}:{lot.expires_at.isoformat()}",
        now,
        left_amount=lot.available,
        ends_at=lot.expires_at,
    )
