"""The pages around the product in a browser: accessible, calm at every width, and working by keyboard."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

PATIENCE_MS = 60_000
PAGES = (
    *("pricing/", "tools/", "api/", "api/coming-from-remove-bg/", "status/", "contact/"),
    *("for/individuals/", "for/developers/", "legal/privacy/", "legal/cookies/"),
)
OFFERS = """
from datetime import UTC, datetime
from offcut.server.credits.models import Pack, PackTerms, Plan, PlanTerms

begin = datetime(2020, 1, 1, tzinfo=UTC)
if not Plan.objects.filter(name="Pages 40").exists():
    plan = Plan.objects.create(name="Pages 40", position=900)
    PlanTerms.objects.create(plan=plan, starts_at=begin, price=900, monthly_amount=4000)
    pack = Pack.objects.create(name="Pages pack of 75", position=900)
    PackTerms.objects.create(pack=pack, starts_at=begin, price=4900, amount=7500)
answer = None
"""
HISTORY = """
from datetime import timedelta
from django.utils import timezone
from offcut.server.website.pages.models import HealthDay, Incident, IncidentUpdate

now = timezone.now()
for ago, down in ((3, 0), (2, 300), (1, 5000)):
    HealthDay.objects.get_or_create(
        day=(now - timedelta(days=ago)).date(), defaults={"up_s": 86000 - down, "down_s": down}
    )
incident, is_new = Incident.objects.get_or_create(title="A slow queue", defaults={"began_at": now})
if is_new:
    IncidentUpdate.objects.create(incident=incident, at=now, text="We look into it.")
answer = None
"""
OWNER = """
from offcut.server.accounts.models import Person
person = Person.objects.get(pk={person})
person.is_staff = person.is_superuser = True
person.save()
answer = None
"""


@pytest.fixture(scope="module", autouse=True)
def _something_to_show(server: Any) -> None:
    server.run(OFFERS)
    server.run(HISTORY)


@pytest.mark.parametrize("language", ["en", "es"])
def test_every_page_is_accessible_and_fits(
    new_page: Callable[..., Page],
    server: Any,
    axe: Callable[[Page], None],
    no_overflow: Callable[[Page], None],
    language: str,
) -> None:
    page = new_page()
    foreign: list[str] = []
    page.on("request", lambda request: foreign.append(request.url))
    for path in PAGES:
        page.goto(f"/{language}/{path}")
        for fold in page.locator("details.fold > summary:visible").all():
            fold.click()
        axe(page)
        no_overflow(page)
    assert not [url for url in foreign if not url.startswith((server.url, "blob:"))]


def test_what_owners_see_is_accessible_too(
    signed_in_page: Page, server: Any, axe: Callable[[Page], None], no_overflow: Callable[[Page], None]
) -> None:
    page = signed_in_page
    server.run(OWNER.format(person=page.who["person"]))  # type: ignore[attr-defined]
    for kind in ("terms", "privacy", "imprint"):
        page.goto(f"/de/legal/{kind}/")
        expect(page.locator(".draft")).to_contain_text("[fill in")
        axe(page)
        no_overflow(page)
    page.locator("main .message a").click()
    expect(page.locator("#id_text")).to_have_value(re.compile(r"\[fill in"))
    expect(page.locator("#id_language")).to_have_value("de")


def test_the_slider_works_by_keyboard(page: Page, axe: Callable[[Page], None]) -> None:
    page.goto("/en/pricing/")
    slider = page.get_by_role("slider")
    slider.focus()
    page.keyboard.press("Home")
    expect(slider).to_have_attribute("aria-valuetext", "1 images a month")
    expect(page.get_by_label("Images a month", exact=True)).to_have_value("1")
    page.keyboard.press("End")
    expect(page.get_by_label("Images a month", exact=True)).to_have_value("10000")
    expect(page.locator("#mix")).to_contain_text("The cheapest mix for 10000 images")
    # The box takes numbers between the stops, and the address keeps the answer.
    page.get_by_label("Images a month", exact=True).fill("47")
    expect(page.locator("#mix")).to_contain_text("The cheapest mix for 47 images")
    expect(page).to_have_url(re.compile(r"\?images=47$"))
    page.reload()
    expect(page.locator("#mix")).to_contain_text("The cheapest mix for 47 images")
    page.get_by_label("Images a month", exact=True).fill("99999")
    expect(page.locator("#mix .message")).to_contain_text("from 1 to")
    axe(page)


def test_prices_and_letters_work_without_scripts(new_page: Callable[..., Page]) -> None:
    page = new_page(java_script_enabled=False)
    page.goto("/en/pricing/")
    page.get_by_label("Images a month", exact=True).fill("45")
    page.get_by_role("button", name="Work it out").click()
    expect(page.locator("#mix")).to_contain_text("Pages pack of 75")
    page.goto("/en/contact/?topic=billing")
    expect(page.get_by_label("What is it about?")).to_have_value("billing")
    page.get_by_label("Your e-mail address").fill("ana@example.org")
    page.get_by_label("Your message").fill("Where is my invoice?")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("your message has arrived")
    expect(page.locator("#try-form")).to_have_count(0)
    page.goto("/en/api/")
    expect(page.get_by_text("The form needs scripts")).to_be_visible()


def test_code_is_copied(new_page: Callable[..., Page]) -> None:
    page = new_page(permissions=["clipboard-read", "clipboard-write"])
    page.goto("/en/api/")
    page.locator("summary", has_text="Python").press("Enter")
    sample = page.locator("details[open] .code")
    sample.get_by_role("button", name="Copy").press("Enter")
    expect(sample.get_by_role("button", name="Copied")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == sample.locator("pre").inner_text()
    assert "import httpx" in copied
    assert page.url.partition("/en/")[0] in copied


def test_the_form_removes_a_background_with_ones_own_key(
    signed_in_page: Page, server: Any, photo: Callable[..., Path], axe: Callable[[Page], None]
) -> None:
    page = signed_in_page
    token = server.run(
        "from offcut.server.accounts.keys import make_key\n"
        "from offcut.server.accounts.models import Person, Team\n"
        f"person = Person.objects.get(pk={page.who['person']})\n"  # type: ignore[attr-defined]
        f"answer = make_key(Team.objects.get(pk={page.who['team']}), 'own', by=person)[1]"  # type: ignore[attr-defined]
    )
    page.goto("/en/api/")
    page.get_by_label("API key").fill(token)
    page.get_by_label("image_file").set_input_files(photo("astronaut"))
    page.get_by_label("size", exact=True).select_option("full")
    page.get_by_label("bg_color", exact=True).fill("#ff'0000")
    page.get_by_role("button", name="Send the request").click()
    # A refusal is shown as it is, and costs nothing.
    expect(page.locator("#try-status")).to_contain_text("Status 400", timeout=PATIENCE_MS)
    expect(page.locator("#try-body")).to_contain_text("invalid_bg_color")
    expect(page.locator("#try-curl")).to_contain_text(r"-F 'bg_color=#ff'\''0000'")
    page.get_by_label("bg_color", exact=True).fill("red")
    page.get_by_role("button", name="Send the request").press("Enter")
    expect(page.locator("#try-status")).to_contain_text("Status 200", timeout=PATIENCE_MS)
    picture = page.get_by_role("img", name="The result")
    expect(picture).to_be_visible()
    assert picture.evaluate("img => img.naturalWidth") == 512
    page.locator("#try-headers summary").click()
    expect(page.locator("#try-headers tr", has_text="x-credits-charged")).to_contain_text("1")
    expect(page.locator("#try-body")).to_be_hidden()
    assert token not in page.locator("#try-curl").inner_text()
    axe(page)


def test_the_form_lends_a_key_to_those_signed_in(signed_in_page: Page, photo: Callable[..., Path]) -> None:
    page = signed_in_page
    page.goto("/en/api/")
    for _ in range(2):
        page.get_by_label("image_file").set_input_files(photo("astronaut"))
        page.get_by_role("button", name="Send the request").click()
        expect(page.locator("#try-status")).to_contain_text("Status 200", timeout=PATIENCE_MS)
        expect(page.get_by_role("img", name="The result")).to_be_visible()
    page.goto("/keys/")
    expect(page.locator("td strong", has_text="API page (one hour)")).to_have_count(1)


def test_a_visitor_without_a_key_is_told(page: Page, photo: Callable[..., Path]) -> None:
    page.goto("/en/api/")
    page.get_by_label("image_file").set_input_files(photo("astronaut"))
    page.get_by_role("button", name="Send the request").click()
    expect(page.locator("#try-status")).to_have_text("Type an API key first.")
    expect(page.locator("#try-curl")).to_contain_text("-F image_file=@astronaut.jpg")


def test_the_worker_writes_the_history(page: Page) -> None:
    """The real recorder of the real server: its first look comes with the worker's first round."""
    page.goto("/en/status/")
    first_line = page.locator(".now")
    while "Nobody knows" in first_line.inner_text():
        page.wait_for_timeout(500)
        page.reload()
    expect(first_line).to_contain_text(re.compile("there is trouble|right now"))
