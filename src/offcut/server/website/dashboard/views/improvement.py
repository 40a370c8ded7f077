"""The improvement programme: whether to be asked, what the team has given, and taking it back."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from offcut.server.accounts.models import Membership, Person
from offcut.server.removals import improvement as programme
from offcut.server.website.dashboard.access import area_page

PHOTO_COUNT = 25
CHOICE = "contribution"
"""Where the session keeps “yes” or “no” for whoever does not want to be asked after each result; the page of
an image writes and reads it too."""


@area_page
def improvement(request: HttpRequest, own: Membership) -> HttpResponse:
    """The remembered choice, and what the team has given, newest first; POST changes the choice."""
    if request.method == "POST":
        _remember(request, request.POST.get("choice", ""))
        messages.success(request, _("Saved."))
        return redirect("dashboard:improvement")
    pages = Paginator(programme.submissions_of(own.team), PHOTO_COUNT)
    context = {
        "own": own,
        "page": pages.get_page(request.GET.get("page")),
        "choice": request.session.get(CHOICE, ""),
    }
    return render(request, "dashboard/improvement.html", context)


@require_POST
@area_page
def take_back(request: HttpRequest, own: Membership, submission_id: UUID) -> HttpResponse:
    """Deletes a photo that was given."""
    given = get_object_or_404(programme.submissions_of(own.team), pk=submission_id)
    person = Person.objects.get(pk=request.user.pk)
    programme.take_back(given, by=person)
    messages.success(request, _("The photo is deleted. We no longer have it."))
    return redirect("dashboard:improvement")


def _remember(request: HttpRequest, choice: str) -> None:
    if choice in ("yes", "no"):
        request.session[CHOICE] = choice
    else:
        request.session.pop(CHOICE, None)
