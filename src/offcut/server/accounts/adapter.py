"""Our answers to allauth's questions."""

from __future__ import annotations

import smtplib
from typing import Any

import structlog
from allauth.account.adapter import DefaultAccountAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.conf import settings
from django.core.mail import EmailMessage
from django.http import HttpRequest
from django.template.loader import render_to_string

from offcut.errors import MailError
from offcut.server.accounts.models import Person

log = structlog.get_logger(__name__)


class AccountAdapter(DefaultAccountAdapter):
    """Sign-up may be for invited people only, and a mail server that is away is said plainly."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Whether this browser may sign up: always, or with an invitation's link opened in it."""
        return settings.CONFIGURATION.sign_up == "open" or bool(request.session.get("invited"))

    def render_mail(
        self,
        template_prefix: str,
        email: str | list[str],
        context: dict[str, Any],
        headers: dict[str, str] | None = None,
    ) -> EmailMessage:
        """allauth's mails are text; the same text as HTML goes with it, for readers that prefer that."""
        mail = super().render_mail(template_prefix, email, context, headers)
        html = render_to_string("account/email/mail.html", {"subject": mail.subject, "body": mail.body})
        mail.attach_alternative(html, "text/html")
        return mail

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send at once; raises MailError when the mail server does not take it."""
        try:
            super().send_mail(template_prefix, email, context)
        except (smtplib.SMTPException, OSError) as problem:
            log.exception("a mail could not be sent", kind=template_prefix)
            raise MailError("The mail could not be sent.") from problem


class SocialAccountAdapter(DefaultSocialAccountAdapter):
    """The same rule for people who come by way of a provider."""

    def is_open_for_signup(self, request: HttpRequest, _sociallogin: Any) -> bool:
        """As for people who sign up with a password."""
        return AccountAdapter(request).is_open_for_signup(request)

    def populate_user(self, request: HttpRequest, sociallogin: Any, data: dict[str, Any]) -> Person:
        """Take the name that the provider tells."""
        person: Person = super().populate_user(request, sociallogin, data)
        parts = (data.get("first_name"), data.get("last_name"))
        name = data.get("name") or " ".join(part for part in parts if part)
        person.name = name[: Person._meta.get_field("name").max_length]
        return person
