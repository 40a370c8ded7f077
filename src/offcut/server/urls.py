"""Every address of the server."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

from offcut.server.health import healthz

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("operator/act-as/", include("hijack.urls")),
    path("operator/", admin.site.urls),
    path("account/", include("allauth.urls")),
    path("", include("offcut.server.accounts.urls")),
]
