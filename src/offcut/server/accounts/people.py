"""People: the first owner, the first team, what we know about somebody, and forgetting it."""

from __future__ import annotations

from dataclasses import dataclass

from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from offcut.errors import LastOwnerError
from offcut.server.accounts.audit import write_down
from offcut.server.accounts.models import Membership, Person, Team
from offcut.server.accounts.roles import Role
from offcut.server.accounts.teams import close_team, open_team, remove_member

TEAM_NAME_LETTERS_MAX = 100


def welcome(person: Person) -> Team:
    """Give somebody who has just signed up the team of their own."""
    who = person.name or person.email.partition("@")[0]
    name = _("%(name)s's team") % {"name": who}
    return open_team(
        person, name[:TEAM_NAME_LETTERS_MAX], at_sign_up=True, time_zone=settings.CONFIGURATION.time_zone
    )


@transaction.atomic
def create_owner(email: str, name: str = "") -> Person:
    """An owner of the website: may do everything in the operator's pages. Has no password yet.

    Somebody who has an account already is made an owner. The address counts as confirmed.
    """
    person = Person.objects.filter(email=email.lower()).first()
    if person is None:
        person = Person.objects.create_user(email, None, name=name)
        welcome(person)
    person.is_staff = person.is_superuser = True
    person.save()
    EmailAddress.objects.update_or_create(
        user=person, email=person.email, defaults={"verified": True, "primary": True}
    )
    write_down("owner.made", by=None, subject=f"person {person.pk}")
    return person


def remember_improvement_choice(person: Person, choice: str) -> None:
    """Whether this person's photos are given to improve the networks: yes, no, or "" to be asked."""
    if choice not in {"yes", "no", ""}:
        raise ValueError(choice)
    person.improvement_choice = choice
    person.save(update_fields=["improvement_choice"])


@dataclass(frozen=True)
class Farewell:
    """What deleting an account does to the person's teams."""

    closed: list[Membership]
    left: list[Membership]
    in_the_way: list[Membership]
    """Teams with other people whose only owner this person is: somebody must become owner first."""


def plan_farewell(person: Person) -> Farewell:
    """Which teams would be closed, which left, and which stand in the way."""
    farewell = Farewell([], [], [])
    for membership in person.memberships.select_related("team").order_by("joined_at", "id"):
        others = membership.team.memberships.exclude(pk=membership.pk)
        if not others.exists():
            farewell.closed.append(membership)
        elif membership.role == Role.OWNER and not others.filter(role=Role.OWNER).exists():
            farewell.in_the_way.append(membership)
        else:
            farewell.left.append(membership)
    return farewell


@transaction.atomic
def delete_person(person: Person) -> None:
    """Forget a person: account, addresses, second factors and sign-ins go; teams of theirs alone close.

    What teams did and paid stays, without the person's name. Raises LastOwnerError when a team with
    other people would be left without an owner; nothing is changed then.
    """
    farewell = plan_farewell(person)
    if farewell.in_the_way:
        names = ", ".join(membership.team.name for membership in farewell.in_the_way)
        raise LastOwnerError(f"You are the only owner of {names}.")
    for membership in farewell.left:
        remove_member(membership, by=person)
    for membership in farewell.closed:
        close_team(membership.team, by=person)
    write_down("person.deleted", by=person)
    person.delete()
