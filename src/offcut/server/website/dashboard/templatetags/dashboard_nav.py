"""The links of the account area, as far as the person may follow them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import template
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from offcut.server.accounts.current_team import current_membership
from offcut.server.accounts.roles import Deed, may

register = template.Library()

_EVERYBODY, _TEAM, _PAYERS = range(3)
_GROUPS: tuple[tuple[Any, tuple[tuple[str, Any, str, int, tuple[str, ...]], ...]], ...] = (
    (
        _("Credits"),
        (
            ("dashboard:overview", _("Overview"), "credit", _TEAM, ()),
            ("dashboard:usage", _("Usage"), "image", _TEAM, ()),
            ("dashboard:statement", _("Statement"), "clock", _PAYERS, ()),
            (
                "dashboard:plan",
                _("Plan and packs"),
                "plus",
                _TEAM,
                (
                    "dashboard:choose_plan",
                    "dashboard:buy_pack",
                    "dashboard:cancel_plan",
                ),
            ),
            ("dashboard:orders", _("Orders and invoices"), "download", _PAYERS, ("dashboard:order",)),
        ),
    ),
    (
        _("Team"),
        (
            (
                "accounts:team",
                _("People"),
                "user",
                _TEAM,
                ("accounts:new_team", "accounts:close_team", "accounts:invite"),
            ),
            ("accounts:keys", _("API keys"), "link", _TEAM, ()),
            ("images:history", _("Kept photos"), "images", _TEAM, ()),
            ("dashboard:improvement", _("Improvement programme"), "check", _TEAM, ()),
        ),
    ),
    (
        _("You"),
        (
            (
                "accounts:overview",
                _("You and your data"),
                "settings",
                _EVERYBODY,
                ("accounts:delete", "account_", "mfa_", "socialaccount_"),
            ),
            ("dashboard:notices", _("Mails about credits"), "info", _TEAM, ()),
        ),
    ),
)
"""For each group its links: name of the page, words, icon, who sees it, and (the beginnings of) the names of
other pages that belong to it."""


@dataclass(frozen=True, slots=True)
class Link:
    address: str
    words: Promise | str
    icon: str
    is_here: bool


@dataclass(frozen=True, slots=True)
class Group:
    words: Promise | str
    links: list[Link]


@register.simple_tag(takes_context=True)
def area_links(context: dict[str, Any]) -> list[Group]:
    """Return the groups of links for the person who asks; pages that are not there are left out."""
    request = context["request"]
    reach = _reach(request)
    here = request.resolver_match.view_name if request.resolver_match else ""
    groups = [
        Group(words, [link for row in rows if row[3] <= reach and (link := _link(row, here))])
        for words, rows in _GROUPS
    ]
    return [group for group in groups if group.links]


def _reach(request: HttpRequest) -> int:
    membership = current_membership(request)
    if membership is None:
        return _EVERYBODY
    return _PAYERS if may(membership.role, Deed.MANAGE_BILLING) else _TEAM


def _link(row: tuple[str, Any, str, int, tuple[str, ...]], here: str) -> Link | None:
    name, words, icon, _who, others = row
    try:
        address = reverse(name)
    except NoReverseMatch:
        return None
    is_here = here == name or any(here.startswith(other) for other in others)
    return Link(address, words, icon, is_here)
