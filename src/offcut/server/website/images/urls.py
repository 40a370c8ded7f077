"""Addresses of images and batches."""

from __future__ import annotations

from django.urls import path

from offcut.server.website.images import pictures, views

app_name = "images"
urlpatterns = [
    path("images/", views.upload, name="upload"),
    path("images/<uuid:image_id>/", views.image, name="image"),
    path("images/<uuid:image_id>/original", pictures.original, name="original"),
    path("images/<uuid:image_id>/colours", pictures.colours, name="colours"),
    path("images/<uuid:image_id>/matte", pictures.matte, name="matte"),
    path("images/<uuid:image_id>/delete", views.delete, name="delete"),
    path("images/<uuid:image_id>/retry", views.retry, name="retry"),
]
