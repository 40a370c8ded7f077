"""Every flow by keyboard alone: Tab, Shift+Tab, Enter, Space and the arrows, and the mouse never moves.

Other tests go these ways by keyboard already: the keys of the wipe (test_home), the strokes, letters and list
of keys of the studio (test_studio), the words to a vote (test_help), the ends of the slider (test_pages),
choosing a plan and cancelling its order (test_dashboard). Here each flow is walked from the top of its page
with the Tab key, so that what cannot be reached, or is reached where nobody sees it, fails.
"""

from __future__ import annotations

import re
import secrets
import zipfile
from collections.abc import Callable
from typing import Any

from PIL import Image
from playwright.sync_api import Locator, Page, expect
from tests.browser.test_home import done, home, sample
from tests.browser.test_studio import READY, STROKE, saved

expect.set_options(timeout=30_000)

STEPS_MAX = 120
FOCUSED = """element => {
  if (element !== document.activeElement) return null;
  const seen = element.closest("label") || element.labels?.[0];
  const boxes = [element, seen, seen?.querySelector("span"), element.nextElementSibling].filter(Boolean);
  const shows = (one) => {
    const style = getComputedStyle(one), box = one.getBoundingClientRect();
    return box.width > 2 && box.height > 2 && (style.outlineStyle !== "none" || style.boxShadow !== "none");
  };
  return boxes.some(shows);
}"""
PACK = """
from django.utils import timezone
from offcut.server.credits.models import Pack
from offcut.server.payments.sellers import seller

pack = Pack.objects.create(name="Keys {name}")
pack.terms.create(starts_at=timezone.now(), price=300, amount=300)
selling = seller()
selling.payment_instructions = "Pay at the counter."
selling.save()
"""


def walk(page: Page, target: Locator, key: str = "Tab") -> None:
    """Press Tab until the focus is there, where it must be seen."""
    expect(target).to_be_attached()
    for _ in range(STEPS_MAX):
        is_seen = target.evaluate(FOCUSED)
        if is_seen is not None:
            assert is_seen, f"the focus cannot be seen: {target}"
            return
        page.keyboard.press(key)
    raise AssertionError(f"{target} cannot be reached with the {key} key")


def press(page: Page, target: Locator, key: str = "Enter") -> None:
    walk(page, target)
    page.keyboard.press(key)


def choose_file(page: Page, target: Locator, *files: Any) -> None:
    # Awaited before the way there begins: the browser needs a moment until it hands choosers over.
    with page.expect_file_chooser() as choice:
        press(page, target, "Space")
    choice.value.set_files(list(files))


def write(page: Page, target: Locator, text: str) -> None:
    walk(page, target)
    page.keyboard.type(text)


def test_sign_in_a_photo_and_the_studio(page: Page, new_page: Callable[..., Page], server: Any) -> None:
    who = server.sign_in(new_page().context, credits=3)
    home(page)
    press(page, page.get_by_role("link", name="Sign in").first)
    page.wait_for_url("**/login/**")
    write(page, page.get_by_label("Email"), who["email"])
    write(page, page.get_by_label("Password"), "a long enough password")
    page.keyboard.press("Enter")
    expect(page.locator("summary", has_text="Account")).to_be_visible()

    home(page)
    choose_file(page, page.locator("#photo"), sample())
    done(page)
    expect(page.get_by_role("heading", name="Your cut-out")).to_be_focused()
    wipe = page.get_by_role("slider", name="Compare")
    walk(page, wipe)
    page.keyboard.press("End")
    page.keyboard.press("ArrowLeft")
    expect(wipe).to_have_value("99")
    walk(page, page.locator("#result-format"))
    page.keyboard.press("ArrowDown")
    walk(page, page.get_by_role("button", name="Download full size"))
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    assert saved(download).size == (1200, 900)
    expect(page.locator("[data-part=price]")).to_contain_text("Paid")

    press(page, page.get_by_role("link", name="Open in the studio"))
    page.wait_for_selector(READY)
    walk(page, page.locator("#canvas"))
    page.keyboard.press("e")
    page.keyboard.press("ArrowUp")
    page.keyboard.down("Space")
    for _ in range(4):
        page.keyboard.press("ArrowDown")
    page.keyboard.up("Space")
    page.wait_for_selector(STROKE.format(1))
    # One stop for the whole toolbar, arrows and Home within.
    walk(page, page.locator("#tools button[tabindex='0']"), "Shift+Tab")
    page.keyboard.press("Home")
    expect(page.locator("#undo")).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_selector(STROKE.format(0))
    walk(page, page.locator("#tab-brush"))
    page.keyboard.press("ArrowRight")
    expect(page.locator("#panel-background")).to_be_visible()
    walk(page, page.locator("input[name=background]:checked"))
    page.keyboard.press("ArrowRight")
    expect(page.locator("input[name=background][value=colour]")).to_be_checked()
    walk(page, page.locator("input[name=swatch]").first)
    page.keyboard.press("ArrowRight")
    colour = page.locator("input[name=swatch]:checked").get_attribute("value") or ""
    expect(page.locator("#saved")).to_have_text("Saved")
    walk(page, page.locator("#tab-background"), "Shift+Tab")
    page.keyboard.press("End")
    expect(page.locator("#panel-download")).to_be_visible()
    walk(page, page.locator("#download-full"))
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    picture = saved(download).convert("RGB")
    assert picture.size == (1200, 900)
    assert "#{:02x}{:02x}{:02x}".format(*picture.getpixel((2, 2))) == colour.lower()


def test_many_photos(page: Page) -> None:
    home(page)
    choose_file(page, page.locator("#photo"), sample("mug"), sample("car"))
    expect(page.get_by_role("heading", name="2 photos")).to_be_focused()
    walk(page, page.locator("#batch-background"))
    page.keyboard.type("White")
    expect(page.locator("#batch-background")).to_have_value("white")
    walk(page, page.get_by_role("button", name="Start", exact=True), "Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#batch[data-state=finished]")).to_be_visible(timeout=90_000)
    walk(page, page.locator("#batch-format"))
    page.keyboard.press("ArrowDown")
    walk(page, page.get_by_role("button", name="Download ZIP"))
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    with zipfile.ZipFile(download.value.path()) as archive:
        assert sorted(archive.namelist()) == ["car-cut-out-preview.jpg", "mug-cut-out-preview.jpg"]
        with archive.open("mug-cut-out-preview.jpg") as file:
            assert min(Image.open(file).convert("RGB").getpixel((2, 2))) > 250


def test_help_prices_a_letter_and_the_language(page: Page, server: Any) -> None:
    name = secrets.token_hex(4)
    server.run(PACK.format(name=name))
    home(page)
    press(page, page.get_by_role("navigation", name="Main").get_by_role("link", name="Help"))
    page.wait_for_url("**/en/help/")
    write(page, page.get_by_role("searchbox"), "magic brush")
    expect(page.locator(".help-found")).to_be_visible()
    press(page, page.get_by_role("link", name="The Magic Brush"))
    expect(page.get_by_role("heading", level=1)).to_have_text("The Magic Brush")
    press(page, page.locator("#feedback").get_by_role("button", name="Yes"))
    expect(page.get_by_text("Thank you for your answer.")).to_be_visible()

    walk(page, page.get_by_role("navigation", name="More pages").get_by_role("link", name="Pricing"))
    page.keyboard.press("Enter")
    page.wait_for_url("**/en/pricing/")
    slider = page.get_by_role("slider")
    walk(page, slider)
    before = slider.input_value()
    page.keyboard.press("ArrowRight")
    assert int(slider.input_value()) == int(before) + 1
    count = page.locator("#images").input_value()
    expect(page.locator("#mix")).to_contain_text(f"The cheapest mix for {count} images")

    press(page, page.get_by_role("link", name="Contact"))
    page.wait_for_url("**/en/contact/")
    write(page, page.get_by_label("Your e-mail address"), f"{name}@example.org")
    walk(page, page.get_by_label("What is it about?"))
    page.keyboard.press("ArrowDown")
    write(page, page.get_by_label("Your message"), "Do the keys work?")
    press(page, page.get_by_role("button", name="Send"))
    expect(page.get_by_role("heading", level=1)).to_contain_text("your message has arrived")

    press(page, page.get_by_role("link", name="Español"))
    expect(page.locator("html")).to_have_attribute("lang", "es")
    assert "/es/" in page.url


def test_a_pack_from_the_prices_to_the_order(signed_in_page: Page, server: Any) -> None:
    name = secrets.token_hex(4)
    server.run(PACK.format(name=name))
    page = signed_in_page
    page.goto("/en/pricing/")
    press(page, page.get_by_role("link", name="Choose a plan or a pack"))
    page.wait_for_url("**/dashboard/plan/")
    press(page, page.get_by_role("link", name=f"Buy Keys {name}"))
    expect(page.get_by_role("heading", level=1)).to_contain_text(f"Keys {name}")
    press(page, page.get_by_role("button", name="Order, and see how to pay"))
    expect(page.get_by_role("heading", level=1)).to_contain_text(re.compile("To be paid"))
    expect(page.locator(".instructions")).to_contain_text("Pay at the counter.")
