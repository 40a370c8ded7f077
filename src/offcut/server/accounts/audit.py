"""Writing down who did what."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any

from offcut.server.accounts.models import AuditEntry, Person, Team

acting_operator_id: ContextVar[int | None] = ContextVar("acting_operator_id", default=None)
"""The operator behind the signed-in person while this request is answered; middleware.py sets it."""


def write_down(
    deed: str, *, by: Person | None, team: Team | None = None, subject: object = "", **detail: Any
) -> AuditEntry:
    """Add one entry, in the caller's transaction: what is rolled back was never done.

    `by` None means the machine itself or a command at its console. `detail` must hold nothing personal
    and nothing secret: give numbers, roles and the names of things.
    While an operator acts as a person, the operator is written down too.
    """
    return AuditEntry.objects.create(
        deed=deed,
        actor_id=by.pk if by else None,
        acting_operator_id=acting_operator_id.get(),
        team_id=team.pk if team else None,
        subject=str(subject),
        detail=detail,
    )
