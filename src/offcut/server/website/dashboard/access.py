"""Who may open a page of the dashboard, and what happens when a deed is refused."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TypeVar

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from offcut.errors import NotAllowedError, OffcutError
from offcut.server.accounts.models import Membership
from offcut.server.accounts.roles import Deed, may
from offcut.server.accounts.views.access import View, team_page
from offcut.server.credits.zones import zone_of
from offcut.server.website.dashboard.refusals import words_of

Result = TypeVar("Result")


def area_page(view: View) -> View:
    """For every member of the current team; dates are written in the team's time zone."""

    @team_page
    @wraps(view)
    def page(request: HttpRequest, own: Membership, *args: object, **options: object) -> HttpResponse:
        with timezone.override(zone_of(own.team)):
            return view(request, own, *args, **options)

    return page


def billing_page(view: View) -> View:
    """For those who look after the team's billing. Raises NotAllowedError for other members."""

    @wraps(view)
    def page(request: HttpRequest, own: Membership, *args: object, **options: object) -> HttpResponse:
        if not may(own.role, Deed.MANAGE_BILLING):
            raise NotAllowedError(
                _("Only owners and admins of the team can see this."), hint=_("Ask one of them.")
            )
        return view(request, own, *args, **options)

    return area_page(page)


def attempt(request: HttpRequest, act: Callable[[], Result]) -> Result | None:
    """Do it and return what it returns; a refusal becomes a message that says why and what to do."""
    try:
        return act()
    except OffcutError as refusal:
        messages.error(request, words_of(refusal))
        return None
