"""Jobs about people."""

from __future__ import annotations

from datetime import timedelta

from django.core.management import call_command
from django.utils import timezone
from django_tasks import task

from offcut.server.accounts.models import Invitation, SignInLink

KEPT_FOR = timedelta(days=30)


@task()
def forget_what_is_over() -> None:
    """Delete sessions that have ended, and links and invitations that ended more than 30 days ago."""
    call_command("clearsessions")
    over = timezone.now() - KEPT_FOR
    SignInLink.objects.filter(expires_at__lt=over).delete()
    Invitation.objects.filter(expires_at__lt=over).delete()
