"""Letters from the contact form: mailed to the owners by the worker, forgotten some time after the answer."""

from __future__ import annotations

from datetime import datetime, timedelta
from smtplib import SMTPException
from typing import Any

import structlog
from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.urls import reverse

from offcut.server.accounts.models import Person
from offcut.server.website.pages.models import Letter, LetterState

KEPT_DAYS = 180
"""How long a letter stays after it was closed."""
CLAIM = timedelta(minutes=5)
WAITS = [timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 480, 1440)]
"""How long to wait after each failed attempt. After the last one it is only in the operator's list."""

log = structlog.get_logger(__name__)


def mail_due(now: datetime) -> int:
    """Mail to the owners what has not been mailed; returns how many letters went out."""
    due = Letter.objects.filter(mail_due_at__lte=now, state=LetterState.OPEN).order_by("mail_due_at", "id")
    return sum(_mail(letter, now) for letter in due[:100])


def forget_closed(now: datetime) -> None:
    """Delete letters that were answered, or thrown away, long ago."""
    Letter.objects.filter(closed_at__lt=now - timedelta(days=KEPT_DAYS)).delete()


def letters_of(person: Person) -> list[dict[str, Any]]:
    """What a person wrote, for the export of their data."""
    rows = Letter.objects.filter(person=person).order_by("id")
    return list(rows.values("name", "email", "topic", "text", "written_at", "state"))


def owner_addresses() -> list[str]:
    """Where mails to the owners go."""
    owners = Person.objects.filter(is_superuser=True, is_active=True).order_by("id")
    return list(owners.values_list("email", flat=True)) or [settings.CONFIGURATION.owner_email]


def _mail(letter: Letter, now: datetime) -> bool:
    claimed = Letter.objects.filter(pk=letter.pk, mail_due_at=letter.mail_due_at).update(
        mail_due_at=now + CLAIM, mail_attempts=letter.mail_attempts + 1
    )
    if not claimed:
        return False
    try:
        _message(letter).send()
    except (SMTPException, OSError) as problem:
        attempts = letter.mail_attempts + 1
        later = now + WAITS[attempts - 1] if attempts <= len(WAITS) else None
        Letter.objects.filter(pk=letter.pk).update(mail_due_at=later)
        log.warning("a letter could not be mailed", letter=letter.pk, problem=type(problem).__name__)
        return False
    Letter.objects.filter(pk=letter.pk).update(mail_due_at=None, mailed_at=now)
    return True


def _message(letter: Letter) -> EmailMessage:
    link = settings.PUBLIC_URL + reverse("admin:pages_letter_change", args=[letter.pk])
    context = {"letter": letter, "link": link}
    subject = " ".join(render_to_string("pages/mail/letter_subject.txt", context).split())
    body = render_to_string("pages/mail/letter.txt", context)
    return EmailMessage(subject, body, to=owner_addresses(), reply_to=[letter.email])
