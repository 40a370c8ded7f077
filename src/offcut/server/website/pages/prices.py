"""The price list as it holds now, and what a number of images a month costs by it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from offcut.errors import PlanError
from offcut.server.credits.models import Pack, PackTerms, Plan, PlanTerms
from offcut.server.payments.models import Seller
from offcut.server.website.pages.cheapest import MONTHS_MAX, Mix, cheapest_mix


@dataclass(frozen=True, slots=True)
class PlanRow:
    """A plan on the price list."""

    name: str
    terms: PlanTerms

    @property
    def month_price(self) -> int:
        return -(-self.terms.price // self.terms.plan.billing_months)


@dataclass(frozen=True, slots=True)
class PackRow:
    """A pack on the price list."""

    name: str
    terms: PackTerms


@dataclass(frozen=True, slots=True)
class MixPart:
    """One line of a mix: `count` times something on the price list (for a plan, 1)."""

    name: str
    count: int
    price: int
    amount: int
    plan: PlanRow | None


@dataclass(frozen=True, slots=True)
class PriceList:
    """Everything that is offered at a moment. `has_tax`: tax comes on top of the prices."""

    plans: tuple[PlanRow, ...]
    packs: tuple[PackRow, ...]
    has_tax: bool

    @property
    def is_empty(self) -> bool:
        return not (self.plans or self.packs)

    @property
    def currency(self) -> str:
        """The currency in which mixes are worked out: that of the first offer."""
        rows = [*self.plans, *self.packs]
        return rows[0].terms.currency if rows else ""

    @property
    def month_count(self) -> int:
        """Over how many months a mix is worked out: a year, or as long as every pack holds."""
        validities = [row.terms.validity_months for row in self.packs if row.terms.validity_months]
        return max(1, min([MONTHS_MAX, *validities]))

    def mix(self, image_count: int) -> Mix | None:
        """The cheapest mix for so many images a month; offers in other currencies are left out."""
        plans = [row.terms.facts for row in self.plans if row.terms.currency == self.currency]
        packs = [row.terms.facts for row in self.packs if row.terms.currency == self.currency]
        return cheapest_mix(image_count, plans, packs, month_count=self.month_count)

    def parts(self, mix: Mix) -> list[MixPart]:
        """The lines of a mix, with the names of the price list."""
        parts = []
        if mix.plan is not None:
            row = next(row for row in self.plans if row.terms.plan_id == mix.plan.plan_id)
            parts.append(MixPart(row.name, 1, row.month_price, row.terms.monthly_amount, row))
        names = {row.terms.pack_id: row.name for row in self.packs}
        return parts + [
            MixPart(names[pack.pack_id], count, pack.price, pack.amount, None) for pack, count in mix.packs
        ]


def price_list(now: datetime) -> PriceList:
    """The price list at `now`. An offer that has no price yet is not on it."""
    seller = Seller.objects.filter(pk=1).first()
    return PriceList(
        tuple(PlanRow(plan.name, terms) for plan, terms in _offered(Plan, now)),
        tuple(PackRow(pack.name, terms) for pack, terms in _offered(Pack, now)),
        bool(seller and seller.tax_rate),
    )


def _offered(kind: type[Plan] | type[Pack], now: datetime) -> list[tuple]:
    found = []
    for offer in kind.objects.filter(is_offered=True):
        try:
            found.append((offer, offer.terms_at(now)))
        except PlanError:
            continue
    return found
