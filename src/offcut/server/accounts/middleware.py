"""What every request of a signed-in person gets: their language, and who really acts."""

from __future__ import annotations

from collections.abc import Callable

import structlog
from django.http import HttpRequest, HttpResponse
from django.utils import translation

from offcut.server.accounts.audit import acting_operator_id


class PersonMiddleware:
    """Puts the person on the log lines and speaks the language they chose."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.user.is_authenticated:
            return self.get_response(request)
        if request.user.language:
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
