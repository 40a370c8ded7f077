"""Addresses of images, batches and backgrounds."""

from __future__ import annotations

from django.urls import path

from offcut.server.website.images import backgrounds, batches, opinions, pictures, results, views

app_name = "images"
urlpatterns = [
    path("images/", views.upload, name="upload"),
    path("images/<uuid:image_id>/", views.image, name="image"),
    path("images/<uuid:image_id>/original", pictures.original, name="original"),
    path("images/<uuid:image_id>/colours", pictures.colours, name="colours"),
    path("images/<uuid:image_id>/matte", pictures.matte, name="matte"),
    path("images/<uuid:image_id>/preview", results.preview, name="preview"),
    path("images/<uuid:image_id>/size", results.size, name="size"),
    path("images/<uuid:image_id>/download", results.download, name="download"),
    path("images/<uuid:image_id>/delete", views.delete, name="delete"),
    path("images/<uuid:image_id>/retry", views.retry, name="retry"),
    path("images/<uuid:image_id>/rating", opinions.rating, name="rating"),
    path("images/<uuid:image_id>/contribution", opinions.contribution, name="contribution"),
    path("batches/<uuid:batch_id>/", batches.batch, name="batch"),
    path("batches/<uuid:batch_id>/settings", batches.settings, name="batch_settings"),
    path("batches/<uuid:batch_id>/retry", batches.retry, name="batch_retry"),
    path("batches/<uuid:batch_id>/delete", batches.delete, name="batch_delete"),
    path("batches/<uuid:batch_id>/zip", batches.download, name="batch_zip"),
    path("backgrounds/", backgrounds.backgrounds, name="backgrounds"),
    path("backgrounds/<uuid:background_id>", backgrounds.background, name="background"),
    path("scenes/<slug:name>.jpg", backgrounds.scene, name="scene"),
    path("history/", views.history, name="history"),
]
