"""The operator's pages about credits: statements, grants and corrections, plans, packs and subscriptions."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.urls.resolvers import URLPattern
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from offcut.errors import OffcutError
from offcut.server.accounts.admin import ReadOnly
from offcut.server.accounts.audit import write_down
from offcut.server.accounts.models import Person
from offcut.server.credits import ledger, statement
from offcut.server.credits.amounts import credits_of
from offcut.server.credits.forms import CorrectionForm, GrantForm, HundredthsField
from offcut.server.credits.models import (
    Account,
    Entry,
    Kind,
    Pack,
    PackTerms,
    Plan,
    PlanTerms,
    Subscription,
    SubscriptionEvent,
)
from offcut.server.credits.rules import Source
from offcut.server.credits.transactions import in_transaction

ENTRIES_SHOWN_MAX = 500
CORRECTABLE = (Kind.GRANT, Kind.CAPTURE, Kind.CUT, Kind.CORRECT)


@admin.register(Account)
class AccountAdmin(ReadOnly, admin.ModelAdmin):
    """Find a team's account; read its statement as lots and entries; grant; correct an entry."""

    list_display = ("team", "team_id", "opened_at", "latest_at")
    search_fields = ("team__name", "=team__id", "team__memberships__person__email", "team__keys__prefix")
    search_help_text = gettext_lazy("Team, number, a member's e-mail address, or the beginning of a key")

    def get_urls(self) -> list[URLPattern]:
        """Add the pages that grant and correct."""
        wrap = self.admin_site.admin_view
        return [
            path("<int:team_id>/grant/", wrap(self.grant), name="credits_account_grant"),
            path("entry/<int:entry_id>/correct/", wrap(self.correct), name="credits_entry_correct"),
            *super().get_urls(),
        ]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The statement: the balance by source, and every lot with its entries."""
        del form_url, extra_context
        if not self.has_view_permission(request):
            raise PermissionDenied
        account = get_object_or_404(Account.objects.select_related("team"), pk=object_id)
        entries = account.entries.select_related("hold", "corrects", "lot")
        shown = list(entries.order_by("-id")[:ENTRIES_SHOWN_MAX])
        context = {
            "title": _("Statement of %s") % account.team,
            "account": account,
            "balance": statement.balance(account.pk, at=timezone.now()),
            "lots": account.lots.order_by("-id"),
            "entries": shown,
            "is_cut_off": len(shown) == ENTRIES_SHOWN_MAX,
            "correctable": CORRECTABLE,
        }
        return self._page(request, "statement.html", context)

    def grant(self, request: HttpRequest, team_id: int) -> HttpResponse:
        """Asks how many and why; POST grants."""
        operator = _operator(request)
        account = get_object_or_404(Account.objects.select_related("team"), pk=team_id)
        form = GrantForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            done = _try(request, lambda: _grant(account, form, operator))
            if done:
                messages.success(request, _("The credits are granted."))
                return redirect(reverse("admin:credits_account_change", args=[team_id]))
        context = {"title": _("Grant credits to %s") % account.team, "form": form, "account": account}
        return self._page(request, "act.html", context)

    def correct(self, request: HttpRequest, entry_id: int) -> HttpResponse:
        """Asks by how much and why; POST adds the correction."""
        operator = _operator(request)
        entry = get_object_or_404(Entry.objects.select_related("account__team", "lot"), pk=entry_id)
        form = CorrectionForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            done = _try(request, lambda: _correct(entry, form, operator))
            if done:
                messages.success(request, _("The correction is written."))
                return redirect(reverse("admin:credits_account_change", args=[entry.account_id]))
        context = {
            "title": _("Correct entry %s") % entry.pk,
            "form": form,
            "account": entry.account,
            "entry": entry,
        }
        return self._page(request, "act.html", context)

    def _page(self, request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
        whole = {**self.admin_site.each_context(request), "opts": self.model._meta, **context}
        return TemplateResponse(request, f"admin/credits/account/{template}", whole)


class PlanTermsForm(forms.ModelForm):
    price = HundredthsField(label=gettext_lazy("Price"), min_value=0)
    monthly_amount = HundredthsField(label=gettext_lazy("Credits a month"))

    class Meta:
        model = PlanTerms
        fields = ("starts_at", "price", "currency", "monthly_amount", "rollover_cap_multiple", "grace_days")


class PackTermsForm(forms.ModelForm):
    price = HundredthsField(label=gettext_lazy("Price"), min_value=0)
    amount = HundredthsField(label=gettext_lazy("Credits"))

    class Meta:
        model = PackTerms
        fields = ("starts_at", "price", "currency", "amount", "validity_months")


class TermsInline(admin.TabularInline):
    """The price history: rows are added, never changed; the newest that has started holds."""

    extra = 1

    def has_change_permission(self, *_: Any) -> bool:
        """Nobody changes a row of the price history."""
        return False

    def has_delete_permission(self, *_: Any) -> bool:
        """Nobody deletes a row of the price history."""
        return False


class PlanTermsInline(TermsInline):
    model = PlanTerms
    form = PlanTermsForm


class PackTermsInline(TermsInline):
    model = PackTerms
    form = PackTermsForm


class OfferAdmin(admin.ModelAdmin):
    """Plans and packs, with who changed them and when in the log."""

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """Save new terms with who wrote them."""
        for terms in formset.save(commit=False):
            terms.actor_id = request.user.pk
            terms.save()
        formset.save_m2m()
        super_name = type(form.instance).__name__.lower()
        write_down(
            f"{super_name}.changed",
            by=_operator(request),
            subject=f"{super_name} {form.instance.pk}",
            new=not change,
        )


@admin.register(Plan)
class PlanAdmin(OfferAdmin):
    list_display = ("name", "billing_months", "is_offered", "position")
    inlines = (PlanTermsInline,)


@admin.register(Pack)
class PackAdmin(OfferAdmin):
    list_display = ("name", "is_offered", "position")
    inlines = (PackTermsInline,)


class EventsOfSubscription(ReadOnly, admin.TabularInline):
    model = SubscriptionEvent
    fields = ("at", "deed", "detail", "actor_id")
    readonly_fields = fields
    extra = 0


@admin.register(Subscription)
class SubscriptionAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("account", "terms", "state", "period_end", "cancels_at_end", "next_plan")
    list_filter = ("state", "cancels_at_end")
    search_fields = ("account__team__name", "=account__team__id")
    inlines = (EventsOfSubscription,)


def _grant(account: Account, form: GrantForm, operator: Person) -> None:
    data = form.cleaned_data
    reference = f"operator:{data['token']}"

    def work() -> None:
        if account.lots.filter(reference=reference).exists():
            return
        lot = ledger.grant(
            account.pk,
            reference,
            Source(data["source"]),
            data["amount"],
            now=timezone.now(),
            expires_at=form.ends_at,
            reason=data["reason"],
            actor_id=operator.pk,
        )
        detail = {"credits": str(credits_of(data["amount"])), "reason": data["reason"]}
        write_down("credits.granted", by=operator, team=account.team, subject=f"lot {lot.pk}", **detail)

    in_transaction(work)


def _correct(entry: Entry, form: CorrectionForm, operator: Person) -> None:
    data = form.cleaned_data

    def work() -> None:
        ledger.correct(
            entry.pk, data["change"], reason=data["reason"], actor_id=operator.pk, now=timezone.now()
        )
        detail = {"credits": str(credits_of(data["change"])), "reason": data["reason"]}
        team = entry.account.team
        write_down("credits.corrected", by=operator, team=team, subject=f"entry {entry.pk}", **detail)

    in_transaction(work)


def _try(request: HttpRequest, work: Any) -> bool:
    try:
        work()
    except OffcutError as refusal:
        messages.error(request, f"{refusal} {refusal.hint}".strip())
        return False
    return True


def _operator(request: HttpRequest) -> Person:
    if not request.user.is_superuser:
        raise PermissionDenied
    return Person.objects.get(pk=request.user.pk)
