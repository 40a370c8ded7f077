"""Jobs that come back at an interval, in the database and without a further service."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import transaction
from django_tasks.base import Task

from offcut.server.jobs.models import Round

_RECURRING: dict[str, tuple[timedelta, Task]] = {}


def every(interval: timedelta, task: Task) -> None:
    """Have `task`, which takes no arguments, started once every `interval` by whichever worker is there.

    A job may start while an earlier round of it still runs, and rounds missed while no worker ran are
    not made up for: so it must find out itself what is left to do.
    """
    _RECURRING[task.module_path] = (interval, task)


def start_due(now: datetime) -> list[str]:
    """Hand the jobs that are due at `now` to the workers; their names, in the order of starting.

    Claim and hand-over are one transaction per job, so no round is lost or started twice.
    """
    return [name for name, interval, task in _all() if _start(name, interval, task, now)]


def _all() -> Iterator[tuple[str, timedelta, Task]]:
    for name, (interval, task) in _RECURRING.items():
        yield name, interval, task


def _start(name: str, interval: timedelta, task: Task, now: datetime) -> bool:
    # Looking first costs a read; the transaction below takes SQLite's one write lock.
    row = Round.objects.filter(name=name).first()
    if row is None:
        row, _ = Round.objects.get_or_create(name=name, defaults={"due_at": now})
    if row.due_at > now:
        return False
    with transaction.atomic():
        claimed = Round.objects.filter(pk=row.pk, due_at=row.due_at).update(due_at=now + interval)
        if claimed:
            task.enqueue()
    return bool(claimed)
