"""The manual gateway: people pay as they agree with the owner, who marks the order as paid."""

from __future__ import annotations

from datetime import timedelta

from offcut.server.payments.gateway import Checkout, Outcome
from offcut.server.payments.models import Order
from offcut.server.payments.sellers import seller


class ManualGateway:
    """Nothing is moved here. A refund is done when the owner says so, by granting it."""

    name = "manual"
    renewal_lead = timedelta(days=7)

    def begin(self, order: Order) -> Checkout:  # noqa: ARG002
        """Tell the buyer how to pay by hand, in the seller's words."""
        return Checkout("", seller().payment_instructions)

    def collect(self, order: Order) -> Outcome:  # noqa: ARG002
        """Nobody can be charged by hand: the order waits for the owner."""
        return Outcome.PENDING

    def refund(self, order: Order) -> Outcome:  # noqa: ARG002
        """The owner, who grants the refund, gives the money back."""
        return Outcome.DONE
