"""The live parts of articles: numbers that settings, rules and plans say, and the reader's own.

A value is a piece of a sentence, a block stands alone. Nothing that can change is typed into an article.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, TypeAlias

from django.conf import settings
from django.http import HttpRequest
from django.template.loader import render_to_string

from offcut.engine.options import PIXELS_MAX
from offcut.server.accounts.keys import KEYS_MAX
from offcut.server.credits import rules
from offcut.server.removals import images
from offcut.server.removals.improvement import QUOTA_A_DAY
from offcut.server.website.help import own_numbers, price_list
from offcut.server.website.help.amounts import credit_count, megapixels
from offcut.server.website.help.wording import Words

API_PNG_PIXELS_MAX = 10_000_000
"""A limit of the v1.0 wire; `server.api.wire` is not for this layer to import, so a test compares the two."""

Value: TypeAlias = Callable[[Words], str]
Block: TypeAlias = Callable[[HttpRequest, Words], dict[str, Any]]

VALUES: Mapping[str, Value] = MappingProxyType(
    {
        "address": lambda _: settings.PUBLIC_URL,
        "api-png-pixels": lambda words: megapixels(API_PNG_PIXELS_MAX, words),
        "expiry-warning": lambda words: words.counted("day", rules.EXPIRY_WARNING.days),
        "file-size": lambda words: words.counted("megabyte", images.LIMITS.bytes_max // 1024**2),
        "free-previews": lambda words: words.counted("preview", settings.FREE_PREVIEWS),
        "full-price": lambda words: credit_count(rules.FULL_AMOUNT, words),
        "gift": lambda words: words.counted("credit", settings.GIFT_CREDITS),
        "idempotency-time": lambda words: words.duration(settings.RETENTION_S),
        "invitation-days": lambda words: words.counted("day", settings.CONFIGURATION.invitation_days),
        "keys-max": lambda words: words.counted("key", KEYS_MAX),
        "photo-pixels": lambda words: megapixels(images.LIMITS.pixels_max, words),
        "photo-side": lambda words: words.counted("pixel", images.LIMITS.side_px_min),
        "preview-pixels": lambda words: megapixels(PIXELS_MAX["preview"], words),
        "preview-price": lambda words: credit_count(rules.PREVIEW_AMOUNT, words),
        "rate-limit": lambda words: words.counted("megapixel", settings.RATE_LIMIT),
        "refund-days": lambda words: words.counted("day", rules.REFUND_DAYS),
        "refund-decision-days": lambda words: words.counted("day", rules.REFUND_DECISION_DAYS),
        "refund-images": lambda words: words.counted("photo", rules.REFUND_IMAGE_COUNT),
        "retention": lambda words: words.duration(images.retention_s()),
        "submissions": lambda words: words.counted("photo", QUOTA_A_DAY),
        "threshold": lambda words: words.say("percent", number=str(rules.THRESHOLD_PERCENT)),
    }
)


def _sizes(_request: HttpRequest, words: Words) -> dict[str, Any]:
    rows = []
    for size, pixels in PIXELS_MAX.items():
        if size != "auto":
            price = rules.PREVIEW_AMOUNT if size == "preview" else rules.FULL_AMOUNT
            rows.append((size, megapixels(pixels, words), credit_count(price, words)))
    return {"table": price_list.table(("size", "at_most", "price_api"), rows, words)}


BLOCKS: Mapping[str, tuple[str, Block]] = MappingProxyType(
    {
        "own-balance": ("help/live/balance.html", own_numbers.balance_context),
        "own-numbers": ("help/live/balance.html", own_numbers.advice_context),
        "price-list": ("help/live/price_list.html", price_list.context),
        "sizes": ("help/live/table.html", _sizes),
    }
)
"""For each block its template, and what fills it."""


def value(name: str, words: Words) -> str:
    """Return a live value as text."""
    return VALUES[name](words)


def block(name: str, request: HttpRequest, words: Words) -> str:
    """Return a live block as HTML."""
    template, context = BLOCKS[name]
    return render_to_string(template, context(request, words), request=request)
