"""The pages for programmers: tools, the API, coming from remove.bg, and the key of the try-it form."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from offcut.errors import NotAllowedError
from offcut.server.accounts.current_team import current_membership
from offcut.server.accounts.keys import make_key, revoke_key
from offcut.server.accounts.models import Person
from offcut.server.accounts.views.access import refuse_acting
from offcut.server.website.pages import documents, parameters

TRY_KEY_NAME = "API page (one hour)"
TRY_KEY_LIFE = timedelta(hours=1)
TRY_KEY_CREDITS = 10
"""Most credits that a key of the form may spend."""

_FIRST_FIELDS = ("size", "format", "bg_color")


@require_safe
def tools(request: HttpRequest) -> HttpResponse:
    """Every way to use Offcut."""
    return render(request, "pages/tools.html", {"address": settings.PUBLIC_URL})


@require_safe
def api(request: HttpRequest) -> HttpResponse:
    """The API: samples, the form to try it, every parameter, errors."""
    found = documents.document(documents.API, get_language() or "en")
    fields = [one for one in parameters.parameters() if not one.name.startswith(("image_", "bg_image"))]
    first = [one for one in fields if one.name in _FIRST_FIELDS]
    context = {
        "document": found,
        "sections": [section for section in found.sections if section.title],
        "intro": found.sections[0].html if not found.sections[0].title else "",
        "samples": documents.samples(),
        "endpoints": parameters.endpoints(),
        "parameters": parameters.parameters(),
        "headers": parameters.result_headers(),
        "codes": parameters.error_codes(),
        "first_fields": first,
        "more_fields": [one for one in fields if one not in first],
        "rate_limit": settings.RATE_LIMIT,
        "address": settings.PUBLIC_URL,
        "words": _try_words(),
    }
    return render(request, "pages/api.html", context)


@require_safe
def coming_from_remove_bg(request: HttpRequest) -> HttpResponse:
    """What changes for those who called remove.bg's API: the address."""
    found = documents.document(documents.COMING_FROM, get_language() or "en")
    return render(request, "pages/coming_from_remove_bg.html", {"document": found})


@login_required
@require_POST
def try_key(request: HttpRequest) -> HttpResponse:
    """A key of the person's team for the form on the API page: for an hour, for a few credits.

    The one made before is switched off, so that a person never has two.
    """
    membership = current_membership(request)
    try:
        refuse_acting(request)
        if membership is None:
            raise NotAllowedError("You are in no team.", hint="Make one first.")
        person = Person.objects.get(pk=request.user.pk)
        for old in membership.team.keys.filter(person=person, name=TRY_KEY_NAME, revoked_at=None):
            revoke_key(old, by=person)
        _key, token = make_key(
            membership.team,
            TRY_KEY_NAME,
            by=person,
            expires_at=timezone.now() + TRY_KEY_LIFE,
            monthly_limit_credits=TRY_KEY_CREDITS,
        )
    except NotAllowedError as error:
        said = {"code": error.code, "message": str(error), "hint": error.hint}
        return JsonResponse({"error": said}, status=403)
    answer = JsonResponse({"key": token})
    answer["Cache-Control"] = "no-store"
    return answer


def _try_words() -> dict[str, str]:
    return {
        "copy": _("Copy"),
        "copied": _("Copied"),
        "working": _("Working…"),
        "no_photo": _("Choose a photo first."),
        "no_key": _("Type an API key first."),
        "no_answer": _("No answer came: is the network there?"),
        "answered": _("Status {status}, {bytes} bytes, {seconds} s"),
        "result": _("The result"),
    }
