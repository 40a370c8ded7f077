"""Orders, invoices, refund requests and money owed to a team.

Money is integers of 1/100 of the currency. Tax rates are integers of 1/100 percent (2100 is 21 %).
"""

from __future__ import annotations

from typing import Any, NoReturn

from django.core.validators import MaxValueValidator
from django.db import models
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from offcut.errors import PaymentError

# What the seller's row says until the owner writes something else: as long as it does, the words are ours.
TAX_NAME = gettext_noop("VAT")
REVERSE_CHARGE = gettext_noop("Reverse charge")


class OrderKind(models.TextChoices):
    SUBSCRIBE = "subscribe", _("Subscription")
    RENEW = "renew", _("Renewal")
    UPGRADE = "upgrade", _("Upgrade")
    PACK = "pack", _("Pack")


class OrderState(models.TextChoices):
    OPEN = "open", _("To be paid")
    PAID = "paid", _("Paid")
    VOID = "void", _("Void")
    REFUNDED = "refunded", _("Refunded")


class Order(models.Model):
    """What a team owes for one thing. Its price and tax are fixed when it is made.

    `list_price` − `deducted` = `net`; `net` + `tax` = `total`. Deducted is first `unused`, the part of the
    old period's price that an upgrade leaves unused, then money owed to the team from before.
    """

    team = models.ForeignKey("accounts.Team", models.PROTECT, related_name="orders")
    kind = models.CharField(_("what"), max_length=10, choices=OrderKind.choices)
    plan_terms = models.ForeignKey("credits.PlanTerms", models.PROTECT, null=True, related_name="orders")
    pack_terms = models.ForeignKey("credits.PackTerms", models.PROTECT, null=True, related_name="orders")
    subscription = models.ForeignKey("credits.Subscription", models.PROTECT, null=True, related_name="orders")
    # For a renewal: which month of the subscription begins with it. One renewal a billing date.
    renewal = models.CharField(max_length=40, blank=True)
    list_price = models.PositiveIntegerField(_("list price"))
    unused = models.PositiveIntegerField(_("unused part of the old period"), default=0)
    deducted = models.PositiveIntegerField(_("deducted"), default=0)
    tax_rate = models.PositiveIntegerField(_("tax rate, in 1/100 percent"), default=0)
    tax = models.PositiveIntegerField(_("tax"))
    total = models.PositiveIntegerField(_("total"))
    currency = models.CharField(_("currency"), max_length=3)
    state = models.CharField(_("state"), max_length=10, choices=OrderState.choices, default=OrderState.OPEN)
    gateway = models.CharField(_("gateway"), max_length=20)
    gateway_reference = models.CharField(_("reference"), max_length=200, blank=True)
    made_at = models.DateTimeField(_("made"))
    due_at = models.DateTimeField(_("due"))
    collected_at = models.DateTimeField(null=True)
    paid_at = models.DateTimeField(_("paid"), null=True)
    actor_id = models.BigIntegerField(_("person"), null=True)

    class Meta:
        verbose_name = _("order")
        verbose_name_plural = _("orders")
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(
                fields=("subscription", "renewal"),
                condition=models.Q(kind="renew") & ~models.Q(state="void"),
                name="one_renewal_a_billing_date",
            ),
        )

    def __str__(self) -> str:
        return f"{self.pk} {self.get_kind_display()}"

    @property
    def net(self) -> int:
        return self.list_price - self.deducted

    @property
    def title(self) -> str:
        offer = self.plan_terms.plan if self.plan_terms is not None else self.pack_terms.pack
        # Translators: what an order is for, as in "Subscription: Small".
        return gettext("%(kind)s: %(name)s") % {"kind": self.get_kind_display(), "name": offer.name}


class Final(models.QuerySet[Any]):
    """Rows that are written once."""

    def update(self, **_fields: Any) -> NoReturn:
        """Refused: raises PaymentError."""
        raise PaymentError("What has been issued is not changed.")

    def delete(self) -> NoReturn:
        """Refused: raises PaymentError."""
        raise PaymentError("What has been issued is not deleted.")


class Invoice(models.Model):
    """An invoice, or the credit note that takes one back. All that is printed on it is kept in it.

    `language` is that of all its words, for good: whoever ordered may choose another afterwards.
    Numbers run without gaps within a year. `total` of a credit note is below zero.
    """

    order = models.ForeignKey(Order, models.PROTECT, related_name="invoices")
    is_credit_note = models.BooleanField(_("credit note"), default=False)
    year = models.PositiveSmallIntegerField()
    serial = models.PositiveIntegerField()
    issued_at = models.DateTimeField(_("issued"))
    language = models.CharField(_("language"), max_length=10)
    seller = models.JSONField(_("seller"))
    buyer = models.JSONField(_("buyer"))
    lines = models.JSONField(_("lines"))
    net = models.IntegerField(_("net"))
    tax_rate = models.PositiveIntegerField(_("tax rate"))
    tax = models.IntegerField(_("tax"))
    total = models.IntegerField(_("total"))
    currency = models.CharField(_("currency"), max_length=3)
    note = models.CharField(_("note"), max_length=300, blank=True)

    objects = Final.as_manager()

    class Meta:
        verbose_name = _("invoice")
        verbose_name_plural = _("invoices")
        ordering = ("-year", "-serial")
        constraints = (
            models.UniqueConstraint(fields=("year", "serial"), name="one_invoice_a_number"),
            models.UniqueConstraint(fields=("order", "is_credit_note"), name="one_invoice_an_order"),
        )

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        return f"{self.year}-{self.serial:05d}"

    def save(self, *args: Any, **options: Any) -> None:
        """Save a new invoice. Raises PaymentError for one that is issued."""
        if self.pk is not None:
            raise PaymentError("What has been issued is not changed.")
        super().save(*args, **options)

    def delete(self, *_args: Any, **_options: Any) -> NoReturn:
        """Refused: raises PaymentError."""
        raise PaymentError("What has been issued is not deleted.")


class Owed(models.Model):
    """Money owed to a team, or used up by an order: the balance of a currency is the sum of its rows."""

    team = models.ForeignKey("accounts.Team", models.PROTECT, related_name="owed")
    order = models.ForeignKey(Order, models.PROTECT, null=True, related_name="owed")
    at = models.DateTimeField(_("when"))
    amount = models.IntegerField(_("amount"))
    currency = models.CharField(_("currency"), max_length=3)
    reason = models.CharField(_("reason"), max_length=200)

    objects = Final.as_manager()

    class Meta:
        verbose_name = _("money owed")
        verbose_name_plural = _("money owed")

    def __str__(self) -> str:
        return f"{self.amount / 100:.2f} {self.currency}"


class Seller(models.Model):
    """Who sells: one row, edited by the owner, printed on every invoice made from then on."""

    name = models.CharField(_("name"), max_length=200, blank=True)
    address = models.TextField(_("address"), blank=True)
    country = models.CharField(_("country"), max_length=2, blank=True)
    tax_number = models.CharField(_("tax number"), max_length=40, blank=True)
    tax_name = models.CharField(_("name of the tax"), max_length=20, default=TAX_NAME)
    tax_rate = models.PositiveIntegerField(
        _("tax rate, in 1/100 percent"), default=0, validators=[MaxValueValidator(10_000)]
    )
    reverse_charge_note = models.CharField(
        _("note for buyers abroad with a tax number"), max_length=200, default=REVERSE_CHARGE
    )
    payment_instructions = models.TextField(_("how to pay by hand"), blank=True)

    class Meta:
        verbose_name = _("seller")
        verbose_name_plural = _("seller")

    def __str__(self) -> str:
        return self.name or "—"


class Buyer(models.Model):
    """What a team wants on its invoices."""

    team = models.OneToOneField("accounts.Team", models.CASCADE, primary_key=True, related_name="buyer")
    name = models.CharField(_("name"), max_length=200, blank=True)
    address = models.TextField(_("address"), blank=True)
    country = models.CharField(_("country"), max_length=2, blank=True)
    tax_number = models.CharField(_("tax number"), max_length=40, blank=True)

    class Meta:
        verbose_name = _("buyer")
        verbose_name_plural = _("buyers")

    def __str__(self) -> str:
        return self.name or str(self.team)


class RefundState(models.TextChoices):
    WAITING = "waiting", _("To be decided")
    GRANTED = "granted", _("Granted")
    REFUSED = "refused", _("Refused")


class RefundRequest(models.Model):
    """A refund that a team asked for. The rule is checked, a person decides."""

    order = models.ForeignKey(Order, models.PROTECT, related_name="refund_requests")
    asked_at = models.DateTimeField(_("asked"))
    asked_by_id = models.BigIntegerField(_("asked by"), null=True)
    words = models.TextField(_("why"), blank=True)
    objections = models.JSONField(_("what speaks against it by the rule"), default=list)
    decide_by = models.DateTimeField(_("to be decided by"))
    state = models.CharField(
        _("state"), max_length=10, choices=RefundState.choices, default=RefundState.WAITING
    )
    decided_at = models.DateTimeField(_("decided"), null=True)
    decided_by_id = models.BigIntegerField(_("decided by"), null=True)
    decision = models.CharField(_("reason"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("refund request")
        verbose_name_plural = _("refund requests")
        ordering = ("decide_by",)
        constraints = (
            models.UniqueConstraint(
                fields=("order",), condition=models.Q(state="waiting"), name="one_waiting_request_an_order"
            ),
        )

    def __str__(self) -> str:
        return f"{self.order} · {self.get_state_display()}"
