"""Many photos at once: one after the other, one set of settings, one ZIP; each is paid once."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone
from tests.server.api_caller import Caller
from tests.server.plain_runner import GRAY, photo_bytes
from tests.server.website_people import JSON, Browser, feed, pixels

from offcut.server.removals.models import Image

PHOTOS = [photo_bytes(120 + index, 80) for index in range(3)]
EMPTY = photo_bytes(130, 80, color=GRAY)
BLUE = {"background": {"kind": "colour", "colour": "#0000ff"}}


@pytest.fixture
def batch(signed_in: Browser) -> dict[str, Any]:
    """Three photos and one with nothing in it, cut out."""
    answer = signed_in.upload(*PHOTOS, EMPTY)
    assert answer.status_code == 201
    feed()
    return signed_in.json(answer.json()["batch"]["urls"]["page"])


def files_in(answer: Any) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content))) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def test_a_batch_tells_how_far_it_is(visitor: Browser) -> None:
    answer = visitor.upload(*PHOTOS, EMPTY).json()
    address = answer["batch"]["urls"]["page"]
    before = visitor.json(address)
    assert (before["done"], before["failed"], before["total"], before["price_of_all"]) == (0, 0, 4, 4)
    assert before["seconds_left"] > 0
    feed()
    after = visitor.json(address)
    assert (after["done"], after["failed"], after["total"], after["price"]) == (3, 1, 4, 3)
    assert after["seconds_left"] is None
    assert [image["state"] for image in after["images"]] == ["done", "done", "done", "failed"]
    assert after["images"][3]["error"]["code"] == "no_foreground"
    assert Browser().get(address).status_code == 404


def test_photos_join_a_batch_one_by_one(visitor: Browser) -> None:
    first = visitor.upload(PHOTOS[0], batch="new").json()
    number = first["batch"]["id"]
    visitor.client.put(first["batch"]["urls"]["settings"], json.dumps(BLUE), content_type="application/json")
    second = visitor.upload(PHOTOS[1], batch=number).json()
    assert second["batch"]["id"] == number
    # Whoever comes later gets the settings too.
    assert second["images"][0]["settings"] == BLUE
    assert visitor.json(first["batch"]["urls"]["page"])["total"] == 2
    stranger = Browser()
    stranger.image(PHOTOS[0])
    assert stranger.upload(PHOTOS[0], batch=number).status_code == 404
    assert stranger.upload(PHOTOS[0], batch="no number").status_code == 404


def test_a_bad_file_among_good_ones_is_named(visitor: Browser) -> None:
    answer = visitor.upload(PHOTOS[0], b"no photo at all", PHOTOS[1]).json()
    assert len(answer["images"]) == 2
    assert [one["error"]["code"] for one in answer["refused"]] == ["not_an_image"]


def test_the_zip_charges_each_image_once(signed_in: Browser, alice: Caller, batch: dict[str, Any]) -> None:
    first = batch["images"][0]
    assert signed_in.post(first["urls"]["download"], size="full").status_code == 200
    assert alice.balance.total == 1000
    assert signed_in.json(batch["urls"]["page"])["price"] == 2
    for _ in range(2):
        answer = signed_in.post(batch["urls"]["zip"], size="full", format="png")
        assert answer["Content-Type"] == "application/zip"
        shown = files_in(answer)
        assert sorted(shown) == ["dog-cut-out-2.png", "dog-cut-out-3.png", "dog-cut-out.png"]
        assert pixels(shown["dog-cut-out.png"]).shape == (80, 120, 4)
        assert alice.owned[:2] == (800, 0)


def test_previews_as_a_zip_are_free_for_visitors(visitor: Browser) -> None:
    answer = visitor.upload(*PHOTOS).json()
    feed()
    shown = files_in(visitor.post(answer["batch"]["urls"]["page"] + "zip", size="preview", format="jpg"))
    assert len(shown) == 3
    assert visitor.post(answer["batch"]["urls"]["page"] + "zip", size="full").status_code == 403


def test_too_few_credits_are_told_before_the_first_byte(signed_in: Browser, batch: dict[str, Any]) -> None:
    poor = Caller.make("bob")
    poor_browser = Browser()
    poor_browser.client.force_login(poor.person)
    poor_batch = poor_browser.upload(*PHOTOS).json()["batch"]
    feed()
    answer = poor_browser.post(poor_batch["urls"]["page"] + "zip", size="full")
    assert (answer.status_code, answer.json()["error"]["code"]) == (402, "insufficient_credits")
    assert poor.balance.total == 100


def test_one_that_fails_on_the_way_costs_nothing(
    signed_in: Browser, alice: Caller, batch: dict[str, Any]
) -> None:
    from offcut.server.removals import files

    broken = Image.objects.get(pk=batch["images"][1]["id"])
    files.remove(broken.original_file)
    shown = files_in(signed_in.post(batch["urls"]["zip"], size="full"))
    assert sorted(shown) == ["dog-cut-out-2.png", "dog-cut-out.png", "errors.txt"]
    assert b"dog.jpg" in shown["errors.txt"]
    assert alice.owned[:2] == (900, 0)


def test_whoever_hangs_up_pays_only_for_what_came(
    signed_in: Browser, alice: Caller, batch: dict[str, Any]
) -> None:
    looks: list[int] = []
    answer = signed_in.post(batch["urls"]["zip"], size="full")
    # The server tells that the browser has gone after the first of three.
    answer.wsgi_request.is_gone = lambda: bool(looks.append(1)) or len(looks) > 1
    assert b"".join(answer.streaming_content)
    assert alice.owned[:2] == (1000, 0)
    assert Image.objects.exclude(paid_at=None).count() == 1


def test_settings_for_all(signed_in: Browser, batch: dict[str, Any]) -> None:
    answer = signed_in.client.put(
        batch["urls"]["settings"], json.dumps(BLUE), content_type="application/json", headers=JSON
    )
    assert answer.status_code == 200
    for content in files_in(signed_in.post(batch["urls"]["zip"], size="preview")).values():
        assert tuple(pixels(content)[1, 1][:3]) == (0, 0, 255)
    bad = signed_in.client.put(batch["urls"]["settings"], '{"x": 1}', content_type="application/json")
    assert bad.status_code == 400
    assert Image.objects.first().settings == BLUE


def test_retry_and_delete_all(signed_in: Browser, batch: dict[str, Any]) -> None:
    assert signed_in.post(batch["urls"]["retry"]).json()["failed"] == 0
    feed()
    assert signed_in.post(batch["urls"]["delete"]).status_code == 204
    assert signed_in.json(reverse("images:history"))["images"] == []
    assert signed_in.json(batch["urls"]["page"])["total"] == 0


SCENE = {"background": {"kind": "scene", "scene": "wood"}, "shadow": {"kind": "drop", "opacity": 30}}


def test_a_part_of_the_settings_is_changed_for_all_and_the_rest_stays(
    signed_in: Browser, batch: dict[str, Any]
) -> None:
    def patch(address: str, changes: Any) -> Any:
        return signed_in.client.patch(address, json.dumps(changes), "application/json", headers=JSON)

    address = batch["urls"]["settings"]
    signed_in.client.put(address, json.dumps(SCENE), content_type="application/json")
    alone = batch["images"][1]
    own = {"background": {"kind": "blur", "blur": 10}, "crop": {"kind": "subject"}}
    studio = reverse("studio:settings", args=[alone["id"]])
    assert signed_in.client.put(studio, json.dumps(own), content_type="application/json").status_code == 204

    answer = patch(address, {"shadow": {"kind": "car"}}).json()
    assert answer["settings"] == SCENE | {"shadow": {"kind": "car", "opacity": 30}}
    of_photos = [image["settings"] for image in answer["images"]]
    assert of_photos[0] == answer["settings"]
    assert of_photos[1] == own | {"shadow": {"kind": "car"}}

    patch(address, {"crop": {"kind": "preset", "preset": "marketplace"}})
    gone = patch(address, {"crop": None, "shadow": {"opacity": None}}).json()
    assert gone["settings"] == SCENE | {"shadow": {"kind": "car"}}
    for wrong in ({"crop": {"kind": "round"}}, {"x": 1}, []):
        assert patch(address, wrong).status_code == 400
    assert signed_in.json(batch["urls"]["page"])["settings"] == gone["settings"]


def test_a_new_batch_keeps_the_look_it_was_opened_for(visitor: Browser) -> None:
    first = visitor.upload(PHOTOS[0], batch="new", settings=json.dumps(SCENE)).json()
    assert visitor.json(first["batch"]["urls"]["page"])["settings"] == SCENE
    assert visitor.upload(PHOTOS[1], batch=first["batch"]["id"]).json()["images"][0]["settings"] == SCENE
    assert visitor.json(visitor.upload(*PHOTOS).json()["batch"]["urls"]["page"])["settings"] is None


def test_a_photo_on_its_way_gets_the_settings_that_count_when_it_arrives(visitor: Browser) -> None:
    from offcut.server.removals import images

    first = visitor.upload(PHOTOS[0], batch="new").json()
    image = Image.objects.select_related("batch").get(pk=first["images"][0]["id"])
    assert image.batch is not None
    visitor.client.put(first["batch"]["urls"]["settings"], json.dumps(BLUE), content_type="application/json")
    # `image.batch` was read before that, as by a request whose photo was still being sent.
    assert images.receive(images.owner_of(image), PHOTOS[1], batch=image.batch).settings == BLUE


def test_what_is_short_is_said_in_numbers(signed_in: Browser) -> None:
    bob = Caller.make("bob", credit_count=1)
    browser = Browser()
    browser.client.force_login(bob.person)
    urls = browser.upload(*PHOTOS).json()["batch"]["urls"]
    feed()
    assert browser.json(urls["page"])["balance"] == 2
    words = "This needs 3 credits, and you have 2."
    assert browser.post(urls["zip"], size="full").json()["error"]["message"] == words
    page = browser.get(urls["page"]).content.decode()
    plain = page[page.index('id="downloads"') : page.index('id="more"')]
    assert words in plain
    assert reverse("dashboard:plan") in plain
    assert 'value="full"' not in plain


def test_credits_that_go_elsewhere_during_a_zip_are_told_of_in_it(
    signed_in: Browser, alice: Caller, batch: dict[str, Any]
) -> None:
    from offcut.server.credits import ledger

    answer = signed_in.post(batch["urls"]["zip"], size="full")
    # Before the first photo is made, most of the eleven credits go to something else.
    ledger.hold(alice.team.pk, "elsewhere", 950, content_hash="x", now=timezone.now())
    shown = files_in(answer)
    assert len(shown) == 2
    assert (
        shown["errors.txt"].decode().splitlines() == ["dog.jpg: This needs 1 credit, and you have 0.5."] * 2
    )
    assert Image.objects.exclude(paid_at=None).count() == 1
    assert signed_in.json(batch["urls"]["page"])["price"] == 2
