"""What something would cost a team at this moment. Nothing here writes; orders are made from it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Sum

from offcut.server.accounts.models import Team
from offcut.server.credits import rules, subscriptions
from offcut.server.credits.models import PackTerms, PlanTerms, Subscription
from offcut.server.payments.models import Owed
from offcut.server.payments.sellers import tax_on, tax_rate_for


@dataclass(frozen=True, slots=True)
class Quote:
    """A price for a team, in 1/100 of the currency: see `Order` for what the parts mean."""

    list_price: int
    unused: int
    deducted: int
    tax_rate: int
    tax: int
    currency: str

    @property
    def net(self) -> int:
        return self.list_price - self.deducted

    @property
    def total(self) -> int:
        return self.net + self.tax

    @property
    def from_unused(self) -> int:
        """The part of `deducted` that comes from the old period."""
        return min(self.unused, self.list_price)

    @property
    def from_owed(self) -> int:
        """The part of `deducted` that comes from money owed to the team."""
        return self.deducted - self.from_unused

    @property
    def owed_after(self) -> int:
        """What of the old period is left over, and is owed to the team once this is paid."""
        return self.unused - self.from_unused


def quote(team: Team, terms: PlanTerms | PackTerms, *, unused: int = 0) -> Quote:
    """Price `terms` for a team, with `unused` money of an old period deducted, then money owed to it."""
    from_unused = min(unused, terms.price)
    from_owed = min(max(owed_to(team, terms.currency), 0), terms.price - from_unused)
    deducted = from_unused + from_owed
    rate = tax_rate_for(team)
    tax = tax_on(terms.price - deducted, rate)
    return Quote(terms.price, unused, deducted, rate, tax, terms.currency)


def unused_part(running: Subscription, now: datetime) -> int:
    """Return the part of the running payment that pays for the time after `now`: an upgrade deducts it."""
    start, end = subscriptions.billing_start(running), subscriptions.billing_end(running)
    return rules.unused_price(running.terms.price, start, end, now)


def owed_to(team: Team, currency: str) -> int:
    """Return the money owed to a team, in 1/100 of the currency."""
    return Owed.objects.filter(team=team, currency=currency).aggregate(sum=Sum("amount"))["sum"] or 0
