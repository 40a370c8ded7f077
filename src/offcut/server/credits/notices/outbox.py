"""Writing notices, and reading them on the team's pages."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from offcut.errors import OptionError
from offcut.server.accounts.models import Person
from offcut.server.credits.notices.kinds import ALWAYS_SENT, NoticeKind
from offcut.server.credits.notices.models import Delivery, Notice, Switch


def write(team_id: int, kind: NoticeKind, cause: str, now: datetime, **data: Any) -> bool:
    """Write a notice in the caller's transaction. Returns False when this cause has been told before.

    `data` is what the words need: amounts (in 1/100 credit) under names that end in `_amount`, moments
    under names that end in `_at`, text under any other.
    """
    stored = {
        name: value.isoformat() if isinstance(value, datetime) else value for name, value in data.items()
    }
    _, is_new = Notice.objects.get_or_create(
        team_id=team_id, kind=kind, cause=cause, defaults={"data": stored, "caused_at": now}
    )
    return is_new


def unshown(person: Person, team_id: int) -> list[Notice]:
    """Return the notices of a team that the website has not shown to the person yet, oldest first."""
    rows = Delivery.objects.filter(person=person, notice__team_id=team_id, shown_at=None)
    return [row.notice for row in rows.select_related("notice").order_by("notice_id")]


def mark_shown(person: Person, notice_ids: list[int], now: datetime) -> int:
    """Remember that the person has seen these notices; return how many were new to them."""
    rows = Delivery.objects.filter(person=person, notice_id__in=notice_ids, shown_at=None)
    return rows.update(shown_at=now)


def switch(person: Person, kind: NoticeKind, *, on: bool) -> None:
    """Switch mails of a kind on or off for a person. Raises OptionError for a kind that is always sent."""
    if kind in ALWAYS_SENT and not on:
        raise OptionError("kind", "Mails about a failed payment cannot be switched off.")
    if on:
        Switch.objects.filter(person=person, kind=kind).delete()
    else:
        Switch.objects.get_or_create(person=person, kind=kind)


def switched_off(person: Person) -> set[str]:
    """Return the kinds of mails a person does not want."""
    return set(Switch.objects.filter(person=person).values_list("kind", flat=True))
