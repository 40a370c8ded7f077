"""A web server on this machine that weights are fetched from, and that breaks off when told to."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler

from tests.engine.models.stores import CONTENT


@dataclass
class Server:
    """A web server that serves CONTENT, and misbehaves as told."""

    url: str = ""
    served: bytes = CONTENT
    statuses: list[int] = field(default_factory=list)
    cut_at: list[int] = field(default_factory=list)
    ignore_range: bool = False
    location: str = ""
    ranges: list[str] = field(default_factory=list)
    wait: threading.Event | None = None


def answer(server: Server, request: BaseHTTPRequestHandler) -> None:
    wanted = request.headers.get("Range", "")
    server.ranges.append(wanted)
    if server.wait is not None:
        server.wait.wait(10)
    if server.location:
        request.send_response(302)
        request.send_header("Location", server.location)
        request.end_headers()
        return
    if server.statuses:
        request.send_response(server.statuses.pop(0))
        request.send_header("Content-Length", "0")
        request.end_headers()
        return
    found = re.match(r"bytes=(\d+)-", wanted)
    begin = int(found.group(1)) if found and not server.ignore_range else 0
    body = server.served[begin:]
    request.send_response(206 if begin else 200)
    if begin:
        request.send_header("Content-Range", f"bytes {begin}-{len(server.served) - 1}/{len(server.served)}")
    request.send_header("Content-Length", str(len(body)))
    request.end_headers()
    request.wfile.write(body[: server.cut_at.pop(0)] if server.cut_at else body)
