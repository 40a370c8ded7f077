"""`work`: run jobs as they come, and start the recurring ones when they are due."""

from __future__ import annotations

import threading
from typing import Any

import structlog
from django.db import DatabaseError, close_old_connections
from django.utils import timezone
from django_tasks_db.management.commands.db_worker import Command as DatabaseWorker

from offcut.server.jobs.schedule import start_due

LOOK_EVERY_S = 1.0
log = structlog.get_logger(__name__)


class Command(DatabaseWorker):
    help = "Run jobs as they come, and start the recurring ones when they are due."

    def handle(self, **options: Any) -> None:
        """Work until told to stop."""
        # The thread ends with the process: what it does is one transaction at a time.
        threading.Thread(target=_look_at_the_clock, name="recurring jobs", daemon=True).start()
        super().handle(**options)


def _look_at_the_clock() -> None:
    pause = threading.Event()
    while not pause.wait(LOOK_EVERY_S):
        close_old_connections()
        try:
            start_due(timezone.now())
        except DatabaseError:
            # A database that is away for a moment must not end the worker; the next look tries again.
            log.exception("recurring jobs could not be started")
