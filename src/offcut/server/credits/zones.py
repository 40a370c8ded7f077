"""The time zone of a team, and the calendar month it is in."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from offcut.server.accounts.models import Team
from offcut.server.credits.months import calendar_month


def zone_of(team: Team) -> ZoneInfo:
    """Return the team's time zone."""
    return ZoneInfo(team.time_zone)


def month_of(team: Team, moment: datetime) -> tuple[datetime, datetime]:
    """Return start and end of the calendar month in which the team is at `moment`."""
    return calendar_month(moment, zone_of(team))
