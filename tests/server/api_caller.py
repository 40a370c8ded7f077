"""A team that calls the API, as tests speak it."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from offcut.server.accounts.keys import make_key
from offcut.server.accounts.models import ApiKey, Person, Team
from offcut.server.accounts.people import welcome
from offcut.server.credits import ledger
from offcut.server.credits.rules import Source
from offcut.server.credits.statement import Balance, balance

REMOVEBG, ACCOUNT, IMPROVE = "/v1.0/removebg", "/v1.0/account", "/v1.0/improve"


@dataclass
class Caller:
    """A team with a key, and ways to send what clients send."""

    team: Team
    person: Person
    key: ApiKey
    token: str
    client: Client

    @classmethod
    def make(cls, name: str = "alice", *, credit_count: int = 0) -> Caller:
        person = Person.objects.create_user(f"{name}@example.org", "long enough", name=name)
        welcome(person)
        team = person.teams.get()
        key, token = make_key(team, "Test", by=person)
        # A server that hides its own faults would hide them from the tests as well: statuses are checked.
        caller = cls(team, person, key, token, Client())
        if credit_count:
            caller.give(credit_count)
        return caller

    def give(self, credit_count: int, source: Source = Source.PAY_AS_YOU_GO, reference: str = "pack") -> None:
        ledger.grant(self.team.pk, reference, source, credit_count * 100, now=timezone.now())

    @property
    def balance(self) -> Balance:
        return balance(self.team.pk, at=timezone.now())

    @property
    def owned(self) -> tuple[int, int, int]:
        """What must be unchanged after a refusal: total, held, free previews (1/100 credit)."""
        own = self.balance
        return own.total, own.held, own.free_preview_amount

    def headers(self, **more: str) -> dict[str, str]:
        return {"X-Api-Key": self.token, **more}

    def multipart(self, photo: bytes | None = None, path: str = REMOVEBG, /, **fields: Any) -> Any:
        headers = self.headers(**fields.pop("headers", {}))
        data = dict(fields.pop("data", {})) | fields
        if photo is not None:
            data["image_file"] = upload(photo)
        return self.client.post(path, data, headers=headers)

    def urlencoded(self, photo: bytes | None = None, path: str = REMOVEBG, /, **fields: Any) -> Any:
        from urllib.parse import urlencode

        headers = self.headers(**fields.pop("headers", {}))
        data = dict(fields.pop("data", {})) | fields
        if photo is not None:
            data["image_file_b64"] = base64.b64encode(photo).decode()
        return self.client.post(
            path, urlencode(data), content_type="application/x-www-form-urlencoded", headers=headers
        )

    def json(self, photo: bytes | None = None, path: str = REMOVEBG, /, **fields: Any) -> Any:
        headers = self.headers(**fields.pop("headers", {}))
        data = dict(fields.pop("data", {})) | fields
        if photo is not None:
            data["image_file_b64"] = base64.b64encode(photo).decode()
        return self.client.post(path, json.dumps(data), content_type="application/json", headers=headers)


def upload(content: bytes, name: str = "photo.png") -> SimpleUploadedFile:
    """A file part; its name says nothing about its content, as with many clients."""
    return SimpleUploadedFile(name, content, content_type="image/png")


def error_of(answer: Any) -> dict[str, str]:
    """The one error of an answer."""
    (error,) = answer.json()["errors"]
    return dict(error)
