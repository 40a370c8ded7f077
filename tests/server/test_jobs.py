"""Recurring jobs: started when due, by one worker."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from offcut.server.jobs import schedule, tasks
from offcut.server.jobs.models import Round

pytestmark = pytest.mark.django_db


@pytest.fixture
def one_job(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(schedule, "_RECURRING", {})
    schedule.every(timedelta(minutes=1), tasks.forget_done_jobs)
    return tasks.forget_done_jobs.module_path


def test_a_job_starts_when_it_is_due(one_job: str) -> None:
    now = timezone.now()
    started = [schedule.start_due(now + timedelta(seconds=seconds)) for seconds in (0, 30, 60, 61, 600)]
    assert started == [[one_job], [], [one_job], [], [one_job]]
    assert DBTaskResult.objects.count() == 3


def test_of_two_workers_one_starts_it(one_job: str, monkeypatch: pytest.MonkeyPatch) -> None:
    now = timezone.now()
    schedule.start_due(now - timedelta(minutes=2))
    row = Round.objects.get()
    # The other worker has read the row too, and is now too late with its UPDATE.
    Round.objects.update(due_at=now + timedelta(minutes=1))
    monkeypatch.setattr(Round.objects.__class__, "filter", _first_answer(row))
    assert schedule.start_due(now) == []
    assert DBTaskResult.objects.count() == 1


def _first_answer(stale: Round):
    original = Round.objects.__class__.filter

    def filtered(manager: object, *args: object, **options: object) -> object:
        if "name" in options:
            return type("Stale", (), {"first": staticmethod(lambda: stale)})()
        return original(manager, *args, **options)

    return filtered


def test_done_jobs_are_forgotten() -> None:
    tasks.forget_done_jobs.enqueue()
    old = DBTaskResult.objects.get()
    DBTaskResult.objects.update(
        status="SUCCESSFUL", finished_at=timezone.now() - timedelta(days=3), started_at=timezone.now()
    )
    tasks.forget_done_jobs.call()
    assert not DBTaskResult.objects.filter(pk=old.pk).exists()
