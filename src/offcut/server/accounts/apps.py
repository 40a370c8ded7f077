from __future__ import annotations

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "offcut.server.accounts"
    label = "accounts"
    verbose_name = "People and teams"

    def ready(self) -> None:
        from offcut.server.accounts import acting, receivers

        acting.write_down_acting()
        receivers.connect()
