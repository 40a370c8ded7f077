"""The operator's pages about people, teams, keys and the audit log."""

from __future__ import annotations

from typing import Any

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialApp, SocialToken
from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.urls.resolvers import URLPattern
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from offcut.server.accounts.acting import may_act_as
from offcut.server.accounts.keys import revoke_key_by_operator
from offcut.server.accounts.models import ApiKey, AuditEntry, Membership, Person, Team
from offcut.server.accounts.teams import resume_team, suspend_team

# What the libraries register of themselves: secrets that no operator needs to read, and a way to give
# rights by group that nothing of ours asks for.
admin.site.unregister([Authenticator, SocialToken, SocialApp, Group])


class ReadOnly:
    """Rows that the operator sees and does not edit: they change by the rules or not at all."""

    def has_add_permission(self, *_: Any) -> bool:
        """Nobody adds."""
        return False

    def has_change_permission(self, *_: Any) -> bool:
        """Nobody changes."""
        return False

    def has_delete_permission(self, *_: Any) -> bool:
        """Nobody deletes."""
        return False


class MembershipsOfTeam(ReadOnly, admin.TabularInline):
    model = Membership
    fields = ("person", "role", "joined_at")
    readonly_fields = fields
    extra = 0


class KeysOfTeam(ReadOnly, admin.TabularInline):
    model = ApiKey
    fields = ("name", "prefix", "person", "created_at", "last_used_at", "expires_at", "revoked_at")
    readonly_fields = fields
    show_change_link = True
    extra = 0


class SuspensionForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("Reason"), max_length=500, widget=forms.Textarea(attrs={"rows": 3})
    )


@admin.register(Team)
class TeamAdmin(ReadOnly, admin.ModelAdmin):
    """Find a team; see its people and keys; suspend it or end the suspension."""

    list_display = ("name", "id", "created_at", "suspended_at", "closed_at")
    list_filter = (("suspended_at", admin.EmptyFieldListFilter), ("closed_at", admin.EmptyFieldListFilter))
    search_fields = ("name", "=id", "memberships__person__email", "keys__prefix")
    search_help_text = gettext_lazy("Name, number, a member's e-mail address, or the beginning of a key")
    fields = ("name", "time_zone", "created_at", "suspended_at", "suspension_reason", "closed_at")
    inlines = (MembershipsOfTeam, KeysOfTeam)

    def get_urls(self) -> list[URLPattern]:
        """Two addresses more: suspend, and end the suspension."""
        wrap = self.admin_site.admin_view
        return [
            path("<int:team_id>/suspend/", wrap(self.suspend), name="accounts_team_suspend"),
            path("<int:team_id>/resume/", wrap(self.resume), name="accounts_team_resume"),
            *super().get_urls(),
        ]

    def suspend(self, request: HttpRequest, team_id: int) -> HttpResponse:
        """Asks for the reason; POST suspends."""
        team = self._team(request, team_id)
        form = SuspensionForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            suspend_team(team, form.cleaned_data["reason"], by=_operator(request))
            messages.success(request, _("The team is suspended."))
            return redirect(reverse("admin:accounts_team_change", args=[team.pk]))
        context = {**self.admin_site.each_context(request), "title": _("Suspend"), "team": team, "form": form}
        return TemplateResponse(request, "admin/accounts/team/suspend.html", context)

    def resume(self, request: HttpRequest, team_id: int) -> HttpResponse:
        """POST ends the suspension."""
        team = self._team(request, team_id)
        if request.method == "POST":
            resume_team(team, by=_operator(request))
            messages.success(request, _("The suspension is over."))
        return redirect(reverse("admin:accounts_team_change", args=[team.pk]))

    def _team(self, request: HttpRequest, team_id: int) -> Team:
        _require_superuser(request)
        return get_object_or_404(Team, pk=team_id)


class TeamsOfPerson(MembershipsOfTeam):
    fields = ("team", "role", "joined_at")
    readonly_fields = fields


@admin.register(Person)
class PersonAdmin(admin.ModelAdmin):
    """Find a person, see their teams, switch signing in off, act as them."""

    list_display = ("email", "name", "is_active", "is_staff", "joined_at", "last_login")
    list_filter = ("is_active", "is_staff")
    search_fields = ("email", "name", "=id")
    fields = ("email", "name", "language", "is_active", "is_staff", "is_superuser", "joined_at", "last_login")
    readonly_fields = ("email", "name", "language", "joined_at", "last_login")
    inlines = (TeamsOfPerson,)

    def has_add_permission(self, _request: HttpRequest) -> bool:
        """People sign up, or `offcut admin create-owner` makes them."""
        return False

    def has_delete_permission(self, _request: HttpRequest, _person: Person | None = None) -> bool:
        """People delete themselves; that way their teams are looked after."""
        return False

    def get_readonly_fields(self, request: HttpRequest, person: Person | None = None) -> tuple[str, ...]:
        """Which fields this operator cannot change."""
        # Only an owner makes operators, and nobody takes the rights from themself by a slip.
        if request.user.is_superuser and (person is None or person.pk != request.user.pk):
            return self.readonly_fields
        return (*self.readonly_fields, "is_active", "is_staff", "is_superuser")

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **options: Any
    ) -> HttpResponse:
        """Tells the page whether to offer acting as this person."""
        person = context.get("original")
        context["may_act_as"] = bool(person) and may_act_as(hijacker=request.user, hijacked=person)
        return super().render_change_form(request, context, *args, **options)


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnly, admin.ModelAdmin):
    """Find a key by its beginning; revoke it."""

    list_display = ("prefix", "name", "team", "person", "last_used_at", "expires_at", "revoked_at")
    search_fields = ("prefix", "name", "team__name")
    exclude = ("digest",)
    actions = ("revoke",)

    @admin.action(description=gettext_lazy("Revoke the keys chosen"), permissions=["view"])
    def revoke(self, request: HttpRequest, keys: Any) -> None:
        """Switch off the keys that are ticked."""
        _require_superuser(request)
        for key in keys:
            revoke_key_by_operator(key, by=_operator(request))
        messages.success(request, _("Revoked."))


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnly, admin.ModelAdmin):
    """Who did what, for ever."""

    list_display = ("at", "who", "deed", "subject", "team_id", "acting_operator_id", "detail")
    list_filter = ("deed",)
    search_fields = ("=actor_id", "=team_id", "deed", "subject")
    search_help_text = gettext_lazy("Number of a person or team, what was done, or of what")
    show_full_result_count = False

    @admin.display(description=gettext_lazy("who"))
    def who(self, entry: AuditEntry) -> str:
        """The address as long as the person is there, their number afterwards."""
        if entry.actor_id is None:
            return _("console")
        return entry.actor_email or f"#{entry.actor_id}"  # type: ignore[attr-defined]

    def get_queryset(self, request: HttpRequest) -> QuerySet[AuditEntry]:
        """Entries with the present address of who did it."""
        email = Person.objects.filter(pk=OuterRef("actor_id")).values("email")
        return super().get_queryset(request).annotate(actor_email=Subquery(email))


def _operator(request: HttpRequest) -> Person:
    return Person.objects.get(pk=request.user.pk)


def _require_superuser(request: HttpRequest) -> None:
    if not request.user.is_superuser:
        raise PermissionDenied
