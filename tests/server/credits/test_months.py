from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offcut.errors import ClockError
from offcut.server.credits.months import add_months, calendar_month, period_at

MADRID, AUCKLAND, LORD_HOWE = (
    ZoneInfo("Europe/Madrid"),
    ZoneInfo("Pacific/Auckland"),
    ZoneInfo("Australia/Lord_Howe"),
)
ZONES = [
    ZoneInfo("UTC"),
    MADRID,
    AUCKLAND,
    LORD_HOWE,
    ZoneInfo("America/Los_Angeles"),
    ZoneInfo("Asia/Kathmandu"),
]


def test_the_31st_falls_on_the_last_day_of_short_months_and_comes_back() -> None:
    anchor = datetime(2027, 1, 31, 10, tzinfo=UTC)
    days = [add_months(anchor, count, UTC).day for count in range(13)]
    assert days == [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31, 31]


def test_a_leap_year_has_29_february_and_a_leap_day_anchor_survives_common_years() -> None:
    assert add_months(datetime(2028, 1, 31, tzinfo=UTC), 1, UTC) == datetime(2028, 2, 29, tzinfo=UTC)
    leap = datetime(2028, 2, 29, 8, tzinfo=UTC)
    assert [add_months(leap, 12 * years, UTC).day for years in range(5)] == [29, 28, 28, 28, 29]
    assert add_months(datetime(2100, 1, 30, tzinfo=UTC), 1, UTC).day == 28


def test_the_wall_time_of_the_zone_is_kept_over_a_clock_change() -> None:
    anchor = datetime(2026, 3, 10, 9, tzinfo=MADRID)
    assert add_months(anchor, 1, MADRID) - anchor == timedelta(days=31) - timedelta(hours=1)


def test_an_hour_that_does_not_exist_moves_on() -> None:
    anchor = datetime(2026, 2, 28, 2, 30, tzinfo=MADRID)
    skipped = add_months(datetime(2026, 1, 29, 2, 30, tzinfo=MADRID), 2, MADRID)
    assert skipped.astimezone(MADRID).strftime("%d %H:%M") == "29 03:30"
    assert add_months(anchor, 1, MADRID).astimezone(MADRID).strftime("%d %H:%M") == "28 02:30"


def test_the_day_is_the_teams_day_not_ours() -> None:
    anchor = datetime(2027, 1, 30, 12, tzinfo=UTC)
    assert add_months(anchor, 1, AUCKLAND).astimezone(AUCKLAND).strftime("%m-%d") == "02-28"
    assert anchor.astimezone(AUCKLAND).day == 31


def test_the_calendar_month_of_a_zone() -> None:
    start, end = calendar_month(datetime(2026, 12, 31, 23, 30, tzinfo=UTC), MADRID)
    assert (start, end) == (datetime(2026, 12, 31, 23, tzinfo=UTC), datetime(2027, 1, 31, 23, tzinfo=UTC))


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ClockError):
        add_months(datetime(2026, 1, 1), 1, UTC)  # noqa: DTZ001


@given(
    st.datetimes(datetime(1990, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    st.integers(0, 240),
    st.sampled_from(ZONES),
)
def test_periods_follow_each_other_without_gap_or_overlap(
    anchor: datetime, index: int, zone: ZoneInfo
) -> None:
    start, end = period_at(anchor, index, zone)
    assert timedelta(days=27, hours=22) < end - start < timedelta(days=31, hours=2)
    assert end == period_at(anchor, index + 1, zone)[0]
    month_start, month_end = calendar_month(start, zone)
    assert month_start <= start < month_end
