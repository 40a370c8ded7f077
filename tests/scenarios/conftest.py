"""Stories of customers over a frozen clock: the worker comes by every day, mails arrive, people decide."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

# Django is set up as for the server's tests, once for both.
if "tests.server.conftest" not in sys.modules:
    _spec = importlib.util.spec_from_file_location(
        "tests.server.conftest", Path(__file__).parents[1] / "server" / "conftest.py"
    )
    assert _spec is not None
    assert _spec.loader is not None
    sys.modules["tests.server.conftest"] = importlib.util.module_from_spec(_spec)
    _spec.loader.exec_module(sys.modules["tests.server.conftest"])
_server = sys.modules["tests.server.conftest"]
mails, _fresh_cache, _ledger_can_be_emptied = (
    _server.mails,
    _server._fresh_cache,
    _server._ledger_can_be_emptied,
)

import time_machine  # noqa: E402
from django.utils import timezone  # noqa: E402

from offcut.errors import InsufficientCreditsError  # noqa: E402
from offcut.server.accounts.keys import authenticate_key, make_key  # noqa: E402
from offcut.server.accounts.models import Person, Team  # noqa: E402
from offcut.server.accounts.people import welcome  # noqa: E402
from offcut.server.credits import ledger, statement, subscriptions  # noqa: E402
from offcut.server.credits.amounts import amount_of, credits_of  # noqa: E402
from offcut.server.credits.models import Pack, PackTerms, Plan, PlanTerms, Subscription  # noqa: E402
from offcut.server.credits.notices.tasks import deliver_notices  # noqa: E402
from offcut.server.credits.rules import Source  # noqa: E402
from offcut.server.credits.tasks import lapse_holds, notice_ending_lots  # noqa: E402
from offcut.server.payments import orders  # noqa: E402
from offcut.server.payments.models import Order, OrderState  # noqa: E402
from offcut.server.payments.tasks import renew_subscriptions  # noqa: E402


class Story:
    """A website with plans and packs, one customer, and a clock that moves only when told."""

    def __init__(self, clock: time_machine.Coordinates, mails: list, zone: str = "Europe/Madrid") -> None:
        self.clock, self.mails, self.zone = clock, mails, ZoneInfo(zone)
        self.request_number = 0
        self.pays_at_once = True

    # Time

    def it_is(self, day: str, hour: int = 10) -> None:
        """Set the clock to the hour of a day where the customer lives."""
        self.clock.move_to(self._moment(day, hour))

    def until(self, day: str, hour: int = 10) -> None:
        """Let the days pass, three at a time: the customer pays what is asked, the worker comes by."""
        end = self._moment(day, hour)
        while timezone.now() < end:
            self.clock.move_to(min(end, timezone.now() + timedelta(days=3)))
            if self.pays_at_once:
                self.pays()
            self.worker()

    def worker(self) -> None:
        for task in (lapse_holds, renew_subscriptions, notice_ending_lots, deliver_notices):
            task.call()

    def _moment(self, day: str, hour: int) -> datetime:
        return datetime.fromisoformat(day).replace(hour=hour, tzinfo=self.zone).astimezone(UTC)

    # The price list

    def plan(self, credit_count: int, price: str, *, months: int = 1, rollover: int = 5) -> Plan:
        plan = Plan.objects.create(name=f"{credit_count}/{months}/{rollover}", billing_months=months)
        PlanTerms.objects.create(
            plan=plan,
            starts_at=datetime(2020, 1, 1, tzinfo=UTC),
            price=amount_of(price),
            monthly_amount=credit_count * 100,
            rollover_cap_multiple=rollover,
        )
        return plan

    def pack(self, credit_count: int, price: str, *, months: int | None = 24) -> Pack:
        pack = Pack.objects.create(name=f"{credit_count} credits")
        PackTerms.objects.create(
            pack=pack,
            starts_at=datetime(2020, 1, 1, tzinfo=UTC),
            price=amount_of(price),
            amount=credit_count * 100,
            validity_months=months,
        )
        return pack

    # The customer

    def sign_up(self, name: str = "Alice") -> Team:
        person = Person.objects.create_user(f"{name.lower()}@example.org", "correct horse battery", name=name)
        self.team = welcome(person)
        Team.objects.filter(pk=self.team.pk).update(time_zone=self.zone.key)
        self.team.refresh_from_db()
        self.person = person
        _, self.token = make_key(self.team, "shop", by=person)
        return self.team

    def chooses(self, plan: Plan) -> Order | None:
        """Choose a plan and pay for it at once."""
        order = orders.choose_plan(self.team, plan, now=timezone.now(), actor_id=self.person.pk)
        if order is not None and order.state == OrderState.OPEN:
            order = orders.mark_paid(order.pk, now=timezone.now(), reference="transfer")
        return order

    def buys(self, pack: Pack) -> Order:
        order = orders.order_pack(self.team, pack, now=timezone.now(), actor_id=self.person.pk)
        return orders.mark_paid(order.pk, now=timezone.now(), reference="transfer")

    def pays(self) -> None:
        """The owner marks everything the customer owes as paid."""
        for order in Order.objects.filter(team=self.team, state=OrderState.OPEN):
            orders.mark_paid(order.pk, now=timezone.now(), reference=f"transfer {order.pk}")

    def uses(self, image_count: int, token: str | None = None) -> int:
        """Process images through the API; return how many were done before the credits ran out."""
        for number in range(image_count):
            key = authenticate_key(token or self.token)
            self.request_number += 1
            request_id = f"request {self.request_number}"
            try:
                ledger.hold(
                    key.team_id,
                    request_id,
                    100,
                    content_hash=request_id,
                    now=timezone.now(),
                    key=key,
                    size="full",
                )
            except InsufficientCreditsError:
                return number
            ledger.capture(key.team_id, request_id, now=timezone.now())
        return image_count

    # What can be seen

    @property
    def credits(self) -> Decimal:
        return credits_of(self.balance.total)

    @property
    def balance(self) -> statement.Balance:
        return statement.balance(self.team.pk, at=timezone.now())

    def of(self, source: Source) -> Decimal:
        return credits_of(self.balance.by_source[source])

    @property
    def subscription(self) -> Subscription | None:
        return subscriptions.running(self.team.pk)

    @property
    def subjects(self) -> list[str]:
        return [mail.subject for mail in self.mails]


@pytest.fixture
def story(db: None, mails: list) -> Iterator[Story]:  # noqa: ARG001
    with time_machine.travel(datetime(2027, 1, 1, tzinfo=UTC), tick=False) as clock:
        yield Story(clock, mails)
