"""The pages of uses."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from offcut.server.website.pages.use_cases import USE_CASES
from offcut.server.website.pages.use_cases import use_case as find_use_case


@require_safe
def use_case(request: HttpRequest, slug: str) -> HttpResponse:
    """What Offcut does for these people, and their presets."""
    found = find_use_case(slug)
    if found is None:
        raise Http404
    others = [one for one in USE_CASES if one is not found]
    return render(request, found.template, {"use": found, "others": others})
