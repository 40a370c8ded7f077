"""Plans, packs and who has one. All of it is data that the owner edits.

What a plan costs and gives lies in its terms, which are never changed: a new price is a new row that
starts at a moment. A subscription keeps the terms it was paid for until it is renewed.
Amounts are integers of 1/100 credit, prices integers of 1/100 of the currency.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import ProtectedError
from django.utils.translation import gettext_lazy as _

from offcut.errors import PlanError, PlanInUseError
from offcut.server.credits.advice import PackFacts
from offcut.server.credits.amounts import price_of_a_credit
from offcut.server.credits.models.book import Account
from offcut.server.credits.rules import PlanFacts


class Offers(models.QuerySet["Plan | Pack"]):
    """Plans or packs. One that somebody has cannot be deleted, one by one or many at once."""

    def delete(self) -> tuple[int, dict[str, int]]:
        """Delete offers nobody ever had. Raises PlanInUseError when there is any other."""
        try:
            return super().delete()
        except ProtectedError:
            raise PlanInUseError("A plan or pack that somebody has cannot be deleted.") from None


class Offer(models.Model):
    """What a plan and a pack share: a name, whether it is on the price list, and where in it."""

    name = models.CharField(_("name"), max_length=60, unique=True)
    is_offered = models.BooleanField(_("on the price list"), default=True)
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    objects = Offers.as_manager()

    class Meta:
        abstract = True
        ordering = ("position", "id")

    def __str__(self) -> str:
        return self.name

    def terms_at(self, moment: datetime) -> Any:
        """Return the terms that hold at `moment`. Raises PlanError when none has started."""
        found = self.terms.filter(starts_at__lte=moment).order_by("-starts_at", "-id").first()
        if found is None:
            raise PlanError(f"{self.name} has no price yet.")
        return found

    def delete(self, *args: Any, **options: Any) -> tuple[int, dict[str, int]]:
        """Delete an offer nobody ever had. Raises PlanInUseError for any other."""
        try:
            return super().delete(*args, **options)
        except ProtectedError:
            raise PlanInUseError(f"{self.name} is in use and cannot be deleted.") from None


class Terms(models.Model):
    """A row of the price history: written once, never changed."""

    starts_at = models.DateTimeField(_("from"))
    price = models.PositiveIntegerField(_("price, in 1/100"))
    currency = models.CharField(_("currency"), max_length=3, default="USD")
    written_at = models.DateTimeField(_("written"), auto_now_add=True)
    actor_id = models.BigIntegerField(_("person"), null=True, editable=False)

    class Meta:
        abstract = True
        ordering = ("-starts_at", "-id")

    def save(self, *args: Any, **options: Any) -> None:
        """Save new terms. Raises PlanError for some that are written."""
        if self.pk is not None:
            raise PlanError("Terms are not changed: write new ones that start later.")
        super().save(*args, **options)


class Plan(Offer):
    """A subscription that can be bought, paid by the month or by the year."""

    billing_months = models.PositiveSmallIntegerField(
        _("paid every"), choices=[(1, _("month")), (12, _("year"))], default=1
    )

    class Meta(Offer.Meta):
        verbose_name = _("plan")
        verbose_name_plural = _("plans")


class PlanTerms(Terms):
    """What a plan gives from a moment on."""

    plan = models.ForeignKey(Plan, models.CASCADE, related_name="terms")
    monthly_amount = models.BigIntegerField(_("credits a month, in 1/100"), validators=[MinValueValidator(1)])
    rollover_cap_multiple = models.PositiveSmallIntegerField(
        _("roll-over cap, in months"), default=5, help_text=_("0: credits end with the period.")
    )
    grace_days = models.PositiveSmallIntegerField(_("grace, in days"), default=7)

    class Meta(Terms.Meta):
        verbose_name = _("terms")
        verbose_name_plural = _("terms")

    def __str__(self) -> str:
        return f"{self.plan} ({self.starts_at:%Y-%m-%d})"

    @property
    def credit_price(self) -> int:
        """What one credit costs, in 1/100 of money, rounded up."""
        return price_of_a_credit(self.price, self.monthly_amount * self.plan.billing_months)

    @property
    def facts(self) -> PlanFacts:
        return PlanFacts(
            self.plan_id,
            self.monthly_amount,
            self.price,
            self.plan.billing_months,
            self.rollover_cap_multiple,
            timedelta(days=self.grace_days),
        )


class Pack(Offer):
    """Pay-as-you-go credits that can be bought at once."""

    class Meta(Offer.Meta):
        verbose_name = _("pack")
        verbose_name_plural = _("packs")


class PackTerms(Terms):
    """What a pack gives from a moment on."""

    pack = models.ForeignKey(Pack, models.CASCADE, related_name="terms")
    amount = models.BigIntegerField(_("credits, in 1/100"), validators=[MinValueValidator(1)])
    validity_months = models.PositiveSmallIntegerField(
        _("valid, in months"), null=True, blank=True, default=24, help_text=_("Empty: for ever.")
    )

    class Meta(Terms.Meta):
        verbose_name = _("terms")
        verbose_name_plural = _("terms")

    def __str__(self) -> str:
        return f"{self.pack} ({self.starts_at:%Y-%m-%d})"

    @property
    def credit_price(self) -> int:
        """What one credit costs, in 1/100 of money, rounded up."""
        return price_of_a_credit(self.price, self.amount)

    @property
    def facts(self) -> PackFacts:
        return PackFacts(self.pack_id, self.amount, self.price)


class SubscriptionState(models.TextChoices):
    ACTIVE = "active", _("Active")
    PAST_DUE = "past_due", _("Past due")
    ENDED = "ended", _("Ended")


class Subscription(models.Model):
    """A team on a plan. `subscriptions.py` is the only writer.

    The month running is number `period_index` since `anchor_at`; `paid_months` of them are paid. `stretch`
    counts how often an upgrade began the counting anew.
    """

    account = models.ForeignKey(Account, models.PROTECT, related_name="subscriptions")
    terms = models.ForeignKey(PlanTerms, models.PROTECT, related_name="subscriptions")
    renewal_terms = models.ForeignKey(
        PlanTerms,
        models.PROTECT,
        null=True,
        related_name="+",
        help_text=_("Paid for, from the next billing date."),
    )
    next_plan = models.ForeignKey(
        Plan, models.PROTECT, null=True, related_name="+", help_text=_("Chosen for the next billing date.")
    )
    time_zone = models.CharField(_("time zone"), max_length=64)
    started_at = models.DateTimeField(_("started"))
    anchor_at = models.DateTimeField(_("counted from"))
    stretch = models.PositiveIntegerField(default=0)
    period_index = models.PositiveIntegerField(default=0)
    period_start = models.DateTimeField(_("period from"))
    period_end = models.DateTimeField(_("period to"))
    paid_months = models.PositiveIntegerField(_("months paid"))
    state = models.CharField(_("state"), max_length=10, choices=SubscriptionState.choices)
    cancels_at_end = models.BooleanField(_("cancelled"), default=False)
    ended_at = models.DateTimeField(_("ended"), null=True)

    class Meta:
        verbose_name = _("subscription")
        verbose_name_plural = _("subscriptions")
        constraints = (
            models.UniqueConstraint(
                fields=("account",), condition=~models.Q(state="ended"), name="one_running_subscription"
            ),
        )
        indexes = (
            models.Index(
                fields=("period_end",), condition=~models.Q(state="ended"), name="subscriptions_running"
            ),
        )

    def __str__(self) -> str:
        return f"{self.terms.plan} · {self.account}"


class SubscriptionEvent(models.Model):
    """What happened to a subscription, for ever."""

    subscription = models.ForeignKey(Subscription, models.PROTECT, related_name="events")
    at = models.DateTimeField(_("when"))
    deed = models.CharField(_("what"), max_length=30)
    detail = models.JSONField(_("detail"), default=dict)
    actor_id = models.BigIntegerField(_("person"), null=True)

    class Meta:
        verbose_name = _("subscription event")
        verbose_name_plural = _("subscription events")
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d} {self.deed}"
