"""Tags and filters of the website's pages: money, presets, the finished legal pages."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from django import template
from django.core.cache import cache
from django.db import DatabaseError
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.translation import gettext

from offcut.server.website.pages.legal import LINKS_CACHE_KEY, linked_kinds
from offcut.server.website.pages.use_cases import USE_CASES, presets

register = template.Library()
_LINKS_S = 60


@register.filter
def as_money(price: int, currency: str) -> str:
    """Write a price (1/100 of money) in the reader's language: 1,234.50 USD."""
    return f"{number_format(Decimal(price) / 100, 2, use_l10n=True, force_grouping=True)}\u00a0{currency}"


@register.filter
def in_words(sentence: str) -> str:
    """A sentence of the OpenAPI document in the reader's language.

    `{% translate %}` would look for it with its per cent signs doubled, and not find it.
    """
    return gettext(sentence) if sentence else ""


@register.simple_tag
def preset_settings(name: str | None) -> str:
    """The settings of a preset as JSON, for a hidden field of the upload form; "" for no such preset."""
    preset = presets().get(name or "")
    return "" if preset is None else json.dumps(preset.settings, separators=(",", ":"))


@register.simple_tag
def preset_title(name: str | None) -> str:
    """What a preset does, in words; "" for no such preset."""
    preset = presets().get(name or "")
    return "" if preset is None else str(preset.title)


@register.simple_tag
def look_title(settings: dict[str, Any] | None) -> str:
    """What the preset with these settings does, in words; "" where they are no preset's. A shadow may have
    been added."""
    asked = _without_shadow(settings or {})
    return next((str(one.title) for one in presets().values() if _without_shadow(one.settings) == asked), "")


def _without_shadow(settings: dict[str, Any]) -> dict[str, Any]:
    return {part: value for part, value in settings.items() if part != "shadow"}


@register.simple_tag
def use_case_links() -> list[dict[str, Any]]:
    """The pages of uses, for menus."""
    return [{"title": one.title, "address": reverse("pages:use_case", args=[one.slug])} for one in USE_CASES]


@register.simple_tag(takes_context=True)
def legal_links(context: dict[str, Any]) -> list[dict[str, Any]]:
    """The legal pages that can be shown to everybody, for menus; for an owner also those still to be written,
    with `is_draft`."""
    from offcut.server.website.pages.models import LegalKind

    try:
        kinds = cache.get_or_set(LINKS_CACHE_KEY, lambda: [str(kind) for kind in linked_kinds()], _LINKS_S)
    except DatabaseError:
        # The page that says that something is out of order has these links too.
        return []
    is_owner = getattr(context.get("user"), "is_superuser", False)
    return [
        {"title": kind.label, "address": reverse("pages:legal", args=[kind]), "is_draft": kind not in kinds}
        for kind in LegalKind
        if is_owner or kind in kinds
    ]
