"""What the worker does for the pages."""

from __future__ import annotations

from django.utils import timezone
from django_tasks import task

from offcut.server.website.pages import letters, recorder


@task()
def record_health() -> None:
    """Look at the web server, and write down what was seen."""
    recorder.record(recorder.look_twice(recorder.own_address()), timezone.now())


@task()
def mail_letters() -> None:
    """Mail to the owners what people wrote."""
    letters.mail_due(timezone.now())


@task()
def forget_old_pages() -> None:
    """Delete readings and letters whose time is over."""
    recorder.forget_old(timezone.now())
    letters.forget_closed(timezone.now())
