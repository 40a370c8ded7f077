"""The front page, the result and the batch in the browser, and what makes the website installable."""

from __future__ import annotations

from django.apps import AppConfig


class HomeConfig(AppConfig):
    name = "offcut.server.website.home"
    label = "home"
    verbose_name = "Front page"
