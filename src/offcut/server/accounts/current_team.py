"""The team a signed-in person works in at the moment."""

from __future__ import annotations

from django.http import HttpRequest

from offcut.server.accounts.models import Membership

_CHOSEN = "team_id"


def current_membership(request: HttpRequest) -> Membership | None:
    """The person's membership in the team they chose, or in the first they joined; None without any.

    Asked once a request. A choice that no longer holds (they left the team) is passed over.
    """
    if not request.user.is_authenticated:
        return None
    if not hasattr(request, "_membership"):
        memberships = list(
            Membership.objects.filter(person_id=request.user.pk, team__closed_at=None)
            .select_related("team")
            .order_by("joined_at", "id")
        )
        chosen = request.session.get(_CHOSEN)
        request._membership = next(  # type: ignore[attr-defined]
            (membership for membership in memberships if membership.team_id == chosen),
            memberships[0] if memberships else None,
        )
    return request._membership  # type: ignore[attr-defined]


def choose_team(request: HttpRequest, membership: Membership) -> None:
    """Work in `membership`'s team from now on, in this session."""
    request.session[_CHOSEN] = membership.team_id
    request._membership = membership  # type: ignore[attr-defined]
