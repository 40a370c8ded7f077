"""The few addresses that machines look for at the root, without a language."""

from __future__ import annotations

from django.urls import path

from offcut.server.website.pages.views import files

urlpatterns = [
    path("robots.txt", files.robots, name="robots"),
    path("sitemap.xml", files.sitemap, name="sitemap"),
    path(".well-known/security.txt", files.security, name="security"),
]
