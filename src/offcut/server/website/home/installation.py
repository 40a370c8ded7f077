"""What makes the website installable: manifest, service worker, offline page, share target."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import get_language, gettext, override
from django.views.decorators.cache import cache_control
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

_WORKER = Path(__file__).parent / "worker" / "sw.js"
PHOTO_TYPES = {
    "image/jpeg": [".jpg", ".jpeg"],
    "image/png": [".png"],
    "image/webp": [".webp"],
    "image/heic": [".heic"],
    "image/heif": [".heif"],
    "image/avif": [".avif"],
    "image/tiff": [".tif", ".tiff"],
}
"""What an installed Offcut offers to open."""

KEPT = ("offcut/style.css", "offcut/icon.svg", "home/home.css", "home/offline.js")
"""Static files that the offline page needs."""


@require_GET
@cache_control(max_age=3600, public=True)
def manifest(_request: HttpRequest) -> JsonResponse:
    """The web-app manifest in the language of its address."""
    start = reverse("home:home")
    answer = {
        "id": "/",
        "name": gettext("Offcut: remove backgrounds"),
        "short_name": "Offcut",
        "description": gettext("Drop a photo, get the cut-out."),
        "lang": get_language(),
        "dir": "ltr",
        "start_url": start,
        "scope": "/",
        "display": "standalone",
        "background_color": "#ffffff",
        "theme_color": "#0a6650",
        "categories": ["photo", "graphics", "productivity"],
        "icons": _icons(),
        "share_target": {
            "action": reverse("home_root:share"),
            "method": "POST",
            "enctype": "multipart/form-data",
            "params": {
                "title": "title",
                "text": "text",
                "url": "url",
                "files": [{"name": "photo", "accept": ["image/*"]}],
            },
        },
        "file_handlers": [{"action": start, "accept": PHOTO_TYPES}],
        "launch_handler": {"client_mode": ["navigate-new", "auto"]},
    }
    return JsonResponse(answer, content_type="application/manifest+json")


@require_GET
@cache_control(no_cache=True)
def service_worker(_request: HttpRequest) -> HttpResponse:
    """The service worker: our script with the addresses of this release before it."""
    languages = [code for code, _name in settings.LANGUAGES]
    pages = {}
    for language in languages:
        with override(language):
            pages[language] = {"offline": reverse("home:offline"), "home": reverse("home:home")}
    given = {
        "pages": pages,
        "language": settings.LANGUAGE_CODE,
        "share": reverse("home_root:share"),
        "static": settings.STATIC_URL,
        "kept": [static(name) for name in KEPT],
    }
    script = _WORKER.read_text(encoding="utf-8")
    version = hashlib.sha256((script + json.dumps(given, sort_keys=True)).encode()).hexdigest()[:12]
    text = f"self.OFFCUT = {json.dumps({**given, 'version': version})};\n{script}"
    return HttpResponse(text, content_type="text/javascript; charset=utf-8")


@require_GET
def offline(request: HttpRequest) -> HttpResponse:
    """The page that the service worker keeps for when there is no network; nothing on it is personal."""
    return render(request, "home/offline.html")


@csrf_exempt
@require_POST
def share(_request: HttpRequest) -> HttpResponse:
    """Where a phone's gallery sends a photo. The service worker takes it before it gets here.

    A share carries no token, so what does arrive, from a browser whose worker is not there yet or from
    another website, is not used: the front page asks to choose the photo again.
    """
    return HttpResponseRedirect(reverse("home:home") + "?shared=lost", status=303)


def _icons() -> list[dict[str, Any]]:
    drawn = [
        {
            "src": static(f"home/icon-{size}.png"),
            "sizes": f"{size}x{size}",
            "type": "image/png",
            "purpose": "any",
        }
        for size in (192, 512)
    ]
    maskable = {
        "src": static("home/icon-maskable-512.png"),
        "sizes": "512x512",
        "type": "image/png",
        "purpose": "maskable",
    }
    sharp = {"src": static("offcut/icon.svg"), "sizes": "any", "type": "image/svg+xml", "purpose": "any"}
    return [*drawn, maskable, sharp]
