"""Headers, cookies and hosts: secure without anybody setting anything."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.db import OperationalError
from django.test import Client

from offcut.server.accounts.people import create_owner
from offcut.server.runners import current

pytestmark = pytest.mark.django_db
PAGES = ["/account/login/", "/account/signup/", "/account/password/reset/", "/nothing/here/"]


@pytest.mark.parametrize("path", PAGES)
def test_every_page_has_a_strict_policy(client: Client, path: str) -> None:
    response = client.get(path)
    policy = response["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize("path", PAGES)
def test_no_page_needs_more_than_the_policy_allows(client: Client, path: str) -> None:
    assert_needs_no_more(client.get(path).content.decode())


def assert_needs_no_more(page: str) -> None:
    assert not re.search(r"\son[a-z]+=|\sstyle=|<style", page)
    inline = re.findall(r"<script(?![^>]*\ssrc=)([^>]*)>", page)
    assert all('type="application/json"' in attributes for attributes in inline)
    assert not re.search(r"""(?:src|href)=["'](?:https?:)?//""", page)


@pytest.mark.parametrize(
    "path",
    [
        "/account/",
        "/account/email/",
        "/account/password/set/",
        "/account/2fa/",
        "/account/2fa/totp/activate/",
        "/account/2fa/webauthn/add/",
        "/account/delete/",
        "/team/",
        "/team/new/",
        "/team/close/",
        "/keys/",
        "/operator/",
        "/operator/accounts/team/",
        "/operator/accounts/team/1/change/",
        "/operator/accounts/person/",
        "/operator/accounts/auditentry/",
    ],
)
def test_pages_behind_the_door_keep_to_it_too(client: Client, path: str) -> None:
    owner = create_owner("owner@example.org")
    client.force_login(owner)
    number = owner.memberships.get().team_id
    response = client.get(path.replace("/1/", f"/{number}/"))
    assert response.status_code == 200
    assert_needs_no_more(response.content.decode())


def test_without_its_database_it_is_not_healthy(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OperationalError("away")

    monkeypatch.setattr("django.db.backends.base.base.BaseDatabaseWrapper.cursor", refuse)
    assert client.get("/healthz").status_code == 503


def test_other_hosts_are_refused(client: Client) -> None:
    assert client.get("/account/login/", headers={"host": "evil.example"}).status_code == 400


@pytest.mark.parametrize("host", ["10.0.0.7:8000", "[fd00::7]:8000", "pod-17.internal", "not a host!"])
def test_probes_are_answered_whatever_host_they_name(
    client: Client, host: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(current, "warm", lambda: None)
    answer = client.get("/healthz", headers={"host": host})
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    assert "checks" in client.get("/readyz", headers={"host": host}).json()
    assert len(answer["X-Request-ID"]) == 32
    assert not [record for record in caplog.records if record.exc_info]


@pytest.mark.parametrize("method", ["get", "post", "options"])
@pytest.mark.parametrize("path", ["/v1.0/removebg", "/v1.0/account", "/v1.0/nothing"])
def test_the_api_says_which_host_is_not_allowed(
    client: Client, path: str, method: str, caplog: pytest.LogCaptureFixture
) -> None:
    answer = getattr(client, method)(path, headers={"host": "api.remove.bg", "x-request-id": "request-17"})
    assert answer.status_code == 400
    (error,) = answer.json()["errors"]
    assert error["code"] == "host_not_allowed"
    assert "api.remove.bg" in error["detail"]
    assert "OFFCUT_ALLOWED_HOSTS" in error["detail"]
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert answer["X-Request-ID"] == "request-17"
    assert not [record for record in caplog.records if record.exc_info]


def test_forms_need_their_token() -> None:
    strict = Client(enforce_csrf_checks=True)
    assert strict.post("/account/login/", {"login": "x", "password": "y"}).status_code == 403


def test_no_cookie_before_there_is_a_form(client: Client) -> None:
    client.get("/healthz")
    assert not client.cookies


def test_session_cookies_are_closed_to_scripts() -> None:
    assert settings.SESSION_COOKIE_HTTPONLY
    assert settings.SESSION_COOKIE_SAMESITE == "Lax"


def test_behind_tls(tmp_path: Path) -> None:
    """Another public address is another process: Django reads its settings once."""
    program = """
import django; django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from django.conf import settings
from django.db import OperationalError
from django.test import Client

from offcut.server.accounts.people import create_owner
plain = Client().get("/account/login/", headers={"host": "cut.example.org"})
assert plain.status_code == 301, plain.status_code
assert plain["Location"] == "https://cut.example.org/account/login/"
assert Client().get("/healthz", headers={"host": "cut.example.org"}).status_code == 200
assert Client().get("/metrics", headers={"host": "127.0.0.1:8000"}).status_code == 200
assert Client(REMOTE_ADDR="203.0.113.9").get("/metrics", headers={"host": "127.0.0.1"}).status_code == 403
elsewhere = Client().post("/v1.0/removebg", headers={"host": "10.0.0.7"})
assert elsewhere.json()["errors"][0]["code"] == "host_not_allowed"
forwarded = {"host": "cut.example.org", "x-forwarded-proto": "https"}
page = Client().get("/account/login/", headers=forwarded)
assert page.status_code == 200
assert "max-age=31536000" in page["Strict-Transport-Security"]
cookie = page.cookies["__Host-offcut-csrf"]
assert cookie["secure"] and cookie["path"] == "/" and not cookie["domain"]
assert settings.SESSION_COOKIE_SECURE and settings.SESSION_COOKIE_NAME.startswith("__Host-")
print("safe")
"""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("OFFCUT_")} | {
        "OFFCUT_DATA_DIR": str(tmp_path),
        "OFFCUT_PUBLIC_URL": "https://cut.example.org",
        "OFFCUT_TRUSTED_PROXY_COUNT": "1",
        "OFFCUT_LOG_LEVEL": "error",
    }
    (tmp_path / "static").mkdir()
    staticfiles = "django.contrib.staticfiles.storage.StaticFilesStorage"
    program = (
        f"import offcut.server.settings as s; s.STORAGES['staticfiles'] = {{'BACKEND': '{staticfiles}'}}\n"
        + program
    )
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.stdout.strip() == "safe", run.stderr
