"""The rows of the ledger. `ledger.py` is the only writer; the entries are the truth, the rest is kept sums.

Amounts are integers of 1/100 credit.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NoReturn

from django.db import models
from django.utils.translation import gettext_lazy as _

from offcut.errors import EntryFinalError
from offcut.server.credits.rules import LotState, Piece, Source

SOURCES = [
    (Source.FREE_PREVIEW.value, _("Free previews")),
    (Source.SUBSCRIPTION.value, _("Subscription")),
    (Source.ENTERPRISE.value, _("Enterprise")),
    (Source.GIFT.value, _("Gift")),
    (Source.ADJUSTMENT.value, _("Adjustment")),
    (Source.PAY_AS_YOU_GO.value, _("Pay-as-you-go")),
]


class Kind(models.TextChoices):
    """What an entry does; README.md has the table."""

    GRANT = "grant", _("Granted")
    HOLD = "hold", _("Held")
    CAPTURE = "capture", _("Spent")
    RELEASE = "release", _("Given back")
    LAPSE = "lapse", _("Lapsed")
    CUT = "cut", _("Cut by the roll-over cap")
    TERM = "term", _("End moved")
    CORRECT = "correct", _("Corrected")


class HoldState(models.TextChoices):
    OPEN = "open", _("Open")
    CAPTURED = "captured", _("Captured")
    RELEASED = "released", _("Released")
    LAPSED = "lapsed", _("Lapsed")


class Account(models.Model):
    """What a team owns. Its row is the lock that every write takes first."""

    team = models.OneToOneField("accounts.Team", models.PROTECT, primary_key=True, related_name="account")
    opened_at = models.DateTimeField(_("opened"), editable=False)
    # Kept sums. `latest_at`: the moment of the latest entry. `next_lapse_at`: no open hold lapses before it.
    # `period_*`: the latest subscription grant, and what was spent from subscription lots since.
    latest_at = models.DateTimeField(editable=False)
    next_lapse_at = models.DateTimeField(null=True, editable=False)
    period_lot_id = models.BigIntegerField(null=True, editable=False)
    period_spent = models.BigIntegerField(default=0, editable=False)

    class Meta:
        verbose_name = _("account")
        verbose_name_plural = _("accounts")

    def __str__(self) -> str:
        return str(self.team)


class Lot(models.Model):
    """Credits that came together. `reference` is the id its grant was made under."""

    account = models.ForeignKey(Account, models.PROTECT, related_name="lots")
    source = models.CharField(_("source"), max_length=20, choices=SOURCES)
    reference = models.CharField(_("reference"), max_length=100)
    granted = models.BigIntegerField(_("granted"))
    opened_at = models.DateTimeField(_("opened"))
    # Kept sums over the lot's entries.
    expires_at = models.DateTimeField(_("ends"), null=True)
    available = models.BigIntegerField(_("available"))
    held = models.BigIntegerField(_("held"), default=0)
    # In a column of its own, because an index on `available` would be rewritten by every hold.
    is_open = models.BooleanField(_("not used up"), default=True)

    class Meta:
        verbose_name = _("lot")
        verbose_name_plural = _("lots")
        constraints = (
            models.UniqueConstraint(fields=("account", "reference"), name="one_lot_a_reference"),
            models.CheckConstraint(condition=models.Q(available__gte=0), name="lot_available_not_below_zero"),
            models.CheckConstraint(condition=models.Q(held__gte=0), name="lot_held_not_below_zero"),
        )
        # Used-up lots are not in this index, so a hold costs the same after years.
        indexes = (
            models.Index(
                fields=("account", "expires_at"), condition=models.Q(is_open=True), name="open_lots"
            ),
            models.Index(fields=("expires_at",), condition=models.Q(is_open=True), name="ending_lots"),
        )

    def __str__(self) -> str:
        return f"{self.get_source_display()} {self.reference}"

    @property
    def state(self) -> LotState:
        return LotState(self.pk, Source(self.source), self.available, self.opened_at, self.expires_at)


class Hold(models.Model):
    """Credits set aside under the caller's id. `state`, `captured` and the moments are kept sums."""

    account = models.ForeignKey(Account, models.PROTECT, related_name="holds", db_index=False)
    request_id = models.CharField(_("id"), max_length=200)
    content_hash = models.CharField(max_length=64)
    amount = models.BigIntegerField(_("amount"))
    is_preview = models.BooleanField(_("preview"), default=False)
    size = models.CharField(_("size"), max_length=40, blank=True)
    # No constraint: what was spent stays even where a key's row goes.
    key = models.ForeignKey(
        "accounts.ApiKey",
        models.DO_NOTHING,
        null=True,
        db_constraint=False,
        related_name="holds",
        db_index=False,
    )
    state = models.CharField(_("state"), max_length=10, choices=HoldState.choices, default=HoldState.OPEN)
    captured = models.BigIntegerField(_("captured"), default=0)
    held_at = models.DateTimeField(_("held"))
    lapses_at = models.DateTimeField(_("lapses"))
    # What it holds while it is open, and what it spent once captured: pairs of lot and amount.
    pieces = models.JSONField(default=list)
    ended_at = models.DateTimeField(_("ended"), null=True)

    class Meta:
        verbose_name = _("hold")
        verbose_name_plural = _("holds")
        constraints = (models.UniqueConstraint(fields=("account", "request_id"), name="one_hold_an_id"),)
        indexes = (
            models.Index(
                fields=("lapses_at", "account"), condition=models.Q(state="open"), name="open_holds"
            ),
            models.Index(
                fields=("key", "held_at"), condition=models.Q(key__isnull=False), name="holds_of_key"
            ),
        )

    def __str__(self) -> str:
        return f"{self.request_id} ({self.get_state_display()})"

    def kept_pieces(self) -> list[Piece]:
        """Return what it holds or spent, lot by lot, in burn order."""
        return [Piece(lot_id, amount) for lot_id, amount in self.pieces]

    def keep_pieces(self, pieces: Sequence[Piece]) -> None:
        """Remember what it holds or spent; does not save."""
        self.pieces = [[piece.lot_id, piece.amount] for piece in pieces]


class Entries(models.QuerySet["Entry"]):
    """Entries can be added and read, and nothing else. The database refuses it too (append_only.py)."""

    def update(self, **_fields: Any) -> NoReturn:
        """Refused: raises EntryFinalError."""
        raise EntryFinalError("An entry of the ledger is never changed.")

    def delete(self) -> NoReturn:
        """Refused: raises EntryFinalError."""
        raise EntryFinalError("An entry of the ledger is never deleted.")

    bulk_update = update


class Entry(models.Model):
    """One line of the ledger. Rows of one account are numbered in the order of their moments.

    `expires_at` is the end of the lot on a grant and a term, and the lapse of the hold on a hold.
    `actor_id` is the number of the person who did it: no name, so nothing has to change when they leave.
    """

    account = models.ForeignKey(Account, models.PROTECT, related_name="entries", db_index=False)
    lot = models.ForeignKey(Lot, models.PROTECT, related_name="entries")
    hold = models.ForeignKey(Hold, models.PROTECT, null=True, related_name="entries")
    at = models.DateTimeField(_("when"))
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    available_change = models.BigIntegerField(_("available"), default=0)
    held_change = models.BigIntegerField(_("held"), default=0)
    expires_at = models.DateTimeField(_("ends"), null=True)
    corrects = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        related_name="corrections",
        db_index=False,
        verbose_name=_("corrects"),
    )
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    actor_id = models.BigIntegerField(_("person"), null=True)

    objects = Entries.as_manager()

    class Meta:
        verbose_name = _("entry")
        verbose_name_plural = _("entries")
        indexes = (
            models.Index(fields=("account", "at"), name="entries_by_moment"),
            models.Index(
                fields=("corrects",), condition=models.Q(corrects__isnull=False), name="corrections_of_entry"
            ),
        )

    def __str__(self) -> str:
        return f"{self.pk} {self.get_kind_display()}"

    def save(self, *args: Any, **options: Any) -> None:
        """Save a new entry. Raises EntryFinalError for one that is written."""
        if self.pk is not None:
            raise EntryFinalError("An entry of the ledger is never changed.")
        super().save(*args, **options)

    def delete(self, *_args: Any, **_options: Any) -> NoReturn:
        """Refused: raises EntryFinalError."""
        raise EntryFinalError("An entry of the ledger is never deleted.")


class KeyMonth(models.Model):
    """How much an API key has used in one month: a kept sum over its holds, for keys with a limit."""

    key = models.ForeignKey("accounts.ApiKey", models.CASCADE, related_name="months")
    month = models.DateTimeField()
    used = models.BigIntegerField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("key", "month"), name="one_row_a_key_and_month"),)

    def __str__(self) -> str:
        return f"{self.key_id} {self.month:%Y-%m}"
