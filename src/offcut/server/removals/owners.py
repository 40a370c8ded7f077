"""Whose an image is: a team's, or a visitor's who has no account."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TypeVar

from django.db.models import Q, QuerySet

from offcut.server.removals.models import Kept, Submission

Row = TypeVar("Row", bound=Kept | Submission)


@dataclass(frozen=True, slots=True)
class Owner:
    """A team by its number, or a visitor by the random name in their session; neither owns nothing."""

    team_id: int | None = None
    visitor: str = ""

    @property
    def is_visitor(self) -> bool:
        return self.team_id is None

    @property
    def number(self) -> int:
        """Whose turn it is in the runner's queue: the team's number, or one below zero for a visitor."""
        if self.team_id is not None:
            return self.team_id
        digest = hashlib.sha256(self.visitor.encode()).digest()
        return -1 - int.from_bytes(digest[:6])

    @property
    def condition(self) -> Q:
        """What is theirs."""
        if self.team_id is not None:
            return Q(team_id=self.team_id)
        return Q(team_id=None, visitor=self.visitor) if self.visitor else Q(pk__in=())

    def fields(self) -> dict[str, object]:
        """The owner as the fields of a row."""
        return {"team_id": self.team_id, "visitor": "" if self.team_id is not None else self.visitor}


def owner_of(row: Kept | Submission) -> Owner:
    """Whose the row is."""
    return Owner(row.team_id, row.visitor)


def owned_rows(owner: Owner, rows: QuerySet[Row]) -> QuerySet[Row]:
    """Those of the rows that are theirs."""
    return rows.filter(owner.condition)
