"""Turning a delivery into a mail, in the person's language, as text and as HTML."""

from __future__ import annotations

import tomllib
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.core.signing import dumps
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.formats import date_format, number_format

from offcut.server.accounts.models import Team
from offcut.server.credits.amounts import credits_of
from offcut.server.credits.notices.kinds import ALWAYS_SENT
from offcut.server.credits.notices.models import Delivery, Notice
from offcut.server.credits.zones import zone_of

SALT = "notices.switch_off"


def mail_of(delivery: Delivery) -> EmailMultiAlternatives:
    """Return the mail of a delivery: subject, text, HTML, and headers that let mail programs fold repeats."""
    notice, person = delivery.notice, delivery.person
    language = person.language or settings.LANGUAGE_CODE
    words = words_of(language)
    with translation.override(language):
        values = _values(notice.team, notice.data)
        subject, paragraphs = told(notice, language)
        context = {name: text.format_map(values) for name, text in words["all"].items()}
        context |= {
            "subject": subject,
            "paragraphs": paragraphs,
            "language": language,
            "link": settings.PUBLIC_URL + reverse("dashboard:overview"),
            "switch_off_link": _switch_off_link(delivery),
        }
        text = render_to_string("notices/mail.txt", context)
        html = render_to_string("notices/mail.html", context)
    mail = EmailMultiAlternatives(subject, text, to=[person.email], headers=_headers(delivery))
    mail.attach_alternative(html, "text/html")
    return mail


def told(notice: Notice, language: str) -> tuple[str, list[str]]:
    """Return subject and paragraphs of a notice in `language`, which is the active one."""
    words = words_of(language)[notice.kind]
    values = _values(notice.team, notice.data)
    return words["subject"].format_map(values), [text.format_map(values) for text in words["text"]]


@cache
def words_of(language: str) -> dict[str, Any]:
    """Return the words of a language, such as "de" or "de-at"; English for one we have not."""
    folder = files("offcut.server.credits.notices") / "words"
    for name in (language.lower(), language.lower().split("-")[0], "en"):
        if name.isascii() and name.replace("-", "").isalpha() and (folder / f"{name}.toml").is_file():
            return tomllib.loads((folder / f"{name}.toml").read_text(encoding="utf-8"))
    raise FileNotFoundError("The English words are missing.")


def _values(team: Team, data: dict[str, Any]) -> dict[str, str]:
    values = {"team": team.name}
    for name, value in data.items():
        if name.endswith("_amount"):
            values[name.removesuffix("_amount")] = number_format(credits_of(value), use_l10n=True)
        elif name.endswith("_at"):
            moment = datetime.fromisoformat(value).astimezone(zone_of(team))
            values[name.removesuffix("_at")] = date_format(moment, "DATE_FORMAT", use_l10n=True)
        else:
            values[name] = str(value)
    return values


def _switch_off_link(delivery: Delivery) -> str:
    if delivery.notice.kind in ALWAYS_SENT:
        return ""
    token = dumps([delivery.person_id, delivery.notice.kind], salt=SALT)
    return settings.PUBLIC_URL + reverse("notices:switch_off", args=[token])


def _headers(delivery: Delivery) -> dict[str, str]:
    host = urlsplit(settings.PUBLIC_URL).hostname
    headers = {
        "Message-ID": f"<notice-{delivery.notice_id}-{delivery.person_id}@{host}>",
        "Auto-Submitted": "auto-generated",
    }
    link = _switch_off_link(delivery)
    if link:
        headers |= {"List-Unsubscribe": f"<{link}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    return headers
