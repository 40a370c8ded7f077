"""What the web server loads: `offcut.server.asgi:application`.

Requests are read and answers are written here, without a thread; in between Django answers in one thread, as
it does under WSGI. ASGI is spoken for what WSGI cannot say: that whoever asked has hung up, so that nobody
pays for a photo that nobody gets; and bodies are bounded before they fill the disk.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import tempfile
import threading
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "offcut.server.settings")

import django

django.setup(set_prefix=False)

from django.conf import settings  # noqa: E402
from django.core import signals  # noqa: E402
from django.core.exceptions import RequestAborted  # noqa: E402
from django.core.handlers.asgi import ASGIHandler, get_script_prefix  # noqa: E402
from django.http import HttpRequest  # noqa: E402
from django.http.response import HttpResponseBase  # noqa: E402
from django.urls import set_script_prefix  # noqa: E402

from offcut.server import stopping, telemetry  # noqa: E402
from offcut.server.api.body import BODY_SIZE_MAX  # noqa: E402
from offcut.server.removals import feeding  # noqa: E402
from offcut.server.runners import current  # noqa: E402

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

DISCARDED_MAX = 4 * BODY_SIZE_MAX
"""How much of a body that is too large is still read: the client then sees an answer, no broken line."""

UPLOAD_S_MAX = 300.0
LAST_TRACES_S = 3.0
"""How long the collector has to take the last traces when the server stops."""

STORE_S_MAX = 3.0
MEMORY_SIZE_MAX = 2_500_000
PIECE_SIZE = 2**20


class Application(ASGIHandler):
    """Django behind ASGI, each request in one thread from the first middleware to the last."""

    def __init__(self) -> None:
        self.load_middleware(is_async=False)
        # Those who wait for their turn hold a thread; the others must not have to wait for them.
        count = settings.CONFIGURATION.threads + settings.QUEUE_PLACES + settings.JOBS
        self._threads = ThreadPoolExecutor(count, thread_name_prefix="offcut-request")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or begin and end with the web server."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await self.handle(scope, receive, send)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read the body, answer in a thread while listening for a hang-up, send the answer."""
        try:
            async with asyncio.timeout(UPLOAD_S_MAX):
                body, is_too_large = await _read_body(receive)
        except (RequestAborted, TimeoutError):
            return
        gone = threading.Event()
        listening = asyncio.create_task(_listen(receive, gone))
        loop = asyncio.get_running_loop()
        try:
            with body:
                response = await loop.run_in_executor(
                    self._threads, self._answer, scope, body, is_too_large, gone
                )
                if not gone.is_set():
                    with contextlib.suppress(OSError, RuntimeError):
                        await self._send(response, send)
        finally:
            listening.cancel()
            if "response" in locals() and response.streaming:
                await loop.run_in_executor(self._threads, response.close)

    @classmethod
    def chunk_bytes(cls, data: bytes) -> Iterator[tuple[bytes, bool]]:
        """The body in pieces of a size that most results have: each piece costs a turn of the loop."""
        for begin in range(0, max(1, len(data)), PIECE_SIZE):
            yield data[begin : begin + PIECE_SIZE], begin + PIECE_SIZE >= len(data)

    def _answer(self, scope: Scope, body: Any, is_too_large: bool, gone: threading.Event) -> HttpResponseBase:
        set_script_prefix(get_script_prefix(scope))
        signals.request_started.send(sender=self.__class__, scope=scope)
        request, refused = self.create_request(scope, body)
        if request is None:
            return refused
        assert isinstance(request, HttpRequest)
        request.is_gone = gone.is_set  # type: ignore[attr-defined]
        request.body_is_too_large = is_too_large  # type: ignore[attr-defined]
        response = self.get_response(request)
        if not response.streaming:
            # In this thread, because the database connection that is given back is this thread's.
            response.close()
        return response

    async def _send(self, response: HttpResponseBase, send: Send) -> None:
        if not response.streaming:
            await self.send_response(response, send)
            return
        # A file: read piece by piece in a thread, because reading may wait for the disk.
        headers = [(name.encode("ascii"), value.encode("latin-1")) for name, value in response.items()]
        await send({"type": "http.response.start", "status": response.status_code, "headers": headers})
        pieces = iter(response.streaming_content)  # type: ignore[attr-defined]
        loop = asyncio.get_running_loop()
        while piece := await loop.run_in_executor(self._threads, next, pieces, b""):
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                telemetry.start(settings.TELEMETRY_URL)
                if settings.LOAD_AT_START:
                    current.warm()
                feeding.start()
                stopping.before_closing(_finish)
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                await asyncio.to_thread(_stop)
                await send({"type": "lifespan.shutdown.complete"})
                return


async def _read_body(receive: Receive) -> tuple[Any, bool]:
    """The body as a file, and whether it had more bytes than are taken; those are read and dropped.

    Raises RequestAborted when the client hangs up, or sends far more.
    """
    body = tempfile.SpooledTemporaryFile(max_size=MEMORY_SIZE_MAX)  # noqa: SIM115
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect" or size > DISCARDED_MAX:
            body.close()
            raise RequestAborted
        piece = message.get("body", b"")
        size += len(piece)
        if size <= BODY_SIZE_MAX:
            body.write(piece)
        if not message.get("more_body", False):
            body.seek(0)
            return body, size > BODY_SIZE_MAX


def _finish() -> None:
    """Nothing new is taken, what waits is refused, and what runs may finish."""
    feeding.refuse_more()
    current.stop(settings.CONFIGURATION.stop_s)


def _stop() -> None:
    """First what runs may finish, if it has not, then what came of it is stored and told."""
    _finish()
    feeding.stop(STORE_S_MAX)
    telemetry.stop(LAST_TRACES_S)


async def _listen(receive: Receive, gone: threading.Event) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    gone.set()


application = Application()
