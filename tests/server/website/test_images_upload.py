"""A photo comes, is cut out, and is looked at: by whoever brought it, and by nobody else."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from tests.server.api_caller import Caller
from tests.server.plain_runner import photo_bytes
from tests.server.website_people import JSON, Browser, feed, pixels

from offcut.server.removals import changes
from offcut.server.removals.models import Batch, Image

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


def test_a_photo_may_bring_its_look(visitor: Browser) -> None:
    image = visitor.image(PHOTO, settings='{"background":{"kind":"colour","colour":"#00ff00"}}')
    assert image["settings"] == {"background": {"kind": "colour", "colour": "#00ff00"}}
    preview = pixels(visitor.get(image["urls"]["preview"]).content)
    assert tuple(preview[5, 5][:3]) == (0, 255, 0)


@pytest.mark.parametrize("asked", ['{"colour":"red"}', "{", "[" * 9000])
def test_a_look_that_is_none_is_refused_before_anything_is_kept(visitor: Browser, asked: str) -> None:
    assert visitor.upload(PHOTO, settings=asked).status_code == 400
    assert not Image.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_whoever_waits_hears_at_once() -> None:
    """The answer comes with the change, long before the ten seconds are over: no second look is needed."""
    visitor = Browser()
    page = visitor.upload(PHOTO).json()["images"][0]["urls"]["page"]
    listening = threading.Event()
    begun = changes.listening

    @contextmanager
    def noted(image_id: UUID) -> Iterator[threading.Event]:
        with begun(image_id) as event:
            listening.set()
            yield event

    def work() -> None:
        listening.wait(20)
        feed()
        connection.close()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(changes, "listening", noted)
        worker = threading.Thread(target=work)
        worker.start()
        states = [visitor.json(page + "?wait=10")["state"]]
        while states[-1] not in ("done", "failed"):
            states.append(visitor.json(page + "?wait=10")["state"])
        worker.join(20)
    assert states[-1] == "done"
    assert len(states) <= 2
    assert visitor.json(page + "?wait=nonsense")["state"] == "done"


def test_an_upload_sent_twice_is_kept_once(visitor: Browser, signed_in: Browser) -> None:
    """A browser that got no answer sends the photo again, under the name that this upload had."""
    upload = "0b7f5a52-3c2e-4c58-9a3f-6f7c1d2e9b10"
    first = visitor.upload(PHOTO, batch="new", upload=upload).json()
    again = visitor.upload(PHOTO, batch="new", upload=upload).json()
    assert [again["images"][0]["id"], again["batch"]] == [first["images"][0]["id"], first["batch"]]
    assert first["images"][0]["upload"] == upload
    assert Image.objects.count() == Batch.objects.count() == 1
    # Nobody learns by it what others have sent, and nobody is kept from sending.
    other = signed_in.upload(PHOTO, upload=upload).json()["images"][0]
    assert (other["upload"], other["id"] == first["images"][0]["id"]) == (None, False)
    # A photo that was deleted may come again.
    visitor.post(first["images"][0]["urls"]["delete"])
    assert visitor.upload(PHOTO, upload=upload).json()["images"][0]["state"] == "waiting"
    assert visitor.upload(PHOTO, upload="one").json()["error"]["code"] == "invalid_upload"
