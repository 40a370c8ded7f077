"""The operator's pages about notices: what was told to whom, and what could not be delivered."""

from __future__ import annotations

from django.contrib import admin

from offcut.server.accounts.admin import ReadOnly
from offcut.server.credits.notices.models import Delivery, Notice


class DeliveriesOfNotice(ReadOnly, admin.TabularInline):
    model = Delivery
    fields = ("person", "state", "attempts", "due_at", "sent_at", "problem")
    readonly_fields = fields
    extra = 0


@admin.register(Notice)
class NoticeAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("team", "kind", "caused_at", "addressed_at")
    list_filter = ("kind",)
    search_fields = ("team__name", "=team__id")
    inlines = (DeliveriesOfNotice,)


@admin.register(Delivery)
class DeliveryAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("notice", "person", "state", "attempts", "due_at", "problem")
    list_filter = ("state",)
