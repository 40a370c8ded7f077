"""What every template may use: `team` and `membership` of the signed-in person."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from offcut.server.accounts.current_team import current_membership


def team(request: HttpRequest) -> dict[str, Any]:
    """Lazy, so that a page that shows no team costs no query."""
    return {"membership": SimpleLazyObject(lambda: current_membership(request))}
