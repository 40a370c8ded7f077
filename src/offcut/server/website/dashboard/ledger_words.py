"""Lines of the ledger in plain words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from offcut.server.accounts.models import Team
from offcut.server.credits.models import Entry, Hold, Kind
from offcut.server.credits.rules import Source
from offcut.server.credits.statement import Line

_GRANTS = {
    Source.GIFT: gettext_lazy("Gift on joining"),
    Source.SUBSCRIPTION: gettext_lazy("New credits of the plan"),
    Source.ENTERPRISE: gettext_lazy("Enterprise credits"),
    Source.PAY_AS_YOU_GO: gettext_lazy("Pack bought"),
    Source.ADJUSTMENT: gettext_lazy("Credits from the operator"),
}
_OTHERS = {
    Kind.CUT.value: gettext_lazy("Not carried over: more than the plan keeps"),
    Kind.RELEASE.value: gettext_lazy("Given back after their last day, so they ended"),
    Kind.LAPSE.value: gettext_lazy("Given back after their last day, so they ended"),
    "ended": gettext_lazy("Credits ended unused"),
}


@dataclass(frozen=True, slots=True)
class Use:
    """One image that was paid for. `address` is its page, "" where there is none."""

    at: datetime
    what: str
    where: str
    amount: int
    is_free: bool
    address: str


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the statement, worded. `order_id` is the order it came from, if any."""

    line: Line
    what: str
    where: str
    source: str
    order_id: int | None


def size_words(hold: Hold) -> str:
    """Say what size an image was paid in."""
    return _("Preview") if hold.is_preview else _("Full size")


def where_words(hold: Hold) -> str:
    """Say by which way an image was asked for: the website, or an API key by name."""
    return _("Website") if hold.key is None else _("API key “%(name)s”") % {"name": hold.key.name}


def rows(team: Team, lines: list[Line]) -> list[Row]:
    """Word the lines of a statement. One query for all of them."""
    numbers = [line.entry_id for line in lines if line.entry_id is not None]
    found = Entry.objects.filter(account_id=team.pk, pk__in=numbers).select_related("hold__key", "lot")
    entries = {entry.pk: entry for entry in found}
    sources = dict(Entry.lot.field.related_model._meta.get_field("source").choices)
    return [
        _row(line, None if line.entry_id is None else entries[line.entry_id], str(sources[line.source]))
        for line in lines
    ]


def latest_uses(team: Team, count: int) -> list[Use]:
    """Return the images paid for last, newest first."""
    captures = Entry.objects.filter(account_id=team.pk, kind=Kind.CAPTURE)
    # An image may be paid from several lots: a few more entries than images are enough.
    captures = captures.select_related("hold__key", "lot").order_by("-at", "-id")[: 3 * count]
    uses: dict[int, Use] = {}
    for entry in captures:
        hold = entry.hold
        if hold is not None and hold.pk not in uses:
            is_free = entry.lot.source == Source.FREE_PREVIEW
            words = size_words(hold), where_words(hold)
            uses[hold.pk] = Use(entry.at, *words, hold.captured, is_free, _page_of(hold))
    return list(uses.values())[:count]


def _page_of(hold: Hold) -> str:
    """The page of the image that a hold of the website's is named for."""
    kind, _colon, number = hold.request_id.partition(":")
    if kind != "image" or hold.key is not None:
        return ""
    try:
        return reverse("images:image", args=[UUID(number)])
    except (ValueError, NoReverseMatch):
        return ""


def _row(line: Line, entry: Entry | None, source: str) -> Row:
    order_id = None
    where = ""
    if entry is not None and entry.hold is not None and line.what == Kind.CAPTURE:
        return Row(line, size_words(entry.hold), where_words(entry.hold), source, None)
    if line.what == Kind.GRANT:
        what = str(_GRANTS.get(line.source, source))
        kind, _colon, number = ("", "", "") if entry is None else entry.lot.reference.partition(":")
        order_id = int(number) if kind == "order" and number.isdecimal() else None
    elif line.what == Kind.TERM:
        what = _("Credits ended unused") if line.change < 0 else _("Credits hold longer")
    elif line.what == Kind.CORRECT:
        what = _("Correction") if line.change < 0 else _("Correction: credits given back")
    else:
        what = str(_OTHERS.get(line.what, line.what))
    return Row(line, what, where, source, order_id)
