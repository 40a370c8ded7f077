"""The result and the batch as parts of a page, for every app that shows one."""

from __future__ import annotations

from typing import Any

from django import template
from django.urls import reverse
from django.utils import timezone

from offcut.server.credits.amounts import credits_of
from offcut.server.credits.statement import balance
from offcut.server.removals import images
from offcut.server.website.home.words import batch_words, result_words

register = template.Library()

FORMATS = ("png", "jpg", "webp", "zip", "psd")
ZIP_FORMATS = ("png", "jpg", "webp")


@register.inclusion_tag("home/result.html", takes_context=True)
def result_view(context: dict[str, Any], image: dict[str, Any] | None = None) -> dict[str, Any]:
    """The result of one photo, hidden until its script shows it. `image` is the Image JSON, if there is."""
    return {**_shared(context), "image": image, "words": result_words(), "data": _data(context)}


@register.inclusion_tag("home/batch.html", takes_context=True)
def batch_view(context: dict[str, Any], batch: dict[str, Any] | None = None) -> dict[str, Any]:
    """Many photos, hidden until the script shows them. `batch` is the batch JSON, if there is one."""
    words = {**result_words(), **batch_words()}
    preset = context.get("preset", "")
    return {**_shared(context), "batch": batch, "preset": preset, "words": words, "data": _data(context)}


def _shared(context: dict[str, Any]) -> dict[str, Any]:
    return {
        "csrf_token": context.get("csrf_token"),
        "request": context["request"],
        "formats": FORMATS,
        "zip_formats": ZIP_FORMATS,
        "user": context.get("user"),
    }


def _data(context: dict[str, Any]) -> dict[str, Any]:
    """What the scripts have to know of the person and of this installation."""
    membership = context.get("membership")
    credit_count = None
    if membership:
        credit_count = float(credits_of(balance(membership.team_id, at=timezone.now()).total))
    return {
        "signed_in": bool(getattr(context.get("user"), "is_authenticated", False)),
        "balance": credit_count,
        "sign_up": reverse("account_signup"),
        "sign_in": reverse("account_login"),
        "size_max": images.LIMITS.bytes_max,
        "retention_s": images.retention_s(),
    }
