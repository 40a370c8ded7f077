"""The database itself refuses to change or delete an entry of the ledger."""

from __future__ import annotations

from typing import Any

from django.db import migrations

from offcut.server.credits import append_only


def _guard(_apps: Any, editor: Any) -> None:
    append_only.guard(editor.connection)


def _unguard(_apps: Any, editor: Any) -> None:
    append_only.unguard(editor.connection)


class Migration(migrations.Migration):
    dependencies = [("credits", "0001_initial")]

    operations = [migrations.RunPython(_guard, _unguard)]
