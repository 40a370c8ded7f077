"""The table of settings, what is read from it, and its page."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from offcut.errors import SettingError
from offcut.server.configuration import SETTINGS, read_configuration
from offcut.server.secret_key import secret_key
from offcut.server.settings_page import settings_page
from offcut.server.social_sign_in import social_providers

ROOT = Path(__file__).parents[2]


def test_the_page_is_the_tables() -> None:
    page = ROOT / "docs" / "settings.md"
    assert page.read_text(encoding="utf-8") == settings_page(), (
        "docs/settings.md is old: python -m offcut.server.settings_page > docs/settings.md"
    )


def test_every_setting_is_explained_and_named_once() -> None:
    assert all(setting.help.endswith((".", ")")) for setting in SETTINGS)
    assert all(setting.variable.startswith("OFFCUT_") for setting in SETTINGS)
    assert len({setting.name for setting in SETTINGS}) == len(SETTINGS)


def test_nothing_given_is_a_working_server() -> None:
    configuration = read_configuration({})
    assert (configuration.host, configuration.port) == ("127.0.0.1", 8000)
    assert configuration.debug is False


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("OFFCUT_PORT", "eighty"),
        ("OFFCUT_PORT", "70000"),
        ("OFFCUT_STOP_S", "1791"),
        ("OFFCUT_DEBUG", "perhaps"),
        ("OFFCUT_SIGN_UP", "closed"),
        ("OFFCUT_PUBLIC_URL", "example.org"),
        ("OFFCUT_LOG_FORMAT", "xml"),
        ("OFFCUT_TIME_ZONE", "Europe/Atlantis"),
        ("OFFCUT_TIME_ZONE", "../../etc/passwd"),
        ("OFFCUT_OWNER_EMAIL", "olga"),
        ("OFFCUT_DATABASE_URL", "mysql://root:hunter2@db/x"),
    ],
)
def test_values_that_cannot_be_used_are_named(variable: str, value: str) -> None:
    with pytest.raises(SettingError, match=variable) as refused:
        read_configuration({variable: value})
    assert "hunter2" not in str(refused.value)


def test_secrets_come_from_files_too(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("hunter2\n")
    assert read_configuration({"OFFCUT_SMTP_PASSWORD_FILE": str(file)}).smtp_password == "hunter2"
    with pytest.raises(SettingError):
        read_configuration({"OFFCUT_SMTP_PASSWORD_FILE": str(tmp_path / "nothing")})
    with pytest.raises(SettingError, match="both"):
        read_configuration({"OFFCUT_SMTP_PASSWORD_FILE": str(file), "OFFCUT_SMTP_PASSWORD": "x"})


def test_only_secrets_come_from_files(tmp_path: Path) -> None:
    file = tmp_path / "port"
    file.write_text("9000")
    assert read_configuration({"OFFCUT_PORT_FILE": str(file)}).port == 8000


def test_a_configuration_shows_no_secret() -> None:
    assert "hunter2" not in repr(read_configuration({"OFFCUT_SECRET_KEY": "hunter2"}))


def test_the_secret_key_is_made_once_and_private(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    key = secret_key(folder)
    assert len(key) > 60
    assert secret_key(folder) == key
    assert stat.S_IMODE((folder / "secret-key").stat().st_mode) == 0o600
    assert sorted(path.name for path in folder.iterdir()) == ["secret-key"]


def test_social_sign_in_is_off_until_it_is_set() -> None:
    assert social_providers(read_configuration({})) == ({}, [], [])
    google = {"OFFCUT_GOOGLE_CLIENT_ID": "id", "OFFCUT_GOOGLE_CLIENT_SECRET": "secret"}
    providers, apps, origins = social_providers(read_configuration(google))
    assert providers["google"]["APPS"] == [{"client_id": "id", "secret": "secret"}]
    assert apps == ["allauth.socialaccount.providers.google"]
    assert origins == ["https://accounts.google.com"]
    with pytest.raises(SettingError):
        social_providers(read_configuration({"OFFCUT_GOOGLE_CLIENT_ID": "id"}))


def test_any_openid_provider() -> None:
    given = {
        "OFFCUT_OIDC_URL": "https://login.example.org/realms/studio/",
        "OFFCUT_OIDC_NAME": "Studio",
        "OFFCUT_OIDC_CLIENT_ID": "id",
        "OFFCUT_OIDC_CLIENT_SECRET": "secret",
    }
    providers, _, origins = social_providers(read_configuration(given))
    assert providers["openid_connect"]["APPS"][0]["name"] == "Studio"
    assert origins == ["https://login.example.org"]
