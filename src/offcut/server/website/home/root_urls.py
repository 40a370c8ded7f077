"""Addresses without a language: a service worker rules over the folder that it lies in."""

from __future__ import annotations

from django.urls import path

from offcut.server.website.home import installation

app_name = "home_root"
urlpatterns = [
    path("sw.js", installation.service_worker, name="service_worker"),
    path("share", installation.share, name="share"),
]
