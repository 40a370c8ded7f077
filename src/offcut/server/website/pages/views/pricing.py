"""The price page and the mix for a number of images."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from offcut.server.website.pages.cheapest import IMAGES_MAX
from offcut.server.website.pages.prices import PriceList, price_list

IMAGES_FIRST = 100
STOPS = (
    1, 2, 3, 5, 8, 10, 15, 20, 30, 40, 50, 75, 100, 150, 200, 250, 300, 400, 500, 750, 1000, 1250, 1500, 2000,
    2500, 3000, 4000, 5000, 7500, 10_000,
)  # fmt: skip
"""Where the slider stops; the box beside it takes every number."""


@require_safe
def pricing(request: HttpRequest) -> HttpResponse:
    """Prices, what a credit buys, and the cheapest mix for `?images=`."""
    offers = price_list(timezone.now())
    context = {
        "offers": offers,
        "gift_credits": settings.GIFT_CREDITS,
        "free_previews": settings.FREE_PREVIEWS,
        "retention_s": settings.RETENTION_S,
        "stops": STOPS,
        "words": {
            "images": _("{count} images a month"),
            "lost": _("The price could not be worked out. Try again."),
        },
        **_mix(request, offers),
    }
    return render(request, "pages/pricing.html", context)


@require_safe
def mix(request: HttpRequest) -> HttpResponse:
    """The part of the price page that changes with `?images=`."""
    offers = price_list(timezone.now())
    return render(request, "pages/pricing_mix.html", {"offers": offers, **_mix(request, offers)})


def _mix(request: HttpRequest, offers: PriceList) -> dict[str, Any]:
    asked = request.GET.get("images", "").strip()
    number = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 10 else 0
    is_wrong = bool(asked) and not 1 <= number <= IMAGES_MAX
    images = IMAGES_FIRST if not asked else min(max(number, 1), IMAGES_MAX)
    found = None if offers.is_empty or is_wrong else offers.mix(images)
    return {
        "images": images,
        "images_max": IMAGES_MAX,
        "is_wrong": is_wrong,
        "mix": found,
        "parts": offers.parts(found) if found else [],
        # A hundred images, because one often costs less than the smallest coin.
        "hundred_price": -(-found.month_price * 100 // images) if found else 0,
    }
