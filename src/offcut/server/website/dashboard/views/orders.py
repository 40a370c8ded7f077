"""Orders: how to pay them, their invoices, taking them back, asking for a refund."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from offcut.server.accounts.models import Membership, Person
from offcut.server.accounts.views.access import refuse_acting
from offcut.server.payments import orders, refunds
from offcut.server.payments.gateway import Checkout, gateway
from offcut.server.payments.invoice_pdf import invoice_pdf
from offcut.server.payments.models import Buyer, Invoice, Order, OrderKind, OrderState, RefundState
from offcut.server.website.dashboard.access import attempt, billing_page
from offcut.server.website.dashboard.forms import BuyerForm, RefundForm
from offcut.server.website.dashboard.refund_rule import refund_rule

ORDER_COUNT = 25


@billing_page
def listing(request: HttpRequest, own: Membership) -> HttpResponse:
    """All orders with their invoices; POST changes what invoices say about the team."""
    form = BuyerForm(request.POST or None, instance=Buyer.objects.filter(team=own.team).first())
    if request.method == "POST" and form.is_valid():
        buyer = form.save(commit=False)
        buyer.team = own.team
        buyer.save()
        messages.success(request, _("Saved. It is on every invoice from now on."))
        return redirect("dashboard:orders")
    rows = Order.objects.filter(team=own.team).select_related("plan_terms__plan", "pack_terms__pack")
    pages = Paginator(rows.prefetch_related("invoices"), ORDER_COUNT)
    context = {"own": own, "page": pages.get_page(request.GET.get("page")), "form": form}
    return render(request, "dashboard/orders.html", context)


@billing_page
def order(request: HttpRequest, own: Membership, order_id: int) -> HttpResponse:
    """One order: what it is for, how to pay it, its invoices, and the refund."""
    found = _own_order(own, order_id)
    return _order_page(request, own, found, RefundForm())


@require_POST
@billing_page
def cancel(request: HttpRequest, own: Membership, order_id: int) -> HttpResponse:
    """Takes an order back that was not paid."""
    refuse_acting(request)
    found = _own_order(own, order_id)
    if found.kind == OrderKind.RENEW:
        words = _("A renewal goes when you cancel the subscription. Leave it unpaid, or cancel there.")
        messages.error(request, words)
    elif attempt(request, lambda: orders.void(found.pk, now=timezone.now())) is not None:
        messages.success(request, _("The order is cancelled. There is nothing to pay."))
    return redirect("dashboard:order", found.pk)


@require_POST
@billing_page
def ask_refund(request: HttpRequest, own: Membership, order_id: int) -> HttpResponse:
    """Asks for the money back; a person decides."""
    refuse_acting(request)
    found = _own_order(own, order_id)
    form = RefundForm(request.POST)
    if not form.is_valid():
        return _order_page(request, own, found, form)
    person = Person.objects.get(pk=request.user.pk)
    asked = attempt(
        request,
        lambda: refunds.ask(found, by=person, words=form.cleaned_data["words"], now=timezone.now()),
    )
    if asked is not None:
        messages.success(request, _("We have your request. You find the answer here."))
    return redirect("dashboard:order", found.pk)


@billing_page
def invoice(_request: HttpRequest, own: Membership, invoice_id: int) -> HttpResponse:
    """An invoice or credit note as PDF."""
    found = get_object_or_404(Invoice, pk=invoice_id, order__team=own.team)
    return HttpResponse(
        invoice_pdf(found),
        content_type="application/pdf",
        headers={"Content-Disposition": f'attachment; filename="{found.number}.pdf"'},
    )


def _own_order(own: Membership, order_id: int) -> Order:
    rows = Order.objects.select_related("plan_terms__plan", "pack_terms__pack", "subscription")
    found: Order = get_object_or_404(rows, pk=order_id, team=own.team)
    return found


def _order_page(request: HttpRequest, own: Membership, found: Order, form: RefundForm) -> HttpResponse:
    requests = list(found.refund_requests.order_by("-asked_at"))
    is_waiting = any(asked.state == RefundState.WAITING for asked in requests)
    is_refundable = found.state == OrderState.PAID and found.total > 0 and not is_waiting
    context = {
        "own": own,
        "order": found,
        "invoices": found.invoices.order_by("pk"),
        "checkout": _checkout(request, found),
        "is_renewal": found.kind == OrderKind.RENEW,
        "requests": requests,
        "refund_rule": refund_rule(found, now=timezone.now()) if is_refundable else None,
        "form": form,
    }
    return render(request, "dashboard/order.html", context)


def _checkout(request: HttpRequest, found: Order) -> Checkout | None:
    if found.state != OrderState.OPEN:
        return None
    return attempt(request, lambda: gateway(found.gateway).begin(found))
