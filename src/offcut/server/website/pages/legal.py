"""Legal pages: which text a reader gets, and with which words an owner begins.

Two pages say by themselves what the software does, whatever the owner writes: privacy and cookies. They can
be shown at once; the others when the owner has filled them in.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.template.loader import render_to_string
from django.utils import translation

from offcut.server.credits.rules import REFUND_DAYS, REFUND_DECISION_DAYS, REFUND_IMAGE_COUNT
from offcut.server.website.pages.letters import KEPT_DAYS
from offcut.server.website.pages.models import LegalKind, LegalText

WITH_FACTS = (LegalKind.PRIVACY, LegalKind.COOKIES)
LINKS_CACHE_KEY = "pages:legal-links"


@dataclass(frozen=True, slots=True)
class Found:
    """What there is to show. `text` "" : nothing finished. `language` is the one of the text."""

    text: str
    language: str


def linked_kinds() -> list[LegalKind]:
    """The pages that may be linked for everybody, in their usual order."""
    finished = set(LegalText.objects.filter(is_finished=True).values_list("kind", flat=True))
    return [kind for kind in LegalKind if kind in WITH_FACTS or kind in finished]


def finished_text(kind: LegalKind, language: str) -> Found:
    """The finished text in the reader's language, or in the website's own, or in any."""
    rows = {row.language: row for row in LegalText.objects.filter(kind=kind, is_finished=True)}
    for wanted in (language, settings.LANGUAGE_CODE, *sorted(rows)):
        if wanted in rows:
            return Found(rows[wanted].text, wanted)
    return Found("", "")


def starting_text(kind: str, language: str) -> str:
    """The words an owner begins with, in a language, with places to fill in. "" for a page that has none."""
    if kind not in LegalKind.values or language not in dict(settings.LANGUAGES):
        return ""
    with translation.override(language):
        return render_to_string(f"pages/legal/start_{kind}.md", facts()).strip() + "\n"


def facts() -> dict[str, Any]:
    """The numbers and names that legal texts speak of."""
    return {
        "public_url": settings.PUBLIC_URL,
        "session_cookie": settings.SESSION_COOKIE_NAME,
        "csrf_cookie": settings.CSRF_COOKIE_NAME,
        "session_days": settings.SESSION_COOKIE_AGE // 86_400,
        # In hours where they are whole, else in minutes.
        "retention_hours": settings.RETENTION_S // 3600 if settings.RETENTION_S % 3600 == 0 else 0,
        "retention_minutes": max(1, settings.RETENTION_S // 60),
        "letter_days": KEPT_DAYS,
        "refund_days": REFUND_DAYS,
        "refund_images": REFUND_IMAGE_COUNT,
        "refund_decision_days": REFUND_DECISION_DAYS,
    }


def forget_links() -> None:
    """Have the menus look again which pages there are."""
    cache.delete(LINKS_CACHE_KEY)
