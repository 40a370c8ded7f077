"""The studio as a Django app."""

from __future__ import annotations

from django.apps import AppConfig


class StudioConfig(AppConfig):
    """Pages, scripts and endpoints of the studio; it keeps no rows of its own."""

    name = "offcut.server.website.studio"
    label = "studio"
