"""Invoices speak the language of whoever ordered, and go on speaking it."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import translation
from pypdf import PdfReader

from offcut.server.accounts.models import Person, Team
from offcut.server.credits import ledger
from offcut.server.credits.models import Pack, PackTerms, Plan, PlanTerms
from offcut.server.payments import orders, refunds, renewals
from offcut.server.payments.invoice_pdf import invoice_pdf
from offcut.server.payments.models import Buyer, Invoice, Order
from offcut.server.payments.sellers import seller

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
DAY = timedelta(days=1)

SAID = {
    "en": (
        *("Invoice", "Number 2026-00001", "Date 2026-03-10", "From", "To", "What", "Credits", "Price"),
        *("Pack: Ten", "12.5", "1,234.50 USD", "Net", "VAT 5.5 %", "67.90 USD", "Total 1,302.40 USD"),
        "Tax number ES-B1",
    ),
    "es": (
        *("Factura", "Número 2026-00001", "Fecha 10 de marzo de 2026", "Emisor", "Destinatario"),
        *("Concepto", "Créditos", "Precio", "Paquete: Ten", "12,5", "1 234,50 USD", "Base imponible"),
        *("IVA 5,5 %", "67,90 USD", "Total 1 302,40 USD", "Número fiscal ES-B1"),
    ),
    "de": (
        *("Rechnung", "Nummer 2026-00001", "Datum 10. März 2026", "Aussteller", "Empfänger", "Leistung"),
        *("Credits", "Preis", "Paket: Ten", "12,5", "1.234,50 USD", "Nettobetrag", "Umsatzsteuer 5,5 %"),
        *("67,90 USD", "Gesamtbetrag 1.302,40 USD", "Steuernummer ES-B1"),
    ),
    "fr": (
        *("Facture", "Numéro 2026-00001", "Date 10 mars 2026", "Émetteur", "Destinataire", "Désignation"),
        *("Crédits", "Prix", "Pack : Ten", "12,5", "1 234,50 USD", "Montant hors taxe", "TVA 5,5 %"),
        *("67,90 USD", "Total 1 302,40 USD", "Numéro fiscal ES-B1"),
    ),
}
"""What an invoice of 1234.50 and its tax says in each language."""


@pytest.fixture
def team(db: None) -> Team:
    team = Team.objects.create(name="Atelier", time_zone="Europe/Madrid")
    ledger.open_account(team, now=NOW)
    row = seller()
    row.name, row.country, row.tax_number, row.tax_rate = "Offcut S.L.", "ES", "ES-B1", 550
    row.save()
    return team


@pytest.fixture
def alice(db: None) -> Person:
    return Person.objects.create_user("alice@example.org", None, language="de")


@pytest.fixture
def pack(db: None) -> Pack:
    pack = Pack.objects.create(name="Ten")
    PackTerms.objects.create(pack=pack, starts_at=NOW - DAY, price=123450, amount=1250, validity_months=24)
    return pack


@pytest.fixture
def plan(db: None) -> Plan:
    plan = Plan.objects.create(name="Small", billing_months=1)
    PlanTerms.objects.create(plan=plan, starts_at=NOW - DAY, price=900, monthly_amount=4000)
    return plan


def bought(team: Team, pack: Pack, person: Person | None) -> Invoice:
    order = orders.order_pack(team, pack, now=NOW, actor_id=person.pk if person else None)
    return orders.mark_paid(order.pk, now=NOW).invoices.get()


def speaks(person: Person, language: str) -> None:
    Person.objects.filter(pk=person.pk).update(language=language)


def text_of(invoice: Invoice) -> str:
    pages = PdfReader(io.BytesIO(invoice_pdf(invoice))).pages
    return " ".join(page.extract_text() for page in pages).replace("\N{NO-BREAK SPACE}", " ")


@pytest.mark.parametrize("fonts", ["those of the machine", "none"])
@pytest.mark.parametrize("language", SAID)
def test_an_invoice_speaks_the_language_of_whoever_ordered(
    team: Team, pack: Pack, alice: Person, language: str, fonts: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if fonts == "none":
        monkeypatch.setattr("offcut.server.payments.invoice_pdf._FONTS", ())
    speaks(alice, language)
    invoice = bought(team, pack, alice)
    assert invoice.language == language
    text = text_of(invoice)
    for words in SAID[language]:
        assert words in text, words
    document = PdfReader(io.BytesIO(invoice_pdf(invoice)))
    assert document.trailer["/Root"]["/Lang"] == language
    assert document.metadata is not None
    assert document.metadata.title == f"{SAID[language][0]} 2026-00001"


def test_neither_another_choice_nor_another_reader_changes_an_invoice(
    team: Team, pack: Pack, alice: Person
) -> None:
    invoice = bought(team, pack, alice)
    before = text_of(invoice)
    speaks(alice, "fr")
    with translation.override("es"):
        assert text_of(Invoice.objects.get(pk=invoice.pk)) == before
    assert "Rechnung" in before
    assert "Facture" in text_of(bought(team, pack, alice))


def test_the_language_of_whoever_takes_the_payment_does_not_show(
    team: Team, pack: Pack, alice: Person
) -> None:
    with translation.override("fr"):
        invoice = bought(team, pack, alice)
        assert translation.get_language() == "fr"
    assert invoice.lines == [{"title": "Paket: Ten", "credits": "12,5", "price": 123450}]
    assert invoice.seller["tax_name"] == "Umsatzsteuer"


@pytest.mark.parametrize("chosen", ["", "tlh"])
def test_who_chose_no_language_that_is_offered_gets_the_sites(
    team: Team, pack: Pack, alice: Person, settings: Any, chosen: str
) -> None:
    settings.LANGUAGE_CODE = "es"
    speaks(alice, chosen)
    assert bought(team, pack, alice).language == "es"
    assert bought(team, pack, None).language == "es"


def test_a_renewal_speaks_as_the_person_who_ordered_the_subscription(
    team: Team, plan: Plan, alice: Person
) -> None:
    order = orders.choose_plan(team, plan, now=NOW, actor_id=alice.pk)
    assert order is not None
    assert "Abo: Small" in text_of(orders.mark_paid(order.pk, now=NOW).invoices.get())
    speaks(alice, "es")
    renewals.run_due(NOW + 27 * DAY)
    renewal = Order.objects.get(kind="renew")
    invoice = orders.mark_paid(renewal.pk, now=NOW + 27 * DAY).invoices.get()
    assert (invoice.language, invoice.lines[0]["title"]) == ("es", "Renovación: Small")


def test_what_is_deducted_is_said_in_the_language_too(team: Team, plan: Plan, alice: Person) -> None:
    first = orders.choose_plan(team, plan, now=NOW, actor_id=alice.pk)
    assert first is not None
    orders.mark_paid(first.pk, now=NOW)
    large = Plan.objects.create(name="Large", billing_months=12)
    PlanTerms.objects.create(plan=large, starts_at=NOW - DAY, price=39000, monthly_amount=20050)
    order = orders.choose_plan(team, large, now=NOW, actor_id=alice.pk)
    assert order is not None
    text = text_of(orders.mark_paid(order.pk, now=NOW).invoices.get())
    for words in ("Größerer Tarif: Large", "200,5 × 12", "390,00 USD", "Abgezogen", "-9,00 USD"):
        assert words in text, words


def test_a_credit_note_speaks_as_the_invoice_that_it_takes_back(
    team: Team, pack: Pack, alice: Person
) -> None:
    order = bought(team, pack, alice).order
    speaks(alice, "fr")
    request = refunds.ask(order, by=alice, now=NOW + DAY)
    with translation.override("es"):
        refunds.grant(request.pk, reason="goodwill", by=None, now=NOW + DAY)
    note = order.invoices.get(is_credit_note=True)
    assert note.language == "de"
    text = text_of(note)
    said = ("Gutschrift", "Storno der Rechnung 2026-00001", "Datum 11. März 2026", "Paket: Ten")
    for words in (*said, "-1.234,50 USD", "Gesamtbetrag -1.302,40 USD"):
        assert words in text, words


def test_a_note_of_ours_is_translated_and_the_owners_words_are_not(
    team: Team, pack: Pack, alice: Person
) -> None:
    Buyer.objects.create(team=team, name="Müller GmbH", country="DE", tax_number="DE123")
    invoice = bought(team, pack, alice)
    assert invoice.note == "Steuerschuldnerschaft des Leistungsempfängers"
    row = seller()
    # "Tax" is a word that the website translates elsewhere; here it is the owner's.
    row.tax_name, row.reverse_charge_note = "Tax", "Article 44"
    row.save()
    second = bought(team, pack, alice)
    assert (second.seller["tax_name"], second.note) == ("Tax", "Article 44")
    assert text_of(invoice).endswith("Steuerschuldnerschaft des Leistungsempfängers")


def test_an_added_language_that_lacks_the_words_says_them_in_english(
    team: Team, pack: Pack, alice: Person, settings: Any
) -> None:
    settings.LANGUAGES = [*settings.LANGUAGES, ("it", "Italiano")]
    speaks(alice, "it")
    invoice = bought(team, pack, alice)
    assert invoice.language == "it"
    text = text_of(invoice)
    for words in ("Invoice", "Number 2026-00001", "Pack: Ten", "1.234,50 USD", "Net", "VAT 5,5 %"):
        assert words in text, words


def test_an_invoice_in_a_language_that_was_taken_away_is_english(
    team: Team, pack: Pack, alice: Person, settings: Any
) -> None:
    speaks(alice, "fr")
    invoice = bought(team, pack, alice)
    settings.LANGUAGE_CODE = "de"
    settings.LANGUAGES = [("en", "English"), ("de", "Deutsch")]
    text = text_of(invoice)
    # What was written down when it was issued stays as it was.
    for words in ("Invoice", "Date 2026-03-10", "Pack : Ten", "TVA 5.5 %", "Total 1,302.40 USD"):
        assert words in text, words


@pytest.mark.parametrize("fonts", ["those of the machine", "none"])
def test_typographic_signs_need_no_other_font(
    team: Team, pack: Pack, alice: Person, fonts: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if fonts == "none":
        monkeypatch.setattr("offcut.server.payments.invoice_pdf._FONTS", ())
    name = "Œuvre d’Été – „50\N{NARROW NO-BREAK SPACE}€“ … Mu\N{COMBINING DIAERESIS}ller"
    street = "Rue de l’Église\N{FIGURE SPACE}3\N{NON-BREAKING HYPHEN}5 \N{MINUS SIGN}1"
    Buyer.objects.create(team=team, name=name, address=street, country="FR")
    text = text_of(bought(team, pack, alice))
    assert "Œuvre d’Été – „50 €“ … Müller" in text
    assert "Rue de l’Église 3-5 -1" in text


@pytest.mark.django_db
def test_no_migration_is_missing() -> None:
    call_command("makemigrations", "payments", check=True, dry_run=True, verbosity=0)


@pytest.mark.django_db(transaction=True)
def test_invoices_from_before_there_were_languages_are_english() -> None:
    executor = MigrationExecutor(connection)
    try:
        before = executor.migrate([("payments", "0001_initial")]).apps
        team = before.get_model("accounts", "Team").objects.create(name="Atelier")
        figures = {"tax": 0, "total": 900, "currency": "USD"}
        order = before.get_model("payments", "Order").objects.create(
            team=team, kind="pack", list_price=900, gateway="manual", made_at=NOW, due_at=NOW, **figures
        )
        before.get_model("payments", "Invoice").objects.create(
            **{"order": order, "year": 2026, "serial": 1, "issued_at": NOW, "seller": {}, "buyer": {}},
            **{"lines": [], "net": 900, "tax_rate": 0, **figures},
        )
    finally:
        executor = MigrationExecutor(connection)
        executor.migrate(executor.loader.graph.leaf_nodes())
    assert Invoice.objects.get().language == "en"
