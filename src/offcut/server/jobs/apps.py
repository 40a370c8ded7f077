"""How Django knows this package."""

from __future__ import annotations

from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "offcut.server.jobs"
    label = "jobs"
    verbose_name = "Jobs"

    def ready(self) -> None:
        """Name the job about jobs."""
        from datetime import timedelta

        from offcut.server.jobs.schedule import every
        from offcut.server.jobs.tasks import forget_done_jobs

        every(timedelta(hours=6), forget_done_jobs)
