"""A server of the v1.0 API on this machine that answers as recorded, or as a test tells it to."""

from __future__ import annotations

import base64
import hashlib
import http.server
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from email import message_from_bytes
from typing import Any
from urllib.parse import parse_qsl

PNG = b"\x89PNG\r\n\x1a\n" + b"a cut-out" * 50
ACCOUNT = {
    "data": {
        "attributes": {
            "credits": {"total": 200.25, "subscription": 150, "payg": 50.25, "enterprise": 0},
            "api": {"free_calls": 50, "sizes": "all"},
        }
    }
}
FOREGROUND = {"left": 10, "top": 20, "width": 1200, "height": 1600}
HEADERS = {
    "X-Type": "person",
    "X-Width": "1280",
    "X-Height": "1700",
    "X-Max-Width": "2560",
    "X-Max-Height": "3400",
    "X-Credits-Charged": "0.25",
    "X-RateLimit-Limit": "500",
    "X-RateLimit-Remaining": "497",
    "X-RateLimit-Reset": "1795305600",
    "X-Request-Id": "request-1",
}
KEPT_MAX = 2_000_000
KEY = "the-secret-key"


@dataclass
class Received:
    """One request as the server saw it."""

    method: str
    path: str
    headers: dict[str, str]
    size: int
    digest: str
    fields: dict[str, str] = field(default_factory=dict)
    files: dict[str, tuple[str, bytes]] = field(default_factory=dict)


Answer = tuple[int, dict[str, str], bytes]
Scripted = Answer | Callable[["Handler", Received], Answer | None]


def refusal(status: int, code: str, title: str, detail: str = "", **headers: str) -> Answer:
    error = {"title": title, "code": code, **({"detail": detail} if detail else {})}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return status, {"Content-Type": "application/json", **named}, json.dumps({"errors": [error]}).encode()


def hang_up(handler: Handler, _received: Received) -> None:
    """Takes the request and goes away without a word."""
    handler.close_connection = True


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    service: Service

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def log_message(self, *_: Any) -> None:
        pass

    def _answer(self) -> None:
        received = self._receive()
        with self.service.lock:
            self.service.received.append(received)
            scripted = self.service.script.pop(0) if self.service.script else self.service.answer
        answer = scripted(self, received) if callable(scripted) else scripted
        if answer is not None:
            self.send(answer)

    def send(self, answer: Answer) -> None:
        status, headers, body = answer
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _receive(self) -> Received:
        left = int(self.headers.get("Content-Length", "0"))
        digest, kept, size = hashlib.sha256(), b"", left
        while left:
            part = self.rfile.read(min(left, 65_536))
            if not part:
                break
            left -= len(part)
            kept += part if size <= KEPT_MAX else b""
            digest.update(part)
        headers = {name.lower(): value for name, value in self.headers.items()}
        received = Received(self.command, self.path, headers, size, digest.hexdigest())
        self._take_apart(received, kept)
        return received

    @staticmethod
    def _take_apart(received: Received, body: bytes) -> None:
        kind = received.headers.get("content-type", "")
        if kind.startswith("application/x-www-form-urlencoded"):
            received.fields = dict(parse_qsl(body.decode(), keep_blank_values=True, strict_parsing=True))
        elif kind.startswith("multipart/form-data") and body:
            for part in message_from_bytes(f"Content-Type: {kind}\r\n\r\n".encode() + body).get_payload():
                name = part.get_param("name", header="content-disposition")
                content = part.get_payload(decode=True)
                if part.get_filename() is None:
                    received.fields[name] = content.decode()
                else:
                    received.files[name] = (part.get_filename(), content)


class Service:
    """`received` are the requests; `script` are the next answers, and after them comes what is recorded."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.received: list[Received] = []
        self.script: list[Scripted] = []
        self.credits = 200.25
        handler = type("BoundHandler", (Handler,), {"service": self})
        self._http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self._http.server_port}"
        self._serving = threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True)
        self._serving.start()

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._serving.join()

    def answer(self, _handler: Handler, received: Received) -> Answer:
        if received.headers.get("x-api-key") != KEY:
            return refusal(403, "auth_failed", "API Key invalid")
        if received.path == "/v1.0/account":
            return 200, {"Content-Type": "application/json"}, json.dumps(self.account()).encode()
        if received.path == "/v1.0/improve":
            return 200, {"Content-Type": "application/json"}, b'{"id":"5ac1e4bb-2ee3-4b29-bb3a-5a67a3d0a4a1"}'
        if received.path != "/v1.0/removebg":
            return 404, {"Content-Type": "text/html"}, b"<h1>Not Found</h1>"
        if received.headers["accept"] == "application/json":
            return self._as_json()
        sides = {f"X-Foreground-{side.title()}": str(value) for side, value in FOREGROUND.items()}
        return 200, {"Content-Type": "image/png", **HEADERS, **sides}, PNG

    def account(self) -> dict[str, Any]:
        account: dict[str, Any] = json.loads(json.dumps(ACCOUNT))
        account["data"]["attributes"]["credits"]["total"] = self.credits
        return account

    @staticmethod
    def _as_json() -> Answer:
        sides = {f"foreground_{side}": value for side, value in FOREGROUND.items()}
        data = {"data": {"result_b64": base64.b64encode(PNG).decode(), **sides}}
        return 200, {"Content-Type": "application/json", **HEADERS}, json.dumps(data).encode()
