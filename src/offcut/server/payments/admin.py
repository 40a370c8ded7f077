"""The operator's pages about money: orders to mark as paid, invoices, the queue of refund requests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.urls.resolvers import URLPattern
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from offcut.errors import OffcutError
from offcut.server.accounts.admin import ReadOnly
from offcut.server.accounts.audit import write_down
from offcut.server.accounts.models import Person
from offcut.server.credits.transactions import in_transaction
from offcut.server.payments import orders, refunds
from offcut.server.payments.invoice_pdf import invoice_pdf, money
from offcut.server.payments.models import (
    Buyer,
    Invoice,
    Order,
    Owed,
    RefundRequest,
    RefundState,
    Seller,
)


@admin.register(Order)
class OrderAdmin(ReadOnly, admin.ModelAdmin):
    """Mark orders as paid or void: choose them, then the action."""

    list_display = ("id", "team", "title", "price", "state", "gateway", "made_at", "due_at", "paid_at")
    list_filter = ("state", "kind", "gateway")
    search_fields = ("team__name", "=team__id", "=id", "gateway_reference")
    actions = ("mark_paid", "make_void")

    @admin.display(description=gettext_lazy("total"))
    def price(self, order: Order) -> str:
        """The total in words."""
        return money(order.total, order.currency)

    @admin.action(description=gettext_lazy("Mark as paid"))
    def mark_paid(self, request: HttpRequest, chosen: QuerySet[Order]) -> None:
        """Mark the chosen orders as paid; each delivers at once."""
        operator = _operator(request)
        self._each(request, chosen, "order.paid", lambda order: orders.mark_paid(
            order.pk, now=timezone.now(), reference=f"operator {operator.pk}", actor_id=operator.pk
        ))  # fmt: skip

    @admin.action(description=gettext_lazy("Make void"))
    def make_void(self, request: HttpRequest, chosen: QuerySet[Order]) -> None:
        """Take the chosen orders back."""
        self._each(request, chosen, "order.void", lambda order: orders.void(order.pk, now=timezone.now()))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Owners may use the actions; nobody edits an order."""
        # Django offers actions only to those who may change; the form itself has nothing to change.
        return bool(request.user.is_superuser) and obj is None

    def _each(
        self, request: HttpRequest, chosen: QuerySet[Order], deed: str, act: Callable[[Order], Order]
    ) -> None:
        operator = _operator(request)
        for order in chosen.select_related("team"):

            def work(order: Order = order) -> None:
                act(order)
                write_down(deed, by=operator, team=order.team, subject=f"order {order.pk}")

            try:
                in_transaction(work)
                messages.success(request, _("Order %s is done.") % order.pk)
            except OffcutError as refusal:
                messages.error(request, f"{order.pk}: {refusal} {refusal.hint}".strip())


@admin.register(Invoice)
class InvoiceAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("number", "order", "is_credit_note", "issued_at", "pdf")
    list_filter = ("year", "is_credit_note")
    search_fields = ("=serial", "order__team__name", "=order__id")

    def get_urls(self) -> list[URLPattern]:
        """Add the download."""
        view = self.admin_site.admin_view(self.download)
        return [path("<int:invoice_id>/pdf/", view, name="payments_invoice_pdf"), *super().get_urls()]

    @admin.display(description="PDF")
    def pdf(self, invoice: Invoice) -> str:
        """A link to the file."""
        address = reverse("admin:payments_invoice_pdf", args=[invoice.pk])
        return format_html('<a href="{}">PDF</a>', address)

    def download(self, request: HttpRequest, invoice_id: int) -> HttpResponse:
        """The invoice as a file."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        invoice = get_object_or_404(Invoice, pk=invoice_id)
        return HttpResponse(
            invoice_pdf(invoice),
            content_type="application/pdf",
            headers={"Content-Disposition": f'attachment; filename="{invoice.number}.pdf"'},
        )


class DecisionForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("Reason"), max_length=500, widget=forms.Textarea(attrs={"rows": 3})
    )


@admin.register(RefundRequest)
class RefundRequestAdmin(ReadOnly, admin.ModelAdmin):
    """The queue, the most urgent first; each with what the rule says."""

    list_display = ("order", "state", "asked_at", "decide_by", "by_the_rule")
    list_filter = ("state",)
    ordering = ("decide_by",)

    @admin.display(description=gettext_lazy("by the rule"), boolean=True)
    def by_the_rule(self, request: RefundRequest) -> bool:
        """Whether the refund rule is met."""
        return not request.objections

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """What is asked and what the rule says; POST decides."""
        del form_url, extra_context
        operator = _operator(request)
        rows = RefundRequest.objects.select_related("order__team")
        asked = get_object_or_404(rows, pk=object_id)
        form = DecisionForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            decide = refunds.grant if "grant" in request.POST else refunds.refuse
            try:
                decide(asked.pk, reason=form.cleaned_data["reason"], by=operator, now=timezone.now())
                messages.success(request, _("The request is decided."))
                return redirect(reverse("admin:payments_refundrequest_changelist"))
            except OffcutError as refusal:
                messages.error(request, str(refusal))
        context = {
            **self.admin_site.each_context(request),
            "opts": self.model._meta,
            "title": _("Refund request %s") % asked.pk,
            "asked": asked,
            "price": money(asked.order.total, asked.order.currency),
            "is_waiting": asked.state == RefundState.WAITING,
            "form": form,
        }
        return TemplateResponse(request, "admin/payments/refundrequest/decide.html", context)


@admin.register(Seller)
class SellerAdmin(admin.ModelAdmin):
    """One row."""

    def has_add_permission(self, _request: HttpRequest) -> bool:
        """There is one seller."""
        return not Seller.objects.exists()

    def has_delete_permission(self, *_: Any) -> bool:
        """There is always one seller."""
        return False


@admin.register(Buyer)
class BuyerAdmin(ReadOnly, admin.ModelAdmin):
    search_fields = ("name", "team__name", "tax_number")


@admin.register(Owed)
class OwedAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("team", "at", "amount", "currency", "reason", "order")


def _operator(request: HttpRequest) -> Person:
    if not request.user.is_superuser:
        raise PermissionDenied
    return Person.objects.get(pk=request.user.pk)
