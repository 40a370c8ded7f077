"""Authenticator app and passkeys, as a real authenticator would answer."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from collections.abc import Callable
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from django.core.cache import cache
from django.test import Client
from fido2 import cbor
from fido2.cose import ES256

from offcut.server.accounts.models import Person

pytestmark = pytest.mark.django_db
Browser = Callable[..., Client]
PASSWORD = "correct horse battery"
AJAX = {"x-requested-with": "XMLHttpRequest"}


def code_now(secret: str) -> str:
    counter = next(iter(yield_hotp_counters_from_time()))
    return format_hotp_value(hotp_value(secret, counter))


class Passkey:
    """A software authenticator: one credential, user verification always given, attestation “none”."""

    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.id = secrets.token_bytes(32)
        self.user_handle = ""

    def create(self, options: dict[str, Any], origin: str) -> dict[str, Any]:
        asked = options["publicKey"]
        self.user_handle = asked["user"]["id"]
        public = cbor.encode(dict(ES256.from_cryptography_key(self.key.public_key())))
        attested = bytes(16) + len(self.id).to_bytes(2, "big") + self.id + public
        data = self._data(asked["rp"]["id"], flags=0x45) + attested
        client = self._client("webauthn.create", asked["challenge"], origin)
        response = {
            "clientDataJSON": text(client),
            "attestationObject": text(cbor.encode({"fmt": "none", "attStmt": {}, "authData": data})),
        }
        return self._answer(response) | {"clientExtensionResults": {"credProps": {"rk": True}}}

    def get(self, options: dict[str, Any], origin: str) -> dict[str, Any]:
        asked = options["publicKey"]
        data = self._data(asked["rpId"], flags=0x05)
        client = self._client("webauthn.get", asked["challenge"], origin)
        signed = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        response = {
            "clientDataJSON": text(client),
            "authenticatorData": text(data),
            "signature": text(signed),
            "userHandle": self.user_handle,
        }
        return self._answer(response) | {"clientExtensionResults": {}}

    def _answer(self, response: dict[str, str]) -> dict[str, Any]:
        return {"id": text(self.id), "rawId": text(self.id), "type": "public-key", "response": response}

    @staticmethod
    def _data(site: str, flags: int) -> bytes:
        return hashlib.sha256(site.encode()).digest() + bytes([flags]) + bytes(4)

    @staticmethod
    def _client(kind: str, challenge: str, origin: str) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": origin}).encode()


def text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def turn_on_app(client: Client) -> str:
    page = client.get("/account/2fa/totp/activate/")
    secret = page.context["form"].secret
    client.post("/account/2fa/totp/activate/", {"code": code_now(secret)})
    return secret


def test_the_app_is_asked_for(alice: Person, sign_in: Browser) -> None:
    secret = turn_on_app(sign_in(alice, proved=True))
    assert Authenticator.objects.filter(user=alice, type="totp").exists()
    client = Client()
    client.post("/account/login/", {"login": alice.email, "password": PASSWORD})
    assert client.get("/account/").status_code == 302, "in without the second factor"
    client.post("/account/2fa/authenticate/", {"code": "000000"})
    assert client.get("/account/").status_code == 302
    # Codes that were used are remembered for their 30 seconds; forgetting them stands for waiting.
    cache.clear()
    client.post("/account/2fa/authenticate/", {"code": code_now(secret)})
    assert client.get("/account/").status_code == 200


def test_the_database_alone_gives_no_secret_away(alice: Person, sign_in: Browser) -> None:
    secret = turn_on_app(sign_in(alice, proved=True))
    rows = str(list(Authenticator.objects.values_list("data", flat=True)))
    assert secret not in rows
    assert "secret" in rows


def test_recovery_codes_are_there(alice: Person, sign_in: Browser) -> None:
    client = sign_in(alice, proved=True)
    turn_on_app(client)
    assert Authenticator.objects.filter(user=alice, type="recovery_codes").exists()


@pytest.fixture
def passkey_of_alice(alice: Person, sign_in: Browser) -> Passkey:
    client = sign_in(alice, proved=True)
    page = client.get("/account/2fa/webauthn/add/", headers={"host": "localhost"})
    options = page.context["js_data"]["creation_options"]
    passkey = Passkey()
    credential = passkey.create(options, "http://localhost")
    client.post(
        "/account/2fa/webauthn/add/",
        {"name": "Key ring", "passwordless": "on", "credential": json.dumps(credential)},
        headers={"host": "localhost"},
    )
    assert Authenticator.objects.filter(user=alice, type="webauthn").exists()
    return passkey


def test_a_passkey_alone_signs_in(passkey_of_alice: Passkey) -> None:
    client = Client(headers={"host": "localhost"})
    options = client.get("/account/2fa/webauthn/login/", headers=AJAX).json()["request_options"]
    credential = passkey_of_alice.get(options, "http://localhost")
    client.post("/account/2fa/webauthn/login/", {"credential": json.dumps(credential)})
    assert client.get("/account/").status_code == 200


def test_a_passkey_for_another_origin_does_not(passkey_of_alice: Passkey) -> None:
    client = Client(headers={"host": "localhost"})
    options = client.get("/account/2fa/webauthn/login/", headers=AJAX).json()["request_options"]
    credential = passkey_of_alice.get(options, "http://evil.example")
    client.post("/account/2fa/webauthn/login/", {"credential": json.dumps(credential)})
    assert client.get("/account/").status_code == 302


def test_somebody_elses_key_does_not(passkey_of_alice: Passkey) -> None:
    client = Client(headers={"host": "localhost"})
    options = client.get("/account/2fa/webauthn/login/", headers=AJAX).json()["request_options"]
    thief = Passkey()
    thief.id, thief.user_handle = passkey_of_alice.id, passkey_of_alice.user_handle
    credential = thief.get(options, "http://localhost")
    client.post("/account/2fa/webauthn/login/", {"credential": json.dumps(credential)})
    assert client.get("/account/").status_code == 302
