"""The improvement programme: whether to be asked, what the team has given, and taking it back."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from offcut.server.accounts.models import Membership
from offcut.server.removals import improvement as programme
from offcut.server.removals.owners import Owner
from offcut.server.website.dashboard.access import area_page
from offcut.server.website.images.choice import remember_choice, remembered_choice

PHOTO_COUNT = 25


@area_page
def improvement(request: HttpRequest, own: Membership) -> HttpResponse:
    """The remembered choice, and what the team has given, newest first; POST changes the choice."""
    if request.method == "POST":
        remember_choice(request, request.POST.get("choice", ""))
        messages.success(request, _("Saved."))
        return redirect("dashboard:improvement")
    pages = Paginator(programme.submissions_of(Owner(own.team_id)), PHOTO_COUNT)
    context = {
        "own": own,
        "page": pages.get_page(request.GET.get("page")),
        "choice": remembered_choice(request),
    }
    return render(request, "dashboard/improvement.html", context)


@require_POST
@area_page
def take_back(request: HttpRequest, own: Membership, submission_id: UUID) -> HttpResponse:
    """Deletes a photo that was given."""
    team = Owner(own.team_id)
    given = get_object_or_404(programme.submissions_of(team), pk=submission_id)
    programme.take_back(given, by=team)
    messages.success(request, _("The photo is deleted. We no longer have it."))
    return redirect("dashboard:improvement")
