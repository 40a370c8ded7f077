"""The numbers on the pages: balance, statement, chart, file. They are the ledger's, and cost few queries."""

from __future__ import annotations

import csv
import io
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from tests.server.website.dashboard.conftest import NOW, make_plan, spend, subscribe

from offcut.server.accounts.models import ApiKey, Team
from offcut.server.credits import ledger, statement, subscriptions
from offcut.server.credits.history import COLUMNS, EPOCH
from offcut.server.credits.models import Entry, Pack, Plan
from offcut.server.credits.rules import Source
from offcut.server.payments import orders
from offcut.server.website.dashboard.chart import HEIGHT, chart, round_top
from offcut.server.website.dashboard.standing import Fate, standing
from offcut.server.website.dashboard.statement_pages import LINE_COUNT, statement_page
from offcut.server.website.dashboard.usage import period_of, usage_of

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
Clock = Any


def fates(team: Team, now: datetime = NOW) -> list[tuple[str, bool, int, Fate]]:
    return [
        (share.source, share.is_rolled_over, share.available, share.fate)
        for share in standing(team, now=now).shares
    ]


def test_shares_are_the_balance_in_burn_order_with_what_becomes_of_them(team: Team, small: Plan) -> None:
    subscribe(team, small)
    ledger.grant(team.pk, "p1", Source.PAY_AS_YOU_GO, 700, now=NOW, expires_at=NOW + 90 * DAY)
    ledger.grant(team.pk, "p2", Source.PAY_AS_YOU_GO, 300, now=NOW)
    spend(team, 250)
    assert fates(team) == [
        ("subscription", False, 3750, Fate.ROLL_OVER),
        ("gift", False, 100, Fate.STAY),
        ("pay_as_you_go", False, 700, Fate.END),
        ("pay_as_you_go", False, 300, Fate.STAY),
    ]
    here = standing(team, now=NOW)
    assert sum(share.available for share in here.shares) == here.balance.total == 4850
    assert here.use is not None
    assert (here.use.spent, here.use.left, here.use.percent) == (250, 3750, 6)


def test_rolled_over_credits_are_named(team: Team, small: Plan) -> None:
    from offcut.server.payments import renewals

    subscribe(team, small)
    spend(team, 1000)
    later = NOW + 31 * DAY
    renewals.run_due(later)
    orders.mark_paid(team.orders.get(kind="renew").pk, now=later)
    here = standing(team, now=later)
    assert [(s.available, s.is_rolled_over) for s in here.shares if s.source == "subscription"] == [
        (3000, True),
        (4000, False),
    ]
    assert here.use is not None
    assert here.use.rolled_over == 3000
    assert here.use.whole == 7000


def test_a_cancelled_or_unpaid_subscription_says_so(team: Team, small: Plan) -> None:
    subscribe(team, small)
    running = subscriptions.running(team.pk)
    assert running is not None
    subscriptions.cancel(running.pk, now=NOW)
    assert fates(team)[0][3] is Fate.END
    assert standing(team, now=NOW).shares[0].at == running.period_end
    subscriptions.resume(running.pk, now=NOW)
    assert fates(team)[0][3] is Fate.ROLL_OVER
    late = running.period_end + DAY
    subscriptions.advance(running.pk, now=late)
    assert fates(team, late)[0][3] is Fate.WAIT_FOR_PAYMENT
    assert standing(team, now=late).shares[0].at == running.period_end + 7 * DAY


def test_a_plan_without_roll_over_says_that_credits_end(team: Team) -> None:
    subscribe(team, make_plan("Strict", 40, 900, rollover=0))
    assert fates(team)[0][3] is Fate.END


def test_a_yearly_plan_rolls_over_within_the_year_though_it_is_cancelled(team: Team) -> None:
    subscribe(team, make_plan("Yearly", 40, 9720, months=12))
    running = subscriptions.running(team.pk)
    assert running is not None
    subscriptions.cancel(running.pk, now=NOW)
    assert fates(team)[0][3] is Fate.ROLL_OVER
    following = standing(team, now=NOW).next
    assert following is not None
    assert following.terms is None
    assert following.at == subscriptions.billing_end(running)


def test_the_mark_is_passed_when_the_mail_goes(team: Team, small: Plan, owner: Client) -> None:
    subscribe(team, small)
    for _ in range(31):
        spend(team, 100)
    spend(team, 75)
    before = standing(team, now=NOW).use
    spend(team, 25)
    after = standing(team, now=NOW).use
    assert before is not None
    assert after is not None
    assert (before.percent, before.is_past_threshold) == (79, False)
    assert (after.percent, after.is_past_threshold) == (80, True)
    assert "(80 %)" in owner.get(reverse("dashboard:overview")).content.decode()


def test_quarters_are_shown_as_decimals(team: Team, owner: Client) -> None:
    ledger.grant(team.pk, "more", Source.PAY_AS_YOU_GO, 1125, now=NOW)
    assert "<strong>12.25</strong>" in owner.get(reverse("dashboard:overview")).content.decode()


def test_at_zero_the_page_says_what_still_works_and_what_to_do(team: Team, owner: Client) -> None:
    assert "credits are used up</h2>" not in owner.get(reverse("dashboard:overview")).content.decode()
    spend(team, 25)
    assert "Less than one credit is left" in owner.get(reverse("dashboard:overview")).content.decode()
    spend(team, 75)
    page = owner.get(reverse("dashboard:overview")).content.decode()
    assert "Your credits are used up" in page
    assert "Previews on the website are still free" in page
    assert reverse("dashboard:plan") + "#packs" in page


def test_the_latest_uses_name_the_way_in(team: Team, key: ApiKey, owner: Client) -> None:
    ledger.grant(team.pk, "more", Source.GIFT, 1000, now=NOW)
    spend(team, 100)
    spend(team, 25, key=key, preview=True)
    uses = owner.get(reverse("dashboard:overview")).context["uses"]
    assert [(use.what, use.where, use.is_free) for use in uses] == [
        ("Preview", "API key “Shop”", True),
        ("Full size", "Website", False),
    ]


# The statement


def test_the_statement_is_worded_and_its_balance_runs(
    team: Team, small: Plan, pack: Pack, key: ApiKey, owner: Client
) -> None:
    subscribe(team, small)
    bought = orders.mark_paid(orders.order_pack(team, pack, now=NOW).pk, now=NOW)
    spend(team, 100)
    spend(team, 25, key=key)
    entry = Entry.objects.filter(kind="capture").latest("id")
    ledger.correct(entry.pk, 25, reason="The photo was empty.", actor_id=None, now=NOW)
    page = owner.get(reverse("dashboard:statement"))
    assert [(row.what, row.where, row.line.change, row.line.owned) for row in page.context["rows"]] == [
        ("Correction: credits given back", "", 25, 5000),
        ("Full size", "API key “Shop”", -25, 4975),
        ("Full size", "Website", -100, 5000),
        ("Pack bought", "", 1000, 5100),
        ("New credits of the plan", "", 4000, 4100),
        ("Gift on joining", "", 100, 100),
    ]
    words = page.content.decode()
    assert "The photo was empty." in words
    assert reverse("dashboard:order", args=[bought.pk]) in words
    assert statement.balance(team.pk, at=NOW).total == 5000


def busy(team: Team, clock: Clock, count: int) -> None:
    """A team with `count` images over some weeks, and credits that ended in between."""
    start = NOW
    ledger.grant(team.pk, "much", Source.PAY_AS_YOU_GO, 100_000, now=start)
    ledger.grant(team.pk, "short", Source.GIFT, 700, now=start, expires_at=start + 3 * DAY)
    for number in range(count):
        # Some images of one moment, so that pages must not tear them apart.
        now = start + (number // 3) * timedelta(minutes=47)
        clock.move_to(now)
        spend(team, 25, now)


def test_the_pages_of_a_statement_are_the_statement(team: Team, clock: Clock, owner: Client) -> None:
    busy(team, clock, 170)
    now = NOW + 20 * DAY
    clock.move_to(now)
    whole = list(statement.statement(team.pk, since=EPOCH, until=now))[::-1]
    assert len(whole) > 3 * LINE_COUNT
    pages = []
    page = statement_page(team, None, now=now)
    while True:
        pages.append(page)
        if page.older is None:
            break
        page = statement_page(team, page.older, now=now)
    assert [line for page in pages for line in page.lines] == whole
    assert [page.is_newest for page in pages] == [True, *[False] * (len(pages) - 1)]
    assert all(len(page.lines) <= LINE_COUNT + 4 for page in pages)
    # The way back misses nothing either; lines of one moment may stand on two pages.
    found = list(page.lines)
    while page.newer is not None:
        page = statement_page(team, page.newer, now=now)
        found += page.lines
    found += statement_page(team, None, now=now).lines
    assert set(found) == set(whole)


def test_a_month_of_the_statement(team: Team, clock: Clock, owner: Client) -> None:
    busy(team, clock, 3)
    clock.move_to(NOW + 13 * DAY)
    shown = owner.get(reverse("dashboard:statement"), {"month": "2026-02"})
    assert shown.context["rows"] == []
    assert "Nothing happened in this time" in shown.content.decode()
    march = owner.get(reverse("dashboard:statement"), {"month": "2026-03"}).context["rows"]
    assert march[0].what == "Credits ended unused"
    for nonsense in ({"month": "x"}, {"until": "2026-99-99T00:00:00"}, {"until": "yesterday"}):
        assert owner.get(reverse("dashboard:statement"), nonsense).status_code == 200


# Usage


def mixed(team: Team, key: ApiKey) -> None:
    ledger.grant(team.pk, "more", Source.PAY_AS_YOU_GO, 10_000, now=NOW - 40 * DAY)
    # 23:30 UTC on the last of February is March in Madrid.
    spend(team, 100, datetime(2026, 2, 28, 22, 30, tzinfo=UTC))
    spend(team, 100, datetime(2026, 2, 28, 23, 30, tzinfo=UTC))
    spend(team, 100, datetime(2026, 3, 5, 10, tzinfo=UTC), key=key)
    spend(team, 25, datetime(2026, 3, 5, 11, tzinfo=UTC), key=key, preview=True)
    spend(team, 25, datetime(2026, 3, 5, 12, tzinfo=UTC))


@pytest.fixture
def early(team: Team) -> Team:
    """A team whose account was opened long ago."""
    from offcut.server.credits.models import Account

    Account.objects.filter(pk=team.pk).update(opened_at=NOW - 400 * DAY, latest_at=NOW - 400 * DAY)
    return team


def test_days_are_the_teams_days(early: Team, key: ApiKey) -> None:
    mixed(early, key)
    used = usage_of(early, period_of(early, "2026-03", now=NOW))
    by_day = {step.start.day: step.used for step in used.steps if step.used.images}
    assert len(used.steps) == 31
    assert set(by_day) == {1, 5}
    assert (by_day[1].website, by_day[1].api, by_day[1].images) == (100, 0, 1)
    assert (by_day[5].website, by_day[5].api, by_day[5].images, by_day[5].free_previews) == (25, 100, 3, 1)
    assert [(row.key, row.used.total, row.used.images) for row in used.keys] == [(key, 100, 2)]


def test_a_year_is_the_sum_of_its_months(early: Team, key: ApiKey) -> None:
    mixed(early, key)
    year = usage_of(early, period_of(early, "2026", now=NOW))
    assert len(year.steps) == 12
    for number, step in enumerate(year.steps, start=1):
        month = usage_of(early, period_of(early, f"2026-{number:02d}", now=NOW))
        assert month.total == step.used


def test_the_table_and_the_file_say_what_the_chart_shows(early: Team, key: ApiKey, owner: Client) -> None:
    mixed(early, key)
    page = owner.get(reverse("dashboard:usage"), {"period": "2026-03"})
    used, drawn = page.context["usage"], page.context["chart"]
    html = page.content.decode()
    table = re.search(r'<table id="usage-table">.*?</table>', html, re.S)
    assert table is not None
    rows = re.findall(r"<tr><th.*?</th>(.*?)</tr>", table[0].split("<tbody>")[1], re.S)
    cells = [re.findall(r'class="number">([^<]*)<', row) for row in rows]
    by_table = [[round(float(cell) * 100) for cell in row[:3]] for row in cells]
    assert by_table[:-1] == [[s.used.website, s.used.api, s.used.total] for s in used.steps]
    assert by_table[-1] == [sum(column) for column in zip(*by_table[:-1], strict=True)]
    bars = re.findall(r'<rect class="chart-(website|api)"[^>]* height="([\d.]+)"', html)
    by_chart = sorted((kind, round(float(height) * drawn.top / HEIGHT)) for kind, height in bars)
    assert by_chart == sorted([("website", 100), ("website", 25), ("api", 100)])
    file = owner.get(reverse("dashboard:usage_file"), {"period": "2026-03"})
    assert file["Content-Disposition"] == 'attachment; filename="usage-2026-03.csv"'
    lines = list(csv.DictReader(io.StringIO(file.getvalue().decode("utf-8-sig"))))
    assert tuple(lines[0]) == COLUMNS
    paid = [line for line in lines if line["sources"] != "free_preview"]
    assert sum(float(line["credits"]) for line in paid) * 100 == used.total.total
    assert len(lines) == used.total.images
    assert [line["when"] for line in lines] == [
        "2026-03-01T00:30:00+01:00",
        "2026-03-05T11:00:00+01:00",
        "2026-03-05T12:00:00+01:00",
        "2026-03-05T13:00:00+01:00",
    ]
    assert lines[1]["api_key"] == f"Shop ({key.prefix}…)"


@pytest.mark.parametrize("name", ["", "2026-13", "2026-00", "0000-01", "9999", "1999-12", "x", "2026-3"])
def test_a_period_that_is_none_is_this_month(name: str, team: Team, owner: Client) -> None:
    assert period_of(team, name, now=NOW).name == "2026-03"
    assert owner.get(reverse("dashboard:usage"), {"period": name}).status_code == 200


def test_periods_lead_to_their_neighbours_and_no_further(early: Team, owner: Client) -> None:
    page = owner.get(reverse("dashboard:usage"), {"period": "2026-03"}).context
    assert page["before"].name == "2026-02"
    assert page["after"] is None
    first = owner.get(reverse("dashboard:usage"), {"period": "2025-02"}).context
    assert first["before"] is None
    assert first["after"].name == "2025-03"
    year = owner.get(reverse("dashboard:usage"), {"period": "2025"}).context
    assert (year["after"].name, year["by_day"].name) == ("2026", "2025-12")


def test_bars_stand_on_the_ground_and_reach_as_high_as_their_share() -> None:
    drawn = chart([(0, 0), (100, 100), (50, 0)])
    assert drawn.top == 200
    second = drawn.bars[1]
    assert (second.lower_top, second.lower_height, second.upper_top) == ("50", "50", "0")
    assert drawn.bars[2].lower_height == "25"


@pytest.mark.parametrize(("amount", "top"), [(0, 200), (200, 200), (201, 400), (900, 1000), (4001, 10_000)])
def test_the_scale_ends_at_a_round_number(amount: int, top: int) -> None:
    assert round_top(amount) == top


# The cost of looking


@pytest.mark.parametrize(
    ("name", "most"), [("overview", 50), ("usage", 16), ("statement", 26), ("plan", 26), ("orders", 14)]
)
def test_a_long_history_costs_no_more_queries(
    name: str, most: int, team: Team, small: Plan, pack: Pack, key: ApiKey, clock: Clock, owner: Client
) -> None:
    subscribe(team, small)
    for _ in range(2):
        orders.order_pack(team, pack, now=NOW)
    busy(team, clock, 6)
    spend(team, 25, timezone.now(), key=key)
    few = queries(owner, name)
    for _ in range(30):
        orders.order_pack(team, pack, now=timezone.now())
    for number in range(350):
        spend(team, 25, timezone.now(), key=key if number % 2 else None)
    assert Entry.objects.filter(account_id=team.pk).count() > 700
    many = queries(owner, name)
    # Its older pages are looked for only where there are some.
    assert many - few <= (4 if name == "statement" else 0)
    assert many <= most


def queries(browser: Client, name: str) -> int:
    browser.get(reverse(f"dashboard:{name}"))
    with CaptureQueriesContext(connection) as captured:
        assert browser.get(reverse(f"dashboard:{name}")).status_code == 200
    return len(captured)
