"""The account area before a real browser: its states under axe, its width, its chart, its menu."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

PATHS = (
    "",
    "usage/",
    "usage/?period={year}",
    "statement/",
    "plan/",
    "plan/{large}/",
    "plan/{tiny}/",
    "plan/cancel/",
    "packs/{pack}/",
    "orders/",
    "orders/{open}/",
    "orders/{paid}/",
    "notices/",
    "improvement/",
)

SCENE = """
from datetime import timedelta
from django.utils import timezone
from offcut.server.accounts.keys import make_key
from offcut.server.accounts.models import Person, Team
from offcut.server.credits import ledger
from offcut.server.credits.models import Pack, Plan
from offcut.server.credits.notices.delivery import address_new
from offcut.server.payments import orders
from offcut.server.payments.sellers import seller
from offcut.server.removals.models import Submission

now = timezone.now()
before = now - timedelta(days=1)
plans = {{}}
for name, count, price in (("Tiny", 10, 300), ("Small", 40, 900), ("Large", 200, 3900)):
    plan, is_new = Plan.objects.get_or_create(name=name)
    if is_new:
        plan.terms.create(starts_at=before, price=price, monthly_amount=count * 100)
    plans[name] = plan
pack, is_new = Pack.objects.get_or_create(name="Ten")
if is_new:
    pack.terms.create(starts_at=before, price=900, amount=1000)
selling = seller()
selling.tax_rate, selling.payment_instructions = 2100, "Please transfer it to\\nES00 1234 5678"
selling.save()
team = Team.objects.get(pk={team})
team.name = "Donaudampfschifffahrtsgesellschaft und Töchter"
team.save()
paid = orders.choose_plan(team, plans["Small"], now=now)
orders.mark_paid(paid.pk, now=now)
waiting = orders.order_pack(team, pack, now=now)
key, _token = make_key(team, "A key with quite a long name for the shop", by=Person.objects.get(pk={person}))
for number in range(33):
    asker = key if number % 3 else None
    ledger.hold(team.pk, f"n{{number}}", 100, content_hash="-", now=now, key=asker, size="full")
    ledger.capture(team.pk, f"n{{number}}", now=now)
address_new(now)
Submission.objects.create(
    team=team, file="none.jpg", filename="a-cat-with-a-long-name.jpg", width=4, height=3, bytes=9
)
answer = {{"tiny": plans["Tiny"].pk, "large": plans["Large"].pk, "pack": pack.pk, "open": waiting.pk,
          "paid": paid.pk, "year": now.year}}
"""


@pytest.fixture
def team_page(new_page: Callable[..., Page], server: Any) -> Callable[..., tuple[Page, list[str]]]:
    """Open a page of an owner whose team has a plan, orders, keys and notices; and the paths of its pages."""

    def make(**options: Any) -> tuple[Page, list[str]]:
        page = new_page(**options)
        who = server.sign_in(page.context, credits=5)
        made = server.run(SCENE.format(team=who["team"], person=who["person"]))
        return page, ["/en/dashboard/" + path.format(**made) for path in PATHS]

    return make


def test_every_state_is_accessible(
    team_page: Callable[..., tuple[Page, list[str]]], axe: Callable[[Page], None]
) -> None:
    page, paths = team_page()
    for path in paths:
        page.goto(path)
        for fold in page.locator(".area-content details").all():
            fold.locator("summary").click()
        axe(page)


def test_nothing_is_wider_than_the_window(
    team_page: Callable[..., tuple[Page, list[str]]], no_overflow: Callable[[Page], None]
) -> None:
    page, paths = team_page()
    for path in paths:
        for language in ("en", "de"):
            page.goto(path.replace("/en/", f"/{language}/"))
            for fold in page.locator(".area-content details").all():
                fold.locator("summary").click()
            no_overflow(page)


def test_the_menu_on_a_phone_leads_on(team_page: Callable[..., tuple[Page, list[str]]]) -> None:
    page, paths = team_page(viewport={"width": 390, "height": 844}, has_touch=True)
    page.goto(paths[0])
    expect(page.locator(".area-nav")).to_be_hidden()
    menu = page.locator(".area-menu")
    expect(menu.locator("summary")).to_contain_text("Overview")
    menu.locator("summary").tap()
    menu.get_by_role("link", name="Statement").tap()
    expect(page.get_by_role("heading", level=1)).to_have_text("Statement")
    for link in page.locator(".area-menu a").all():
        assert link.evaluate("a => a.getBoundingClientRect().height") in (0, 44)


def test_the_chart_shows_the_table_and_pages_without_leaving(
    team_page: Callable[..., tuple[Page, list[str]]],
) -> None:
    page, _paths = team_page()
    page.goto("/en/dashboard/usage/")
    heights = page.locator(".chart rect").evaluate_all(
        "bars => bars.map(bar => [bar.getAttribute('class'), bar.getBBox().height])"
    )
    assert [kind for kind, _height in heights] == ["chart-website", "chart-api"]
    top = float(page.locator(".chart-scale span").first.inner_text())
    page.get_by_text("The same as a table").click()
    together = page.locator("#usage-table tfoot td").all_inner_texts()
    drawn = [round(height * top / 100, 2) for _kind, height in heights]
    assert drawn == [float(cell) for cell in together[:2]] == [11, 22]
    page.evaluate("window.stayed = true")
    page.get_by_role("link", name="By month").click()
    expect(page.get_by_role("link", name="By month")).to_have_attribute("aria-current", "page")
    assert page.evaluate("window.stayed")
    page.go_back()
    expect(page.get_by_role("link", name="By day")).to_have_attribute("aria-current", "page")


def test_everything_works_without_scripts_and_by_keyboard(
    team_page: Callable[..., tuple[Page, list[str]]],
) -> None:
    page, _paths = team_page(java_script_enabled=False)
    page.goto("/en/dashboard/")
    notice = page.locator(".notice", has_text="80 %")
    notice.get_by_role("button").press("Enter")
    expect(page.locator(".notice", has_text="80 %")).to_have_count(0)
    page.get_by_role("link", name="See or change the plan").press("Enter")
    page.get_by_role("link", name="Choose Large").press("Enter")
    page.get_by_role("button", name="Order, and see how to pay").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("To be paid")
    expect(page.locator(".instructions")).to_contain_text("ES00 1234 5678")
    page.get_by_role("button", name="Cancel this order").press("Enter")
    expect(page.locator(".message.success")).to_contain_text("nothing to pay")
    page.locator(".area-nav").get_by_role("link", name="Usage").press("Enter")
    page.get_by_role("link", name="By month").press("Enter")
    expect(page.locator(".chart rect")).to_have_count(2)
