"""A web server on this machine that misbehaves on request. Started by the tests of fetching.

Every path is one kind of misbehaviour. Plain sockets, because no server library would send these answers.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable

PHOTO = bytes(range(256)) * 40


class HostileServer:
    """Listens on loopback until closed. `heads` are the requests that came, `ended` is set on closing, `own`
    are answers of a test's own."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self._tls = tls
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self.heads: list[bytes] = []
        self.locations: dict[str, str] = {}
        self.own: dict[str, Callable[..., None]] = {}
        self.ended = threading.Event()
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def close(self) -> None:
        self.ended.set()
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for thread in self._threads:
            thread.join(5)

    def _accept(self) -> None:
        while not self.ended.is_set():
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._answer, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _answer(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            connection.settimeout(10)
            if self._tls is not None:
                connection = self._tls.wrap_socket(connection, server_side=True)
            head = b""
            while b"\r\n\r\n" not in head:
                received = connection.recv(65_536)
                if not received:
                    return
                head += received
            self.heads.append(head)
            path = head.split(b" ")[1].decode("latin-1")
            if path in self.locations:
                location = self.locations[path]
                send(connection, f"HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n")
            else:
                (ANSWERS | self.own)[path.partition("?")[0]](connection, self.ended)
            if self._tls is not None:
                connection.close()


def send(connection: socket.socket, text: str | bytes) -> None:
    connection.sendall(text.encode("latin-1") if isinstance(text, str) else text)


def _good(connection: socket.socket, _ended: threading.Event) -> None:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: Image/JPEG; x=y\r\nContent-Length: {len(PHOTO)}\r\n\r\n"
    send(connection, head.encode() + PHOTO)


def _chunked(connection: socket.socket, _ended: threading.Event) -> None:
    send(connection, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    for start in range(0, len(PHOTO), 1000):
        part = PHOTO[start : start + 1000]
        send(connection, f"{len(part):x}\r\n".encode() + part + b"\r\n")
    send(connection, "0\r\n\r\n")


def _plain(status: str, headers: str = "", body: bytes = b"") -> Callable[..., None]:
    def answer(connection: socket.socket, _ended: threading.Event) -> None:
        send(connection, f"HTTP/1.1 {status}\r\n{headers}\r\n".encode("latin-1") + body)

    return answer


def _endless(head: str, part: bytes, pause_s: float = 0.0) -> Callable[..., None]:
    """Sends `part` again and again until the other side hangs up or the test ends."""

    def answer(connection: socket.socket, ended: threading.Event) -> None:
        send(connection, head)
        while not ended.wait(pause_s):
            send(connection, part)

    return answer


def _drip(connection: socket.socket, ended: threading.Event) -> None:
    """A whole body, but a byte at a time: 20 of them in a second."""
    send(connection, f"{OK}Content-Length: 20\r\n\r\n")
    for _ in range(20):
        if ended.wait(0.05):
            return
        send(connection, "x")


def _late(connection: socket.socket, ended: threading.Event) -> None:
    if not ended.wait(0.2):
        _good(connection, ended)


def _late_redirect(connection: socket.socket, ended: threading.Event) -> None:
    if not ended.wait(0.2):
        send(connection, "HTTP/1.1 302 Found\r\nLocation: /late-redirect\r\nContent-Length: 0\r\n\r\n")


def _silent(_connection: socket.socket, ended: threading.Event) -> None:
    ended.wait(30)


OK = "HTTP/1.1 200 OK\r\n"
CHUNKED = f"{OK}Transfer-Encoding: chunked\r\n\r\n"

ANSWERS: dict[str, Callable[..., None]] = {
    "/good.jpg": _good,
    "/chunked.jpg": _chunked,
    "/until-closed.jpg": _plain("200 OK", body=PHOTO),
    "/empty.jpg": _plain("200 OK", "Content-Length: 0\r\n"),
    "/missing.jpg": _plain("404 Not Found", "Content-Length: 4\r\n", b"none"),
    "/partial.jpg": _plain("206 Partial Content", "Content-Length: 4\r\n", b"part"),
    "/no-content": _plain("204 No Content"),
    "/fault": _plain("500 Internal Server Error", "Content-Length: 0\r\n"),
    "/redirect-to-nowhere": _plain("302 Found", "Content-Length: 0\r\n"),
    "/redirect-with-endless-body": _endless(
        "HTTP/1.1 302 Found\r\nLocation: /good.jpg\r\n\r\n", b"x" * 65_536
    ),
    "/packed.jpg": _plain("200 OK", "Content-Encoding: gzip\r\nContent-Length: 4\r\n", b"\x1f\x8b\x08\x00"),
    "/packed-on-the-way.jpg": _plain("200 OK", "Transfer-Encoding: gzip, chunked\r\n", b"0\r\n\r\n"),
    "/cut-short.jpg": _plain("200 OK", "Content-Length: 9000\r\n", b"x" * 100),
    "/says-too-much.jpg": _plain("200 OK", "Content-Length: 900000000\r\n", b"x"),
    "/says-nonsense.jpg": _plain("200 OK", "Content-Length: -5\r\n", b"x"),
    "/two-lengths.jpg": _plain("200 OK", "Content-Length: 5\r\nContent-Length: 6\r\n", b"xxxxxx"),
    "/many-headers": _plain("200 OK", "".join(f"X-{n}: {'y' * 90}\r\n" for n in range(500)), b"x"),
    "/no-http": _endless("SSH-2.0-OpenSSH_9.2\r\n\r\n", b"", 0.2),
    "/banner": _endless("SSH-2.0-OpenSSH_9.2\r\n", b"", 0.2),
    "/hangs-up": lambda *_: None,
    "/silent": _silent,
    "/late.jpg": _late,
    "/late-redirect": _late_redirect,
    "/endless.jpg": _endless(f"{OK}\r\n", b"x" * 65_536),
    "/endless-chunks.jpg": _endless(CHUNKED, b"10000\r\n" + b"x" * 65_536 + b"\r\n"),
    "/endless-tiny-chunks.jpg": _endless(CHUNKED, b"1;" + b"e" * 500 + b"\r\nx\r\n"),
    "/endless-chunk-size.jpg": _endless(CHUNKED, b"0" * 8192),
    "/endless-trailers.jpg": _endless(f"{CHUNKED}0\r\n", b"X-Trailer: " + b"y" * 900 + b"\r\n"),
    "/endless-header": _endless(f"{OK}X-Long: ", b"y" * 65_536),
    "/endless-headers": _endless(OK, b"X-More: y\r\n" * 1000),
    "/endless-continue": _endless("", b"HTTP/1.1 100 Continue\r\n\r\n" * 100),
    "/drip.jpg": _drip,
    "/slow.jpg": _endless(f"{OK}Content-Length: 1000000\r\n\r\n", b"x", 0.05),
    # Fast enough to earn its time, second by second, and far too slow ever to be complete.
    "/25-kb-a-second.jpg": _endless(f"{OK}Content-Length: 20000000\r\n\r\n", b"x" * 1000, 0.04),
    "/25-kb-a-second-of-chunks.jpg": _endless(CHUNKED, b"3e8\r\n" + b"x" * 1000 + b"\r\n", 0.04),
    "/25-kb-a-second-until-closed.jpg": _endless(f"{OK}\r\n", b"x" * 1000, 0.04),
    "/slow-chunks.jpg": _endless(CHUNKED, b"1\r\nx\r\n", 0.05),
    "/slow-headers": _endless(OK, b"X-More: y\r\n", 0.05),
}
