"""A photo comes, is cut out, and is looked at: by whoever brought it, and by nobody else."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from tests.server.api_caller import Caller
from tests.server.plain_runner import photo_bytes
from tests.server.website_people import JSON, Browser, feed, pixels

from offcut.server.removals.models import Image

PHOTO = photo_bytes(600, 400)


def test_a_visitor_gets_the_cut_out(visitor: Browser) -> None:
    answer = visitor.upload(PHOTO, name="C:\\photos\\my dog.jpg")
    assert answer.status_code == 201
    assert answer.json()["batch"] is None
    (image,) = answer.json()["images"]
    assert (image["state"], image["name"]) == ("waiting", "my dog.jpg")
    assert visitor.get(image["urls"]["matte"]).status_code == 409
    assert feed() == 1
    image = visitor.json(image["urls"]["page"])
    assert (image["state"], image["subject"], image["error"]) == ("done", "person", None)
    assert (image["width"], image["height"]) == (600, 400)
    matte = pixels(visitor.get(image["urls"]["matte"]).content)
    assert matte.shape == (400, 600)
    assert (matte[200, 300], matte[10, 10]) == (255, 0)
    for name in ("original", "colours"):
        picture = visitor.get(image["urls"][name])
        assert picture["Content-Type"] == "image/jpeg"
        assert pixels(picture.content).shape == (400, 600, 3)


def test_the_screen_gets_small_copies(visitor: Browser) -> None:
    image = visitor.image(photo_bytes(2400, 1200))
    assert image["screen"] == {"width": 1600, "height": 800}
    for name in ("original", "colours", "matte"):
        assert pixels(visitor.get(image["urls"][name]).content).shape[:2] == (800, 1600)


@pytest.mark.parametrize("name", ["page", "original", "colours", "matte"])
def test_nobody_else_sees_it(visitor: Browser, signed_in: Browser, name: str) -> None:
    image = visitor.image(PHOTO)
    for stranger in (Browser(), signed_in):
        assert stranger.get(image["urls"][name]).status_code == 404
    stranger = Browser()
    stranger.image(PHOTO)
    assert stranger.get(image["urls"][name]).status_code == 404


@pytest.mark.parametrize("name", ["delete", "retry"])
def test_nobody_else_touches_it(visitor: Browser, signed_in: Browser, name: str) -> None:
    image = visitor.image(PHOTO)
    assert signed_in.post(image["urls"][name]).status_code == 404
    assert visitor.json(image["urls"]["page"])["state"] == "done"


def test_at_sign_in_it_becomes_the_teams(visitor: Browser, alice: Caller) -> None:
    image = visitor.image(PHOTO)
    visitor.client.force_login(alice.person)
    assert visitor.json(image["urls"]["page"])["id"] == image["id"]
    assert Image.objects.get().team_id == alice.team.pk
    colleague = Browser(Client())
    colleague.client.force_login(alice.person)
    assert colleague.get(image["urls"]["matte"]).status_code == 200


def test_the_browser_asks_before_it_shows_its_copy(visitor: Browser) -> None:
    image = visitor.image(PHOTO)
    first = visitor.get(image["urls"]["matte"])
    assert first["Cache-Control"] == "private, no-cache"
    again = visitor.client.get(image["urls"]["matte"], headers={"if-none-match": first["ETag"]})
    assert again.status_code == 304


def test_deleted_is_deleted(visitor: Browser, image_folder: Path) -> None:
    image = visitor.image(PHOTO)
    assert [path for path in image_folder.rglob("*") if path.is_file()]
    assert visitor.post(image["urls"]["delete"]).status_code == 204
    assert not [path for path in image_folder.rglob("*") if path.is_file()]
    page = visitor.get(image["urls"]["page"])
    assert page.status_code == 410
    assert "deleted" in page.content.decode()
    answer = visitor.client.get(image["urls"]["page"], headers=JSON)
    assert answer.json()["error"]["code"] == "image_deleted"


def test_looking_around_sets_no_session(client: Client, db: None) -> None:
    client.get(reverse("images:image", args=["0" * 8 + "-0000-4000-8000-" + "0" * 12]))
    assert "offcut-session" not in client.cookies
