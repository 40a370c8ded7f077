"""How Django knows this package."""

from __future__ import annotations

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "offcut.server.accounts"
    label = "accounts"
    verbose_name = "People and teams"

    def ready(self) -> None:
        """Start listening, and name the recurring jobs."""
        from datetime import timedelta

        from offcut.server.accounts import acting, receivers, tasks
        from offcut.server.jobs.schedule import every

        acting.write_down_acting()
        receivers.connect()
        every(timedelta(days=1), tasks.forget_what_is_over)
