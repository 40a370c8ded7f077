"""Fetching from strangers' addresses: what is refused, with which code, and nothing inside is touched."""

from __future__ import annotations

import datetime
import gc
import importlib.util
import ipaddress
import socket
import ssl
import sys
import threading
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from offcut.errors import (
    AddressStatusError,
    AddressTimeoutError,
    AddressTooLargeError,
    ClientGoneError,
    ForbiddenAddressError,
    PhotoAddressError,
    RedirectsError,
    UnreachableAddressError,
)
from offcut.server.fetching import Fetched, FetchLimits, fetch
from offcut.server.public_addresses import is_public

PUBLIC = "93.184.215.14"
QUICK = FetchLimits(begin_s=0.5, total_s=1.5)


def _hostile_server() -> Any:
    path = Path(__file__).with_name("hostile_server.py")
    specification = importlib.util.spec_from_file_location(path.stem, path)
    assert specification
    assert specification.loader
    module = importlib.util.module_from_spec(specification)
    sys.modules[path.stem] = module
    specification.loader.exec_module(module)
    return module


hostile = _hostile_server()


class Names:
    """A resolver whose answers are set by the test, one list of addresses a look-up; the last one stays."""

    def __init__(self, **answers: list[list[str]]) -> None:
        self.answers = {name.replace("_", "."): lists for name, lists in answers.items()}
        self.asked: list[str] = []

    def __call__(self, host: str, port: int) -> list[str]:
        del port
        self.asked.append(host)
        if host not in self.answers:
            raise socket.gaierror(socket.EAI_NONAME, "no such name")
        lists = self.answers[host]
        return lists.pop(0) if len(lists) > 1 else lists[0]


@pytest.fixture
def server() -> Iterator[Any]:
    running = hostile.HostileServer()
    yield running
    running.close()


@pytest.fixture
def names() -> Names:
    """`photos.test` is this machine; `public.test` is out on the internet."""
    return Names(photos_test=[["127.0.0.1"]], public_test=[[PUBLIC]])


def get(server: Any, path: str, names: Names, limits: FetchLimits = QUICK) -> Fetched:
    """From the server that the owner has allowed."""
    return fetch(
        f"http://photos.test:{server.port}{path}",
        limits=limits,
        allowed_hosts={f"photos.test:{server.port}"},
        resolve=names,
    )


@pytest.fixture
def outside(server: Any, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Lets this machine stand for the public address PUBLIC: the addresses that were connected to."""
    connected: list[str] = []
    real = socket.create_connection

    def connect(address: tuple[str, int], *rest: Any, **options: Any) -> socket.socket:
        connected.append(address[0])
        assert address[0] == PUBLIC, f"a connection to {address[0]}"
        return real(("127.0.0.1", server.port), *rest, **options)

    monkeypatch.setattr(socket, "create_connection", connect)
    return connected


# Each line: the address, and the code of the error. None of them may make a connection.
HOSTILE_ADDRESSES = [
    ("http://127.0.0.1/", "address_forbidden"),
    ("http://127.0.0.1:8000/photo.jpg", "address_forbidden"),
    ("https://127.255.255.254/", "address_forbidden"),
    ("http://10.0.0.1/", "address_forbidden"),
    ("http://172.16.0.1/", "address_forbidden"),
    ("http://172.31.255.255/", "address_forbidden"),
    ("http://192.168.1.1/admin", "address_forbidden"),
    ("http://100.64.0.1/", "address_forbidden"),
    ("http://100.100.100.200/latest/meta-data/", "address_forbidden"),
    ("http://169.254.169.254/latest/meta-data/", "address_forbidden"),
    ("http://169.254.170.2/v2/credentials", "address_forbidden"),
    ("http://168.63.129.16/machine", "address_forbidden"),
    ("http://192.0.0.192/opc/v2/", "address_forbidden"),
    ("http://0.0.0.0/", "address_forbidden"),
    ("http://0.1.2.3/", "address_forbidden"),
    ("http://192.0.2.1/", "address_forbidden"),
    ("http://198.18.0.1/", "address_forbidden"),
    ("http://203.0.113.7/", "address_forbidden"),
    ("http://224.0.0.1/", "address_forbidden"),
    ("http://240.0.0.1/", "address_forbidden"),
    ("http://255.255.255.255/", "address_forbidden"),
    ("http://127.0.0.1./", "address_forbidden"),
    ("http://127。0。0。1/", "address_forbidden"),
    ("HTTP://LOCALHOST/", "address_forbidden"),
    ("http://localhost:6379/", "address_forbidden"),
    ("http://localhost./", "address_forbidden"),
    ("http://redis/", "address_forbidden"),
    ("http://[::1]/", "address_forbidden"),
    ("http://[::]/", "address_forbidden"),
    ("http://[0:0:0:0:0:0:0:1]:8000/", "address_forbidden"),
    ("http://[::ffff:127.0.0.1]/", "address_forbidden"),
    ("http://[::ffff:7f00:1]/", "address_forbidden"),
    ("http://[::ffff:8.8.8.8]/", "address_forbidden"),
    ("http://[::127.0.0.1]/", "address_forbidden"),
    ("http://[::ffff:0:127.0.0.1]/", "address_forbidden"),
    ("http://[64:ff9b::7f00:1]/", "address_forbidden"),
    ("http://[64:ff9b:1::a00:1]/", "address_forbidden"),
    ("http://[2002:7f00:1::]/", "address_forbidden"),
    ("http://[2001:0:4136:e378:8000:63bf:80ff:fffe]/", "address_forbidden"),
    ("http://[2606:4700::5efe:7f00:1]/", "address_forbidden"),
    ("http://[fe80::1]/", "address_forbidden"),
    ("http://[fec0::1]/", "address_forbidden"),
    ("http://[fc00::1]/", "address_forbidden"),
    ("http://[fd00:ec2::254]/latest/meta-data/", "address_forbidden"),
    ("http://[ff02::1]/", "address_forbidden"),
    ("http://[2001:db8::1]/", "address_forbidden"),
    ("http://loopback.test/", "address_forbidden"),
    ("http://mapped.test/", "address_forbidden"),
    ("http://both.test/", "address_forbidden"),
    ("http://metadata.test/", "address_forbidden"),
    ("http://public.test:22/", "address_forbidden"),
    ("http://public.test:25/", "address_forbidden"),
    ("http://public.test:0/", "address_forbidden"),
    ("http://public.test:70000/", "address_forbidden"),
    ("http://2130706433/", "address_invalid"),
    ("http://0177.0.0.1/", "address_invalid"),
    ("http://0x7f.0.0.1/", "address_invalid"),
    ("http://0x7f000001/", "address_invalid"),
    ("http://017700000001/", "address_invalid"),
    ("http://127.1/", "address_invalid"),
    ("http://127.0.1/", "address_invalid"),
    ("http://0/", "address_invalid"),
    ("http://127.000.000.001/", "address_invalid"),
    ("http://127.0.0.1.5/", "address_invalid"),
    ("http://4294967297/", "address_invalid"),
    ("http://１２７.０.０.１/", "address_invalid"),
    ("http://①②⑦.⓪.⓪.①/", "address_invalid"),
    ("http://127.0.0.%31/", "address_invalid"),
    ("http://public.test%00.photos.test/", "address_invalid"),
    ("http://[fe80::1%25eth0]/", "address_invalid"),
    ("http://[::1/", "address_invalid"),
    ("http://public.test@127.0.0.1/", "address_invalid"),
    ("http://name:word@public.test/", "address_invalid"),
    ("http://@public.test/", "address_invalid"),
    ("http://127.0.0.1\\@public.test/", "address_invalid"),
    ("http://public.test\\.127.0.0.1/", "address_invalid"),
    ("http://public.test:80:80/", "address_invalid"),
    ("http://public.test:eighty/", "address_invalid"),
    ("http://public..test/", "address_invalid"),
    ("http://.public.test/", "address_invalid"),
    ("http://-.test/", "address_invalid"),
    ("http://" + "a" * 64 + ".test/", "address_invalid"),
    ("http://" + "a." * 130 + "test/", "address_invalid"),
    ("http:///127.0.0.1/", "address_invalid"),
    ("http:/127.0.0.1/", "address_invalid"),
    ("http:127.0.0.1", "address_invalid"),
    ("//127.0.0.1/", "address_invalid"),
    ("127.0.0.1", "address_invalid"),
    ("", "address_invalid"),
    ("file:///etc/passwd", "address_invalid"),
    ("gopher://127.0.0.1:6379/_INFO", "address_invalid"),
    ("ftp://127.0.0.1/photo.jpg", "address_invalid"),
    ("data:image/png;base64,iVBORw0KGgo=", "address_invalid"),
    ("dict://127.0.0.1:11211/stats", "address_invalid"),
    ("jar:http://127.0.0.1!/", "address_invalid"),
    ("http://public.test/\r\nX-Injected: 1", "address_invalid"),
    ("http://public.test/\tphoto", "address_invalid"),
    ("http://public.test/" + "a" * 5000, "address_invalid"),
    ("http://nowhere.test/", "address_unreachable"),
    ("http://no-answers.test/", "address_unreachable"),
]

HOSTILE_ANSWERS = [
    ("/missing.jpg", "address_status"),
    ("/partial.jpg", "address_status"),
    ("/no-content", "address_status"),
    ("/fault", "address_status"),
    ("/redirect-to-nowhere", "address_redirects"),
    ("/packed.jpg", "address_answer"),
    ("/packed-on-the-way.jpg", "address_answer"),
    ("/cut-short.jpg", "address_answer"),
    ("/says-nonsense.jpg", "address_answer"),
    ("/two-lengths.jpg", "address_answer"),
    ("/many-headers", "address_answer"),
    ("/no-http", "address_answer"),
    ("/hangs-up", "address_answer"),
    ("/endless-header", "address_answer"),
    ("/endless-headers", "address_answer"),
    ("/endless-chunk-size.jpg", "address_answer"),
    ("/endless-trailers.jpg", "address_answer"),
    ("/says-too-much.jpg", "address_too_large"),
    ("/endless.jpg", "address_too_large"),
    ("/endless-chunks.jpg", "address_too_large"),
    ("/silent", "address_timeout"),
    ("/banner", "address_timeout"),
    ("/slow-headers", "address_timeout"),
    ("/slow.jpg", "address_timeout"),
    ("/25-kb-a-second.jpg", "address_timeout"),
    ("/slow-chunks.jpg", "address_timeout"),
    ("/25-kb-a-second-of-chunks.jpg", "address_timeout"),
    ("/25-kb-a-second-until-closed.jpg", "address_timeout"),
]

HOSTILE_REDIRECTS = [
    ("http://127.0.0.1/", "address_forbidden"),
    ("http://127.0.0.1:{port}/good.jpg", "address_forbidden"),
    ("//169.254.169.254/latest/", "address_forbidden"),
    ("http://[::1]:{port}/", "address_forbidden"),
    ("http://localhost:{port}/good.jpg", "address_forbidden"),
    ("http://loopback.test:{port}/good.jpg", "address_forbidden"),
    ("http://2130706433:{port}/", "address_invalid"),
    ("http://name@photos.test:{port}/good.jpg", "address_invalid"),
    ("file:///etc/passwd", "address_invalid"),
    ("gopher://127.0.0.1/", "address_invalid"),
    ("http://[oops/", "address_invalid"),
    ("/around", "address_redirects"),
]


@pytest.fixture
def hostile_names(names: Names) -> Names:
    names.answers |= {
        "loopback.test": [["127.0.0.1"]],
        "mapped.test": [["::ffff:169.254.169.254"]],
        "both.test": [[PUBLIC, "10.0.0.5"]],
        "metadata.test": [["169.254.169.254"]],
        "no-answers.test": [[]],
    }
    return names


@pytest.mark.parametrize(("address", "code"), HOSTILE_ADDRESSES)
def test_an_address_that_leads_inside_is_refused_without_a_connection(
    address: str, code: str, hostile_names: Names, monkeypatch: pytest.MonkeyPatch
) -> None:
    def connect(*arguments: Any, **_: Any) -> None:
        raise AssertionError(f"a connection to {arguments[0]}")

    monkeypatch.setattr(socket, "create_connection", connect)
    with pytest.raises(PhotoAddressError) as refused:
        fetch(address, limits=QUICK, resolve=hostile_names)
    assert refused.value.code == code
    assert "169.254" not in str(refused.value) or "169.254" in address


@pytest.mark.parametrize(("path", "code"), HOSTILE_ANSWERS)
def test_an_answer_that_is_no_photo_is_refused(path: str, code: str, server: Any, names: Names) -> None:
    with pytest.raises(PhotoAddressError) as refused:
        get(server, path, names)
    assert refused.value.code == code
    assert len(server.heads) == 1
    assert path not in str(refused.value)


@pytest.mark.parametrize(
    ("path", "code"),
    [("/endless-tiny-chunks.jpg", "address_too_large"), ("/endless-continue", "address_answer")],
)
def test_bytes_that_are_no_content_are_counted_as_well(
    path: str, code: str, server: Any, names: Names
) -> None:
    limits = FetchLimits(size_max=100_000, begin_s=60, total_s=60)
    with pytest.raises(PhotoAddressError) as refused:
        get(server, path, names, limits)
    assert refused.value.code == code


@pytest.mark.parametrize(("location", "code"), HOSTILE_REDIRECTS)
def test_a_redirect_is_checked_like_the_first_address(
    location: str, code: str, server: Any, hostile_names: Names
) -> None:
    server.locations = {"/start": location.format(port=server.port), "/around": "/around"}
    with pytest.raises(PhotoAddressError) as refused:
        get(server, "/start", hostile_names)
    assert refused.value.code == code
    assert len(server.heads) == (4 if code == "address_redirects" else 1)


@pytest.mark.parametrize("path", ["/good.jpg", "/chunked.jpg", "/until-closed.jpg"])
def test_a_photo_comes_whole(path: str, server: Any, names: Names) -> None:
    assert get(server, path, names).content == hostile.PHOTO


@pytest.mark.parametrize("path", ["/good.jpg", "/chunked.jpg", "/until-closed.jpg"])
def test_the_limit_is_exact(path: str, server: Any, names: Names) -> None:
    size = len(hostile.PHOTO)
    assert len(get(server, path, names, FetchLimits(size_max=size)).content) == size
    with pytest.raises(AddressTooLargeError):
        get(server, path, names, FetchLimits(size_max=size - 1))


def test_a_body_has_to_earn_its_time(server: Any, names: Names) -> None:
    """20 bytes a second: enough where 5 are asked for, and too little where it is 20,000."""
    assert get(server, "/drip.jpg", names, FetchLimits(begin_s=0.5, bytes_per_s_min=5)).content == b"x" * 20
    with pytest.raises(AddressTimeoutError):
        get(server, "/drip.jpg", names, FetchLimits(begin_s=0.5))


@pytest.mark.parametrize("path", ["/25-kb-a-second-of-chunks.jpg", "/25-kb-a-second-until-closed.jpg"])
def test_content_of_unknown_length_must_hurry(path: str, server: Any, names: Names) -> None:
    began = time.monotonic()
    with pytest.raises(AddressTimeoutError):
        get(server, path, names, FetchLimits(begin_s=0.5))
    # It earns a twelfth of each second; by the pace asked of content of known length it would be 20 seconds.
    assert time.monotonic() - began < 10


def test_a_drip_that_earns_its_time_and_leads_nowhere_is_refused(server: Any, names: Names) -> None:
    """25 kB a second are enough for each next second, and 20 MB would take a quarter of an hour."""
    sent = []
    answer = hostile.ANSWERS["/25-kb-a-second.jpg"]

    def counted(connection: socket.socket, ended: threading.Event) -> None:
        real = connection.sendall

        class Line:
            def sendall(self, part: bytes) -> None:
                sent.append(len(part))
                real(part)

        answer(Line(), ended)

    server.own["/25-kb-a-second.jpg"] = counted
    with pytest.raises(AddressTimeoutError):
        get(server, "/25-kb-a-second.jpg", names, FetchLimits())
    # Until the end of all time it would have been 20 seconds' worth.
    assert sum(sent) < 10 * 25_000


def test_a_fetch_ends_when_nobody_wants_the_file_any_more(server: Any, names: Names) -> None:
    gone = threading.Event()

    def silent(_connection: socket.socket, ended: threading.Event) -> None:
        gone.set()
        ended.wait(60)

    server.own["/silent-for-good"] = silent
    with pytest.raises(ClientGoneError):
        fetch(
            f"http://photos.test:{server.port}/silent-for-good",
            limits=FetchLimits(begin_s=120, total_s=120),
            allowed_hosts={"photos.test"},
            resolve=names,
            is_gone=gone.is_set,
        )
    assert not server.ended.is_set()


def test_a_slow_host_is_waited_for_and_a_slow_round_is_not(server: Any, names: Names) -> None:
    assert get(server, "/late.jpg", names, FetchLimits(begin_s=10)).content == hostile.PHOTO
    # Each of the four answers would be in time by itself; all of them together are not.
    with pytest.raises(AddressTimeoutError):
        get(server, "/late-redirect", names, FetchLimits(begin_s=0.5))
    assert len(server.heads) < 5


def test_silent_addresses_of_one_name_share_the_time(names: Names, monkeypatch: pytest.MonkeyPatch) -> None:
    timeouts = []

    def connect(_address: tuple[str, int], timeout: float, **_: Any) -> socket.socket:
        timeouts.append(timeout)
        raise TimeoutError

    monkeypatch.setattr(socket, "create_connection", connect)
    names.answers["silent.test"] = [[f"93.184.215.{number}" for number in range(1, 5)]]
    with pytest.raises(AddressTimeoutError):
        fetch("http://silent.test/good.jpg", limits=FetchLimits(begin_s=8), resolve=names)
    assert timeouts == [pytest.approx(8 / count, abs=0.5) for count in (4, 3, 2, 1)]


def test_what_is_fetched_says_where_it_lay(server: Any, names: Names) -> None:
    server.locations = {"/a": "/b?c", "/b?c": f"http://photos.test:{server.port}/good.jpg?x=1#part"}
    fetched = get(server, "/a", names)
    assert fetched.media_type == "image/jpeg"
    assert fetched.address == f"http://photos.test:{server.port}/good.jpg?x=1"
    assert len(names.asked) == 3


def test_a_redirects_own_body_is_not_read(server: Any, names: Names) -> None:
    assert get(server, "/redirect-with-endless-body", names).content == hostile.PHOTO


def test_nothing_of_ours_is_sent(
    server: Any, names: Names, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    (tmp_path / ".netrc").write_text("machine photos.test login me password secret")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    get(server, "/good.jpg", names)
    first, *lines = server.heads[0].decode().rstrip().split("\r\n")
    assert first == "GET /good.jpg HTTP/1.1"
    sent = {line.partition(":")[0].lower(): line.partition(": ")[2] for line in lines}
    assert set(sent) == {"host", "user-agent", "accept", "accept-encoding", "connection"}
    assert sent["host"] == f"photos.test:{server.port}"
    assert sent["accept-encoding"] == "identity"


def test_a_status_is_told(server: Any, names: Names) -> None:
    with pytest.raises(AddressStatusError, match="HTTP status 404") as refused:
        get(server, "/missing.jpg", names)
    assert refused.value.status == 404


def test_the_connection_goes_to_the_address_that_was_checked(
    server: Any, names: Names, outside: list[str]
) -> None:
    """The name is public when first looked up and inside ever after: nobody asks a second time."""
    names.answers["rebinding.test"] = [[PUBLIC], ["127.0.0.1"]]
    fetched = fetch(f"http://rebinding.test:{server.port}/good.jpg", limits=QUICK, resolve=names)
    assert fetched.content == hostile.PHOTO
    assert outside == [PUBLIC]
    assert names.asked == ["rebinding.test"]
    assert f"Host: rebinding.test:{server.port}".encode() in server.heads[0]


def test_a_name_that_turns_inside_on_the_way_is_refused(
    server: Any, names: Names, outside: list[str]
) -> None:
    names.answers["rebinding.test"] = [[PUBLIC], ["127.0.0.1"]]
    server.locations = {"/start": "/good.jpg"}
    with pytest.raises(ForbiddenAddressError):
        fetch(f"http://rebinding.test:{server.port}/start", limits=QUICK, resolve=names)
    assert outside == [PUBLIC]
    assert len(server.heads) == 1


def test_the_next_address_is_tried_when_one_does_not_answer(
    server: Any, names: Names, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = socket.create_connection
    tried = []

    def connect(address: tuple[str, int], *rest: Any, **options: Any) -> socket.socket:
        tried.append(address[0])
        if len(tried) < 3:
            raise ConnectionRefusedError
        return real(("127.0.0.1", server.port), *rest, **options)

    monkeypatch.setattr(socket, "create_connection", connect)
    names.answers["many.test"] = [[f"93.184.215.{number}" for number in range(1, 9)]]
    assert fetch("http://many.test/good.jpg", limits=QUICK, resolve=names).content == hostile.PHOTO
    assert tried == ["93.184.215.1", "93.184.215.2", "93.184.215.3"]


def test_no_more_than_a_few_addresses_are_tried(names: Names, monkeypatch: pytest.MonkeyPatch) -> None:
    tried = []

    def connect(address: tuple[str, int], *_: Any, **__: Any) -> socket.socket:
        tried.append(address[0])
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", connect)
    names.answers["many.test"] = [[f"93.184.215.{number}" for number in range(1, 200)]]
    with pytest.raises(UnreachableAddressError):
        fetch("http://many.test/good.jpg", limits=QUICK, resolve=names)
    assert len(tried) == 4


def test_a_look_up_that_never_ends_does_not_hold_the_fetch() -> None:
    ended = threading.Event()

    def resolve(*_: Any) -> list[str]:
        ended.wait(30)
        return []

    with pytest.raises(PhotoAddressError) as refused:
        fetch("http://slow.test/", limits=QUICK, resolve=resolve)
    ended.set()
    assert refused.value.code == "address_timeout"


def test_an_allowed_port_opens_no_other_port(server: Any, names: Names) -> None:
    with pytest.raises(ForbiddenAddressError):
        fetch(
            f"http://photos.test:{server.port + 1}/",
            allowed_hosts={f"photos.test:{server.port}"},
            resolve=names,
        )
    with pytest.raises(ForbiddenAddressError):
        fetch(f"http://127.0.0.1:{server.port}/", allowed_hosts={"photos.test"}, resolve=names)


@pytest.mark.parametrize("allowed", ["photos.test", "PHOTOS.test.", "photos.test:{port}"])
def test_an_owner_opens_a_host_by_name(allowed: str, server: Any, names: Names) -> None:
    address = f"http://Photos.Test.:{server.port}/good.jpg"
    assert fetch(address, allowed_hosts={allowed.format(port=server.port)}, resolve=names).content


def test_an_owner_opens_a_host_by_address(server: Any) -> None:
    fetched = fetch(f"http://127.0.0.1:{server.port}/good.jpg", allowed_hosts=["127.0.0.1"])
    assert fetched.content == hostile.PHOTO


def test_redirects_are_as_many_as_allowed(server: Any, names: Names) -> None:
    server.locations = {"/1": "/2", "/2": "/3", "/3": "/good.jpg"}
    assert get(server, "/1", names).content
    with pytest.raises(RedirectsError):
        get(server, "/1", names, FetchLimits(redirects_max=2))


def test_memory_stays_flat(server: Any, hostile_names: Names) -> None:
    """An endless body costs what a photo may weigh, and nothing of a refusal is kept."""
    get(server, "/good.jpg", hostile_names)
    gc.collect()
    tracemalloc.start()
    try:
        limits = FetchLimits(size_max=4_000_000)
        for path in ("/endless.jpg", "/endless-chunks.jpg", "/endless-header") * 3:
            with pytest.raises(PhotoAddressError):
                get(server, path, hostile_names, limits)
        for address, _ in HOSTILE_ADDRESSES * 3:
            with pytest.raises(PhotoAddressError):
                fetch(address, limits=QUICK, resolve=hostile_names)
        gc.collect()
        kept, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 3 * limits.size_max
    assert kept < 400_000


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for photos.test, with its key, made for this run."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "photos.test")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName(
                [x509.DNSName("photos.test"), x509.IPAddress(ipaddress.ip_address(PUBLIC))]
            ),
            critical=False,
        )
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "photos.pem"
    path.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return path


@pytest.fixture
def secure_server(certificate: Path) -> Iterator[Any]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    running = hostile.HostileServer(context)
    running.server_names = []
    context.sni_callback = lambda _socket, name, _context: running.server_names.append(name)
    yield running
    running.close()


def test_tls_is_checked_against_the_name_though_the_connection_goes_to_an_address(
    secure_server: Any, certificate: Path, names: Names
) -> None:
    fetched = fetch(
        f"https://photos.test.:{secure_server.port}/good.jpg",
        allowed_hosts=["photos.test"],
        resolve=names,
        ssl_context=ssl.create_default_context(cafile=str(certificate)),
    )
    assert fetched.content == hostile.PHOTO
    assert secure_server.server_names == ["photos.test"]


@pytest.mark.parametrize(("host", "trusted"), [("photos.test", False), ("other.test", True)])
def test_a_certificate_that_is_not_the_names_own_is_refused(
    host: str, trusted: bool, secure_server: Any, certificate: Path, names: Names
) -> None:
    names.answers["other.test"] = [["127.0.0.1"]]
    context = ssl.create_default_context(cafile=str(certificate)) if trusted else None
    with pytest.raises(UnreachableAddressError):
        fetch(
            f"https://{host}:{secure_server.port}/good.jpg",
            limits=QUICK,
            allowed_hosts=[host],
            resolve=names,
            ssl_context=context,
        )
    assert secure_server.heads == []


def test_a_server_that_never_shakes_hands_is_left(server: Any, names: Names) -> None:
    """The plain server waits for a request line that never comes, the client for a certificate."""
    with pytest.raises(PhotoAddressError) as refused:
        fetch(
            f"https://photos.test:{server.port}/good.jpg",
            limits=QUICK,
            allowed_hosts=["photos.test"],
            resolve=names,
        )
    assert refused.value.code == "address_timeout"


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True),
        ("93.184.215.14", True),
        ("172.15.255.255", True),
        ("172.32.0.0", True),
        ("100.63.255.255", True),
        ("100.128.0.0", True),
        ("2606:4700::1111", True),
        ("2a00:1450:4001:829::200e", True),
        ("2001:200::1", True),
        ("2001:1ff:ffff::1", False),
        ("3ffe::1", True),
        ("3fff::1", False),
        ("4000::1", False),
        ("169.254.169.254", False),
        ("fe80::1%eth0", False),
        ("no address", False),
        ("", False),
    ],
)
def test_where_the_public_internet_begins_and_ends(address: str, public: bool) -> None:
    assert is_public(address) is public
