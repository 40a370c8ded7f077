"""The pages as a Django app: what it has done again and again, and what it adds to a person's export."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PagesConfig(AppConfig):
    name = "offcut.server.website.pages"
    label = "pages"
    verbose_name = _("Website")

    def ready(self) -> None:
        """Name the recurring jobs, and listen to exports."""
        from datetime import timedelta

        from offcut.server.accounts import signals
        from offcut.server.jobs.schedule import every
        from offcut.server.website.pages.tasks import forget_old_pages, mail_letters, record_health

        every(timedelta(minutes=1), record_health)
        every(timedelta(minutes=1), mail_letters)
        every(timedelta(hours=12), forget_old_pages)
        signals.person_exporting.connect(_export, dispatch_uid="pages")


def _export(person: Any, **_: Any) -> tuple[str, Any]:
    from offcut.server.website.pages.letters import letters_of

    return "letters", letters_of(person)
