"""The forms of the account pages."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

from allauth.account.forms import SignupForm
from django import forms
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from offcut.server.accounts.models import Person, Team
from offcut.server.accounts.roles import Role


class OneLineField(forms.CharField):
    """Text that goes into headings and mail subjects: line breaks and control characters become spaces."""

    def to_python(self, value: Any) -> str:
        """The text in one line, without spaces at its ends."""
        text = "".join(letter if letter.isprintable() else " " for letter in str(value or ""))
        return str(super().to_python(" ".join(text.split())))


class SignUpForm(SignupForm):
    """Address and password; the name can come later."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["email"].widget.attrs["autocomplete"] = "username"


class PersonForm(forms.ModelForm):
    """What a person says about themself."""

    name = OneLineField(label=_("Your name"), max_length=100, required=False)
    language = forms.ChoiceField(label=_("Language"), required=False)

    class Meta:
        model = Person
        fields = ("name", "language")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["language"].choices = [("", _("As the browser asks")), *settings.LANGUAGES]
        self.fields["name"].widget.attrs["autocomplete"] = "name"


class TeamForm(forms.ModelForm):
    """A team's name."""

    name = OneLineField(label=_("Name of the team"), max_length=100)

    class Meta:
        model = Team
        fields = ("name",)


class ApiImagesForm(forms.Form):
    """For how long photos that come by the API are kept."""

    hours = forms.IntegerField(
        label=_("Keep them for so many hours"),
        min_value=0,
        max_value=30 * 24,
        help_text=_("0: nothing is kept after the answer. At most 720, which is 30 days."),
    )


class InvitationForm(forms.Form):
    """Who is asked into the team, and as what."""

    email = forms.EmailField(
        label=_("E-mail address"), widget=forms.EmailInput(attrs={"autocomplete": "off"})
    )
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices, initial=Role.MEMBER)

    def __init__(self, own_role: str, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if own_role != Role.OWNER:
            self.fields["role"].choices = [choice for choice in Role.choices if choice[0] != Role.OWNER]


class RoleForm(forms.Form):
    """Another role for a member."""

    role = forms.ChoiceField(label=_("Role"), choices=Role.choices)


class KeyForm(forms.Form):
    """A new API key."""

    name = OneLineField(label=_("What is it for?"), max_length=100)
    expires_on = forms.DateField(
        label=_("Last day"),
        required=False,
        help_text=_("Empty: it never expires."),
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    monthly_limit_credits = forms.IntegerField(
        label=_("Most credits a month"), required=False, min_value=1, help_text=_("Empty: no limit.")
    )

    def clean_expires_on(self) -> datetime | None:
        """The moment after the last day, in UTC."""
        day = self.cleaned_data["expires_on"]
        if day is None:
            return None
        end = timezone.make_aware(datetime.combine(day + timedelta(days=1), time()))
        if end <= timezone.now():
            raise forms.ValidationError(_("This day is over already."))
        return end


class DeletePersonForm(forms.Form):
    """The last question before an account is deleted."""

    sure = forms.BooleanField(label=_("Yes, delete my account. I know that it cannot be brought back."))
