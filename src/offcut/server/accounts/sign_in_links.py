"""Links that sign one person in, once: for the owner's first visit, and for whoever lost their way in."""

from __future__ import annotations

import secrets
from datetime import timedelta

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from offcut.errors import SignInLinkError
from offcut.server.accounts.audit import write_down
from offcut.server.accounts.models import Person, SignInLink
from offcut.server.accounts.tokens import digest

HOLDS_FOR = timedelta(days=1)


def make_sign_in_link(person: Person) -> str:
    """The whole address of a new link; it holds for a day."""
    token = secrets.token_urlsafe(32)
    SignInLink.objects.create(person=person, digest=digest(token), expires_at=timezone.now() + HOLDS_FOR)
    write_down("sign_in_link.made", by=None, subject=f"person {person.pk}")
    return settings.PUBLIC_URL + reverse("accounts:sign_in_once", args=[token])


def find_sign_in_link(token: str) -> SignInLink:
    """The link that can still be used. Raises SignInLinkError."""
    link = SignInLink.objects.select_related("person").filter(digest=digest(token)).first()
    if link is None or not link.person.is_active:
        raise SignInLinkError("This sign-in link does not exist.")
    if link.used_at is not None:
        raise SignInLinkError("This sign-in link has been used already.")
    if link.expires_at <= timezone.now():
        raise SignInLinkError("This sign-in link is over.")
    return link


def use_sign_in_link(token: str) -> Person:
    """Whom the link signs in; it is used up by this. Raises SignInLinkError."""
    link = find_sign_in_link(token)
    if not SignInLink.objects.filter(pk=link.pk, used_at=None).update(used_at=timezone.now()):
        raise SignInLinkError("This sign-in link has been used already.")
    write_down("sign_in_link.used", by=link.person)
    return link.person
