"""A team's pages: its people, their roles, its name, its end."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from offcut.server.accounts.current_team import choose_team
from offcut.server.accounts.forms import ApiImagesForm, InvitationForm, RoleForm, TeamForm
from offcut.server.accounts.invitations import open_invitations
from offcut.server.accounts.models import Membership, Person
from offcut.server.accounts.roles import Deed, Role, may, may_change
from offcut.server.accounts.teams import (
    change_role,
    close_team,
    keep_api_images,
    open_team,
    remove_member,
    rename_team,
)
from offcut.server.accounts.views.access import private_page, refuse_acting, team_page


@team_page
def people(request: HttpRequest, own: Membership) -> HttpResponse:
    """Members and open invitations of the current team."""
    members = own.team.memberships.select_related("person").order_by("joined_at", "id")
    context = {
        "own": own,
        "members": [_row(own, member) for member in members],
        "invitations": open_invitations(own.team),
        "may_invite": may(own.role, Deed.MANAGE_PEOPLE),
        "may_rename": may(own.role, Deed.MANAGE_TEAM),
        "may_close": may(own.role, Deed.MANAGE_OWNERS),
        "invitation_form": InvitationForm(own.role),
        "team_form": TeamForm(instance=own.team, auto_id="team_%s"),
        "api_images_form": ApiImagesForm({"hours": own.team.api_kept_h}, auto_id="api_images_%s"),
        "other_teams": Membership.objects.filter(person_id=own.person_id, team__closed_at=None)
        .exclude(team_id=own.team_id)
        .select_related("team"),
    }
    return render(request, "accounts/team.html", context)


@login_required
def new(request: HttpRequest) -> HttpResponse:
    """Makes another team."""
    form = TeamForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        person = _self(request)
        team = open_team(person, form.cleaned_data["name"], time_zone=settings.CONFIGURATION.time_zone)
        choose_team(request, team.memberships.get(person=person))
        return redirect("accounts:team")
    return render(request, "accounts/new_team.html", {"form": form})


@require_POST
@login_required
def switch(request: HttpRequest) -> HttpResponse:
    """Works in another of the person's teams from now on."""
    asked = request.POST.get("team", "")
    own = Membership.objects.filter(person_id=request.user.pk, team__closed_at=None)
    membership = get_object_or_404(own, team_id=int(asked) if asked.isdecimal() else 0)
    choose_team(request, membership)
    return redirect("accounts:team")


@require_POST
@team_page
def rename(request: HttpRequest, own: Membership) -> HttpResponse:
    """Gives the team another name."""
    form = TeamForm(request.POST)
    if form.is_valid():
        rename_team(own.team, form.cleaned_data["name"], by=_self(request))
        messages.success(request, _("Saved."))
    else:
        messages.error(request, _("A team needs a name of at most 100 letters."))
    return redirect("accounts:team")


@require_POST
@team_page
def api_images(request: HttpRequest, own: Membership) -> HttpResponse:
    """Says for how long photos that come by the API are kept."""
    form = ApiImagesForm(request.POST)
    if form.is_valid():
        keep_api_images(own.team, form.cleaned_data["hours"], by=_self(request))
        messages.success(request, _("Saved."))
    else:
        messages.error(request, _("Give a whole number of hours from 0 to 720."))
    return redirect("accounts:team")


@require_POST
@team_page
def role(request: HttpRequest, own: Membership, membership_id: int) -> HttpResponse:
    """Gives a member another role."""
    member = get_object_or_404(own.team.memberships, pk=membership_id)
    form = RoleForm(request.POST)
    if form.is_valid():
        change_role(member, Role(form.cleaned_data["role"]), by=_self(request))
        messages.success(request, _("Saved."))
    return redirect("accounts:team")


@require_POST
@team_page
def remove(request: HttpRequest, own: Membership, membership_id: int) -> HttpResponse:
    """Takes a member out; on oneself, leaves."""
    member = get_object_or_404(own.team.memberships, pk=membership_id)
    leaving = member.person_id == request.user.pk
    remove_member(member, by=_self(request))
    if leaving:
        messages.success(request, _("You have left %(team)s.") % {"team": own.team.name})
        return redirect("accounts:overview")
    messages.success(request, _("Removed."))
    return redirect("accounts:team")


@private_page
def close(request: HttpRequest) -> HttpResponse:
    """Says what closing the team means; POST closes it."""
    return _close(request)


@team_page
def _close(request: HttpRequest, own: Membership) -> HttpResponse:
    refuse_acting(request)
    if request.method == "POST":
        name = own.team.name
        close_team(own.team, by=_self(request))
        messages.success(request, _("%(team)s is closed.") % {"team": name})
        return redirect("accounts:overview")
    return render(request, "accounts/close_team.html", {"own": own})


def _row(own: Membership, member: Membership) -> dict[str, object]:
    # Only roles that may really be given are offered.
    roles = [
        (choice, label)
        for choice, label in Role.choices
        if may_change(own.role, member.role, choice) or choice == member.role
    ]
    is_self = member.person_id == own.person_id
    return {
        "membership": member,
        "is_self": is_self,
        "roles": roles if len(roles) > 1 else [],
        "removable": is_self or may_change(own.role, member.role, None),
    }


def _self(request: HttpRequest) -> Person:
    return Person.objects.get(pk=request.user.pk)
