"""Everything we know about a person, as a ZIP of JSON files."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.core.serializers.json import DjangoJSONEncoder

from offcut.server.accounts.audit import write_down
from offcut.server.accounts.models import AuditEntry, Person
from offcut.server.accounts.signals import person_exporting


def export_person(person: Person) -> bytes:
    """The ZIP. Holds no secret: of keys and second factors only what their owner sees of them.

    Other packages add files of their own by listening to `person_exporting`.
    """
    files = {
        "person.json": _person(person),
        "teams.json": _teams(person),
        "keys.json": list(
            person.keys.values(
                "team_id", "name", "prefix", "created_at", "last_used_at", "expires_at", "revoked_at"
            )
        ),
        "deeds.json": list(
            AuditEntry.objects.filter(actor_id=person.pk)
            .order_by("id")
            .values("at", "deed", "subject", "team_id", "detail")
        ),
    }
    for _, answer in person_exporting.send(sender=Person, person=person):
        name, value = answer
        files[f"{name}.json"] = value
    write_down("person.exported", by=person)
    return _zipped(files)


def _person(person: Person) -> dict[str, Any]:
    return {
        "id": person.pk,
        "email": person.email,
        "name": person.name,
        "language": person.language,
        "improvement_choice": person.improvement_choice,
        "joined_at": person.joined_at,
        "last_login": person.last_login,
        "addresses": list(EmailAddress.objects.filter(user=person).values("email", "verified", "primary")),
        "second_factors": list(
            Authenticator.objects.filter(user=person).values("type", "created_at", "last_used_at")
        ),
        "providers": list(
            SocialAccount.objects.filter(user=person).values("provider", "uid", "date_joined", "extra_data")
        ),
    }


def _teams(person: Person) -> list[dict[str, Any]]:
    return [
        {
            "id": membership.team_id,
            "name": membership.team.name,
            "role": membership.role,
            "joined_at": membership.joined_at,
        }
        for membership in person.memberships.select_related("team").order_by("id")
    ]


def _zipped(files: dict[str, Any]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, value in files.items():
            archive.writestr(name, json.dumps(value, cls=DjangoJSONEncoder, indent=2, ensure_ascii=False))
    return buffer.getvalue()
