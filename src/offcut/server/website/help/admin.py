"""The operator's page of what readers think of the articles."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from offcut.server.accounts.admin import ReadOnly
from offcut.server.website.help.models import Vote
from offcut.server.website.help.voting import tallies


@admin.register(Vote)
class VoteAdmin(ReadOnly, admin.ModelAdmin):
    """The counts by article and language, and below them each answer with its words."""

    change_list_template = "admin/help/vote/change_list.html"
    list_display = ("at", "slug", "language", "is_helpful", "words")
    list_filter = ("is_helpful", "language", ("words", admin.EmptyFieldListFilter), "slug")
    search_fields = ("slug", "words")
    search_help_text = _("Article, or what readers wrote")
    exclude = ("voter",)

    def has_delete_permission(self, request: HttpRequest, _vote: Vote | None = None) -> bool:
        """Readers may write anything, so an operator may throw it away."""
        return admin.ModelAdmin.has_delete_permission(self, request)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Add the counts."""
        return super().changelist_view(request, {**(extra_context or {}), "tallies": tallies()})
