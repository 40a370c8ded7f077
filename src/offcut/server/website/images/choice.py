"""Whether somebody always, or never, gives a photo that went wrong: kept with the account, or else in the
session of a visitor."""

from __future__ import annotations

from django.http import HttpRequest

from offcut.server.accounts.models import Person
from offcut.server.accounts.people import remember_improvement_choice

_REMEMBERED = "contribution"


def remembered_choice(request: HttpRequest) -> str:
    """yes, no, or "" for somebody who wants to be asked each time."""
    person = request.user
    if isinstance(person, Person):
        return person.improvement_choice
    return str(request.session.get(_REMEMBERED, ""))


def remember_choice(request: HttpRequest, choice: str) -> None:
    """Keep yes or no from now on; anything else: ask each time."""
    known = choice if choice in {"yes", "no"} else ""
    person = request.user
    if isinstance(person, Person):
        remember_improvement_choice(person, known)
    else:
        request.session[_REMEMBERED] = known
