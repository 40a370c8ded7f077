"""Payments as a Django app."""

from __future__ import annotations

from django.apps import AppConfig


class PaymentsConfig(AppConfig):
    name = "offcut.server.payments"
    label = "payments"
    verbose_name = "Payments"

    def ready(self) -> None:
        """Name the recurring job that renews."""
        from datetime import timedelta

        from offcut.server.jobs.schedule import every
        from offcut.server.payments.tasks import renew_subscriptions

        every(timedelta(minutes=1), renew_subscriptions)
