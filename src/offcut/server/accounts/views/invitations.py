"""Asking somebody into a team, and their answer."""

from __future__ import annotations

import smtplib

import structlog
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from offcut.server.accounts import invitations
from offcut.server.accounts.current_team import choose_team
from offcut.server.accounts.forms import InvitationForm
from offcut.server.accounts.invitation_mail import send_invitation
from offcut.server.accounts.models import Invitation, Membership, Person
from offcut.server.accounts.roles import Role
from offcut.server.accounts.views.access import team_page

log = structlog.get_logger(__name__)


@require_POST
@team_page
def send(request: HttpRequest, own: Membership) -> HttpResponse:
    """Invites; shows the link too, for when mail does not arrive."""
    form = InvitationForm(own.role, request.POST)
    if not form.is_valid():
        for problems in form.errors.values():
            messages.error(request, problems[0])
        return redirect("accounts:team")
    person = Person.objects.get(pk=request.user.pk)
    invitation, token = invitations.invite(
        own.team, form.cleaned_data["email"], Role(form.cleaned_data["role"]), by=person
    )
    link = settings.PUBLIC_URL + reverse("accounts:invitation", args=[token])
    try:
        send_invitation(invitation, link)
        sent = True
    except (smtplib.SMTPException, OSError):
        log.exception("an invitation could not be mailed", invitation_id=invitation.pk)
        sent = False
    return render(request, "accounts/invited.html", {"invitation": invitation, "link": link, "sent": sent})


@require_POST
@team_page
def withdraw(request: HttpRequest, own: Membership, invitation_id: int) -> HttpResponse:
    """Takes an open invitation back."""
    invitation = get_object_or_404(Invitation, pk=invitation_id, team=own.team)
    invitations.withdraw(invitation, by=Person.objects.get(pk=request.user.pk))
    messages.success(request, _("The invitation is withdrawn."))
    return redirect("accounts:team")


def by_link(request: HttpRequest, token: str) -> HttpResponse:
    """The page behind the mailed link: who invites into what; the answer is a POST."""
    invitation = invitations.find_invitation(token)
    if request.method == "POST":
        return _answered(request, invitation)
    # Where sign-up is for invited people only, this is their ticket.
    request.session["invited"] = True
    signed_in = request.user.is_authenticated
    person = Person.objects.get(pk=request.user.pk) if signed_in else None
    context = {
        "invitation": invitation,
        "fits": person is not None and invitations.is_for(invitation, person),
    }
    return render(request, "accounts/invitation.html", context)


@require_POST
@login_required
def answer(request: HttpRequest, invitation_id: int) -> HttpResponse:
    """The answer to an invitation shown on the person's own page."""
    invitation = get_object_or_404(Invitation.objects.select_related("team"), pk=invitation_id)
    if not invitations.is_for(invitation, Person.objects.get(pk=request.user.pk)):
        raise Http404
    return _answered(request, invitation)


def _answered(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    person = Person.objects.get(pk=request.user.pk) if request.user.is_authenticated else None
    if request.POST.get("answer") == "decline":
        invitations.decline(invitation, by=person)
        messages.success(request, _("You have declined the invitation."))
        return redirect("accounts:overview" if person else "account_login")
    if person is None:
        return redirect("account_login")
    membership = invitations.accept(invitation, by=person)
    choose_team(request, membership)
    messages.success(request, _("Welcome to %(team)s.") % {"team": invitation.team.name})
    return redirect("accounts:team")
