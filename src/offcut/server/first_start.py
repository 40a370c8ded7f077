"""What the very first start prints: the owner's way in, and a first key."""

from __future__ import annotations

from django.conf import settings
from django.db import transaction

from offcut.server.accounts.keys import make_key
from offcut.server.accounts.models import Person
from offcut.server.accounts.people import create_owner
from offcut.server.accounts.sign_in_links import make_sign_in_link


@transaction.atomic
def first_start() -> list[str]:
    """The lines to print: none when there is an owner already, otherwise there is one afterwards."""
    if Person.objects.filter(is_superuser=True).exists():
        return []
    owner = create_owner(settings.CONFIGURATION.owner_email)
    membership = owner.memberships.select_related("team").earliest("id")
    _key, token = make_key(membership.team, "First key", by=owner)
    return [
        f"Sign in as the owner, once, within a day: {make_sign_in_link(owner)}",
        f"API key: {token}",
    ]
