"""Answers for machines: presets, the OpenAPI document, robots.txt, the sitemap, security.txt."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.contrib.sitemaps.views import sitemap as sitemap_view
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from offcut.server.website.pages import documents, use_cases
from offcut.server.website.pages.sitemap import all_sitemaps

_PRIVATE = ("/operator/", "/account/", "/team/", "/keys/", "/invitations/", "/notices/", "/v1.0/", "/metrics")
_PRIVATE_IN_LANGUAGES = ("images/", "batches/", "studio/", "history/", "dashboard/")


@require_safe
def presets(_request: HttpRequest) -> JsonResponse:
    """Every preset: `{"name": {"title": …, "settings": {…}}}`."""
    return JsonResponse(
        {
            name: {"title": str(preset.title), "settings": preset.settings}
            for name, preset in use_cases.presets().items()
        }
    )


@require_safe
def openapi(_request: HttpRequest) -> HttpResponse:
    """The OpenAPI document, as a file."""
    answer = HttpResponse(documents.openapi_text(), content_type="application/yaml; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="offcut-v1.yaml"'
    answer["Access-Control-Allow-Origin"] = "*"
    return answer


@require_safe
def robots(_request: HttpRequest) -> HttpResponse:
    """What search engines leave alone, and where the sitemap is."""
    private = [
        *_PRIVATE,
        *(f"/{code}/{part}" for code, _ in settings.LANGUAGES for part in _PRIVATE_IN_LANGUAGES),
    ]
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in private), ""]
    lines.append(f"Sitemap: {settings.PUBLIC_URL}{reverse('sitemap')}")
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")


@require_safe
def sitemap(request: HttpRequest) -> HttpResponse:
    """The sitemap of the whole website."""
    return sitemap_view(request, all_sitemaps())


@require_safe
def security(_request: HttpRequest) -> HttpResponse:
    """Where to report a hole (RFC 9116)."""
    expires = (timezone.now() + timedelta(days=180)).replace(microsecond=0)
    lines = [
        f"Contact: {settings.PUBLIC_URL}{reverse('pages:contact')}",
        f"Expires: {expires.isoformat().replace('+00:00', 'Z')}",
        f"Preferred-Languages: {', '.join(code for code, _ in settings.LANGUAGES)}",
        f"Canonical: {settings.PUBLIC_URL}{reverse('security')}",
    ]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")
