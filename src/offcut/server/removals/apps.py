"""How Django knows this package."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig


class RemovalsConfig(AppConfig):
    name = "offcut.server.removals"
    label = "removals"
    verbose_name = "Removals"

    def ready(self) -> None:
        """Name the recurring jobs, and what is to happen to a team's images when it closes."""
        from datetime import timedelta

        from offcut.server.accounts import signals
        from offcut.server.jobs.schedule import every
        from offcut.server.removals.tasks import expire_images

        signals.team_closing.connect(_delete_images, dispatch_uid="removals")
        every(timedelta(minutes=1), expire_images)


def _delete_images(team: Any, **_: Any) -> None:
    from django.db import transaction

    from offcut.server.removals import images

    # A receiver may still refuse the closing: files go only when it is sure.
    transaction.on_commit(lambda: images.delete_all_of(team))
