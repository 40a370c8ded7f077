"""Two people doing at the same moment what only one may."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from django.db import connection

from offcut.errors import InvitationError, LastOwnerError, OffcutError, SignInLinkError
from offcut.server.accounts.invitations import accept, find_invitation, invite
from offcut.server.accounts.models import Invitation, Membership, Person, Team
from offcut.server.accounts.roles import Role
from offcut.server.accounts.sign_in_links import make_sign_in_link, use_sign_in_link
from offcut.server.accounts.teams import remove_member

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*deeds: Callable[[], object]) -> list[OffcutError]:
    """Start all deeds together, each on a connection of its own; the errors they ended with."""
    start = threading.Barrier(len(deeds))
    errors: list[OffcutError] = []

    def run(deed: Callable[[], object]) -> None:
        start.wait()
        try:
            deed()
        except OffcutError as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(deed,)) for deed in deeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return errors


def test_of_two_owners_who_leave_one_stays(alice: Person, bob: Person, team: Team) -> None:
    Membership.objects.filter(team=team).update(role=Role.OWNER)
    errors = at_once(
        *(
            lambda person=person: remove_member(Membership.objects.get(team=team, person=person), by=person)
            for person in (alice, bob)
        )
    )
    assert [type(error) for error in errors] == [LastOwnerError]
    assert team.memberships.filter(role=Role.OWNER).count() == 1


def test_an_invitation_accepted_many_times_counts_once(alice: Person, charlie: Person, team: Team) -> None:
    _, token = invite(team, charlie.email, Role.MEMBER, by=alice)
    errors = at_once(*[lambda: accept(find_invitation(token), by=charlie)] * 6)
    assert [type(error) for error in errors] == [InvitationError] * 5
    assert team.memberships.filter(person=charlie).count() == 1
    assert Invitation.objects.get().accepted_at is not None


def test_a_sign_in_link_used_many_times_signs_in_once(alice: Person) -> None:
    token = make_sign_in_link(alice).rstrip("/").rpartition("/")[2]
    people = []
    errors = at_once(*[lambda: people.append(use_sign_in_link(token))] * 6)
    assert people == [alice]
    assert [type(error) for error in errors] == [SignInLinkError] * 5
