from __future__ import annotations

import pytest

from offcut.errors import LastOwnerError
from offcut.server.accounts.models import Membership, Person
from offcut.server.accounts.teams import open_team, remove_member

pytestmark = pytest.mark.django_db


def test_the_last_owner_cannot_leave() -> None:
    alice = Person.objects.create_user("alice@example.org")
    team = open_team(alice, "Alice's team", at_sign_up=True)
    with pytest.raises(LastOwnerError):
        remove_member(Membership.objects.get(team=team, person=alice), by=alice)
    assert team.memberships.count() == 1
