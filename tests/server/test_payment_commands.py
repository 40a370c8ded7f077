"""`offcut admin orders|refunds|prices …` as an operator types it."""

from __future__ import annotations

import pytest
from django.utils import timezone
from typer.testing import CliRunner

from offcut.server.accounts.models import AuditEntry, Team
from offcut.server.accounts.people import create_owner
from offcut.server.command import server_app
from offcut.server.credits import statement
from offcut.server.credits.models import Pack, Plan
from offcut.server.payments import orders, refunds
from offcut.server.payments.models import Order, OrderState

pytestmark = pytest.mark.django_db


def type_in(*words: str, fails: bool = False) -> str:
    result = CliRunner().invoke(server_app, ["admin", *words])
    assert result.exit_code == (1 if fails else 0), result.output
    return result.output


@pytest.fixture
def team(db: None) -> Team:
    return create_owner("owner@example.org", "Olga").teams.get()


@pytest.fixture
def order(team: Team) -> Order:
    type_in("prices", "pack", "Ten", "--credits", "10", "--price", "9.50")
    return orders.order_pack(team, Pack.objects.get(), now=timezone.now())


def total(team: Team) -> int:
    return statement.balance(team.pk, at=timezone.now()).total


def test_the_price_list_is_written_and_read() -> None:
    type_in("prices", "plan", "Small", "--credits", "40", "--price", "9")
    type_in("prices", "plan", "Small, yearly", "--credits", "40", "--price", "97.20", "--yearly")
    type_in("prices", "pack", "Ten", "--credits", "10", "--price", "9", "--currency", "eur", "--months", "0")
    lines = [line.split("\t")[0:1] + line.split("\t")[2:] for line in type_in("prices", "list").splitlines()]
    assert lines == [
        ["plan", "Small", "40 a month", "9.00 USD a month", "rolls over 5 months"],
        ["plan", "Small, yearly", "40 a month", "97.20 USD a year", "rolls over 5 months"],
        ["pack", "Ten", "10", "9.00 EUR", "valid for ever"],
    ]
    assert AuditEntry.objects.filter(deed="price.written").count() == 3


def test_the_same_name_again_is_a_new_price() -> None:
    for price in ("9", "12"):
        type_in("prices", "plan", "Small", "--credits", "40", "--price", price)
    assert "12.00 USD" in type_in("prices", "list")
    assert Plan.objects.get().terms.count() == 2
    type_in("prices", "plan", "Small", "--credits", "40", "--price", "97", "--yearly", fails=True)


@pytest.mark.parametrize(
    "wrong",
    [
        ("--credits", "0", "--price", "9"),
        ("--credits", "x", "--price", "9"),
        ("--credits", "1", "--price", "-1"),
    ],
)
def test_nonsense_is_no_price(wrong: tuple[str, ...]) -> None:
    type_in("prices", "pack", "Ten", *wrong, fails=True)
    assert not Pack.objects.exists()


def test_an_order_is_listed_and_paid(team: Team, order: Order) -> None:
    before = total(team)
    line = type_in("orders", "list")
    assert line.startswith(f"{order.pk}\topen\tteam {team.pk}\tPack: Ten\t9.50 USD\tdue ")
    assert type_in("orders", "list", "--team", str(team.pk + 1)) == ""
    paid = type_in("orders", "paid", str(order.pk), "--reference", "transfer 7")
    assert f"{order.pk}\tpaid" in paid
    assert total(team) == before + 1000
    # The same payment told twice delivers once; another is refused.
    type_in("orders", "paid", str(order.pk), "--reference", "transfer 7")
    type_in("orders", "paid", str(order.pk), "--reference", "transfer 8", fails=True)
    assert total(team) == before + 1000
    assert type_in("orders", "list") == ""
    assert f"{order.pk}\tpaid" in type_in("orders", "list", "--all")
    assert AuditEntry.objects.filter(deed="order.paid", team_id=team.pk).exists()


def test_an_order_is_taken_back(team: Team, order: Order) -> None:
    type_in("orders", "cancel", str(order.pk))
    order.refresh_from_db()
    assert order.state == OrderState.VOID
    type_in("orders", "cancel", str(order.pk), fails=True)
    type_in("orders", "paid", str(order.pk), fails=True)
    type_in("orders", "paid", "999", fails=True)


def test_refunds_are_decided(team: Team, order: Order) -> None:
    before = total(team)
    asked = []
    for _ in range(2):
        type_in("orders", "paid", str(order.pk), "--reference", "t")
        paid = Order.objects.get(pk=order.pk)
        asked.append(refunds.ask(paid, by=None, words="Too\nmuch", now=timezone.now()))
        line = type_in("refunds", "list")
        assert line.startswith(f"{asked[-1].pk}\twaiting\torder {order.pk}\t9.50 USD\tby ")
        assert "It is not the first subscription of this team." in line
        assert line.endswith("\tToo much\n")
        deed = "refuse" if len(asked) == 1 else "grant"
        type_in("refunds", deed, str(asked[-1].pk), "--reason", "We talked.")
    order.refresh_from_db()
    assert order.state == OrderState.REFUNDED
    assert total(team) == before
    assert type_in("refunds", "list") == ""
    assert len(type_in("refunds", "list", "--all").splitlines()) == 2
    type_in("refunds", "grant", str(asked[0].pk), "--reason", "again", fails=True)
    type_in("refunds", "grant", "999", "--reason", "none", fails=True)
