"""What every command of the server does first, and how it ends when something is wrong."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from offcut.errors import OffcutError

if TYPE_CHECKING:
    from offcut.server.accounts.models import Team


@contextmanager
def django_ready() -> Iterator[None]:
    """Django for the length of a command; our errors become one line and exit code 1."""
    try:
        _set_up()
        yield
    except OffcutError as error:
        print(f"offcut: {error}{' ' + error.hint if error.hint else ''}", file=sys.stderr)
        raise typer.Exit(1) from None
    except Exception as error:
        if not _is_database_away(error):
            raise
        print(f"offcut: The database cannot be used: {error}", file=sys.stderr)
        raise typer.Exit(1) from None


def _set_up() -> None:
    try:
        import django
    except ModuleNotFoundError:
        raise OffcutError("The server is not installed.", hint='Run: pip install "offcut[server]"') from None
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "offcut.server.settings")
    django.setup()


def _is_database_away(error: Exception) -> bool:
    # Asked for by name, because without the server's packages there is nothing to import it from.
    return type(error).__name__ == "OperationalError" and type(error).__module__ == "django.db.utils"


def find_team(number: int) -> Team:
    """The team of this number. Raises OffcutError. Django must be ready."""
    from offcut.server.accounts.models import Team

    team = Team.objects.filter(pk=number).first()
    if team is None:
        raise OffcutError(f"There is no team {number}.", hint="`offcut admin team find` finds its number.")
    return team
