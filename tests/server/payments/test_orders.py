"""Orders, renewals, invoices and refunds with the manual gateway."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta

import pytest
from pypdf import PdfReader

from offcut.errors import (
    OffcutError,
    OrderStateError,
    PaymentError,
    PlanChangeError,
    PlanError,
    PlanInUseError,
    RefundError,
    SubscriptionError,
)
from offcut.server.accounts.models import AuditEntry, Person, Team
from offcut.server.credits import ledger, statement, subscriptions
from offcut.server.credits.models import Pack, PackTerms, Plan, PlanTerms
from offcut.server.credits.rules import Source
from offcut.server.payments import invoices, orders, quotes, refunds, renewals
from offcut.server.payments.gateway import Outcome, gateway
from offcut.server.payments.invoice_pdf import invoice_pdf, money
from offcut.server.payments.manual import ManualGateway
from offcut.server.payments.models import (
    Buyer,
    Invoice,
    Order,
    OrderState,
    Owed,
    RefundRequest,
    RefundState,
)
from offcut.server.payments.sellers import seller, tax_on

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def team(db: None) -> Team:
    team = Team.objects.create(name="Atelier", time_zone="Europe/Madrid")
    ledger.open_account(team, now=NOW)
    return team


@pytest.fixture
def operator(db: None) -> Person:
    return Person.objects.create_user("owner@example.org", None, is_staff=True, is_superuser=True)


def make_plan(name: str, credit_count: int, price: int, *, months: int = 1, rollover: int = 5) -> Plan:
    plan = Plan.objects.create(name=name, billing_months=months)
    PlanTerms.objects.create(
        plan=plan,
        starts_at=NOW - DAY,
        price=price,
        monthly_amount=credit_count * 100,
        rollover_cap_multiple=rollover,
    )
    return plan


@pytest.fixture
def small(db: None) -> Plan:
    return make_plan("Small", 40, 900)


@pytest.fixture
def large(db: None) -> Plan:
    return make_plan("Large", 200, 3900)


@pytest.fixture
def pack(db: None) -> Pack:
    pack = Pack.objects.create(name="Ten")
    PackTerms.objects.create(pack=pack, starts_at=NOW - DAY, price=900, amount=1000, validity_months=24)
    return pack


def subscribe(team: Team, plan: Plan, now: datetime = NOW) -> Order:
    order = orders.choose_plan(team, plan, now=now)
    assert order is not None
    return orders.mark_paid(order.pk, now=now, reference="transfer 1")


def total(team: Team, now: datetime = NOW) -> int:
    return statement.balance(team.pk, at=now).total


def refused(error: type[OffcutError], call: object) -> None:
    before = everything()
    with pytest.raises(error) as refusal:
        call()  # type: ignore[operator]
    assert str(refusal.value)
    assert everything() == before


def everything() -> list:
    from django.apps import apps

    models = [*apps.get_app_config("credits").get_models(), *apps.get_app_config("payments").get_models()]
    return [
        list(model.objects.order_by("pk").values_list()) for model in models if model.__name__ != "Seller"
    ]


def test_nothing_is_granted_before_it_is_paid(team: Team, small: Plan, pack: Pack) -> None:
    orders.choose_plan(team, small, now=NOW)
    order = orders.order_pack(team, pack, now=NOW)
    assert total(team) == 0
    orders.mark_paid(order.pk, now=NOW)
    assert total(team) == 1000


def test_a_payment_reported_twice_delivers_once(team: Team, pack: Pack) -> None:
    order = orders.order_pack(team, pack, now=NOW)
    orders.mark_paid(order.pk, now=NOW, reference="event 1")
    orders.mark_paid(order.pk, now=NOW + DAY, reference="event 1")
    assert total(team, NOW + DAY) == 1000
    assert Invoice.objects.count() == 1


def test_a_pack_lasts_as_long_as_its_terms_say(team: Team, pack: Pack) -> None:
    orders.mark_paid(orders.order_pack(team, pack, now=NOW).pk, now=NOW)
    PackTerms.objects.create(pack=pack, starts_at=NOW + DAY, price=900, amount=500, validity_months=None)
    orders.mark_paid(orders.order_pack(team, pack, now=NOW + DAY).pk, now=NOW + DAY)
    assert total(team, datetime(2028, 3, 10, 11, 59, tzinfo=UTC)) == 1500
    assert total(team, datetime(2028, 3, 10, 12, tzinfo=UTC)) == 500


def test_another_choice_makes_the_first_order_void(team: Team, small: Plan, large: Plan) -> None:
    first = orders.choose_plan(team, small, now=NOW)
    second = orders.choose_plan(team, large, now=NOW)
    assert first is not None
    assert second is not None
    first.refresh_from_db()
    assert first.state == OrderState.VOID
    refused(OrderStateError, lambda: orders.mark_paid(first.pk, now=NOW))


def test_terms_stay_as_they_were_paid_until_the_renewal(team: Team, small: Plan) -> None:
    subscribe(team, small)
    PlanTerms.objects.create(plan=small, starts_at=NOW + DAY, price=1200, monthly_amount=5000)
    later = datetime(2026, 4, 10, 12, tzinfo=UTC)
    renewals.run_due(later - 2 * DAY)
    renewal = Order.objects.get(kind="renew")
    assert (renewal.list_price, renewal.due_at) == (1200, datetime(2026, 4, 10, 11, tzinfo=UTC))
    orders.mark_paid(renewal.pk, now=later - DAY)
    assert total(team, later - DAY) == 4000
    renewals.run_due(later)
    assert total(team, later) == 4000 + 5000


def test_a_downgrade_chosen_after_the_renewal_was_asked_for_is_asked_for_anew(
    team: Team, small: Plan, large: Plan
) -> None:
    subscribe(team, large)
    soon = NOW + 27 * DAY
    renewals.run_due(soon)
    assert orders.choose_plan(team, small, now=soon) is None
    renewals.run_due(soon)
    assert list(Order.objects.filter(kind="renew").order_by("id").values_list("list_price", "state")) == [
        (3900, OrderState.VOID),
        (900, OrderState.OPEN),
    ]
    renewals.run_due(soon + DAY)
    assert Order.objects.filter(kind="renew").count() == 2


def test_an_upgrade_makes_the_old_renewal_void(team: Team, small: Plan, large: Plan) -> None:
    subscribe(team, small)
    soon = NOW + 27 * DAY
    renewals.run_due(soon)
    order = orders.choose_plan(team, large, now=soon)
    assert order is not None
    orders.mark_paid(order.pk, now=soon)
    renewals.run_due(soon)
    assert Order.objects.get(kind="renew").state == OrderState.VOID


def test_a_gateway_that_collects_renews_by_itself(
    team: Team, small: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    subscribe(team, small)
    monkeypatch.setattr(ManualGateway, "collect", lambda _self, _order: Outcome.DONE)
    later = NOW + 31 * DAY
    renewals.run_due(later)
    assert total(team, later) == 8000
    assert Order.objects.get(kind="renew").state == OrderState.PAID


def test_a_free_plan_needs_no_payment(team: Team) -> None:
    order = orders.choose_plan(team, make_plan("Free", 5, 0), now=NOW)
    assert order is not None
    assert order.state == OrderState.PAID
    renewals.run_due(NOW + 31 * DAY)
    assert total(team, NOW + 31 * DAY) == 1000
    assert Invoice.objects.count() == 0


def test_void_gives_back_what_was_used_of_the_money_owed(team: Team, pack: Pack) -> None:
    Owed.objects.create(team=team, at=NOW, amount=500, currency="USD", reason="goodwill")
    order = orders.order_pack(team, pack, now=NOW)
    assert (order.deducted, order.total, quotes.owed_to(team, "USD")) == (500, 400, 0)
    orders.void(order.pk, now=NOW)
    assert quotes.owed_to(team, "USD") == 500


class TestRefusals:
    def test_the_plan_the_team_has(self, team: Team, small: Plan) -> None:
        subscribe(team, small)
        refused(PlanChangeError, lambda: orders.choose_plan(team, small, now=NOW))

    def test_a_second_subscription(self, team: Team, small: Plan, large: Plan) -> None:
        subscribe(team, small)
        terms = large.terms_at(NOW)
        refused(SubscriptionError, lambda: subscriptions.subscribe(team.pk, terms, now=NOW))

    def test_what_is_not_on_the_price_list(self, team: Team, small: Plan, pack: Pack) -> None:
        small.is_offered = pack.is_offered = False
        small.save()
        pack.save()
        refused(PlanChangeError, lambda: orders.choose_plan(team, small, now=NOW))
        refused(PaymentError, lambda: orders.order_pack(team, pack, now=NOW))

    def test_what_has_no_price_yet(self, team: Team) -> None:
        plan = Plan.objects.create(name="Soon")
        refused(PlanError, lambda: orders.choose_plan(team, plan, now=NOW))

    @pytest.mark.django_db
    def test_an_order_that_is_not_there(self) -> None:
        refused(OrderStateError, lambda: orders.mark_paid(1, now=NOW))

    def test_a_paid_order_made_void_or_paid_otherwise(self, team: Team, small: Plan) -> None:
        order = subscribe(team, small)
        refused(OrderStateError, lambda: orders.void(order.pk, now=NOW))
        refused(OrderStateError, lambda: orders.mark_paid(order.pk, now=NOW, reference="another"))

    def test_a_plan_in_use_is_not_deleted(self, team: Team, small: Plan, pack: Pack) -> None:
        subscribe(team, small)
        orders.order_pack(team, pack, now=NOW)
        for delete in (small.delete, pack.delete, Plan.objects.all().delete, Pack.objects.all().delete):
            refused(PlanInUseError, delete)

    def test_terms_are_not_changed(self, small: Plan) -> None:
        terms = small.terms_at(NOW)
        terms.price = 1
        refused(PlanError, terms.save)

    def test_an_unknown_gateway(self) -> None:
        with pytest.raises(PaymentError):
            gateway("barter")

    @pytest.mark.parametrize("change", [subscriptions.cancel, subscriptions.resume])
    def test_an_ended_subscription(self, team: Team, small: Plan, change: object) -> None:
        subscription = subscribe(team, small).subscription
        assert subscription is not None
        subscriptions.end_now(subscription.pk, reason="r", now=NOW)
        refused(SubscriptionError, lambda: change(subscription.pk, now=NOW))  # type: ignore[operator]
        refused(SubscriptionError, lambda: change(10**9, now=NOW))  # type: ignore[operator]

    def test_a_renewal_of_a_cancelled_subscription(self, team: Team, small: Plan) -> None:
        subscription = subscribe(team, small).subscription
        assert subscription is not None
        renewals.run_due(NOW + 27 * DAY)
        subscriptions.cancel(subscription.pk, now=NOW + 27 * DAY)
        renewal = Order.objects.get(kind="renew")
        refused(SubscriptionError, lambda: orders.mark_paid(renewal.pk, now=NOW + 27 * DAY))


def test_a_plan_nobody_had_can_be_deleted(small: Plan) -> None:
    small.delete()
    assert not PlanTerms.objects.exists()


@pytest.mark.parametrize(
    ("net", "rate", "tax"), [(900, 2100, 189), (50, 2100, 11), (1, 2100, 0), (999, 0, 0)]
)
def test_tax_is_rounded_half_up(net: int, rate: int, tax: int) -> None:
    assert tax_on(net, rate) == tax


def sell(**fields: object) -> None:
    row = seller()
    for name, value in {"name": "Façade Łódź", "country": "ES", "tax_rate": 2100, **fields}.items():
        setattr(row, name, value)
    row.save()


def test_invoices_are_numbered_without_gaps_and_keep_what_they_say(team: Team, pack: Pack) -> None:
    sell()
    Buyer.objects.create(team=team, name="Müller GmbH", address="Weg 1\nBerlin", country="ES")
    for number in range(3):
        order = orders.order_pack(team, pack, now=NOW)
        if number != 1:
            orders.mark_paid(order.pk, now=NOW)
    assert [invoice.number for invoice in Invoice.objects.order_by("serial")] == ["2026-00001", "2026-00002"]
    sell(name="Other")
    invoice = Invoice.objects.get(serial=1)
    assert (invoice.seller["name"], invoice.net, invoice.tax, invoice.total) == (
        "Façade Łódź",
        900,
        189,
        1089,
    )
    for change in (invoice.save, invoice.delete, Invoice.objects.all().delete):
        refused(PaymentError, change)


def test_a_business_abroad_pays_its_tax_itself(team: Team, pack: Pack) -> None:
    sell()
    Buyer.objects.create(team=team, name="Müller GmbH", country="DE", tax_number="DE123")
    order = orders.mark_paid(orders.order_pack(team, pack, now=NOW).pk, now=NOW)
    assert (order.tax, order.total) == (0, 900)
    assert order.invoices.get().note == "Reverse charge"


def text_of(pdf: bytes) -> str:
    pages = PdfReader(io.BytesIO(pdf)).pages
    return " ".join(page.extract_text() for page in pages).replace("\N{NO-BREAK SPACE}", " ")


def test_an_invoice_as_pdf_says_all_that_it_must(team: Team, small: Plan, large: Plan) -> None:
    sell(tax_number="ES-B1", address="Calle 1\nMadrid")
    Buyer.objects.create(
        team=team, name="Müller GmbH", address="Weg 1\nBerlin", country="ES", tax_number="ES-X2"
    )
    subscribe(team, small)
    order = orders.choose_plan(team, large, now=NOW)
    assert order is not None
    orders.mark_paid(order.pk, now=NOW)
    text = text_of(invoice_pdf(order.invoices.get()))
    parties = ("Façade", "ES-B1", "Calle 1", "Müller GmbH", "ES-X2")
    figures = ("39.00 USD", "-9.00 USD", "VAT 21 %", "6.30 USD", "36.30 USD")
    for words in ("Invoice", "2026-00002", "2026-03-10", "Upgrade: Large", *parties, *figures):
        assert words in text, words


def test_letters_no_font_has_are_an_error_and_no_question_marks(
    team: Team, pack: Pack, monkeypatch: pytest.MonkeyPatch
) -> None:
    sell()
    order = orders.mark_paid(orders.order_pack(team, pack, now=NOW).pk, now=NOW)
    monkeypatch.setattr("offcut.server.payments.invoice_pdf._FONTS", ())
    with pytest.raises(PaymentError, match="letters"):
        invoice_pdf(order.invoices.get())


@pytest.mark.parametrize(
    ("amount", "words"), [(123456789, "1,234,567.89 USD"), (-5, "-0.05 USD"), (0, "0.00 USD")]
)
def test_money_in_words(amount: int, words: str) -> None:
    assert money(amount, "USD") == words


def test_a_refund_by_the_rule(team: Team, small: Plan, operator: Person) -> None:
    sell()
    order = subscribe(team, small)
    request = refunds.ask(order, by=None, words="It is not for us.", now=NOW + 3 * DAY)
    assert (request.objections, request.decide_by) == ([], NOW + 13 * DAY)
    refused(RefundError, lambda: refunds.ask(order, by=None, now=NOW + 3 * DAY))
    refused(RefundError, lambda: refunds.grant(request.pk, reason=" ", by=operator, now=NOW + 4 * DAY))
    refunds.grant(request.pk, reason="by the rule", by=operator, now=NOW + 4 * DAY)
    order.refresh_from_db()
    assert order.state == OrderState.REFUNDED
    assert total(team, NOW + 4 * DAY) == 0
    assert subscriptions.running(team.pk) is None
    credit_note = order.invoices.get(is_credit_note=True)
    assert credit_note.total == -order.total
    assert "Takes back invoice 2026-00001" in text_of(invoice_pdf(credit_note))
    assert AuditEntry.objects.get(deed="refund.granted").actor_id == operator.pk
    refused(RefundError, lambda: refunds.refuse(request.pk, reason="no", by=operator, now=NOW + 5 * DAY))
    refused(RefundError, lambda: refunds.ask(order, by=None, now=NOW + 5 * DAY))


def test_a_refund_the_rule_speaks_against_is_still_a_persons_to_decide(
    team: Team, small: Plan, pack: Pack, operator: Person
) -> None:
    orders.mark_paid(orders.order_pack(team, pack, now=NOW).pk, now=NOW)
    order = Order.objects.get()
    ledger.hold(team.pk, "a", 100, content_hash="a", now=NOW)
    ledger.capture(team.pk, "a", now=NOW)
    request = refunds.ask(order, by=None, now=NOW + 20 * DAY)
    assert len(request.objections) == 2
    refunds.refuse(request.pk, reason="too late", by=operator, now=NOW + 21 * DAY)
    assert total(team, NOW + 21 * DAY) == 900
    again = refunds.ask(order, by=None, now=NOW + 22 * DAY)
    refunds.grant(again.pk, reason="goodwill", by=operator, now=NOW + 22 * DAY)
    assert total(team, NOW + 22 * DAY) == 0
    assert RefundRequest.objects.filter(state=RefundState.REFUSED).count() == 1


def test_a_gateway_that_keeps_the_money_leaves_the_request_waiting(
    team: Team, small: Plan, operator: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = refunds.ask(subscribe(team, small), by=None, now=NOW)
    monkeypatch.setattr(ManualGateway, "refund", lambda _self, _order: Outcome.FAILED)
    refused(RefundError, lambda: refunds.grant(request.pk, reason="r", by=operator, now=NOW))


def test_an_upgrade_order_paid_after_the_subscription_ended_begins_a_new_one(
    team: Team, small: Plan, large: Plan
) -> None:
    subscription = subscribe(team, small).subscription
    assert subscription is not None
    order = orders.choose_plan(team, large, now=NOW)
    assert order is not None
    subscriptions.end_now(subscription.pk, reason="r", now=NOW)
    orders.mark_paid(order.pk, now=NOW + DAY)
    running = subscriptions.running(team.pk)
    assert running is not None
    assert running.terms.plan == large
    assert statement.balance(team.pk, at=NOW + DAY).by_source[Source.SUBSCRIPTION] == 20_000


def test_the_credit_note_is_issued_once(team: Team, small: Plan) -> None:
    order = subscribe(team, small)
    invoices.issue(order, now=NOW, is_credit_note=True)
    from django.db import IntegrityError, transaction

    with pytest.raises(IntegrityError), transaction.atomic():
        invoices.issue(order, now=NOW, is_credit_note=True)
