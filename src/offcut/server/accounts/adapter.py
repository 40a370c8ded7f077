"""Our answers to allauth's questions."""

from __future__ import annotations

import smtplib
from typing import Any

import structlog
from allauth.account.adapter import DefaultAccountAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.conf import settings
from django.http import HttpRequest

from offcut.errors import MailError

log = structlog.get_logger(__name__)


class AccountAdapter(DefaultAccountAdapter):
    """Sign-up may be for invited people only, and a mail server that is away is said plainly."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return settings.CONFIGURATION.sign_up == "open" or bool(request.session.get("invited"))

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        try:
            super().send_mail(template_prefix, email, context)
        except (smtplib.SMTPException, OSError) as problem:
            log.exception("a mail could not be sent", kind=template_prefix)
            raise MailError("The mail could not be sent.") from problem


class SocialAccountAdapter(DefaultSocialAccountAdapter):
    """The same rule for people who come by way of a provider."""

    def is_open_for_signup(self, request: HttpRequest, _sociallogin: Any) -> bool:
        return AccountAdapter(request).is_open_for_signup(request)
