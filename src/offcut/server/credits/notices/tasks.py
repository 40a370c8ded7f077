"""What the worker does about notices."""

from __future__ import annotations

from django.utils import timezone
from django_tasks import task

from offcut.server.credits.notices.delivery import deliver_due


@task()
def deliver_notices() -> None:
    """Send the mails that are due."""
    deliver_due(timezone.now())
