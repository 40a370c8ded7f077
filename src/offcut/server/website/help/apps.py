"""The app of the help centre."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.core import checks
from django.utils.translation import gettext_lazy as _


class HelpConfig(AppConfig):
    name = "offcut.server.website.help"
    label = "help"
    verbose_name = _("Help centre")

    def ready(self) -> None:
        """Have the articles read and checked with everything else that Django checks at the start."""
        checks.register(_check_articles)


def _check_articles(**_: Any) -> list[checks.CheckMessage]:
    from offcut.server.website.help.articles import ArticleError, shelves

    try:
        shelves()
    except ArticleError as error:
        return [checks.Error(str(error), id="help.E001")]
    return []
