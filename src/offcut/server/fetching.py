"""Fetches a file from an address that a stranger gave, without going where a server must not go.

A stranger's address may point into the owner's own network. So everything hangs on one place, `_Visit`: it
looks a name up once, holds every answer against the networks that are closed to strangers, and connects to
the very address that it checked. Names in the request (Host, TLS) stay as they were given. Redirects begin
anew at the same place. docs/decisions/fetching.md gives the reasons.
"""

from __future__ import annotations

import contextlib
import functools
import io
import ipaddress
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as LookUpTimeoutError
from dataclasses import dataclass
from typing import Any

import httpcore
import httpx

from offcut.errors import (
    AddressAnswerError,
    AddressStatusError,
    AddressTimeoutError,
    AddressTooLargeError,
    ClientGoneError,
    ForbiddenAddressError,
    InvalidAddressError,
    RedirectsError,
    UnreachableAddressError,
)
from offcut.server.pace import Pace
from offcut.server.public_addresses import is_public

Resolver = Callable[[str, int], Sequence[str]]
"""Host and port in, every IP address of it out. Raises OSError when there is none."""

Gone = Callable[[], bool]

ADDRESS_LENGTH_MAX = 4096
HEADERS = ((b"User-Agent", b"Offcut"), (b"Accept", b"image/*, */*;q=0.5"), (b"Accept-Encoding", b"identity"))
REDIRECTS = frozenset({301, 302, 303, 307, 308})
CONNECTIONS_TRIED_MAX = 4
LOOK_UPS_AT_ONCE_MAX = 32
READ_AHEAD = 131_072
"""How much of the content may have come, in bytes, together with the end of the headers."""

LOOK_EVERY_S = 0.25
"""How often a fetch that waits for bytes looks whether it still should."""

_USUAL = re.compile(r"https?://([^/?#]*)", re.IGNORECASE)
_NAME = re.compile(r"(?=.{1,253}\Z)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9-]{1,63}", re.ASCII)
_ENDS_IN_NUMBER = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)", re.ASCII)
_looking_up = threading.BoundedSemaphore(LOOK_UPS_AT_ONCE_MAX)

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, slots=True)
class FetchLimits:
    """What one fetch may cost, redirects included.

    `size_max` and `header_size_max` are in bytes. `begin_s` is how long a fetch may last before there is any
    content: look-ups, connections, redirects and headers together. Content earns further time, a second for
    every `bytes_per_s_min`, or every `unknown_bytes_per_s_min` when nothing says how long it is. `total_s`
    ends it all; content that says how long it is, and comes too slowly to be complete by then, is not waited
    for.
    """

    size_max: int = 22_000_000
    header_size_max: int = 32_768
    redirects_max: int = 3
    begin_s: float = 1.8
    bytes_per_s_min: int = 20_000
    unknown_bytes_per_s_min: int = 300_000
    total_s: float = 20.0


DEFAULT_LIMITS = FetchLimits()


@dataclass(frozen=True, slots=True)
class Fetched:
    """What was fetched. `media_type` is what the other side calls it ("" for nothing) and is not to be
    believed; `address` is where it lay in the end."""

    content: bytes
    media_type: str
    address: str


def look_up(host: str, port: int) -> list[str]:
    """Every IP address that the system knows for a name. Raises OSError."""
    answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(answer[4][0]) for answer in answers))


def fetch(
    address: str,
    *,
    limits: FetchLimits = DEFAULT_LIMITS,
    allowed_hosts: Collection[str] = (),
    resolve: Resolver = look_up,
    ssl_context: ssl.SSLContext | None = None,
    is_gone: Gone = lambda: False,
) -> Fetched:
    """The file behind an http or https address that a stranger gave.

    `allowed_hosts` are names or IP addresses ("photos.lan", or "photos.lan:9000" for one port) that the owner
    opens although they lie inside; nothing else about them is looser. `ssl_context` is for an owner with
    certificates of his own. `is_gone` is asked before each step, and four times a second while bytes are
    waited for, whether whoever wants the file has hung up. Sends no cookies and no credentials, and heeds no
    proxy settings.

    Raises InvalidAddressError, ForbiddenAddressError, UnreachableAddressError, AddressStatusError,
    RedirectsError, AddressTooLargeError, AddressTimeoutError or AddressAnswerError, all of them
    PhotoAddressErrors. Their sentences name the host and never the rest of the address, which may be secret.
    Raises ClientGoneError when nobody wants the file any more.
    """
    visit = _Visit(limits, allowed_hosts, resolve, is_gone)
    for _ in range(limits.redirects_max + 1):
        target = _Target.read(address)
        answer = visit.get(target, ssl_context or _default_ssl_context())
        if isinstance(answer, Fetched):
            return answer
        address = answer
    raise RedirectsError(f"{target.host} leads on to other addresses more than {limits.redirects_max} times.")


@dataclass(frozen=True, slots=True)
class _Target:
    """One address, taken apart. `host` is lower case, without brackets and without a dot at its end."""

    url: httpx.URL
    host: str
    port: int

    @classmethod
    def read(cls, address: str) -> _Target:
        """Raises InvalidAddressError for all that programs do not read in one and the same way."""
        address = address.strip(" ")
        usual = _USUAL.match(address)
        if usual is None or len(address) > ADDRESS_LENGTH_MAX:
            raise InvalidAddressError("This is no http or https address.")
        if not usual[1] or set(usual[1]) & set("@%\\ ") or "\\" in address:
            raise InvalidAddressError("The host in this address is not written in the usual form.")
        try:
            url = httpx.URL(address)
            host = url.raw_host.decode("ascii").lower().removesuffix(".")
            port = url.port if url.port is not None else {"http": 80, "https": 443}[url.scheme]
            url = url.copy_with(host=host, fragment=None)
        except (httpx.InvalidURL, ValueError, KeyError) as error:
            raise InvalidAddressError("This is no valid address.") from error
        if not _is_usual_host(host):
            raise InvalidAddressError("The host in this address is not written in the usual form.")
        return cls(url, host, port)

    @property
    def host_header(self) -> bytes:
        return self.url.netloc

    def allowed_by(self, hosts: Collection[str]) -> bool:
        """Whether the owner opened this host, or this host on this port."""
        plain = {entry.strip().lower().removesuffix(".") for entry in hosts}
        return not plain.isdisjoint(
            {self.host, f"[{self.host}]", f"{self.host}:{self.port}", f"[{self.host}]:{self.port}"}
        )


def _is_usual_host(host: str) -> bool:
    """A name, or an IP address in its one usual spelling: no octal, hexadecimal, decimal or short forms."""
    if ":" in host:
        return _ip_address(host) is not None
    if _ENDS_IN_NUMBER.fullmatch(host):
        return str(_ip_address(host)) == host
    return _NAME.fullmatch(host) is not None


def _ip_address(host: str) -> IpAddress | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


class _Visit:
    """One fetch with all its redirects: one clock, one count of bytes, and the only way to a socket."""

    def __init__(
        self, limits: FetchLimits, allowed_hosts: Collection[str], resolve: Resolver, is_gone: Gone
    ) -> None:
        self.limits = limits
        self._allowed_hosts = frozenset(allowed_hosts)
        self._resolve = resolve
        self._is_gone = is_gone
        self._begun_at = time.monotonic()
        self._is_in_body = False
        self._head_bytes = self._content_bytes = 0
        # Chunked bodies carry a few bytes of their own; a multiple of the limit is an attack.
        self._raw_bytes_left = 2 * limits.size_max + 8 * limits.header_size_max
        self._length = 0
        self._pace: Pace | None = None
        self._target: _Target | None = None

    def get(self, target: _Target, ssl_context: ssl.SSLContext) -> Fetched | str:
        """The file, or the address that a redirect leads to."""
        self._target = target
        self._head_bytes = 0
        headers = [(b"Host", target.host_header), *HEADERS, (b"Connection", b"close")]
        url = httpcore.URL(
            scheme=target.url.raw_scheme, host=target.host, port=target.port, target=target.url.raw_path
        )
        backend = _CheckedBackend(self)
        try:
            with (
                httpcore.ConnectionPool(ssl_context=ssl_context, network_backend=backend) as pool,
                pool.stream("GET", url, headers=headers) as answer,
            ):
                return self._read(target, answer)
        except httpcore.TimeoutException as error:
            raise self.too_slow() from error
        except httpcore.NetworkError as error:
            raise UnreachableAddressError(f"{target.host} cannot be reached, or breaks off.") from error
        except (httpcore.ProtocolError, httpcore.UnsupportedProtocol) as error:
            raise AddressAnswerError(f"What {target.host} sends is no proper HTTP answer.") from error

    def addresses(self, host: str, port: int) -> list[str]:
        """The checked IP addresses of a host. This is what the connection is made to: no name is looked up
        again after this, so an answer that changes in between changes nothing."""
        target = self._target
        if target is None or (host, port) != (target.host, target.port):
            raise ForbiddenAddressError(f"{host} is not the host that was asked for.")
        if target.allowed_by(self._allowed_hosts):
            return self._found(host, port)[:CONNECTIONS_TRIED_MAX]
        if not (port in (80, 443) or 1024 <= port <= 65_535):
            raise ForbiddenAddressError(f"Port {port} is not one that photos are fetched from.")
        if "." not in host and ":" not in host:
            raise ForbiddenAddressError(f"{host} is a name inside a network.")
        found = self._found(host, port)
        if not all(map(is_public, found)):
            raise ForbiddenAddressError(f"{host} leads to a network that is closed to strangers.")
        return found[:CONNECTIONS_TRIED_MAX]

    def seconds_left(self) -> float:
        """For the step that is next. Raises AddressTimeoutError when there are none, ClientGoneError."""
        if self._is_gone():
            raise ClientGoneError("Whoever wanted this file has hung up.")
        limits = self.limits
        pace_min = limits.bytes_per_s_min if self._length else limits.unknown_bytes_per_s_min
        earned_s = limits.begin_s + self._content_bytes / pace_min
        now_s = time.monotonic()
        left = self._begun_at + min(earned_s, self.limits.total_s) - now_s
        if left <= 0 or self._is_hopeless(now_s):
            raise self.too_slow()
        return left

    def _is_hopeless(self, now_s: float) -> bool:
        """Whether the content comes too slowly to be complete in time. The time before any content is spent
        first: a host that sends its headers early and thinks afterwards is not slow."""
        lasted_s = now_s - self._begun_at
        if self._pace is None or lasted_s < self.limits.begin_s:
            return False
        return self._pace.is_too_slow(now_s, self.limits.total_s - lasted_s)

    def count(self, size: int) -> None:
        """Counts bytes from the wire, whatever they are part of. Raises AddressTooLargeError or, when they
        come before the content, AddressAnswerError."""
        self._raw_bytes_left -= size
        self._head_bytes += 0 if self._is_in_body else size
        if self._head_bytes > self.limits.header_size_max + READ_AHEAD:
            raise AddressAnswerError(f"{self._host} sends too many headers.")
        if self._raw_bytes_left < 0:
            raise self._too_large()

    def too_slow(self) -> AddressTimeoutError:
        """The error for a deadline that has passed."""
        return AddressTimeoutError(f"{self._host} takes too long to send the file.")

    @property
    def _host(self) -> str:
        return self._target.host if self._target else "The address"

    def _found(self, host: str, port: int) -> list[str]:
        """The host itself when it is an IP address, otherwise every address of that name."""
        if _ip_address(host) is not None:
            return [host]
        try:
            found = [address.partition("%")[0] for address in self._looked_up(host, port)]
        except LookUpTimeoutError:
            raise self.too_slow() from None
        except (OSError, UnicodeError) as error:
            raise UnreachableAddressError(f"There is no host {host}.") from error
        if not found:
            raise UnreachableAddressError(f"There is no host {host}.")
        return found

    def _looked_up(self, host: str, port: int) -> Sequence[str]:
        """In a thread, because the system's look-up knows no time limit."""
        if not _looking_up.acquire(timeout=self.seconds_left()):
            raise LookUpTimeoutError
        future: Future[Sequence[str]] = Future()

        def work() -> None:
            try:
                future.set_result(self._resolve(host, port))
            except BaseException as error:
                future.set_exception(error)
            finally:
                _looking_up.release()

        threading.Thread(target=work, name="offcut-look-up", daemon=True).start()
        return future.result(timeout=self.seconds_left())

    def _read(self, target: _Target, answer: httpcore.Response) -> Fetched | str:
        headers = {name.lower(): value for name, value in answer.headers}
        if sum(len(name) + len(value) + 4 for name, value in answer.headers) > self.limits.header_size_max:
            raise AddressAnswerError(f"{target.host} sends too many headers.")
        if answer.status in REDIRECTS:
            return _next_address(target, headers.get(b"location", b""))
        if answer.status != 200:
            raise AddressStatusError(
                answer.status, f"{target.host} answers with HTTP status {answer.status}."
            )
        if headers.get(b"content-encoding", b"identity").strip().lower() not in (b"identity", b""):
            raise AddressAnswerError(f"{target.host} sends the file packed, although it was asked not to.")
        media_type = headers.get(b"content-type", b"").decode("latin-1").partition(";")[0].strip().lower()
        return Fetched(self._body(headers, answer.iter_stream()), media_type, str(target.url))

    def _body(self, headers: dict[bytes, bytes], chunks: Iterable[bytes]) -> bytes:
        said = headers.get(b"content-length", b"0")
        if not said.isdigit() or len(said) > 15 or int(said) > self.limits.size_max:
            raise self._too_large()
        self._is_in_body = True
        self._length = int(said)
        content = io.BytesIO()  # Gives its bytes away in the end without a second copy of them.
        for chunk in chunks:
            # Only what is content earns time: chunk marks and their kin come from who wants to keep us.
            self._content_bytes += content.write(chunk)
            self._keep_pace(len(chunk))
            if self._content_bytes > self.limits.size_max:
                raise self._too_large()
        return content.getvalue()

    def _keep_pace(self, size: int) -> None:
        if not self._length:
            return  # Its length is known when it has ended.
        now_s = time.monotonic()
        if self._pace is None:
            self._pace = Pace(self._length, now_s)
        self._pace.add(size, now_s)

    def _too_large(self) -> AddressTooLargeError:
        return AddressTooLargeError(f"{self._host} sends more than {self.limits.size_max / 1e6:g} MB.")


def _next_address(target: _Target, location: bytes) -> str:
    if not location:
        raise RedirectsError(f"{target.host} leads on to another address and does not say which.")
    try:
        return str(target.url.join(location.decode("utf-8")))
    except (httpx.InvalidURL, ValueError) as error:
        raise InvalidAddressError(f"{target.host} leads on to something that is no address.") from error


class _CheckedBackend(httpcore.NetworkBackend):
    """Connects to what the visit has checked, and to nothing else."""

    def __init__(self, visit: _Visit) -> None:
        self._visit = visit
        self._sockets = httpcore.SyncBackend()

    def connect_tcp(self, host: str, port: int, *_: Any, **__: Any) -> httpcore.NetworkStream:
        """The first of the host's checked addresses that answers."""
        failure: Exception = httpcore.ConnectError("no address")
        addresses = self._visit.addresses(host, port)
        for number, address in enumerate(addresses):
            # An address that says nothing must leave time for those after it.
            timeout = self._visit.seconds_left() / (len(addresses) - number)
            try:
                return _BoundedStream(self._visit, self._sockets.connect_tcp(address, port, timeout))
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure

    def connect_unix_socket(self, path: str, *_: Any, **__: Any) -> httpcore.NetworkStream:
        """Never."""
        raise ForbiddenAddressError(f"{path} is no host.")


class _BoundedStream(httpcore.NetworkStream):
    """A connection on which every single step has only as long as the whole fetch still has."""

    def __init__(self, visit: _Visit, stream: httpcore.NetworkStream) -> None:
        self._visit = visit
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Some bytes, counted. Waits for them in short pieces, and looks in between."""
        del timeout
        while True:
            wait_s = min(self._visit.seconds_left(), LOOK_EVERY_S)
            with contextlib.suppress(httpcore.ReadTimeout):
                content = self._stream.read(max_bytes, wait_s)
                self._visit.count(len(content))
                return content

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """All of the bytes."""
        del timeout
        self._stream.write(buffer, self._visit.seconds_left())

    def close(self) -> None:
        """Ends the connection."""
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        """The same connection, encrypted; the certificate is checked against the name that was asked for."""
        del timeout
        encrypted = self._stream.start_tls(ssl_context, server_hostname, self._visit.seconds_left())
        return _BoundedStream(self._visit, encrypted)

    def get_extra_info(self, info: str) -> Any:
        """What the connection knows about itself."""
        return self._stream.get_extra_info(info)


@functools.cache
def _default_ssl_context() -> ssl.SSLContext:
    return httpx.create_ssl_context(trust_env=False)
