"""API keys: made, shown once, checked, revoked, taken over."""

from __future__ import annotations

import hmac
import re
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from offcut.errors import (
    ExpiredKeyError,
    MemberGoneError,
    NotAllowedError,
    RevokedKeyError,
    TeamSuspendedError,
    UnknownKeyError,
)
from offcut.server.accounts.audit import write_down
from offcut.server.accounts.models import ApiKey, Membership, Person, Team
from offcut.server.accounts.roles import Deed, may
from offcut.server.accounts.teams import membership_of, require
from offcut.server.accounts.tokens import digest, random_letters

KEYS_MAX = 100
"""How many keys that still work one team may have."""

_LAST_USE_EVERY = timedelta(minutes=1)
_PREFIX_LETTERS = 8
_SECRET_LETTERS = 32
_TOKEN = re.compile(rf"offcut_[A-Za-z0-9]{{{_PREFIX_LETTERS}}}_[A-Za-z0-9]{{{_SECRET_LETTERS}}}")


@transaction.atomic
def make_key(
    team: Team,
    name: str,
    *,
    by: Person,
    expires_at: datetime | None = None,
    monthly_limit_credits: int | None = None,
) -> tuple[ApiKey, str]:
    """A new key and its token, `offcut_` + 8 letters + `_` + 32 letters (190 random bits).

    The token is returned here and never again: only its digest is kept. Raises NotAllowedError.
    """
    require(by, team, Deed.MAKE_KEY)
    if team.keys.filter(revoked_at=None).count() >= KEYS_MAX:
        raise NotAllowedError(f"A team has at most {KEYS_MAX} keys.", hint="Revoke one that is not used.")
    prefix = f"offcut_{random_letters(_PREFIX_LETTERS)}"
    token = f"{prefix}_{random_letters(_SECRET_LETTERS)}"
    key = ApiKey.objects.create(
        team=team,
        person=by,
        name=name,
        prefix=prefix,
        digest=digest(token),
        expires_at=expires_at,
        monthly_limit_credits=monthly_limit_credits,
    )
    write_down("key.made", by=by, team=team, subject=f"key {key.pk}", prefix=prefix)
    return key, token


def authenticate_key(token: str) -> ApiKey:
    """The key that `token` opens, with its `team` loaded; notes when it was used (once a minute).

    Raises UnknownKeyError, RevokedKeyError, ExpiredKeyError, MemberGoneError or TeamSuspendedError, in
    this order; nothing is written then. One query, plus one to note the use.
    """
    key = _find(token)
    now = timezone.now()
    if key.revoked_at is not None:
        raise RevokedKeyError(f"The API key {key.prefix}… has been revoked.")
    if key.expires_at is not None and key.expires_at <= now:
        raise ExpiredKeyError(f"The API key {key.prefix}… has expired.")
    if not key.member_is_there:  # type: ignore[attr-defined]
        raise MemberGoneError(f"The person who made the API key {key.prefix}… is not in the team any more.")
    if key.team.is_suspended:
        raise TeamSuspendedError("This team is suspended.")
    _note_use(key, now)
    return key


@transaction.atomic
def revoke_key(key: ApiKey, *, by: Person) -> None:
    """Switch the key off for good. One's own, or as an admin anybody's. Raises NotAllowedError."""
    _require_own_or_admin(key, by)
    _revoke(key, by)


@transaction.atomic
def revoke_key_by_operator(key: ApiKey, *, by: Person | None) -> None:
    """Switch any team's key off for good. For operators."""
    _revoke(key, by)


@transaction.atomic
def take_over_key(key: ApiKey, *, by: Person) -> None:
    """Answer for a key whose maker has left, so that it works again. Raises NotAllowedError."""
    require(by, key.team, Deed.MANAGE_KEYS)
    ApiKey.objects.filter(pk=key.pk).update(person=by)
    write_down("key.taken_over", by=by, team=key.team, subject=f"key {key.pk}")


def _find(token: str) -> ApiKey:
    if not _TOKEN.fullmatch(token):
        raise UnknownKeyError("There is no such API key.")
    member = Membership.objects.filter(
        team_id=OuterRef("team_id"), person_id=OuterRef("person_id"), person__is_active=True
    )
    key = (
        ApiKey.objects.filter(prefix=token.rpartition("_")[0])
        .select_related("team")
        .annotate(member_is_there=Exists(member))
        .first()
    )
    # The digest is compared even when no key has this prefix, so that both take the same time.
    kept = key.digest if key else digest("")
    if not hmac.compare_digest(kept, digest(token)) or key is None:
        raise UnknownKeyError("There is no such API key.")
    return key


def _note_use(key: ApiKey, now: datetime) -> None:
    if key.last_used_at is not None and now - key.last_used_at < _LAST_USE_EVERY:
        return
    earlier = Q(last_used_at=None) | Q(last_used_at__lt=now)
    ApiKey.objects.filter(earlier, pk=key.pk).update(last_used_at=now)
    key.last_used_at = now


def _require_own_or_admin(key: ApiKey, person: Person) -> None:
    membership = membership_of(person, key.team)
    if key.person_id != person.pk and not may(membership.role, Deed.MANAGE_KEYS):
        raise NotAllowedError("Only an admin may revoke somebody else's key.")


def _revoke(key: ApiKey, by: Person | None) -> None:
    if ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=timezone.now()):
        write_down("key.revoked", by=by, team=key.team, subject=f"key {key.pk}")
