"""The pages about notices."""

from __future__ import annotations

from django.urls import path

from offcut.server.credits.notices import views

app_name = "notices"

urlpatterns = [path("switch-off/<str:token>/", views.switch_off, name="switch_off")]
