"""What the worker does about credits. No balance waits for it."""

from __future__ import annotations

from django.utils import timezone
from django_tasks import task

from offcut.server.credits import causes, ledger


@task()
def lapse_holds() -> None:
    """Write down which holds have lapsed."""
    ledger.lapse_due(timezone.now())


@task()
def notice_ending_lots() -> None:
    """Tell teams whose credits end within 14 days."""
    causes.notice_ending_lots(timezone.now())
