"""The dashboard as a Django app. It has no rows of its own: it shows those of the layers below."""

from __future__ import annotations

from django.apps import AppConfig


class DashboardConfig(AppConfig):
    name = "offcut.server.website.dashboard"
    label = "dashboard"
    verbose_name = "Dashboard"
