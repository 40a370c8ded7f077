"""The addresses of the pages, below each language."""

from __future__ import annotations

from django.urls import path

from offcut.server.website.pages.feeds import IncidentFeed
from offcut.server.website.pages.views import contact, developers, files, legal, pricing, status, uses

app_name = "pages"

urlpatterns = [
    path("pricing/", pricing.pricing, name="pricing"),
    path("pricing/mix/", pricing.mix, name="mix"),
    path("for/<slug:slug>/", uses.use_case, name="use_case"),
    path("presets.json", files.presets, name="presets"),
    path("tools/", developers.tools, name="tools"),
    path("api/", developers.api, name="api"),
    path("api/try/key/", developers.try_key, name="try_key"),
    path("api/openapi.yaml", files.openapi, name="openapi"),
    path("api/coming-from-remove-bg/", developers.coming_from_remove_bg, name="coming_from_remove_bg"),
    path("status/", status.status, name="status"),
    path("status/feed.atom", IncidentFeed(), name="status_feed"),
    path("contact/", contact.contact, name="contact"),
    path("contact/sent/", contact.sent, name="contact_sent"),
    path("legal/<slug:kind>/", legal.legal, name="legal"),
]
