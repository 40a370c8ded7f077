"""The forms of the account pages."""

from __future__ import annotations

from allauth.account.forms import SignupForm


class SignUpForm(SignupForm):
    """allauth's, as it is."""
