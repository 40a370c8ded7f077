"""Whose the images are that a request may see: the team's, or the visitor's of this session."""

from __future__ import annotations

import secrets
import uuid
from typing import Any

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest

from offcut.server.accounts.current_team import current_membership
from offcut.server.removals import images
from offcut.server.removals.images import Batch, Image, Owner

_VISITOR = "visitor"


def owner_of(request: HttpRequest, *, is_new: bool = False) -> Owner:
    """The current team, or for somebody without one the visitor of this session.

    A visitor gets a name (and with it a session, and its cookie) only when `is_new` says that there is
    something to keep; before that they own nothing.
    """
    membership = current_membership(request)
    if membership is not None:
        return Owner(membership.team_id)
    visitor = request.session.get(_VISITOR, "")
    if is_new and not visitor:
        visitor = request.session[_VISITOR] = secrets.token_hex(16)
    return Owner(None, visitor)


def image_or_404(request: HttpRequest, image_id: uuid.UUID | str) -> Image:
    """The image, if it belongs to whoever asks. Raises Http404 for all others, and ImageExpiredError or
    ImageDeletedError for their own that is no more."""
    try:
        return images.owned(owner_of(request), image_id)
    except Image.DoesNotExist:
        raise Http404("There is no such image.") from None


def batch_or_404(request: HttpRequest, batch_id: uuid.UUID | str) -> Batch:
    """The batch, if it belongs to whoever asks. Raises Http404, ImageExpiredError."""
    try:
        return images.owned_batch(owner_of(request), batch_id)
    except (Batch.DoesNotExist, ValidationError):
        raise Http404("There is no such batch.") from None


def hand_over(user: Any, request: HttpRequest | None = None, **_: Any) -> None:
    """At sign-in, what the visitor kept becomes their team's."""
    if request is None or _VISITOR not in getattr(request, "session", {}):
        return
    request.user = user
    if hasattr(request, "_membership"):
        del request._membership
    membership = current_membership(request)
    if membership is not None:
        images.adopt(request.session.pop(_VISITOR), membership.team)
