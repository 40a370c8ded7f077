"""`offcut admin orders|refunds|prices …`: what an operator does about money, as on the operator's pages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from offcut.errors import OffcutError
from offcut.server.command_setup import django_ready

if TYPE_CHECKING:
    from offcut.server.payments.models import Order

order_app = typer.Typer(no_args_is_help=True, help="See orders, mark them as paid, take them back.")
refund_app = typer.Typer(no_args_is_help=True, help="See refund requests and decide them.")
price_app = typer.Typer(no_args_is_help=True, help="See the price list, put plans and packs on it.")

Reason = Annotated[str, typer.Option(help="Why; the team reads it.")]


@order_app.command("list")
def list_orders(
    team: Annotated[int | None, typer.Option(help="Only those of the team of this number.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Not only those that wait to be paid.")] = False,
) -> None:
    """Orders that wait to be paid, oldest first: number, state, team, what, total, due."""
    with django_ready():
        from offcut.server.payments.models import Order, OrderState

        rows = Order.objects.select_related("team", "plan_terms__plan", "pack_terms__pack").order_by("id")
        if team is not None:
            rows = rows.filter(team_id=team)
        if not every:
            rows = rows.filter(state=OrderState.OPEN)
        for order in rows:
            print(_order_line(order))


@order_app.command("paid")
def mark_paid(
    number: int,
    reference: Annotated[str, typer.Option(help="What the bank calls the payment.")] = "console",
) -> None:
    """Mark an order as paid: what it is for is delivered at once."""
    with django_ready():
        from django.utils import timezone

        from offcut.server.payments import orders

        _do_to_order("order.paid", lambda: orders.mark_paid(number, now=timezone.now(), reference=reference))


@order_app.command("cancel")
def cancel_order(number: int) -> None:
    """Take an order back that was not paid."""
    with django_ready():
        from django.utils import timezone

        from offcut.server.payments import orders

        _do_to_order("order.void", lambda: orders.void(number, now=timezone.now()))


@refund_app.command("list")
def list_refunds(
    every: Annotated[bool, typer.Option("--all", help="Not only those that wait to be decided.")] = False,
) -> None:
    """Requests that wait, the most urgent first, each with what speaks against it by the rule."""
    with django_ready():
        from offcut.server.payments.invoice_pdf import money
        from offcut.server.payments.models import RefundRequest, RefundState

        rows = RefundRequest.objects.select_related("order").order_by("decide_by", "id")
        if not every:
            rows = rows.filter(state=RefundState.WAITING)
        for asked in rows:
            parts = [
                str(asked.pk),
                asked.state,
                f"order {asked.order_id}",
                money(asked.order.total, asked.order.currency),
                f"by {asked.decide_by:%Y-%m-%d}",
                " ".join(asked.objections) or "meets the rule",
                " ".join(asked.words.split()),
            ]
            print("\t".join(parts).rstrip())


@refund_app.command("grant")
def grant_refund(number: int, reason: Reason) -> None:
    """Give the money back: the credits end and a credit note is issued."""
    _decide(number, reason, grants=True)


@refund_app.command("refuse")
def refuse_refund(number: int, reason: Reason) -> None:
    """Refuse a refund."""
    _decide(number, reason, grants=False)


@price_app.command("list")
def list_prices() -> None:
    """What is on the price list now: kind, number, name, credits, price, and the terms' particulars."""
    with django_ready():
        from django.utils import timezone

        from offcut.server.credits.amounts import credits_of
        from offcut.server.credits.price_list import packs_on_offer, plans_on_offer
        from offcut.server.payments.invoice_pdf import money

        now = timezone.now()
        for terms in plans_on_offer(now):
            plan = terms.plan
            often = "month" if plan.billing_months == 1 else "year"
            price = f"{money(terms.price, terms.currency)} a {often}"
            gives = f"{credits_of(terms.monthly_amount)} a month"
            kept = f"rolls over {terms.rollover_cap_multiple} months"
            print(f"plan\t{plan.pk}\t{plan.name}\t{gives}\t{price}\t{kept}")
        for terms in packs_on_offer(now):
            valid = "for ever" if terms.validity_months is None else f"{terms.validity_months} months"
            rest = f"{money(terms.price, terms.currency)}\tvalid {valid}"
            print(f"pack\t{terms.pack_id}\t{terms.pack.name}\t{credits_of(terms.amount)}\t{rest}")


@price_app.command("plan")
def put_plan(
    name: str,
    count: Annotated[str, typer.Option("--credits", help="Credits a month.")],
    price: Annotated[str, typer.Option(help="What it costs, such as 9 or 9.50.")],
    currency: Annotated[str, typer.Option(help="Three letters.")] = "USD",
    yearly: Annotated[bool, typer.Option("--yearly", help="The price is for a year.")] = False,
    rollover: Annotated[int, typer.Option(min=0, help="How many months' credits carry over.")] = 5,
) -> None:
    """Put a plan on the price list, or give the plan of this name new terms from now on."""
    with django_ready():
        from offcut.server.credits.amounts import amount_of
        from offcut.server.credits.models import Plan

        months = 12 if yearly else 1
        plan = Plan.objects.filter(name=name).first() or Plan(name=name, billing_months=months)
        if plan.billing_months != months:
            raise OffcutError(f"{name} is billed otherwise.", hint="Give the new plan another name.")
        _put_terms(plan, price, currency, monthly_amount=amount_of(count), rollover_cap_multiple=rollover)


@price_app.command("pack")
def put_pack(
    name: str,
    count: Annotated[str, typer.Option("--credits", help="Credits in it.")],
    price: Annotated[str, typer.Option(help="What it costs, such as 9 or 9.50.")],
    currency: Annotated[str, typer.Option(help="Three letters.")] = "USD",
    months: Annotated[int, typer.Option(min=0, help="How long it is valid; 0: for ever.")] = 24,
) -> None:
    """Put a pack on the price list, or give the pack of this name new terms from now on."""
    with django_ready():
        from offcut.server.credits.amounts import amount_of
        from offcut.server.credits.models import Pack

        pack = Pack.objects.filter(name=name).first() or Pack(name=name)
        _put_terms(pack, price, currency, amount=amount_of(count), validity_months=months or None)


def _put_terms(offer: Any, price: str, currency: str, **fields: Any) -> None:
    from django.core.exceptions import ValidationError
    from django.db import transaction
    from django.utils import timezone

    from offcut.server.accounts.audit import write_down
    from offcut.server.credits.amounts import amount_of

    kind = type(offer).__name__.lower()
    try:
        with transaction.atomic():
            offer.full_clean()
            offer.save()
            # Money has the same two decimals as credits.
            terms = offer.terms.model(
                starts_at=timezone.now(), price=amount_of(price), currency=currency.upper(), **fields
            )
            setattr(terms, kind, offer)
            terms.full_clean()
            terms.save()
            write_down("price.written", by=None, subject=f"{kind} {offer.pk}", price=terms.price)
    except ValidationError as problem:
        raise OffcutError(" ".join(problem.messages)) from None
    print(f"{offer.name} costs {price} {terms.currency} from now on.")


def _do_to_order(deed: str, act: Callable[[], Order]) -> None:
    from offcut.server.accounts.audit import write_down
    from offcut.server.credits.transactions import in_transaction

    def work() -> Order:
        order = act()
        write_down(deed, by=None, team=order.team, subject=f"order {order.pk}")
        return order

    print(_order_line(in_transaction(work)))


def _decide(number: int, reason: str, *, grants: bool) -> None:
    with django_ready():
        from django.utils import timezone

        from offcut.server.payments import refunds
        from offcut.server.payments.models import RefundRequest

        if not RefundRequest.objects.filter(pk=number).exists():
            raise OffcutError(f"There is no refund request {number}.", hint="`offcut admin refunds list`")
        decide = refunds.grant if grants else refunds.refuse
        asked = decide(number, reason=reason, by=None, now=timezone.now())
        print(f"{asked.pk}\t{asked.state}\torder {asked.order_id}")


def _order_line(order: Order) -> str:
    from offcut.server.payments.invoice_pdf import money

    day = (order.paid_at or order.due_at).astimezone(UTC)
    when = f"paid {day:%Y-%m-%d}" if order.paid_at else f"due {day:%Y-%m-%d}"
    late = "\tlate" if order.state == "open" and order.due_at < datetime.now(UTC) else ""
    total = money(order.total, order.currency)
    return f"{order.pk}\t{order.state}\tteam {order.team_id}\t{order.title}\t{total}\t{when}{late}"
