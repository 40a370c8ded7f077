"""The addresses of the help centre."""

from __future__ import annotations

from django.urls import path

from offcut.server.website.help import views

app_name = "help"

urlpatterns = [
    path("help/", views.home, name="home"),
    path("help/<slug:slug>/", views.article, name="article"),
    path("help/<slug:slug>/feedback/", views.feedback, name="feedback"),
]
