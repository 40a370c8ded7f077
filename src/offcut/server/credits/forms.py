"""The operator's forms: people write credits and money with decimals, the book keeps hundredths."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from offcut.errors import AmountError
from offcut.server.credits.amounts import SCALE, amount_of
from offcut.server.credits.rules import Source


class HundredthsField(forms.DecimalField):
    """A number with two decimals for a person, an integer of hundredths for the program."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_digits=14, decimal_places=2, **options)

    def prepare_value(self, value: Any) -> Any:
        """Show hundredths as a decimal."""
        return Decimal(value) / SCALE if isinstance(value, int) else value

    def clean(self, value: Any) -> int | None:
        """Return hundredths, or None for an empty field that may be empty."""
        found = super().clean(value)
        try:
            return None if found is None else amount_of(found)
        except AmountError as refusal:
            raise forms.ValidationError(str(refusal)) from None


class GrantForm(forms.Form):
    """Credits that an operator gives. `token` makes a page that is sent twice grant once."""

    SOURCES = (
        (Source.ADJUSTMENT.value, _("Adjustment")),
        (Source.GIFT.value, _("Gift")),
        (Source.ENTERPRISE.value, _("Enterprise")),
    )
    amount = HundredthsField(label=_("Credits"), min_value=Decimal("0.01"))
    source = forms.ChoiceField(label=_("Source"), choices=SOURCES)
    last_day = forms.DateField(
        label=_("Last day"), required=False, widget=forms.DateInput(attrs={"type": "date"}),
        help_text=_("Empty: the credits do not end."),
    )  # fmt: skip
    reason = forms.CharField(label=_("Reason"), max_length=500, widget=forms.Textarea(attrs={"rows": 3}))
    token = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)

    @property
    def ends_at(self) -> datetime | None:
        day = self.cleaned_data["last_day"]
        return None if day is None else datetime.combine(day + timedelta(days=1), time(), tzinfo=UTC)


class CorrectionForm(forms.Form):
    """A correction of one entry: what the lot gets, or loses with a minus."""

    change = HundredthsField(label=_("Credits"), help_text=_("With a minus: the lot loses them."))
    reason = forms.CharField(label=_("Reason"), max_length=500, widget=forms.Textarea(attrs={"rows": 3}))
