"""Notices as a Django app."""

from __future__ import annotations

from django.apps import AppConfig


class NoticesConfig(AppConfig):
    name = "offcut.server.credits.notices"
    label = "notices"
    verbose_name = "Notices"

    def ready(self) -> None:
        """Name the recurring job that delivers."""
        from datetime import timedelta

        from offcut.server.credits.notices.tasks import deliver_notices
        from offcut.server.jobs.schedule import every

        every(timedelta(seconds=20), deliver_notices)
