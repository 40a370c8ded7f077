"""What a page says about credits before anybody clicks."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from offcut.server.accounts.current_team import current_membership
from offcut.server.credits.amounts import credits_of
from offcut.server.credits.statement import balance


def paying_context(request: HttpRequest) -> dict[str, Any]:
    """For templates: `may_pay`, whether a team is there to pay, and `credits_left`, what it has."""
    membership = current_membership(request)
    if membership is None:
        return {"may_pay": False, "credits_left": 0}
    total = balance(membership.team_id, at=timezone.now()).total
    return {"may_pay": True, "credits_left": credits_of(total)}
