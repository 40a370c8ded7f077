"""The mail that carries an invitation."""

from __future__ import annotations

from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string

from offcut.server.accounts.models import Invitation


def send_invitation(invitation: Invitation, link: str) -> None:
    """Send it as text and HTML, in the language of the page it was asked for on.

    Raises smtplib.SMTPException or OSError when the mail server does not take it.
    """
    context = {"invitation": invitation, "link": link}
    # A name that came by another way than our forms may have line breaks; a subject must not.
    subject = " ".join(render_to_string("accounts/mail/invitation_subject.txt", context).split())
    mail = EmailMultiAlternatives(
        subject, render_to_string("accounts/mail/invitation.txt", context), to=[invitation.email]
    )
    mail.attach_alternative(render_to_string("accounts/mail/invitation.html", context), "text/html")
    mail.send()
