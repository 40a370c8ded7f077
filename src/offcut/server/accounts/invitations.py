"""Invitations: somebody is asked into a team by mail, and says yes or no."""

from __future__ import annotations

import secrets
from datetime import timedelta

from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from offcut.errors import InvitationError, NotAllowedError
from offcut.server.accounts.audit import write_down
from offcut.server.accounts.models import Invitation, Membership, Person, Team
from offcut.server.accounts.roles import Role, may_change
from offcut.server.accounts.teams import membership_of
from offcut.server.accounts.tokens import digest

INVITATIONS_MAX = 100
"""How many open invitations one team may have."""

INVITATIONS_A_DAY_MAX = 200
"""How many invitations one team may send in 24 hours: our mail server is not for letters of one's own."""


@transaction.atomic
def invite(team: Team, email: str, role: Role, *, by: Person) -> tuple[Invitation, str]:
    """An invitation for `email` and the token of its link; an open one for the same address is replaced.

    The caller sends the mail, after this has been committed. Raises NotAllowedError, InvitationError.
    """
    email = email.lower()
    own = membership_of(by, team)
    if not may_change(own.role, Role.MEMBER, role):
        raise NotAllowedError("Your role in this team does not allow that.")
    if Membership.objects.filter(team=team, person__email=email).exists():
        raise InvitationError("That person is in the team already.", hint="")
    now = timezone.now()
    _open(team).filter(email=email).update(withdrawn_at=now)
    if _open(team).count() >= INVITATIONS_MAX:
        raise InvitationError("The team has too many open invitations.", hint="Withdraw some of them.")
    if team.invitations.filter(created_at__gt=now - timedelta(days=1)).count() >= INVITATIONS_A_DAY_MAX:
        raise InvitationError("The team has sent too many invitations today.", hint="Go on tomorrow.")
    token = secrets.token_urlsafe(32)
    invitation = Invitation.objects.create(
        team=team,
        email=email,
        role=role,
        digest=digest(token),
        invited_by=by,
        expires_at=now + timedelta(days=settings.CONFIGURATION.invitation_days),
    )
    write_down("invitation.sent", by=by, team=team, subject=f"invitation {invitation.pk}", role=str(role))
    return invitation, token


def open_invitations(team: Team) -> list[Invitation]:
    """Those that can still be accepted, newest first."""
    return list(_open(team).filter(expires_at__gt=timezone.now()).order_by("-id"))


def find_invitation(token: str) -> Invitation:
    """The open invitation of a link. Raises InvitationError."""
    invitation = Invitation.objects.select_related("team", "invited_by").filter(digest=digest(token)).first()
    if invitation is None:
        raise InvitationError("This invitation does not exist any more.")
    _require_open(invitation)
    return invitation


def invitations_for(person: Person) -> list[Invitation]:
    """The open invitations to addresses that `person` has confirmed, newest first."""
    addresses = EmailAddress.objects.filter(user=person, verified=True).values_list("email", flat=True)
    return list(
        Invitation.objects.filter(
            accepted_at=None,
            declined_at=None,
            withdrawn_at=None,
            expires_at__gt=timezone.now(),
            team__closed_at=None,
            email__in=[address.lower() for address in addresses],
        )
        .select_related("team", "invited_by")
        .order_by("-id")
    )


def is_for(invitation: Invitation, person: Person) -> bool:
    """Whether the invitation's address is one that `person` has confirmed."""
    return EmailAddress.objects.filter(user=person, email__iexact=invitation.email, verified=True).exists()


@transaction.atomic
def accept(invitation: Invitation, *, by: Person) -> Membership:
    """Join the team. Raises InvitationError, also when the invitation is for another address."""
    _require_open(invitation)
    if not is_for(invitation, by):
        raise InvitationError(
            "This invitation was sent to another e-mail address.",
            hint="Sign in with that address, or ask for an invitation to yours.",
        )
    _answer(invitation, "accepted_at")
    membership, _ = Membership.objects.get_or_create(
        team=invitation.team, person=by, defaults={"role": invitation.role}
    )
    write_down(
        "invitation.accepted",
        by=by,
        team=invitation.team,
        subject=f"invitation {invitation.pk}",
        role=invitation.role,
    )
    return membership


@transaction.atomic
def decline(invitation: Invitation, *, by: Person | None) -> None:
    """Say no; whoever has the link may. Raises InvitationError."""
    _require_open(invitation)
    _answer(invitation, "declined_at")
    write_down("invitation.declined", by=by, team=invitation.team, subject=f"invitation {invitation.pk}")


@transaction.atomic
def withdraw(invitation: Invitation, *, by: Person) -> None:
    """Take an invitation back. Raises NotAllowedError."""
    own = membership_of(by, invitation.team)
    if not may_change(own.role, Role.MEMBER, Role(invitation.role)):
        raise NotAllowedError("Your role in this team does not allow that.")
    if _open(invitation.team).filter(pk=invitation.pk).update(withdrawn_at=timezone.now()):
        write_down("invitation.withdrawn", by=by, team=invitation.team, subject=f"invitation {invitation.pk}")


def _require_open(invitation: Invitation) -> None:
    if invitation.withdrawn_at or invitation.team.is_closed:
        raise InvitationError("This invitation does not exist any more.")
    if invitation.accepted_at or invitation.declined_at:
        raise InvitationError("This invitation has been answered already.", hint="")
    if invitation.expires_at <= timezone.now():
        raise InvitationError("This invitation is over.")


def _open(team: Team) -> QuerySet[Invitation]:
    return Invitation.objects.filter(team=team, accepted_at=None, declined_at=None, withdrawn_at=None)


def _answer(invitation: Invitation, field: str) -> None:
    # One UPDATE decides between two answers that arrive together.
    if not _open(invitation.team).filter(pk=invitation.pk).update(**{field: timezone.now()}):
        raise InvitationError("This invitation has been answered already.", hint="")
