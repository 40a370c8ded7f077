"""How Django knows this package."""

from __future__ import annotations

from django.apps import AppConfig


class RemovalsConfig(AppConfig):
    name = "offcut.server.removals"
    label = "removals"
    verbose_name = "Removals"
