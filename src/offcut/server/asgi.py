"""What the web server loads: `offcut.server.asgi:application`.

Requests are read and answers are written here, without a thread; in between Django answers in one thread, as
it does under WSGI. ASGI is spoken for what WSGI cannot say: that whoever asked has hung up, so that nobody
pays for a photo that nobody gets; and bodies are bounded before they fill the disk.

What waits in a thread for the engine or for somebody else's host is bounded (the runner's queue,
`removals.addresses`), and there are threads for all of it; a crowd beyond is refused. What load balancers and
monitors ask has threads of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import os
import tempfile
import threading
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "offcut.server.settings")

import django

django.setup(set_prefix=False)

from django.conf import settings  # noqa: E402
from django.core import signals  # noqa: E402
from django.core.exceptions import RequestAborted  # noqa: E402
from django.core.handlers.asgi import ASGIHandler, get_script_prefix  # noqa: E402
from django.db import connection  # noqa: E402
from django.http import HttpRequest, HttpResponse  # noqa: E402
from django.http.response import HttpResponseBase  # noqa: E402
from django.urls import set_script_prefix  # noqa: E402

from offcut.errors import OffcutError, QueueFullError, UploadTimeoutError  # noqa: E402
from offcut.server import stopping, telemetry  # noqa: E402
from offcut.server.api import views, wire  # noqa: E402
from offcut.server.api.body import BODY_SIZE_MAX, stated_length, too_large  # noqa: E402
from offcut.server.logs import RequestLogMiddleware  # noqa: E402
from offcut.server.removals import addresses, feeding  # noqa: E402
from offcut.server.runners import current  # noqa: E402
from offcut.server.threads import Threads  # noqa: E402

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

DISCARDED_MAX = 4 * BODY_SIZE_MAX
"""How much of a body that is too large is still read. One that says that it has more is refused at once."""

UPLOAD_S_MAX = 300.0
PROBES = frozenset({"/healthz", "/readyz", "/metrics"})
PROBE_THREADS = 2
LAST_TRACES_S = 3.0
"""How long the collector has to take the last traces when the server stops."""

STORE_S_MAX = 3.0
MEMORY_SIZE_MAX = 2_500_000
PIECE_SIZE = 2**20


class Application(ASGIHandler):
    """Django behind ASGI, each request in one thread from the first middleware to the last."""

    def __init__(self) -> None:
        self.load_middleware(is_async=False)
        # Who waits for a turn or for a host holds a thread; the others must not have to wait for them.
        waiting = settings.QUEUE_PLACES + settings.JOBS + addresses.THREADS_MAX
        self._threads = Threads("offcut-request", settings.CONFIGURATION.threads + waiting)
        self._probing = Threads("offcut-probe", PROBE_THREADS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or begin and end with the web server."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await self.handle(scope, receive, send)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read the body, answer in a thread while listening for a hang-up, send the answer."""
        body = tempfile.SpooledTemporaryFile(max_size=MEMORY_SIZE_MAX)  # noqa: SIM115
        try:
            problem = await _read_body(scope, receive, body)
        except RequestAborted:
            body.close()
            return
        gone = threading.Event()
        listening = asyncio.create_task(_listen(receive, gone))
        threads = self._probing if scope["path"] in PROBES else self._threads
        try:
            with body:
                if threads.has_room:
                    response = await threads.run(self._answer, scope, body, problem, gone)
                else:
                    response = self._refuse(scope, body, threads.retry_after_s)
                if problem is not None:
                    # More of the body may be on its way: it must not be taken for the next request.
                    response["Connection"] = "close"
                if not gone.is_set():
                    with contextlib.suppress(OSError, RuntimeError):
                        await self._send(response, send)
        finally:
            listening.cancel()
            if "response" in locals() and response.streaming:
                await self._threads.run(response.close)

    @classmethod
    def chunk_bytes(cls, data: bytes) -> Iterator[tuple[bytes, bool]]:
        """The body in pieces of a size that most results have: each piece costs a turn of the loop."""
        for begin in range(0, max(1, len(data)), PIECE_SIZE):
            yield data[begin : begin + PIECE_SIZE], begin + PIECE_SIZE >= len(data)

    def _answer(
        self, scope: Scope, body: Any, problem: OffcutError | None, gone: threading.Event
    ) -> HttpResponseBase:
        if gone.is_set():
            # While it waited for a thread. Nobody reads this.
            return HttpResponse(status=499)
        set_script_prefix(get_script_prefix(scope))
        signals.request_started.send(sender=self.__class__, scope=scope)
        request, refused = self.create_request(scope, body)
        if request is None:
            return refused
        assert isinstance(request, HttpRequest)
        request.is_gone = gone.is_set  # type: ignore[attr-defined]
        request.body_problem = problem  # type: ignore[attr-defined]
        response = self.get_response(request)
        if not response.streaming:
            # In this thread, because the database connection that is given back is this thread's.
            response.close()
        if connection.vendor == "postgresql" and self._threads.inside > settings.CONFIGURATION.threads:
            # A crowd must not leave a connection in every thread: they are few.
            connection.close()
        return response

    def _refuse(self, scope: Scope, body: Any, retry_after_s: float) -> HttpResponseBase:
        """The answer to one too many. Made without a thread, for there is none, and without the database."""
        request, refused = self.create_request(scope, body)
        if request is None:
            return refused
        busy = QueueFullError(
            "As many requests are waiting as this server can take.", retry_after_s=retry_after_s
        )
        return RequestLogMiddleware(lambda request: _busy_answer(request, busy))(request)

    async def _send(self, response: HttpResponseBase, send: Send) -> None:
        if not response.streaming:
            await self.send_response(response, send)
            return
        # A file: read piece by piece in a thread, because reading may wait for the disk.
        headers = [(name.encode("ascii"), value.encode("latin-1")) for name, value in response.items()]
        await send({"type": "http.response.start", "status": response.status_code, "headers": headers})
        pieces = iter(response.streaming_content)  # type: ignore[attr-defined]
        while piece := await self._threads.run(next, pieces, b""):
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


async def _read_body(scope: Scope, receive: Receive, body: Any) -> OffcutError | None:
    """Read the body into a file; why it is not whole there, if it is not. Raises RequestAborted when the
    client hangs up."""
    stated = dict(scope["headers"]).get(b"content-length", b"").decode("latin-1")
    if stated_length(stated) > DISCARDED_MAX:
        return too_large()
    try:
        async with asyncio.timeout(UPLOAD_S_MAX):
            size = await _receive(receive, body)
    except TimeoutError:
        problem = UploadTimeoutError(f"The request took longer than {UPLOAD_S_MAX:.0f} seconds to come.")
    else:
        problem = too_large() if size > BODY_SIZE_MAX else None
    body.seek(0)
    return problem


async def _receive(receive: Receive, body: Any) -> int:
    """Write the body to a file, and return its size. What is too large is read and dropped, so that the
    client sees an answer and no broken line; what is far too large is not read to its end."""
    size = 0
    while size <= DISCARDED_MAX:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise RequestAborted
        piece = message.get("body", b"")
        size += len(piece)
        if size <= BODY_SIZE_MAX:
            body.write(piece)
        if not message.get("more_body", False):
            break
    return size


def _finish() -> None:
    """Nothing new is taken, what waits is refused, and what runs may finish."""
    feeding.refuse_more()
    current.stop(settings.CONFIGURATION.stop_s)


def _stop() -> None:
    """First what runs may finish, if it has not, then what came of it is stored and told."""
    _finish()
    feeding.stop(STORE_S_MAX)
    telemetry.stop(LAST_TRACES_S)


def _busy_answer(request: HttpRequest, busy: QueueFullError) -> HttpResponse:
    if wire.is_api_path(request.path):
        return views.refused(request, busy)
    answer = HttpResponse(f"{busy} {busy.hint}\n", status=503, content_type="text/plain; charset=utf-8")
    answer["Retry-After"] = str(max(1, math.ceil(busy.retry_after_s)))
    return answer


async def _listen(receive: Receive, gone: threading.Event) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    gone.set()


application = Application()
