"""The guard in tests/conftest.py refuses what leaves the machine and lets the rest through."""

from __future__ import annotations

import socket

import pytest


def test_a_connection_outwards_raises() -> None:
    with socket.socket() as outwards, pytest.raises(RuntimeError, match="tried to connect"):
        outwards.connect(("192.0.2.1", 80))  # an address that is reserved for documentation


def test_a_look_up_raises() -> None:
    with pytest.raises(RuntimeError, match="tried to look up"):
        socket.create_connection(("example.invalid", 80))


def test_this_machine_can_be_reached() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname()) as client,
    ):
        assert client.getpeername() == server.getsockname()
