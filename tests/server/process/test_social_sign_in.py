"""Signing in at another provider, against a small OpenID Connect provider of our own."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest


class Provider(BaseHTTPRequestHandler):
    """Knows one person, Dora, whose address it has checked."""

    def do_GET(self) -> None:
        base = f"http://127.0.0.1:{self.server.server_port}"
        if self.path.startswith("/.well-known/openid-configuration"):
            paths = {name: f"{base}/{name}" for name in ("authorize", "token", "userinfo", "jwks")}
            self._answer(
                {
                    "issuer": base,
                    "authorization_endpoint": paths["authorize"],
                    "token_endpoint": paths["token"],
                    "userinfo_endpoint": paths["userinfo"],
                    "jwks_uri": paths["jwks"],
                }
            )
        elif self.path == "/userinfo" and self.headers["Authorization"] == "Bearer for-dora":
            self._answer(
                {"sub": "dora-1", "email": "dora@example.org", "email_verified": True, "name": "Dora Maar"}
            )
        else:
            self.send_error(404)

    def do_POST(self) -> None:
        sent = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        if sent.get("code") == ["good"]:
            self._answer({"access_token": "for-dora", "token_type": "Bearer"})
        else:
            self.send_error(400)

    def log_message(self, *_: object) -> None:
        """Says nothing."""

    def _answer(self, value: object) -> None:
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def provider() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Provider)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_from_the_button_to_the_account(serve: Callable[..., Any], provider: str) -> None:
    served = serve(
        OFFCUT_OIDC_URL=provider,
        OFFCUT_OIDC_NAME="Studio",
        OFFCUT_OIDC_CLIENT_ID="offcut",
        OFFCUT_OIDC_CLIENT_SECRET="between us",
    )
    served.wait_for("Offcut is ready")
    with httpx.Client(base_url=f"http://127.0.0.1:{served.port}", follow_redirects=False) as browser:
        page = browser.get("/account/login/")
        assert f"form-action 'self' {provider}" in page.headers["Content-Security-Policy"]
        button = re.search(r'href="(/account/oidc/sso/login/[^"]*)"', page.text)
        assert button, page.text
        confirm = browser.get(button.group(1))
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', confirm.text)
        assert token
        away = browser.post(button.group(1), data={"csrfmiddlewaretoken": token.group(1)})
        asked = parse_qs(urlsplit(away.headers["Location"]).query)
        assert away.headers["Location"].startswith(f"{provider}/authorize?")
        callback = urlsplit(asked["redirect_uri"][0]).path
        # Somebody else's answer, without the state of this browser, is not taken.
        forged = browser.get(callback, params={"code": "good", "state": "forged"})
        assert "location" not in forged.headers or "/account/login" not in forged.headers["Location"]
        assert browser.get("/account/").status_code == 302
        browser.get(callback, params={"code": "good", "state": asked["state"][0]})
        account = browser.get("/account/")
        assert account.status_code == 200, served.output
        assert "dora@example.org" in account.text
        assert "Dora Maar" in account.text
        assert "Dora Maar&#x27;s team" in browser.get("/team/").text
    assert "for-dora" not in served.output
    assert "between us" not in served.output
