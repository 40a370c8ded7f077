"""Which providers of social sign-in are on, read from the settings."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from offcut.errors import SettingError
from offcut.server.configuration import Configuration

_ORIGINS = {
    "google": "https://accounts.google.com",
    "github": "https://github.com",
    "microsoft": "https://login.microsoftonline.com",
}


def social_providers(configuration: Configuration) -> tuple[dict[str, Any], list[str], list[str]]:
    """allauth's provider table, the apps to install, and the origins that sign-in forms lead to."""
    providers: dict[str, Any] = {}
    origins = []
    for name, origin in _ORIGINS.items():
        app = _app(configuration, name)
        if app:
            providers[name] = {"APPS": [app]}
            origins.append(origin)
    if configuration.oidc_url:
        providers["openid_connect"] = {"APPS": [_oidc_app(configuration)]}
        address = urlsplit(configuration.oidc_url)
        origins.append(f"{address.scheme}://{address.netloc}")
    return providers, [f"allauth.socialaccount.providers.{name}" for name in providers], origins


def _app(configuration: Configuration, name: str) -> dict[str, Any] | None:
    client_id = getattr(configuration, f"{name}_client_id")
    client_secret = getattr(configuration, f"{name}_client_secret")
    if bool(client_id) != bool(client_secret):
        raise SettingError(
            f"OFFCUT_{name.upper()}_CLIENT_ID and OFFCUT_{name.upper()}_CLIENT_SECRET come together."
        )
    return {"client_id": client_id, "secret": client_secret} if client_id else None


def _oidc_app(configuration: Configuration) -> dict[str, Any]:
    app = _app(configuration, "oidc")
    if app is None:
        raise SettingError("OFFCUT_OIDC_URL needs OFFCUT_OIDC_CLIENT_ID and OFFCUT_OIDC_CLIENT_SECRET.")
    return {
        **app,
        "provider_id": "sso",
        "name": configuration.oidc_name,
        "settings": {"server_url": configuration.oidc_url},
    }
