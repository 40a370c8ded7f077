"""Addresses of the studio."""

from __future__ import annotations

from django.urls import path

from offcut.server.website.studio import views

app_name = "studio"
urlpatterns = [
    path("studio/<uuid:image_id>/", views.studio, name="studio"),
    path("studio/<uuid:image_id>/strokes", views.strokes, name="strokes"),
    path("studio/<uuid:image_id>/rewind", views.rewind, name="rewind"),
    path("studio/<uuid:image_id>/settings", views.settings, name="settings"),
    path("studio/scenes/<slug:name>/<int:width>x<int:height>.jpg", views.scene, name="scene"),
]
