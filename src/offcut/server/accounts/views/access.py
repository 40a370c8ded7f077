"""Who may open a page."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from allauth.account.decorators import reauthentication_required
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from offcut.errors import NotAllowedError
from offcut.server.accounts.current_team import current_membership
from offcut.server.accounts.models import Membership

View = Callable[..., HttpResponse]


def team_page(view: View) -> View:
    """For signed-in people; the view gets their `Membership` in the current team as second argument.

    Somebody without any team is led to the page that makes one.
    """

    @login_required
    @wraps(view)
    def page(request: HttpRequest, *args: object, **options: object) -> HttpResponse:
        membership: Membership | None = current_membership(request)
        if membership is None:
            return redirect(reverse("accounts:new_team"))
        return view(request, membership, *args, **options)

    return page


def private_page(view: View) -> View:
    """For the person alone, who has proved it a short time ago; not for an operator acting as them."""

    @login_required
    @wraps(view)
    def page(request: HttpRequest, *args: object, **options: object) -> HttpResponse:
        refuse_acting(request)
        return reauthentication_required(view)(request, *args, **options)

    return page


def refuse_acting(request: HttpRequest) -> None:
    """Raises NotAllowedError while an operator acts as the person."""
    if getattr(request.user, "is_hijacked", False):
        raise NotAllowedError("Only the person themself can do that.", hint="Stop acting as this person.")
