"""The forms of the dashboard."""

from __future__ import annotations

import re
from typing import ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _

from offcut.server.payments.models import Buyer

WORD_COUNT_MAX = 2000


class BuyerForm(forms.ModelForm):
    """What a team wants on its invoices."""

    class Meta:
        model = Buyer
        fields = ("name", "address", "country", "tax_number")
        labels: ClassVar = {
            "name": _("Name or company"),
            "address": _("Address"),
            "country": _("Country, in two letters"),
            "tax_number": _("Tax number, for companies"),
        }
        widgets: ClassVar = {
            "name": forms.TextInput(attrs={"autocomplete": "organization"}),
            "address": forms.Textarea(attrs={"rows": 3, "autocomplete": "street-address"}),
            "country": forms.TextInput(attrs={"autocomplete": "country", "maxlength": 2}),
        }

    def clean_country(self) -> str:
        """Two letters, or nothing."""
        country = str(self.cleaned_data["country"]).strip().upper()
        if country and not re.fullmatch("[A-Z]{2}", country):
            raise forms.ValidationError(_("Two letters, such as DE or ES."))
        return country


class RefundForm(forms.Form):
    """Why somebody wants their money back; they need not say."""

    words = forms.CharField(
        label=_("Why? (you need not say)"),
        required=False,
        max_length=WORD_COUNT_MAX,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
