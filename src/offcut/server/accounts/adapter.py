"""Our answers to allauth's questions."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.conf import settings
from django.http import HttpRequest


class AccountAdapter(DefaultAccountAdapter):
    """Sign-up may be for invited people only."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return settings.CONFIGURATION.sign_up == "open" or "invitation" in request.session


class SocialAccountAdapter(DefaultSocialAccountAdapter):
    """The same rule for people who come by way of a provider."""

    def is_open_for_signup(self, request: HttpRequest, _sociallogin: Any) -> bool:
        return AccountAdapter(request).is_open_for_signup(request)
