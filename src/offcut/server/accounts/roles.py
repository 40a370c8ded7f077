"""What each role in a team may do. Pure: values in, values out."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    OWNER = "owner", _("Owner")
    ADMIN = "admin", _("Admin")
    MEMBER = "member", _("Member")


class Deed(models.TextChoices):
    """Something a person does in a team."""

    SEE_TEAM = "see_team"
    MAKE_KEY = "make_key"
    MANAGE_KEYS = "manage_keys"
    MANAGE_PEOPLE = "manage_people"
    MANAGE_BILLING = "manage_billing"
    MANAGE_TEAM = "manage_team"
    MANAGE_OWNERS = "manage_owners"


_MEMBER = frozenset({Deed.SEE_TEAM, Deed.MAKE_KEY})
_ADMIN = _MEMBER | {Deed.MANAGE_KEYS, Deed.MANAGE_PEOPLE, Deed.MANAGE_BILLING, Deed.MANAGE_TEAM}
_OWNER = _ADMIN | {Deed.MANAGE_OWNERS}
_DEEDS = {Role.MEMBER: _MEMBER, Role.ADMIN: _ADMIN, Role.OWNER: _OWNER}


def may(role: str, deed: Deed) -> bool:
    """Whether a member with `role` may do `deed` in the team."""
    return deed in _DEEDS[Role(role)]


def may_change(role: str, of: str, to: str | None) -> bool:
    """Whether `role` may turn a member with role `of` into `to` (None: take them out of the team).

    Admins look after admins and members; only owners make, change and remove owners.
    """
    touches_owner = Role.OWNER in (of, to)
    return may(role, Deed.MANAGE_OWNERS if touches_owner else Deed.MANAGE_PEOPLE)
