"""Requests to the server's ASGI application without a web server: what it reads, and what it sends."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from offcut.server.asgi import Application


@dataclass
class Answer:
    """What was sent; status 0 when there was nothing."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    content: bytes = b""

    def json(self) -> Any:
        return json.loads(self.content)

    @property
    def code(self) -> str:
        """The code of the API's one error."""
        (error,) = self.json()["errors"]
        return str(error["code"])


async def ask(
    application: Application,
    path: str,
    pieces: Iterable[bytes] = (),
    *,
    method: str = "GET",
    ends: bool = True,
    stays: bool = True,
    **headers: str,
) -> Answer:
    """Send a request with a body in these pieces. `ends` False: after them nothing more comes. `stays` False:
    after them whoever asks hangs up, in the middle of the body."""
    messages: list[dict[str, Any]] = [
        {"type": "http.request", "body": piece, "more_body": True} for piece in pieces
    ]
    if ends and stays:
        messages.append({"type": "http.request", "body": b"", "more_body": False})
    if not stays:
        messages.append({"type": "http.disconnect"})
    answer = Answer()

    async def receive() -> dict[str, Any]:
        if not messages:
            await asyncio.Event().wait()
        return messages.pop(0)

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            answer.status = message["status"]
            answer.headers = {name.decode().lower(): value.decode() for name, value in message["headers"]}
        else:
            answer.content += message["body"]

    given = {"host": "localhost"} | {name.replace("_", "-"): value for name, value in headers.items()}
    scope = {
        "type": "http", "http_version": "1.1", "scheme": "http", "method": method, "path": path,
        "raw_path": path.encode(), "query_string": b"", "root_path": "",
        "headers": [(name.lower().encode(), value.encode()) for name, value in given.items()],
        "client": ("127.0.0.1", 50_000), "server": ("127.0.0.1", 8000),
    }  # fmt: skip
    await application(scope, receive, send)
    return answer
