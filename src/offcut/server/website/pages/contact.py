"""The contact form: what it asks, and how often one place may send it."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import get_adapter
from django import forms
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from limits import RateLimitItemPerHour
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from offcut.server.accounts.forms import OneLineField
from offcut.server.accounts.models import Person
from offcut.server.website.pages.models import Letter, LetterState, Topic

LETTERS_AN_HOUR = 5
# In this process's memory: there is one web process.
_limiter = MovingWindowRateLimiter(MemoryStorage())
_item = RateLimitItemPerHour(LETTERS_AN_HOUR, namespace="letters")


class ContactForm(forms.ModelForm):
    """A message to the owner. `website` is a trap: people do not see it, machines fill it in."""

    name = OneLineField(label=_("Your name"), max_length=100, required=False)
    email = forms.EmailField(label=_("Your e-mail address"), help_text=_("The answer goes there."))
    topic = forms.ChoiceField(label=_("What is it about?"), choices=Topic.choices)
    text = forms.CharField(label=_("Your message"), max_length=5000, widget=forms.Textarea(attrs={"rows": 8}))
    website = forms.CharField(required=False, widget=forms.TextInput(attrs={"autocomplete": "off"}))

    class Meta:
        model = Letter
        fields = ("name", "email", "topic", "text")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["name"].widget.attrs["autocomplete"] = "name"
        self.fields["email"].widget.attrs["autocomplete"] = "email"

    @property
    def is_trapped(self) -> bool:
        """Whether the field that nobody sees was filled in."""
        return bool(self.cleaned_data.get("website"))


def keep(form: ContactForm, person: Person | None) -> Letter:
    """Keep the message of a valid form. One that fell into the trap is kept as junk and mailed to nobody."""
    letter: Letter = form.save(commit=False)
    letter.person = person
    letter.language = get_language() or ""
    if form.is_trapped:
        letter.state, letter.mail_due_at, letter.closed_at = LetterState.JUNK, None, timezone.now()
    letter.save()
    return letter


def may_write(request: HttpRequest) -> bool:
    """Count one letter from where the request comes from; False when they are too many within the hour."""
    return bool(_limiter.hit(_item, get_adapter().get_client_ip(request)))


def forget_counts() -> None:
    """Begin at zero for everybody."""
    _limiter.storage.reset()
