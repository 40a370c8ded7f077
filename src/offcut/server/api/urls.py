"""The addresses of the API."""

from __future__ import annotations

from django.urls import path, re_path

from offcut.server.api import operations, views

urlpatterns = [
    path("v1.0/removebg", views.removebg, name="removebg"),
    path("v1.0/account", views.account, name="account"),
    path("v1.0/improve", views.improve, name="improve"),
    re_path(r"^v1\.0(?:/.*)?$", views.unknown, name="unknown-endpoint"),
    path("readyz", operations.readyz, name="readyz"),
    path("metrics", operations.metrics, name="metrics"),
]
