"""`Client` blocks and `AsyncClient` awaits; what they say and understand is the same."""

from __future__ import annotations

import ssl
import time
import uuid
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, ClassVar, Generic, Literal, Self, TypeVar

import anyio
import httpx

from offcut.client.answers import Account, RemovalResult, read_account, read_removal, read_submission
from offcut.client.options import write_options
from offcut.client.photos import Body, opened
from offcut.client.retries import Retries, conversation
from offcut.client.server import Server, find_server
from offcut.errors import OptionError

Result = TypeVar("Result")
Answer = Literal["raw", "json"]


@dataclass(frozen=True)
class _Call(Generic[Result]):
    """One thing to ask of the server, and what reads its answer."""

    method: str
    endpoint: str
    read: Callable[[httpx.Response], Result]
    headers: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, str] = field(default_factory=dict)
    photos: Mapping[str, Any] = field(default_factory=dict)

    def opened(self) -> AbstractContextManager[Body]:
        return opened(self.fields, self.photos)


class _AnyClient:
    """Who to ask and how; what both clients share."""

    _http_class: ClassVar[Any]

    def __init__(
        self,
        base_url: str | None = None,
        api_key: str | None = None,
        *,
        timeout_s: float = 120.0,
        connect_timeout_s: float = 10.0,
        retries: Retries | int = Retries(),  # noqa: B008 (immutable)
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        self.server: Server = find_server(base_url, api_key)
        self._retries = Retries(count=retries) if isinstance(retries, int) else retries
        self._http: Any = self._http_class(
            timeout=httpx.Timeout(timeout_s, connect=connect_timeout_s),
            verify=True if ssl_context is None else ssl_context,
            headers={
                "X-Api-Key": self.server.api_key,
                "User-Agent": "offcut-client",
                # Photos are packed already, and a packed answer would only have to be unpacked.
                "Accept-Encoding": "identity",
            },
        )

    def _request(self, call: _Call[Any], body: Body) -> dict[str, Any]:
        parts: dict[str, Any] = {
            "method": call.method,
            "url": self.server.endpoint(call.endpoint),
            "headers": call.headers,
        }
        if body.fields:
            parts["data"] = body.fields
        if body.files:
            parts["files"] = body.files
        return parts


def _removal(
    photo: Any,
    bg_image: Any,
    answer: Answer,
    key: str | None,
    extra: Mapping[str, str] | None,
    options: Mapping[str, Any],
) -> _Call[RemovalResult]:
    if answer not in ("raw", "json"):
        raise OptionError("answer", "An answer is 'raw' or 'json'.")
    fields = {**write_options({"size": "auto", **options}), **(extra or {})}
    headers = {
        "Accept": "application/json" if answer == "json" else "image/*, application/zip",
        "Idempotency-Key": key or str(uuid.uuid4()),
    }
    photos = {"image": photo} if bg_image is None else {"image": photo, "bg_image": bg_image}
    return _Call("POST", "removebg", read_removal, headers, fields, photos)


def _submission(photo: Any, filename: str | None, tag: str | None) -> _Call[str]:
    given = {"image_filename": filename, "tag": tag}
    fields = {name: text for name, text in given.items() if text}
    headers = {"Accept": "application/json", "Idempotency-Key": str(uuid.uuid4())}
    return _Call("POST", "improve", read_submission, headers, fields, {"image": photo})


_ACCOUNT = _Call("GET", "account", read_account, {"Accept": "application/json"})


class Client(_AnyClient):
    """A server of the v1.0 API. May be shared by threads; close it, or use it in a `with` block.

    `base_url` and `api_key` come from the environment when they are not given (`find_server`). `timeout_s` is
    how long the server may stay silent, `connect_timeout_s` how long a connection may take. `retries` is how
    often a request is sent again, or a `Retries`; each repetition carries the same `Idempotency-Key`, so a
    server that keeps to it charges once. Raises ServiceSetupError.
    """

    _http_class = httpx.Client

    def remove(
        self,
        photo: Any,
        *,
        bg_image: Any = None,
        answer: Answer = "raw",
        idempotency_key: str | None = None,
        extra: Mapping[str, str] | None = None,
        **options: Any,
    ) -> RemovalResult:
        """Cuts the subject out of a photo.

        `photo` and `bg_image` are a path, bytes, an open binary file, or an http(s) address that the server
        fetches. `options` are those of the API by name (`OPTION_NAMES`); `size` is "auto" when not given.
        `extra` holds form fields that this client does not know. Give an `idempotency_key` of your own to be
        charged once although your program may ask again after a crash. Raises a PhotoError, OptionError,
        NoForegroundError or ServiceError; `refusal_of` tells what the server wrote.
        """
        return self._ask(_removal(photo, bg_image, answer, idempotency_key, extra, options))

    def account(self) -> Account:
        """What the account holds. Raises ServiceError."""
        return self._ask(_ACCOUNT)

    def improve(self, photo: Any, *, filename: str | None = None, tag: str | None = None) -> str:
        """Gives a photo whose cut-out went wrong to those who run the server; returns the submission's id.

        `photo` is as for `remove`. Raises a PhotoError or ServiceError.
        """
        return self._ask(_submission(photo, filename, tag))

    def close(self) -> None:
        """Ends the connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _ask(self, call: _Call[Result]) -> Result:
        with call.opened() as body:
            steps = conversation(self._retries, self.server.host, call.read)
            step = next(steps)
            try:
                while True:
                    if step is None:
                        step = steps.send(self._send(call, body))
                    else:
                        self._pause(step)
                        step = steps.send(None)
            except StopIteration as end:
                result: Result = end.value
                return result

    def _pause(self, seconds: float) -> None:
        time.sleep(seconds)

    def _send(self, call: _Call[Any], body: Body) -> httpx.Response | Exception:
        try:
            answer: httpx.Response = self._http.request(**self._request(call, body))
            return answer
        except httpx.TransportError as error:
            return error


class AsyncClient(_AnyClient):
    """`Client` for programs that await: the same arguments, methods, results and errors."""

    _http_class = httpx.AsyncClient

    async def remove(
        self,
        photo: Any,
        *,
        bg_image: Any = None,
        answer: Answer = "raw",
        idempotency_key: str | None = None,
        extra: Mapping[str, str] | None = None,
        **options: Any,
    ) -> RemovalResult:
        """See `Client.remove`."""
        call = _removal(photo, bg_image, answer, idempotency_key, extra, options)
        return await self._ask(call)

    async def account(self) -> Account:
        """See `Client.account`."""
        return await self._ask(_ACCOUNT)

    async def improve(self, photo: Any, *, filename: str | None = None, tag: str | None = None) -> str:
        """See `Client.improve`."""
        return await self._ask(_submission(photo, filename, tag))

    async def close(self) -> None:
        """Ends the connections."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None = None,
        error: BaseException | None = None,
        trace: TracebackType | None = None,
    ) -> None:
        await self.close()

    async def _ask(self, call: _Call[Result]) -> Result:
        with call.opened() as body:
            steps = conversation(self._retries, self.server.host, call.read)
            step = next(steps)
            try:
                while True:
                    if step is None:
                        step = steps.send(await self._send(call, body))
                    else:
                        await anyio.sleep(step)
                        step = steps.send(None)
            except StopIteration as end:
                result: Result = end.value
                return result

    async def _send(self, call: _Call[Any], body: Body) -> httpx.Response | Exception:
        try:
            answer: httpx.Response = await self._http.request(**self._request(call, body))
            return answer
        except httpx.TransportError as error:
            return error
