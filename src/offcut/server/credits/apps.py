"""Credits as a Django app: what it listens to and what it has done again and again."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig


class CreditsConfig(AppConfig):
    name = "offcut.server.credits"
    label = "credits"
    verbose_name = "Credits"

    def ready(self) -> None:
        """Listen to teams being opened and closed, and name the recurring jobs."""
        from datetime import timedelta

        from offcut.server.accounts import signals
        from offcut.server.credits.tasks import lapse_holds, notice_ending_lots
        from offcut.server.jobs.schedule import every

        signals.team_opened.connect(_open_account, dispatch_uid="credits")
        signals.team_closing.connect(_end_subscription, dispatch_uid="credits")
        signals.person_exporting.connect(_export, dispatch_uid="credits")
        every(timedelta(minutes=1), lapse_holds)
        every(timedelta(hours=1), notice_ending_lots)


def _open_account(team: Any, at_sign_up: bool, **_: Any) -> None:
    from django.utils import timezone

    from offcut.server.credits import allowances, ledger

    # One gift a person, not one for each team they open.
    gift = allowances.gift_amount() if at_sign_up else 0
    ledger.open_account(team, now=timezone.now(), gift_amount=gift)


def _end_subscription(team: Any, **_: Any) -> None:
    from django.utils import timezone

    from offcut.server.credits import subscriptions

    running = subscriptions.running(team.pk)
    if running is not None:
        subscriptions.end_now(running.pk, reason="The team was closed.", now=timezone.now())


def _export(person: Any, **_: Any) -> tuple[str, Any]:
    from django.utils import timezone

    from offcut.server.credits.history import export_statements

    return "credits", export_statements(person, now=timezone.now())
