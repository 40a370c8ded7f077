"""Addresses of the front page, below each language."""

from __future__ import annotations

from django.urls import path

from offcut.server.website.home import installation, views

app_name = "home"
urlpatterns = [
    path("", views.home, name="home"),
    path("samples/<slug:name>/", views.sample, name="sample"),
    path("manifest.webmanifest", installation.manifest, name="manifest"),
    path("offline/", installation.offline, name="offline"),
]
