"""The question under an article."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from offcut.server.website.help.models import WORDS_LENGTH_MAX


class FeedbackForm(forms.Form):
    """`answer` comes from the button; `words` only from the second step, when there is an answer."""

    answer = forms.ChoiceField(choices=[("yes", _("Yes")), ("no", _("No"))])
    words = forms.CharField(
        label=_("What should we know? (optional)"),
        max_length=WORDS_LENGTH_MAX,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
