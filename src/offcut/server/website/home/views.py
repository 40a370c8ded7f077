"""The front page, and our sample photos for whoever has none at hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_POST, require_safe

from offcut.errors import OffcutError
from offcut.server.removals import feeding, images
from offcut.server.website.images.access import owner_of

_PHOTOS = Path(__file__).parent / "static" / "home" / "samples"
SAMPLES = ("mug", "dandelion", "plant", "car")


@require_safe
@ensure_csrf_cookie
def home(request: HttpRequest) -> HttpResponse:
    """Drop a photo, get the cut-out."""
    context = {
        "samples": _samples(),
        "links": _links(),
        "card": request.build_absolute_uri(static("home/card.jpg")),
        "address": request.build_absolute_uri(reverse("home:home")),
        "preset": request.GET.get("preset", ""),
        "share_lost": request.GET.get("shared") == "lost",
    }
    return render(request, "home/home.html", context)


@require_POST
def sample(request: HttpRequest, name: str) -> HttpResponse:
    """Cut out one of our photos, for browsers without scripts."""
    if name not in SAMPLES:
        raise Http404("There is no such sample.")
    try:
        photo = (_PHOTOS / f"{name}.jpg").read_bytes()
        image = images.receive(owner_of(request, is_new=True), photo, name=f"{name}.jpg")
    except OffcutError as error:
        return render(request, "home/refused.html", {"hint": error.hint}, status=503)
    feeding.wake()
    return redirect("images:image", image_id=image.pk)


def _samples() -> list[dict[str, str]]:
    titles = {
        "mug": _("Mug with a handle"),
        "dandelion": _("Dandelion with fine hairs"),
        "plant": _("Plant with thin stems"),
        "car": _("Toy car"),
    }
    return [
        {
            "name": name,
            "title": titles[name],
            "photo": static(f"home/samples/{name}.jpg"),
            "small": static(f"home/samples/{name}-small.webp"),
            "before": static(f"home/samples/{name}-before.webp"),
            "after": static(f"home/samples/{name}-after.webp"),
            "action": reverse("home:sample", kwargs={"name": name}),
        }
        for name in SAMPLES
    ]


def _links() -> list[dict[str, Any]]:
    """Where to read on; only what is installed."""
    wanted = [
        (
            ("pages:use_case", "e-commerce"),
            _("What people use it for"),
            _("Shops, photographers, car dealers, press."),
            "images",
        ),
        (
            ("pages:tools",),
            _("API and tools"),
            _("One call from your program, or a whole folder from a terminal."),
            "link",
        ),
        (("pages:pricing",), _("Pricing"), _("Previews are free. Full size is 1 credit."), "credit"),
        (("help:home",), _("Help"), _("Which photos work best, and what to do when one does not."), "info"),
    ]
    found = []
    for (name, *words), title, text, icon in wanted:
        try:
            found.append({"url": reverse(name, args=words), "title": title, "text": text, "icon": icon})
        except NoReverseMatch:
            continue
    return found
