"""Fetching and keeping weights, from a server on this machine; and what can go wrong."""

from __future__ import annotations

import errno
import re
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from filelock import FileLock
from tests.engine.models.stores import CONTENT, digest_of, entry_of, store_of
from tests.engine.models.weights_server import Server

from offcut.engine.models import sources, weights
from offcut.engine.models.catalog import Entry, Source
from offcut.errors import (
    DownloadError,
    LicenceError,
    NoNetworkError,
    WeightsBusyError,
    WeightsCorruptError,
    WeightsMissingError,
    WeightsStorageError,
    WrongHashError,
)


def url_entry(server: Server, **fields: Any) -> Entry:
    source = Source("url", digest_of(CONTENT), len(CONTENT), url=server.url)
    return entry_of("w", CONTENT, source, **fields)


def test_download_is_kept_and_never_fetched_again(tmp_path: Path, server: Server) -> None:
    store = store_of(tmp_path, url_entry(server))
    seen: list[tuple[int, int]] = []
    (path,) = store.pull("w", progress=lambda _, done, total: seen.append((done, total)))
    assert path.read_bytes() == CONTENT
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert store.pull("w") == (path,) == store.verify("w")
    assert len(server.ranges) == 1


def test_download_goes_on_where_it_broke_off(tmp_path: Path, server: Server) -> None:
    server.cut_at = [300_000, 200_000]
    (path,) = store_of(tmp_path, url_entry(server)).pull("w")
    assert path.read_bytes() == CONTENT
    assert server.ranges[0] == ""
    assert all(re.fullmatch(r"bytes=[1-9]\d*-", wanted) for wanted in server.ranges[1:])
    assert len(server.ranges) == 3


def test_download_goes_on_in_the_next_process(tmp_path: Path, server: Server) -> None:
    server.cut_at = [100_000] * sources.ATTEMPTS
    store = store_of(tmp_path, url_entry(server))
    with pytest.raises(DownloadError) as caught:
        store.pull("w")
    assert caught.value.code == "download_failed"
    assert store.state("w") == "absent"
    (path,) = store_of(tmp_path, url_entry(server)).pull("w")
    assert path.read_bytes() == CONTENT
    assert server.ranges[-1].startswith("bytes=")


def test_server_without_ranges_is_asked_from_the_start(tmp_path: Path, server: Server) -> None:
    server.cut_at, server.ignore_range = [300_000], True
    (path,) = store_of(tmp_path, url_entry(server)).pull("w")
    assert path.read_bytes() == CONTENT


def test_wrong_content_is_thrown_away(tmp_path: Path, server: Server) -> None:
    server.served = CONTENT[:-1] + b"!"
    store = store_of(tmp_path, url_entry(server))
    with pytest.raises(WrongHashError):
        store.pull("w")
    assert [path for path in store.folder.rglob("*") if path.is_file() and path.suffix != ".lock"] == []
    server.served = CONTENT
    assert store.pull("w")[0].read_bytes() == CONTENT


def test_more_than_promised_is_refused(tmp_path: Path, server: Server) -> None:
    server.served = CONTENT * 2
    with pytest.raises(WrongHashError):
        store_of(tmp_path, url_entry(server)).pull("w")


def test_passing_server_errors_are_outlived(tmp_path: Path, server: Server) -> None:
    server.statuses = [503, 429]
    assert store_of(tmp_path, url_entry(server)).pull("w")[0].read_bytes() == CONTENT


@pytest.mark.parametrize(("status", "asked"), [(404, 1), (500, sources.ATTEMPTS)])
def test_lasting_server_errors(tmp_path: Path, server: Server, status: int, asked: int) -> None:
    server.statuses = [status] * 10
    with pytest.raises(DownloadError, match=str(status)):
        store_of(tmp_path, url_entry(server)).pull("w")
    assert len(server.ranges) == asked


def test_leading_away_from_https_is_refused() -> None:
    final = httpx.Response(200, request=httpx.Request("GET", "http://example.org/w.onnx"))
    source = Source("url", "00", 3, url="https://example.org/w.onnx")
    with pytest.raises(DownloadError, match="not https"):
        sources._accepted(final, source, 0)


def test_no_network(tmp_path: Path, server: Server) -> None:
    entry = url_entry(server)
    entry = replace(entry, source=replace(entry.source, url="http://127.0.0.1:9/w.onnx"))
    with pytest.raises(NoNetworkError) as caught:
        store_of(tmp_path, entry).pull("w")
    assert caught.value.hint


def test_missing_weights_say_how_to_fetch_them(tmp_path: Path, server: Server) -> None:
    with pytest.raises(WeightsMissingError) as caught:
        store_of(tmp_path, url_entry(server)).path("w")
    assert "offcut models pull w" in caught.value.hint


def test_what_is_missing_of_several_sets_is_fetched_with_one_command(tmp_path: Path) -> None:
    """An error for each in turn would send a person round in circles."""
    store = weights.Weights(tmp_path)
    alone = store.catalog.default[0]
    with pytest.raises(WeightsMissingError) as caught:
        store.check(store.catalog.default)
    assert all(name in str(caught.value) for name in store.catalog.default)
    assert caught.value.hint == "Fetch them once with `offcut models pull`."
    with pytest.raises(WeightsMissingError) as caught:
        store.check(("birefnet-lite", alone))
    assert f"`offcut models pull birefnet-lite {alone}`" in caught.value.hint
    with pytest.raises(WeightsMissingError) as caught:
        store.check((alone,))
    assert "`offcut models pull`" in caught.value.hint


def test_damaged_weights_are_found_and_fetched_again(tmp_path: Path, server: Server) -> None:
    store = store_of(tmp_path, url_entry(server))
    (path,) = store.pull("w")
    path.write_bytes(CONTENT[:-1])
    with pytest.raises(WeightsCorruptError):
        store.path("w")
    path.write_bytes(CONTENT[:-1] + b"!")
    assert (store.state("w"), store.state("w", read=True)) == ("present", "corrupt")
    assert store.pull("w") == (path,)
    assert path.read_bytes() == CONTENT


def test_non_commercial_weights_need_their_name_accepted(tmp_path: Path, server: Server) -> None:
    store = store_of(tmp_path, url_entry(server, commercial=False))
    with pytest.raises(LicenceError) as caught:
        store.pull("w", accept_licences=["other"])
    assert "--accept-licence w" in caught.value.hint
    assert (server.ranges, store.state("w")) == ([], "refused")
    (path,) = store.pull("w", accept_licences=["w"])
    assert store_of(tmp_path, url_entry(server, commercial=False)).path("w") == path


def test_no_room_is_refused_before_fetching(tmp_path: Path, server: Server, monkeypatch: Any) -> None:
    monkeypatch.setattr(weights.shutil, "disk_usage", lambda _: SimpleNamespace(free=1000))
    with pytest.raises(WeightsStorageError, match="free"):
        store_of(tmp_path, url_entry(server)).pull("w")
    assert server.ranges == []


def test_disk_that_fills_up_meanwhile(tmp_path: Path, server: Server, monkeypatch: Any) -> None:
    def full(*_: Any) -> Path:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(weights, "fetch", full)
    with pytest.raises(WeightsStorageError, match="full"):
        store_of(tmp_path, url_entry(server)).pull("w")


def test_folder_that_cannot_be_made(tmp_path: Path, server: Server) -> None:
    (tmp_path / "models").write_text("a file in the way")
    with pytest.raises(WeightsStorageError):
        store_of(tmp_path, url_entry(server)).pull("w")


def test_lock_held_too_long(tmp_path: Path, server: Server) -> None:
    store = store_of(tmp_path, url_entry(server))
    store.folder.mkdir()
    with FileLock(store.folder / ".w.lock"), pytest.raises(WeightsBusyError) as caught:
        store.pull("w", wait_s=0.05)
    assert caught.value.code == "weights_locked"


PULL = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[3])
from offcut.engine.models.catalog import Source
from tests.engine.models.stores import CONTENT, digest_of, entry_of, store_of
from tests.engine.models.weights_server import Server
source = Source("url", digest_of(CONTENT), len(CONTENT), url=sys.argv[2])
print("ready", flush=True)
store_of(Path(sys.argv[1]), entry_of("w", CONTENT, source)).pull("w")
"""


def test_two_processes_fetch_once(tmp_path: Path, server: Server) -> None:
    server.wait = threading.Event()
    root = Path(__file__).parents[3]
    command = [sys.executable, "-c", PULL, str(tmp_path), server.url, str(root)]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    for process in both:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    server.wait.set()
    assert [process.wait(60) for process in both] == [0, 0]
    for process in both:
        assert process.stdout is not None
        process.stdout.close()
    assert (tmp_path / "models" / "w" / "w.onnx").read_bytes() == CONTENT
    assert len(server.ranges) == 1


def test_prune_takes_leftovers_and_nothing_else(tmp_path: Path, server: Server) -> None:
    store = store_of(tmp_path, url_entry(server))
    (path,) = store.pull("w")
    doomed = [
        store.folder / ".partial" / "x.part",
        store.folder / ".prepared" / "x.bin",
        path.with_name("old.onnx"),
    ]
    kept = [store.folder / "holiday.jpg", store.folder / "other" / "letter.txt"]
    for file in (*doomed, *kept):
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(b"12345")
    assert store.prune().bytes >= 15
    assert not any(file.exists() for file in doomed)
    assert all(file.exists() for file in (*kept, path))
    store.remove("w")
    assert store.state("w") == "absent"
