"""What a gateway is: whoever moves the money. Everything above speaks to this and to nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Protocol

from django.conf import settings

from offcut.errors import PaymentError
from offcut.server.payments.models import Order


class Outcome(StrEnum):
    """How an attempt to move money ended. After PENDING the gateway reports later, by `orders.mark_paid`."""

    DONE = "done"
    PENDING = "pending"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Checkout:
    """What the buyer does next: goes to `url`, or follows `instructions` where there is none."""

    url: str
    instructions: str


class Gateway(Protocol):
    """A way to be paid. Called outside any transaction; each call may be repeated for the same order.

    `renewal_lead` is how long before the billing date a renewal is asked for.
    """

    name: str
    renewal_lead: timedelta

    def begin(self, order: Order) -> Checkout:
        """Ask the buyer, who is present, to pay."""

    def collect(self, order: Order) -> Outcome:
        """Collect a renewal, with nobody present."""

    def refund(self, order: Order) -> Outcome:
        """Give back what was paid."""


def gateway(name: str | None = None) -> Gateway:
    """Return the gateway that is set, or the one an order was made with. Raises PaymentError for no such."""
    from offcut.server.payments.manual import ManualGateway

    gateways: dict[str, type[Gateway]] = {"manual": ManualGateway}
    try:
        return gateways[name or settings.PAYMENT_GATEWAY]()
    except KeyError:
        raise PaymentError(f"There is no payment gateway {name}.") from None
