"""Our answers to allauth's questions."""

from __future__ import annotations

import smtplib
from typing import Any

import structlog
from allauth.account.adapter import DefaultAccountAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.utils import get_request_param
from django.conf import settings
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.core.mail import EmailMessage
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.http import url_has_allowed_host_and_scheme

from offcut.errors import MailError
from offcut.server.accounts.models import Person

log = structlog.get_logger(__name__)

_AFTERWARDS = "after_sign_in"
"""In the session: the page that somebody was on their way to when they were sent to their letterbox."""


class AccountAdapter(DefaultAccountAdapter):
    """Sign-up may be for invited people only, the way by the letterbox leads back to where it began, and a
    mail server that is away is said plainly."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Whether this browser may sign up: always, or with an invitation's link opened in it."""
        return settings.CONFIGURATION.sign_up == "open" or bool(request.session.get("invited"))

    def respond_email_verification_sent(self, request: HttpRequest, user: Person | None) -> HttpResponse:
        """Say that a mail is on its way, and keep where this browser wanted to go: the mail's link does not
        know it. Somebody who opens the link in another browser is led to the front page there, as ever."""
        wanted = get_request_param(request, REDIRECT_FIELD_NAME) or ""
        if url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure()):
            request.session[_AFTERWARDS] = wanted
        response: HttpResponse = super().respond_email_verification_sent(request, user)
        return response

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """The page kept on the way by the letterbox, once; otherwise the usual one."""
        return request.session.pop(_AFTERWARDS, "") or str(super().get_login_redirect_url(request))

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
