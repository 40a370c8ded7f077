"""The tiny network, in a store of its own; and a server that weights are fetched from."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from tests.engine.models.stores import catalog_of, digest_of, entry_of, tiny_onnx
from tests.engine.models.weights_server import Server, answer

from offcut.engine.models import sources
from offcut.engine.models.catalog import Source
from offcut.engine.models.weights import Weights


@pytest.fixture(scope="session")
def tiny() -> bytes:
    return tiny_onnx()


@pytest.fixture
def store(tmp_path: Path, tiny: bytes) -> Weights:
    """A store that holds the tiny network under the name `tiny`."""
    original = tmp_path / "original.onnx"
    original.write_bytes(tiny)
    source = Source("file", digest_of(tiny), len(tiny), path=str(original))
    weights = Weights(tmp_path / "models", catalog_of(entry_of("tiny", tiny, source)))
    weights.pull("tiny")
    return weights


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A web server that has CONTENT, or what its `served` says."""
    monkeypatch.setattr(sources, "PAUSE_S", 0.0)
    state = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer(state, self)

        def log_message(self, *arguments: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as web:
        state.url = f"http://127.0.0.1:{web.server_address[1]}/w.onnx"
        thread = threading.Thread(target=web.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield state
        web.shutdown()
        thread.join()
