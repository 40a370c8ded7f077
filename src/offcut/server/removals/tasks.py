"""What the worker does about images."""

from __future__ import annotations

from django.utils import timezone
from django_tasks import task

from offcut.server.removals import images


@task()
def expire_images() -> None:
    """Delete the images whose time is over."""
    images.expire_due(timezone.now())
