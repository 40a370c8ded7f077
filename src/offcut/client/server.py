"""Which server, and with which key: as given, or from the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field

from offcut.errors import ServiceSetupError

ADDRESS_VARIABLES = ("OFFCUT_API_URL",)
KEY_VARIABLES = ("OFFCUT_API_KEY", "REMOVE_BG_API_KEY")
_API_PATHS = ("/v1.0/removebg", "/v1.0/account", "/v1.0")


@dataclass(frozen=True, slots=True)
class Server:
    """A server of the v1.0 API. `url` has no slash at its end and no /v1.0; the key is in no repr."""

    url: str = field(repr=False)
    api_key: str = field(repr=False)
    host: str = ""

    def endpoint(self, name: str) -> str:
        """The address of "removebg", "account" or "improve"."""
        return f"{self.url}/v1.0/{name}"


def find_server(
    base_url: str | None = None, api_key: str | None = None, *, environment: Mapping[str, str] | None = None
) -> Server:
    """The server that was named, or the one that the environment names.

    What is given wins over the environment; an empty text means "not given". The address comes from
    OFFCUT_API_URL, the key from OFFCUT_API_KEY or the official client's REMOVE_BG_API_KEY. Raises
    ServiceSetupError when either is missing or cannot be one.
    """
    environment = os.environ if environment is None else environment
    address = base_url or _first(environment, ADDRESS_VARIABLES)
    key = api_key or _first(environment, KEY_VARIABLES)
    if not address:
        raise ServiceSetupError("No server was named.")
    if not key:
        raise ServiceSetupError("No API key was given.")
    url, host = _plain(address)
    return Server(url, _checked(key.strip()), host)


def _first(environment: Mapping[str, str], names: tuple[str, ...]) -> str:
    return next((environment[name].strip() for name in names if environment.get(name, "").strip()), "")


def _plain(address: str) -> tuple[str, str]:
    import httpx

    try:
        url = httpx.URL(address.strip())
    except httpx.InvalidURL:
        raise ServiceSetupError("The server's address is no valid address.") from None
    if url.scheme not in ("http", "https") or not url.host:
        raise ServiceSetupError(
            "The server's address does not start with http:// or https://.",
            hint="Such as https://photos.example.com or http://127.0.0.1:8000.",
        )
    text = str(url.copy_with(query=None, fragment=None)).rstrip("/")
    for path in _API_PATHS:
        text = text.removesuffix(path)
    return text.rstrip("/"), url.host


def _checked(key: str) -> str:
    """A key that cannot stand in a header would show up in an error of the library below."""
    if not (key.isascii() and key.isprintable() and " " not in key):
        raise ServiceSetupError("The API key has characters in it that no key has.", hint="Copy it again.")
    return key
