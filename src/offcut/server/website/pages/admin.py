"""The operator's pages about the website: letters, incidents, legal texts, health readings."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from offcut.server.accounts.admin import ReadOnly
from offcut.server.accounts.audit import write_down
from offcut.server.accounts.models import Person
from offcut.server.website.pages.legal import forget_links, starting_text
from offcut.server.website.pages.models import (
    HealthDay,
    Incident,
    IncidentUpdate,
    LegalKind,
    LegalText,
    Letter,
    LetterState,
    Reading,
)


@admin.register(Letter)
class LetterAdmin(admin.ModelAdmin):
    """What people wrote. The answer is a mail of the operator's own; here it is marked as given."""

    list_display = ("written_at", "topic", "email", "beginning", "state", "mailed_at")
    list_filter = ("state", "topic")
    search_fields = ("email", "name", "text")
    fields = (
        *("written_at", "topic", "name", "answer_to", "person", "language", "text"),
        *("state", "note", "mailed_at", "mail_attempts"),
    )
    readonly_fields = (
        *("written_at", "topic", "name", "answer_to", "person", "language", "text"),
        *("mailed_at", "mail_attempts"),
    )
    actions = ("mark_answered", "mark_junk")

    def has_add_permission(self, *_: Any) -> bool:
        """Letters come by the form."""
        return False

    @admin.display(description=_("message"))
    def beginning(self, letter: Letter) -> str:
        """The first words."""
        return letter.text[:80]

    @admin.display(description=_("e-mail address"))
    def answer_to(self, letter: Letter) -> str:
        """A link that begins the answer."""
        return format_html('<a href="mailto:{}">{}</a>', letter.email, letter.email)

    def save_model(self, request: HttpRequest, obj: Letter, form: Any, change: bool) -> None:
        """Save, and note when it was closed."""
        if "state" in form.changed_data:
            obj.closed_at = None if obj.state == LetterState.OPEN else timezone.now()
        super().save_model(request, obj, form, change)

    @admin.action(description=_("Mark as answered"))
    def mark_answered(self, _request: HttpRequest, rows: QuerySet[Letter]) -> None:
        """Close these letters."""
        rows.update(state=LetterState.ANSWERED, closed_at=timezone.now(), mail_due_at=None)

    @admin.action(description=_("Mark as junk"))
    def mark_junk(self, _request: HttpRequest, rows: QuerySet[Letter]) -> None:
        """Close these letters as junk."""
        rows.update(state=LetterState.JUNK, closed_at=timezone.now(), mail_due_at=None)


class UpdatesOfIncident(admin.StackedInline):
    model = IncidentUpdate
    extra = 1


@admin.register(Incident)
class IncidentAdmin(admin.ModelAdmin):
    """What the status page tells. The last update decides whether an incident is over."""

    list_display = ("title", "impact", "began_at", "over_at")
    list_filter = ("impact",)
    inlines = (UpdatesOfIncident,)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Save the updates, then see whether the incident is over."""
        super().save_related(request, form, formsets, change)
        form.instance.settle()


@admin.register(LegalText)
class LegalTextAdmin(admin.ModelAdmin):
    """The owner's legal texts. A text that still has “[fill in” in it is shown to nobody else."""

    change_list_template = "admin/pages/legaltext/change_list.html"
    list_display = ("kind", "language", "is_finished", "changed_at")
    list_filter = ("kind", "language")
    readonly_fields = ("is_finished", "changed_at")

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Add for each page and language a link that begins its text, or leads to it."""
        beginnings = {
            "language_names": [name for _code, name in settings.LANGUAGES],
            "beginnings": [(kind.label, _places(kind)) for kind in LegalKind],
        }
        return super().changelist_view(request, {**(extra_context or {}), **beginnings})

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Without page and language the form would be empty: the list has a link for each of them."""
        if request.method == "GET" and not self.get_changeform_initial_data(request):
            return redirect("admin:pages_legaltext_changelist")
        return super().add_view(request, form_url, extra_context)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """A new text begins with our words for its page, in its language."""
        # Not `language`: by that name the address says in which language the operator's page is to speak.
        kind, language = request.GET.get("kind", ""), request.GET.get("written_in", "en")
        text = starting_text(kind, language)
        return {"kind": kind, "language": language, "text": text} if text else {}

    def save_model(self, request: HttpRequest, obj: LegalText, form: Any, change: bool) -> None:
        """Save, and write down who changed what people agree to."""
        super().save_model(request, obj, form, change)
        forget_links()
        operator = Person.objects.get(pk=request.user.pk)
        write_down("legal_text.changed", by=operator, subject=f"{obj.kind} {obj.language}", new=not change)

    def delete_model(self, request: HttpRequest, obj: LegalText) -> None:
        """Delete, and have the menus look again."""
        super().delete_model(request, obj)
        forget_links()


def _places(kind: LegalKind) -> list[dict[str, Any]]:
    """A page's texts, in every language: where to begin one, or to go on with it."""
    begun = dict(LegalText.objects.filter(kind=kind).values_list("language", "pk"))
    places = []
    for code, name in settings.LANGUAGES:
        if code in begun:
            address = reverse("admin:pages_legaltext_change", args=[begun[code]])
        else:
            address = (
                f"{reverse('admin:pages_legaltext_add')}?{urlencode({'kind': kind, 'written_in': code})}"
            )
        places.append({"name": name, "address": address, "is_begun": code in begun})
    return places


@admin.register(Reading)
class ReadingAdmin(ReadOnly, admin.ModelAdmin):
    list_display = (
        *("at", "is_up", "answer_ms", "queue_waiting", "removal_count", "failure_count", "problem"),
    )
    list_filter = ("is_up",)
    date_hierarchy = "at"
    fields = list_display
    readonly_fields = fields


@admin.register(HealthDay)
class HealthDayAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("day", "up_s", "down_s", "removal_count", "failure_count")
