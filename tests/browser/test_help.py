"""The help centre in a real browser: found by typing, read, answered, by keyboard and without scripts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

ARTICLES = ("never-run-out", "first-api-call", "changing-plans", "formats-and-sizes", "teams", "errors")
"""Those with the widest tables, listings and live parts."""


def test_articles_are_accessible(
    server: Any, new_page: Callable[..., Page], axe: Callable[[Page], None]
) -> None:
    page = new_page(viewport={"width": 390, "height": 844})
    for path in ("/en/help/", "/de/help/?q=credits", "/es/help/?q=xyzzyq"):
        page.goto(path)
        axe(page)
    server.sign_in(page.context, credits=10)
    for slug in ARTICLES:
        page.goto(f"/en/help/{slug}/")
        axe(page)


@pytest.mark.parametrize("language", ["en", "es", "de", "fr"])
def test_articles_fit_every_window(
    new_page: Callable[..., Page], no_overflow: Callable[[Page], None], language: str
) -> None:
    page = new_page(locale=language)
    for slug in ARTICLES:
        page.goto(f"/{language}/help/{slug}/")
        no_overflow(page)


def test_results_come_while_typing_and_the_address_goes_along(page: Page) -> None:
    page.goto("/en/help/")
    page.get_by_role("searchbox", name="Search the help").press_sequentially("refu")
    link = page.get_by_role("link", name="Invoices and refunds")
    expect(page.get_by_role("status")).to_contain_text("about “refu”")
    expect(page.locator(".help-found").get_by_role("link").first).to_have_text("Invoices and refunds")
    assert page.url.endswith("/en/help/?q=refu")
    link.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Invoices and refunds")
    page.go_back()
    expect(page.get_by_role("searchbox")).to_have_value("refu")
    expect(page.locator(".help-found")).to_be_visible()


def test_everything_goes_by_keyboard(page: Page, axe: Callable[[Page], None]) -> None:
    page.goto("/en/help/")
    page.get_by_role("searchbox").focus()
    page.keyboard.type("magic brush")
    page.keyboard.press("Enter")
    page.wait_for_url("**/help/?q=magic+brush")
    page.get_by_role("link", name="The Magic Brush").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("The Magic Brush")
    page.get_by_role("button", name="No", exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Thank you for your answer.")).to_be_visible()
    page.keyboard.press("Tab")
    page.get_by_label("What should we know?").focus()
    page.keyboard.type("Show a picture.")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Thank you for your answer and your words.")).to_be_visible()
    expect(page.get_by_role("button", name="No", exact=True)).to_have_attribute("aria-pressed", "true")
    axe(page)


def test_search_and_answer_work_without_scripts(new_page: Callable[..., Page]) -> None:
    page = new_page(java_script_enabled=False)
    page.goto("/fr/help/")
    page.get_by_role("searchbox").fill("résilier")
    page.get_by_role("searchbox").press("Enter")
    page.locator(".help-found a").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Changer de formule, résilier, reprendre")
    page.locator(".help-feedback button[value=yes]").click()
    expect(page.locator(".help-feedback .message.success")).to_be_visible()
    assert page.url.endswith("#feedback")


def test_a_reader_who_signs_in_finds_their_numbers(signed_in_page: Page) -> None:
    signed_in_page.goto("/en/help/never-run-out/")
    expect(signed_in_page.locator(".help-live")).to_contain_text("11\u00a0credits left")
