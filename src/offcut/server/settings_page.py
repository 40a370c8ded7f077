"""docs/settings.md, written from the table: `python -m offcut.server.settings_page > docs/settings.md`."""

from __future__ import annotations

from itertools import groupby

from offcut.server.configuration import SETTINGS, Setting

_HEAD = """# Settings of the server

<!-- Written from src/offcut/server/configuration.py by `python -m offcut.server.settings_page`. -->

Every setting is an environment variable. None has to be given: `offcut serve` works without.
A secret may also be read from a file: put `_FILE` behind its name and give the path.
"""


def settings_page() -> str:
    """The whole page as Markdown."""
    parts = [_HEAD]
    for group, settings in groupby(SETTINGS, key=lambda setting: setting.group):
        rows = "\n".join(_row(setting) for setting in settings)
        parts.append(f"## {group}\n\n| variable | meaning | when not given |\n|---|---|---|\n{rows}\n")
    return "\n".join(parts)


def _row(setting: Setting) -> str:
    name = f"`{setting.variable}`" + (" (secret)" if setting.secret else "")
    default = setting.shown_default or (f"`{setting.default}`" if setting.default else "empty")
    return f"| {name} | {setting.help} | {default} |"


if __name__ == "__main__":
    print(settings_page(), end="")
