"""How Django knows this package."""

from __future__ import annotations

from django.apps import AppConfig


class ImagesConfig(AppConfig):
    name = "offcut.server.website.images"
    label = "images"
    verbose_name = "Images"

    def ready(self) -> None:
        """Listen to people signing in."""
        from django.contrib.auth.signals import user_logged_in

        from offcut.server.website.images.access import hand_over

        user_logged_in.connect(hand_over, dispatch_uid="images")
