"""What the worker does about payments."""

from __future__ import annotations

from django.utils import timezone
from django_tasks import task

from offcut.server.payments import renewals


@task()
def renew_subscriptions() -> None:
    """Ask for renewals, begin periods that are paid, and let fall due what is not."""
    renewals.run_due(timezone.now())
