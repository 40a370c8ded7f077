"""The pages about people and teams."""

from __future__ import annotations

from django.urls import path

from offcut.server.accounts import views

app_name = "accounts"

urlpatterns = [path("account/", views.overview, name="overview")]
