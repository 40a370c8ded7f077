"""What every request of a person gets: their language, who really acts, and errors as a page."""

from __future__ import annotations

from collections.abc import Callable

import structlog
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation

from offcut.errors import AccountError, InvitationError, MailError, NotAllowedError, SignInLinkError
from offcut.server.accounts.audit import acting_operator_id

_STATUS = {
    MailError: 503,
    InvitationError: 410,
    SignInLinkError: 410,
    NotAllowedError: 403,
    AccountError: 409,
}
"""The first line whose error fits decides."""

_OWN_SECRETS = ("account_", "mfa_", "socialaccount_")
"""How the names of allauth's pages begin."""


class PersonMiddleware:
    """Speaks the person's language, and puts them and an operator behind them on every line written."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.user.is_authenticated:
            return self.get_response(request)
        # A page that carries its language in its address keeps it.
        if request.user.language and not translation.get_language_from_path(request.path_info):
            translation.activate(request.user.language)
        history = request.session.get("hijack_history", [])
        operator_id = int(history[0]) if history else None
        token = acting_operator_id.set(operator_id)
        try:
            with structlog.contextvars.bound_contextvars(
                person_id=request.user.pk, **({"acting_operator_id": operator_id} if operator_id else {})
            ):
                return self.get_response(request)
        finally:
            acting_operator_id.reset(token)

    def process_view(self, request: HttpRequest, *_: object) -> HttpResponse | None:
        """An operator who acts as somebody does not reach their address, password and second factors."""
        name = request.resolver_match.view_name if request.resolver_match else ""
        if acting_operator_id.get() and name.startswith(_OWN_SECRETS) and name != "account_logout":
            error = NotAllowedError(
                "Only the person themself can do that.", hint="Stop acting as this person."
            )
            return self.process_exception(request, error)
        return None

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """A page that says what is the matter and what to do. Other errors take their usual way."""
        for kind, status in _STATUS.items():
            if isinstance(error, kind):
                return render(request, "accounts/refused.html", {"error": error}, status=status)
        return None
