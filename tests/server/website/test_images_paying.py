"""Previews are free for everybody; the full size costs one credit, once."""

from __future__ import annotations

import io
import json
import re
import threading
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import numpy as np
import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from PIL import Image as PillowImage
from tests.server.api_caller import Caller
from tests.server.plain_runner import photo_bytes, plain_runner
from tests.server.website_people import JSON, Browser, pixels, plain_do

from offcut.errors import OutputError
from offcut.server.credits import ledger
from offcut.server.removals import images, metrics
from offcut.server.removals.models import Image
from offcut.server.runners import current
from offcut.server.runners.composing import ResultWork

PHOTO = photo_bytes(900, 600)
FULL = {"size": "full", "format": "png"}


@pytest.fixture
def image(signed_in: Browser) -> dict[str, Any]:
    return signed_in.image(PHOTO)


def spent(alice: Caller) -> int:
    return 1100 - alice.balance.total


def test_previews_are_free_and_without_number(visitor: Browser) -> None:
    image = visitor.image(PHOTO)
    for _ in range(3):
        preview = visitor.get(image["urls"]["download"] + "?size=preview&format=png")
        assert preview.status_code == 200
        assert preview["Content-Disposition"].startswith('attachment; filename="dog-cut-out-preview.png"')
        shown = pixels(preview.content)
        assert shown.shape[0] * shown.shape[1] <= 250_000
        assert shown.shape[2] == 4
        middle, corner = shown[shown.shape[0] // 2, shown.shape[1] // 2], shown[2, 2]
        assert (middle[3], corner[3]) == (255, 0)
        assert middle[0] > 200


@pytest.mark.parametrize("kind", ["png", "jpg", "webp", "zip", "psd"])
def test_the_full_size_costs_one_credit_once(
    signed_in: Browser, alice: Caller, image: dict[str, Any], kind: str
) -> None:
    first = signed_in.post(image["urls"]["download"], size="full", format=kind)
    assert first.status_code == 200, first.content
    assert (first["X-Width"], first["X-Height"]) == ("900", "600")
    assert spent(alice) == 100
    assert signed_in.json(image["urls"]["page"])["is_paid"]
    assert signed_in.post(image["urls"]["download"], size="full", format="png").status_code == 200
    assert spent(alice) == 100


def test_the_full_size_is_never_given_to_a_get(
    signed_in: Browser, alice: Caller, image: dict[str, Any]
) -> None:
    assert signed_in.get(image["urls"]["download"] + "?size=full").status_code == 405
    assert spent(alice) == 0


def test_a_visitor_is_shown_the_way_in_and_back(visitor: Browser) -> None:
    image = visitor.image(PHOTO)
    answer = visitor.post(image["urls"]["download"], **FULL)
    assert answer.status_code == 403
    error = answer.json()["error"]
    assert error["code"] == "sign_in_needed"
    assert image["id"] in error["sign_in"]
    page = visitor.client.post(image["urls"]["download"], FULL)
    assert page.status_code == 403
    assert "/account/login/?next=" in page.content.decode()


def test_out_of_credits_says_so_and_previews_go_on(
    signed_in: Browser, alice: Caller, image: dict[str, Any]
) -> None:
    ledger.hold(alice.team.pk, "everything", 1100, content_hash="", now=timezone.now())
    answer = signed_in.post(image["urls"]["download"], **FULL)
    assert answer.status_code == 402
    assert answer.json()["error"]["code"] == "insufficient_credits"
    assert "Previews are still free" in answer.json()["error"]["hint"]
    page = signed_in.client.post(image["urls"]["download"], FULL)
    assert page.status_code == 402
    assert "Your credits are used up" in page.content.decode()
    assert reverse("dashboard:plan") in page.content.decode()
    assert signed_in.get(image["urls"]["download"]).status_code == 200
    assert not signed_in.json(image["urls"]["page"])["is_paid"]


def test_what_fails_costs_nothing(signed_in: Browser, alice: Caller, image: dict[str, Any]) -> None:
    def failing(work: Any, tell: Any) -> Any:
        raise OutputError("The picture cannot be written.")

    broken = plain_runner(cut=failing)
    current.use(broken)
    assert signed_in.post(image["urls"]["download"], **FULL).status_code == 500
    assert alice.owned == (1100, 0, 1250)
    broken.stop(5)
    mended = plain_runner(cut=plain_do)
    current.use(mended)
    assert signed_in.post(image["urls"]["download"], **FULL).status_code == 200
    assert spent(alice) == 100
    mended.stop(5)


def test_a_result_that_a_dead_server_held_for_is_paid_once(
    signed_in: Browser, alice: Caller, image: dict[str, Any]
) -> None:
    from offcut.server.removals import charge

    charge._hold(Image.objects.get())
    assert alice.balance.held == 100
    assert signed_in.post(image["urls"]["download"], **FULL).status_code == 200
    assert (spent(alice), alice.balance.held) == (100, 0)


def test_work_that_outlasts_its_hold_is_paid_once(
    signed_in: Browser, alice: Caller, image: dict[str, Any], settings: Any
) -> None:
    import time_machine

    with time_machine.travel(timezone.now(), tick=False) as clock:

        def slow(work: Any, tell: Any) -> Any:
            clock.shift(timedelta(seconds=settings.HOLD_S + 1))
            return plain_do(work, tell)

        runner = plain_runner(cut=slow, jobs=1)
        current.use(runner)
        assert signed_in.post(image["urls"]["download"], **FULL).status_code == 200
        assert alice.owned[:2] == (1000, 0)
        runner.stop(5)


@pytest.mark.django_db(transaction=True)
def test_two_clicks_at_once_are_paid_once() -> None:
    alice = Caller.make("alice", credit_count=10)
    browsers = []
    for _ in range(4):
        client = Client()
        client.force_login(alice.person)
        browsers.append(Browser(client))
    image = browsers[0].image(PHOTO)
    together = threading.Barrier(4)

    def all_at_once(work: Any, tell: Any) -> Any:
        if isinstance(work, ResultWork):
            together.wait(20)
        return plain_do(work, tell)

    runner = plain_runner(cut=all_at_once, jobs=4)
    current.use(runner)
    statuses: list[int] = []

    def click(browser: Browser) -> None:
        statuses.append(browser.post(image["urls"]["download"], **FULL).status_code)
        connection.close()

    clicks = [threading.Thread(target=click, args=(browser,)) for browser in browsers]
    for one in clicks:
        one.start()
    for one in clicks:
        one.join(30)
    runner.stop(5)
    assert statuses == [200] * 4
    assert alice.owned[:2] == (1000, 0)


@pytest.mark.django_db(transaction=True)
def test_when_the_first_of_two_clicks_fails_the_second_is_paid() -> None:
    alice = Caller.make("alice", credit_count=10)
    client = Client()
    client.force_login(alice.person)
    browser = Browser(client)
    image = browser.image(PHOTO)
    both_in, first_over = threading.Barrier(2), threading.Event()
    failed: list[bool] = []

    def one_fails(work: Any, tell: Any) -> Any:
        place = both_in.wait(20)
        if place == 0:
            raise OutputError("The picture cannot be written.")
        first_over.wait(20)
        return plain_do(work, tell)

    runner = plain_runner(cut=one_fails, jobs=2)
    current.use(runner)
    statuses: list[int] = []

    def click() -> None:
        own = Client()
        own.force_login(alice.person)
        status = own.post(image["urls"]["download"], FULL, headers=JSON).status_code
        statuses.append(status)
        failed.append(status != 200)
        first_over.set()
        connection.close()

    clicks = [threading.Thread(target=click) for _ in range(2)]
    for one in clicks:
        one.start()
    for one in clicks:
        one.join(30)
    runner.stop(5)
    assert sorted(statuses) == [200, 500]
    assert alice.owned[:2] == (1000, 0)


def test_a_suspended_team_is_told(signed_in: Browser, alice: Caller, image: dict[str, Any]) -> None:
    alice.team.suspended_at = timezone.now()
    alice.team.save()
    answer = signed_in.post(image["urls"]["download"], **FULL)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "team_suspended")


def test_bad_words_are_refused(signed_in: Browser, alice: Caller, image: dict[str, Any]) -> None:
    for data in (
        {"size": "huge"},
        {"size": "full", "format": "exe"},
        {"settings": "{"},
        {"settings": '{"a": 1}'},
    ):
        assert signed_in.post(image["urls"]["download"], **data).status_code == 400
    assert spent(alice) == 0


def test_settings_count_in_what_is_downloaded(signed_in: Browser, image: dict[str, Any]) -> None:
    background = '"background": {"kind": "colour", "colour": "#0000ff"}'
    settings = f'{{{background}, "crop": {{"kind": "preset", "preset": "square"}}}}'
    answer = signed_in.post(image["urls"]["download"], **FULL, settings=settings)
    shown = pixels(answer.content)
    assert shown.shape[0] == shown.shape[1]
    assert tuple(shown[2, 2][:3]) == (0, 0, 255)
    Image.objects.update(settings={"background": {"kind": "colour", "colour": "#00ff00"}})
    stored = signed_in.get(image["urls"]["preview"])
    assert tuple(pixels(stored.content)[2, 2][:3]) == (0, 255, 0)


LOOKS = [
    {},
    {"background": {"kind": "colour", "colour": "#0000ff"}, "shadow": {"kind": "drop"}},
    {"crop": {"kind": "subject", "margin": "5%"}, "outline": {"width": 20}},
    {"crop": {"kind": "preset", "preset": "marketplace"}},
    {"crop": {"kind": "preset", "preset": "passport"}, "scale": "60%", "position": "center"},
]


@pytest.mark.parametrize("look", LOOKS)
def test_the_size_that_is_said_is_the_one_that_comes(
    signed_in: Browser, image: dict[str, Any], look: dict[str, Any]
) -> None:
    said = signed_in.client.get(f"{image['urls']['page']}size", {"settings": json.dumps(look)})
    assert said.status_code == 200
    Image.objects.update(settings=look)
    result = signed_in.json(image["urls"]["page"])["result"]
    assert result["is_plain"] == (look == {})
    page = signed_in.get(image["urls"]["page"]).content.decode()
    studio = signed_in.get(image["urls"]["studio"]).content.decode()
    shown = pixels(signed_in.post(image["urls"]["download"], **FULL).content)
    height, width = shown.shape[:2]
    assert said.json() == {"width": width, "height": height}
    assert (result["width"], result["height"]) == (width, height)
    assert f"Full size, {width} × {height} pixels" in page
    assert f">{width} × {height} pixels.<" in studio


def test_a_step_that_was_degraded_is_told_with_the_preview(signed_in: Browser) -> None:
    cut_below = np.full((400, 300, 3), 120, np.uint8)
    cut_below[100:, 100:200] = (220, 30, 30)
    file = io.BytesIO()
    PillowImage.fromarray(cut_below).save(file, "PNG")
    for photo, notes in ((file.getvalue(), "shadow_replaced"), (PHOTO, "")):
        address = signed_in.image(photo)["urls"]["preview"]
        for kind, told in (("3D", notes), ("drop", "")):
            asked = json.dumps({"shadow": {"kind": kind}})
            assert signed_in.client.get(address, {"settings": asked})["X-Notes"] == told


def test_a_size_is_asked_for_ones_own_finished_photos(
    visitor: Browser, signed_in: Browser, image: dict[str, Any]
) -> None:
    address = f"{image['urls']['page']}size"
    assert visitor.get(address).status_code == 404
    assert signed_in.client.get(address, {"settings": '{"crop": 1}'}, headers=JSON).status_code == 400
    waiting = signed_in.upload(PHOTO).json()["images"][0]
    assert waiting["result"] is None
    assert signed_in.client.get(f"{waiting['urls']['page']}size", headers=JSON).status_code == 409


def test_a_waiting_image_cannot_be_downloaded(signed_in: Browser, alice: Caller) -> None:
    waiting = signed_in.upload(PHOTO).json()["images"][0]
    for data in (FULL, {"size": "preview"}):
        assert signed_in.post(waiting["urls"]["download"], **data).status_code == 409
    images.delete(Image.objects.get())
    assert signed_in.post(waiting["urls"]["download"], **FULL).status_code == 410
    assert spent(alice) == 0


def test_one_photo_is_one_cut_out_whatever_is_taken_home(visitor: Browser, signed_in: Browser) -> None:
    def counted() -> float:
        return metrics.REGISTRY.get_sample_value("offcut_cut_outs_total", {"way": "website"}) or 0

    before = counted()
    visitor.image(PHOTO)
    assert counted() == before + 1, "a photo that nobody takes home was cut out all the same"
    image = signed_in.image(PHOTO)
    for kind in ("png", "zip"):
        assert signed_in.post(image["urls"]["download"], size="full", format=kind).status_code == 200
    assert counted() == before + 2


def test_signing_up_for_the_full_size_leads_back_to_the_photo(visitor: Browser) -> None:
    """Through the letterbox: the photo is the new team's, and the gift credit pays for it."""
    image = visitor.image(PHOTO)
    page, browser = image["urls"]["page"], visitor.client
    refused = visitor.client.post(image["urls"]["download"], FULL, headers=JSON)
    fields = {"email": "dora@example.org", "password1": "correct horse battery", "next": page}
    assert refused.json()["error"]["sign_up"] == f"/account/signup/?next={quote(page, safe='')}"
    browser.post(reverse("account_signup"), fields)
    link = re.search(r"https?://[^/\s]+(/\S+)", mail.outbox[0].body)
    assert link is not None
    browser.post(link[1])
    signed_in = {"login": "dora@example.org", "password": "correct horse battery"}
    answer = browser.post(reverse("account_login"), signed_in)
    assert answer["Location"] == page
    text = visitor.get(page).content.decode()
    assert "Download the full size" in text
    assert "Credits left: 1." in text
    assert visitor.post(image["urls"]["download"], **FULL).status_code == 200
    assert visitor.json(page)["is_paid"]
