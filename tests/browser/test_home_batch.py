"""Many photos at once on the front page: a plan, its cost, progress, trouble, a reload, the ZIP."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Page, expect
from tests.browser.conftest import Server
from tests.browser.test_home import SAMPLES, home, sample

NAMES = ("mug", "car", "dandelion")


@pytest.fixture
def many(tmp_path: Path) -> list[Path]:
    """Three photos, one broken, one that is none."""
    (tmp_path / "broken.jpg").write_bytes(b"not a photo")
    (tmp_path / "letter.txt").write_text("Dear all")
    return [*(sample(name) for name in NAMES), tmp_path / "broken.jpg", tmp_path / "letter.txt"]


def choose(page: Page, files: list[Path]) -> None:
    home(page)
    page.locator("#photo").set_input_files(files)
    expect(page.locator("#batch[data-state=plan]")).to_be_visible()


def finished(page: Page) -> None:
    expect(page.locator("#batch[data-state=finished]")).to_be_visible(timeout=90_000)


def tile(page: Page, name: str) -> Any:
    return page.locator("#batch .tile").filter(has_text=name)


def test_several_photos_become_one_zip(page: Page, many: list[Path], axe: Callable[[Page], None]) -> None:
    choose(page, many)
    expect(page.get_by_role("heading", name="4 photos")).to_be_focused()
    expect(page.locator("[data-part=cost]")).to_contain_text("4 credits in all")
    expect(page.locator("[data-part=skipped]")).to_contain_text("1 file was left out")
    axe(page)
    page.get_by_label("Background", exact=True).select_option("colour")
    page.locator("#batch-colour").fill("#ff8800")
    page.get_by_role("button", name="Start", exact=True).click()
    finished(page)
    assert "/en/batches/" in page.url
    expect(page.locator("#batch [data-part=say]")).to_contain_text("Ready, but for 1 photo")
    expect(tile(page, "broken.jpg")).to_contain_text("This file is not a photo")
    expect(tile(page, "mug.jpg").locator("img")).to_be_visible()
    axe(page)
    page.get_by_role("button", name="Leave out: broken.jpg").click()
    expect(page.get_by_role("heading", name="3 photos")).to_be_visible()
    expect(page.locator("[data-part=settings-say]")).to_have_text("Applied to all photos.")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download ZIP").click()
    with zipfile.ZipFile(io.BytesIO(download.value.path().read_bytes())) as archive:
        assert len(archive.namelist()) == len(NAMES)
        picture = Image.open(io.BytesIO(archive.read(archive.namelist()[0]))).convert("RGB")
    assert picture.getpixel((3, 3)) == pytest.approx((255, 136, 0), abs=3)


def test_a_batch_survives_a_reload_and_names_what_is_missing(page: Page) -> None:
    photos = [sample("mug"), sample("car"), sample("plant")]
    choose(page, photos)
    # The first upload goes through; the others never arrive.
    page.route("**/en/images/", lambda route: route.abort() if seen(route.request) else route.continue_())
    page.get_by_role("button", name="Start", exact=True).click()
    expect(tile(page, "car.jpg")).to_contain_text("Waiting for the network")
    expect(page.locator("#batch [data-part=say]")).to_contain_text(
        "The network is gone. Your photos are kept"
    )
    expect(tile(page, "mug.jpg")).to_contain_text("Ready")
    page.on("dialog", lambda dialog: dialog.accept())
    page.reload()
    expect(tile(page, "mug.jpg")).to_contain_text("Ready")
    missing = page.locator("[data-part=missing]")
    expect(missing).to_contain_text("2 photos were not sent before the page was closed")
    expect(missing.locator("li")).to_have_text(["car.jpg", "plant.jpg"])
    page.unroute_all()
    page.locator("[data-part=missing-input]").set_input_files(photos[1:])
    expect(missing).to_be_hidden()
    finished(page)
    expect(page.get_by_role("heading", name="3 photos")).to_be_visible()
    expect(page.locator("#batch [data-part=say]")).to_have_text("All photos are ready.")


def seen(request: Any) -> bool:
    """Whether this is an upload after the first: it names the batch that the first has made."""
    return b'name="batch"\r\n\r\nnew' not in (request.post_data_buffer or b"")


def test_the_cost_is_said_to_whoever_pays(signed_in_page: Page) -> None:
    page = signed_in_page
    choose(page, [sample("mug"), sample("car")])
    expect(page.locator("[data-part=cost]")).to_contain_text("Full size costs 2 credits in all")
    expect(page.locator("[data-part=cost]")).to_contain_text("You have")
    page.get_by_role("button", name="Start", exact=True).click()
    finished(page)
    page.locator("#batch-size").select_option("full")
    expect(page.locator("[data-part=zip-say]")).to_have_text("This charges 2 credits now.")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download ZIP").click()
    with zipfile.ZipFile(io.BytesIO(download.value.path().read_bytes())) as archive:
        sizes = {Image.open(io.BytesIO(archive.read(name))).size for name in archive.namelist()}
    assert sizes == {(1200, 900)}
    page.reload()
    finished(page)
    page.locator("#batch-size").select_option("full")
    expect(page.locator("[data-part=zip-say]")).to_have_text("All are paid: nothing is charged.")


def test_the_folder_of_samples_is_chosen_whole(page: Page, no_overflow: Callable[[Page], None]) -> None:
    home(page)
    page.locator("#folder").set_input_files(SAMPLES)
    expect(page.locator("#batch[data-state=plan]")).to_be_visible()
    expect(page.get_by_role("heading", name="16 photos")).to_be_visible()
    no_overflow(page)


def asked_of_settings(page: Page) -> list[tuple[str, Any]]:
    """What the page asks of the settings of its batch from now on."""
    asked: list[tuple[str, Any]] = []

    def note(request: Any) -> None:
        if "/batches/" in request.url and request.url.endswith("/settings"):
            asked.append((request.method, request.post_data_json))

    page.on("request", note)
    return asked


def pictures_in_zip(page: Page) -> list[Image.Image]:
    with page.expect_download() as download:
        page.get_by_role("button", name="Download ZIP").click()
    with zipfile.ZipFile(io.BytesIO(download.value.path().read_bytes())) as archive:
        return [Image.open(io.BytesIO(archive.read(name))) for name in archive.namelist()]


def test_the_preset_a_batch_was_opened_for_stays(page: Page, server: Server) -> None:
    asked = asked_of_settings(page)
    page.goto(f"{server.url}/en/?preset=marketplace")
    page.locator("#photo").set_input_files([sample("mug"), sample("car")])
    background = page.locator("#batch-background")
    name = "Marketplace: square, pure white, 10% margin"
    expect(background.locator("option:checked")).to_have_text(name)
    page.get_by_role("button", name="Start", exact=True).click()
    finished(page)
    assert asked == []
    for picture in pictures_in_zip(page):
        assert picture.width == picture.height
        assert picture.convert("RGBA").getpixel((3, 3)) == (255, 255, 255, 255)
    page.reload()
    finished(page)
    expect(background.locator("option:checked")).to_have_text(name)
    # Another background takes the place of the preset's canvas, and it can be had back.
    background.select_option("transparent")
    expect(page.locator("[data-part=settings-say]")).to_have_text("Applied to all photos.")
    for picture in pictures_in_zip(page):
        assert picture.width > picture.height
        assert picture.getpixel((3, 3))[3] == 0
    with page.expect_response("**/settings"):
        background.select_option("kept")
    assert all(picture.width == picture.height for picture in pictures_in_zip(page))


def test_only_what_was_changed_on_the_page_of_a_batch_changes(page: Page) -> None:
    choose(page, [sample("mug"), sample("car")])
    page.get_by_role("button", name="Start", exact=True).click()
    finished(page)
    address = page.url
    page.goto(str(page.locator(".tile-link").first.get_attribute("href")))

    page.get_by_role("tab", name="Background").click()
    page.locator("label", has_text="Scene").first.click()
    page.get_by_role("tab", name="Canvas").click()
    page.locator("label", has_text="Portrait 4:5").click()
    with page.expect_response("**/batches/*/settings"):
        page.locator("#apply-all").click()
    page.goto(address)
    finished(page)
    asked = asked_of_settings(page)
    expect(page.locator("#batch-background option:checked")).to_have_text("As set before")
    with page.expect_response("**/batches/*/settings") as answer:
        page.locator("#batch-shadow").select_option("drop")
    assert asked == [("PATCH", {"shadow": {"kind": "drop"}})]
    settings = answer.value.json()["settings"]
    assert settings["background"]["kind"] == "scene"
    assert settings["crop"]["preset"] == "4:5"
    expect(page.locator("#batch-background option:checked")).to_have_text("As set before")


def test_what_is_set_before_the_first_photo_arrives_counts(page: Page) -> None:
    choose(page, [sample("mug"), sample("car")])
    asked = asked_of_settings(page)
    page.locator("#batch-background").select_option("white")

    def change_meanwhile(route: Any) -> None:
        page.unroute("**/en/images/")
        page.locator("#batch-shadow").select_option("drop")
        route.continue_()

    page.route("**/en/images/", change_meanwhile)
    with page.expect_response("**/batches/*/settings") as answer:
        page.get_by_role("button", name="Start", exact=True).click()
    finished(page)
    assert asked == [("PATCH", {"shadow": {"kind": "drop"}})]
    white = {"background": {"kind": "colour", "colour": "#ffffff"}, "shadow": {"kind": "drop"}}
    assert answer.value.json()["settings"] == white
    batch = page.request.get(page.url, headers={"Accept": "application/json"}).json()
    assert [image["settings"] for image in batch["images"]] == [white, white]


def test_what_the_credits_do_not_suffice_for_is_said(
    server: Server, signed_in_page: Page, axe: Callable[[Page], None]
) -> None:
    page = signed_in_page
    person = server.sign_in(page.context)  # with the gift credit alone
    choose(page, [sample("mug"), sample("car"), sample("plant")])
    page.get_by_role("button", name="Start", exact=True).click()
    finished(page)
    page.locator("#batch-size").select_option("full")
    say, button = page.locator("[data-part=zip-say]"), page.get_by_role("button", name="Download ZIP")
    expect(say).to_have_text("This needs 3 credits, and you have 1.")
    expect(button).to_be_disabled()
    expect(page.locator("[data-part=zip-links] a")).to_have_attribute("href", "/en/pricing/")
    axe(page)
    # One is paid alone, and more credits are got, in other windows.
    batch = page.request.get(page.url, headers={"Accept": "application/json"}).json()
    token = page.locator("input[name=csrfmiddlewaretoken]").first.input_value()
    headers = {"X-CSRFToken": token, "Referer": page.url}
    form = {"size": "full", "format": "png"}
    assert page.request.post(
        server.url + batch["images"][0]["urls"]["download"], form=form, headers=headers
    ).ok
    server.run(_GRANT.format(team=person["team"]))
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(say).to_have_text("This charges 2 credits now.")
    expect(page.locator("[data-part=zip-links] a")).to_have_count(0)
    expect(page.locator("[data-part=cost]")).to_contain_text("Full size costs 2 more credits")
    expect(page.locator("[data-part=cost]")).to_contain_text("You have 5 credits.")
    with page.expect_download():
        button.click()
    # What is paid now is said without a reload.
    expect(say).to_have_text("All are paid: nothing is charged.")
    expect(page.locator("[data-part=cost]")).to_contain_text("You have 3 credits.")


_GRANT = """
from django.utils import timezone
from offcut.server.credits import ledger
from offcut.server.credits.rules import Source
ledger.grant({team}, "more", Source.PAY_AS_YOU_GO, 500, now=timezone.now())
answer = None
"""


def test_a_visitor_is_shown_the_way_to_an_account_where_the_price_would_stand(page: Page) -> None:
    choose(page, [sample("mug"), sample("car")])
    page.get_by_role("button", name="Start", exact=True).click()
    finished(page)
    page.locator("#batch-size").select_option("full")
    expect(page.locator("[data-part=zip-say]")).to_contain_text("Full size needs an account")
    expect(page.get_by_role("button", name="Download ZIP")).to_be_disabled()
    batch = page.url.split("/en/")[1]
    page.locator("[data-part=zip-links]").get_by_role("link", name="Sign up").click()
    page.wait_for_url(lambda address: batch in address.replace("%2F", "/"))
    assert "/signup" in page.url


def test_a_paid_photo_is_deleted_only_after_a_question(
    signed_in_page: Page, axe: Callable[[Page], None]
) -> None:
    page = signed_in_page
    choose(page, [sample("mug"), sample("car")])
    expect(page.get_by_role("button", name="Leave out: mug.jpg")).to_be_visible()
    expect(page.get_by_role("button", name="Delete all now")).to_be_hidden()
    page.get_by_role("button", name="Start", exact=True).click()
    finished(page)
    expect(page.locator("#batch [data-part=leaves]")).to_have_text(
        re.compile(r"They are deleted by themselves in \d+ minutes\.")
    )
    page.locator("#batch-size").select_option("full")
    pictures_in_zip(page)
    expect(page.locator("[data-part=zip-say]")).to_have_text("All are paid: nothing is charged.")
    question = page.get_by_role("dialog")
    page.get_by_role("button", name="Delete: mug.jpg").click()
    expect(question).to_contain_text("Delete mug.jpg now? It is paid")
    expect(question.get_by_role("button", name="Cancel")).to_be_focused()
    axe(page)
    page.keyboard.press("Escape")
    expect(question).to_be_hidden()
    expect(page.get_by_role("heading", name="2 photos")).to_be_visible()
    page.get_by_role("button", name="Delete: mug.jpg").click()
    question.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("heading", name="1 photo")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="1 photo")).to_be_visible()


def test_all_photos_of_a_batch_are_deleted_at_once(page: Page) -> None:
    choose(page, [sample("mug"), sample("car")])
    page.get_by_role("button", name="Start", exact=True).click()
    finished(page)
    # What is not paid can be cut out again for nothing: no question.
    page.get_by_role("button", name="Delete: mug.jpg").click()
    expect(page.get_by_role("heading", name="1 photo")).to_be_visible()
    question = page.get_by_role("dialog")
    page.get_by_role("button", name="Delete all now").click()
    expect(question).to_contain_text("Delete 1 photo now, with all that was made of it?")
    question.get_by_role("button", name="Cancel").click()
    expect(tile(page, "car.jpg")).to_be_visible()
    page.get_by_role("button", name="Delete all now").click()
    question.get_by_role("button", name="Delete").click()
    expect(page.locator("#batch [data-part=say]")).to_have_text(
        "Deleted. Nothing of these photos is left here."
    )
    expect(page.locator("#batch .tile")).to_have_count(0)
    expect(page.get_by_role("link", name="Other photos")).to_be_visible()
    expect(page.get_by_role("button", name="Delete all now")).to_be_hidden()
    batch = page.request.get(page.url, headers={"Accept": "application/json"}).json()
    assert batch["total"] == 0


def test_photos_whose_time_is_over_leave_the_page_of_their_batch(page: Page) -> None:
    page.clock.install()
    choose(page, [sample("mug"), sample("car")])
    page.get_by_role("button", name="Start", exact=True).click()
    finished(page)
    page.clock.fast_forward("59:00")
    expect(page.locator("#batch [data-part=leaves]")).to_contain_text("They are deleted by themselves in")
    page.clock.fast_forward("30:00")
    expect(page.locator("#batch [data-part=refusal]")).to_contain_text(
        "The time to keep these photos is over"
    )
    expect(page.locator("#batch .tile")).to_have_count(0)
