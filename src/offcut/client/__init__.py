"""Talks to a server of the v1.0 API: Offcut's own, or any other that answers like it.

    from offcut.client import Client

    with Client("https://photos.example.com", "the key") as client:
        client.remove("dog.jpg", size="full", crop=True).save("dog.png")

`Client` blocks, `AsyncClient` awaits; both do the same. docs/client.md tells all of it.
"""

from __future__ import annotations

from offcut.client.answers import Account, Foreground, RateLimit, RemovalResult, ZipParts
from offcut.client.client import AsyncClient, Client
from offcut.client.options import OPTION_NAMES
from offcut.client.refusals import Refusal, refusal_of
from offcut.client.retries import Retries
from offcut.client.server import Server, find_server

__all__ = [
    "OPTION_NAMES",
    "Account",
    "AsyncClient",
    "Client",
    "Foreground",
    "RateLimit",
    "Refusal",
    "RemovalResult",
    "Retries",
    "Server",
    "ZipParts",
    "find_server",
    "refusal_of",
]
