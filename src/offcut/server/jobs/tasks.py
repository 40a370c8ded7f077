"""Jobs about jobs."""

from __future__ import annotations

from django.core.management import call_command
from django_tasks import task


@task()
def forget_done_jobs() -> None:
    """Delete the records of jobs that ended more than two days ago (failed ones: two weeks)."""
    call_command("prune_db_task_results", min_age_days=2, failed_min_age_days=14, verbosity=0)
