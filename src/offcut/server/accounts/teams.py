"""Teams: opening, roles, leaving, suspending, closing."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from offcut.errors import LastOwnerError, NotAllowedError
from offcut.server.accounts import signals
from offcut.server.accounts.audit import write_down
from offcut.server.accounts.models import Membership, Person, Team
from offcut.server.accounts.roles import Deed, Role, may, may_change

TEAMS_OWNED_MAX = 50


@transaction.atomic
def open_team(person: Person, name: str, *, at_sign_up: bool = False, time_zone: str = "UTC") -> Team:
    """A new team owned by `person`. `at_sign_up` marks a person's own first team, which gets the gift.

    Raises NotAllowedError for somebody who owns too many.
    """
    owned = person.memberships.filter(role=Role.OWNER, team__closed_at=None).count()
    if owned >= TEAMS_OWNED_MAX:
        raise NotAllowedError(f"One person owns at most {TEAMS_OWNED_MAX} teams.", hint="Close one of them.")
    team = Team.objects.create(name=name, time_zone=time_zone)
    Membership.objects.create(team=team, person=person, role=Role.OWNER)
    write_down("team.opened", by=person, team=team, at_sign_up=at_sign_up)
    signals.team_opened.send(sender=Team, team=team, person=person, at_sign_up=at_sign_up)
    return team


def membership_of(person: Person, team: Team) -> Membership:
    """The person's membership. Raises NotAllowedError for anybody who is not in the team."""
    membership = Membership.objects.filter(person=person, team=team, team__closed_at=None).first()
    if membership is None:
        raise NotAllowedError("You are not a member of this team.")
    return membership


def require(person: Person, team: Team, deed: Deed) -> Membership:
    """The person's membership, if its role reaches as far as `deed`; NotAllowedError otherwise."""
    membership = membership_of(person, team)
    if not may(membership.role, deed):
        raise NotAllowedError("Your role in this team does not allow that.")
    return membership


def find_teams(text: str, at_most: int = 50) -> list[Team]:
    """Teams by name, number, a member's address, or the beginning of a key; newest first. For operators."""
    fits = (
        Q(name__icontains=text)
        | Q(memberships__person__email__icontains=text)
        | Q(keys__prefix__startswith=text)
    )
    if text.isdecimal():
        fits |= Q(pk=int(text))
    return list(Team.objects.filter(fits).distinct().order_by("-id")[:at_most])


@transaction.atomic
def rename_team(team: Team, name: str, *, by: Person) -> None:
    """Give the team another name. Raises NotAllowedError."""
    require(by, team, Deed.MANAGE_TEAM)
    Team.objects.filter(pk=team.pk).update(name=name)
    team.name = name
    write_down("team.renamed", by=by, team=team)


@transaction.atomic
def keep_api_images(team: Team, hours: int, *, by: Person) -> None:
    """Keep photos that come by the API for so many hours from now on; 0: none. Raises NotAllowedError."""
    require(by, team, Deed.MANAGE_TEAM)
    Team.objects.filter(pk=team.pk).update(api_kept_h=hours)
    team.api_kept_h = hours
    write_down("team.api_images_kept", by=by, team=team, hours=hours)


@transaction.atomic
def change_role(member: Membership, role: Role, *, by: Person) -> None:
    """Give a member another role. Raises NotAllowedError, LastOwnerError."""
    member = _locked(member)
    own = membership_of(by, member.team)
    if not may_change(own.role, member.role, role):
        raise NotAllowedError("Your role in this team does not allow that.")
    if role != Role.OWNER:
        _keep_an_owner(member)
    write_down(
        "member.role_changed",
        by=by,
        team=member.team,
        subject=f"person {member.person_id}",
        before=member.role,
        after=str(role),
    )
    member.role = role
    member.save(update_fields=["role"])


@transaction.atomic
def remove_member(member: Membership, *, by: Person) -> None:
    """Take somebody out of the team, or leave it oneself. Raises NotAllowedError, LastOwnerError.

    Keys that the person made stop working at once; an admin can take them over.
    """
    member = _locked(member)
    if member.person_id != by.pk:
        own = membership_of(by, member.team)
        if not may_change(own.role, member.role, None):
            raise NotAllowedError("Your role in this team does not allow that.")
    _keep_an_owner(member)
    deed = "member.left" if member.person_id == by.pk else "member.removed"
    write_down(deed, by=by, team=member.team, subject=f"person {member.person_id}", role=member.role)
    member.delete()


@transaction.atomic
def suspend_team(team: Team, reason: str, *, by: Person | None) -> None:
    """Stop the team's keys and spending until `resume_team`. For operators."""
    Team.objects.filter(pk=team.pk).update(suspended_at=timezone.now(), suspension_reason=reason)
    team.refresh_from_db()
    write_down("team.suspended", by=by, team=team, reason=reason)


@transaction.atomic
def resume_team(team: Team, *, by: Person | None) -> None:
    """End a suspension. For operators."""
    Team.objects.filter(pk=team.pk).update(suspended_at=None, suspension_reason="")
    team.refresh_from_db()
    write_down("team.resumed", by=by, team=team)


@transaction.atomic
def close_team(team: Team, *, by: Person) -> None:
    """End the team for good: keys revoked, invitations withdrawn, name removed; the ledger stays.

    Raises NotAllowedError, or what a receiver of `team_closing` raises.
    """
    require(by, team, Deed.MANAGE_OWNERS)
    now = timezone.now()
    signals.team_closing.send(sender=Team, team=team, person=by)
    team.keys.filter(revoked_at=None).update(revoked_at=now)
    team.invitations.all().delete()
    Team.objects.filter(pk=team.pk).update(closed_at=now, name="")
    team.refresh_from_db()
    write_down("team.closed", by=by, team=team)
    team.memberships.all().delete()


def _locked(member: Membership) -> Membership:
    # Everyone who changes a team's people waits for the team's row: of two owners who leave at the same
    # moment, the second then finds themself the last. (SQLite has one writer anyway.)
    Team.objects.select_for_update().get(pk=member.team_id)
    found = Membership.objects.select_related("team").filter(pk=member.pk).first()
    if found is None:
        raise NotAllowedError("That person is no longer in the team.")
    return found


def _keep_an_owner(member: Membership) -> None:
    others = Membership.objects.filter(team_id=member.team_id, role=Role.OWNER).exclude(pk=member.pk)
    if member.role == Role.OWNER and not others.exists():
        raise LastOwnerError("The last owner cannot leave the team or become something else.")
