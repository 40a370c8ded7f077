"""What every test stands on: no network."""

from __future__ import annotations

import socket
from typing import Any

import pytest

LOOPBACK = ("127.", "::1", "localhost", "0.0.0.0")


class NetworkUsedInTestError(RuntimeError):
    """A test reached out. Mark it `network` if it has to (the weights), or give it a local server.

    Not an OSError on purpose: code under test that handles a lost connection must not swallow it.
    """


def _is_local(address: Any) -> bool:
    if not isinstance(address, tuple):
        return True  # a Unix socket is a path
    return str(address[0]).startswith(LOOPBACK) or address[0] == ""


def _guarded(real: Any) -> Any:
    def connect(self: socket.socket, address: Any, *rest: Any) -> Any:
        if not _is_local(address):
            raise NetworkUsedInTestError(f"This test tried to connect to {address[0]}.")
        return real(self, address, *rest)

    return connect


@pytest.fixture(autouse=True)
def no_network(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuses every connection that leaves this machine, and tells npm and pip to stay offline."""
    if request.node.get_closest_marker("network"):
        return
    monkeypatch.setattr(socket.socket, "connect", _guarded(socket.socket.connect))
    monkeypatch.setattr(socket.socket, "connect_ex", _guarded(socket.socket.connect_ex))
    real_lookup = socket.getaddrinfo

    def lookup(host: Any, *rest: Any, **options: Any) -> Any:
        if host is not None and not _is_local((host if isinstance(host, str) else host.decode(),)):
            raise NetworkUsedInTestError(f"This test tried to look up {host}.")
        return real_lookup(host, *rest, **options)

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    monkeypatch.setenv("npm_config_offline", "true")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
