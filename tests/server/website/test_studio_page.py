"""The studio's page as the server makes it, and the settings it keeps."""

from __future__ import annotations

import json
import re
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse
from tests.server.plain_runner import photo_bytes
from tests.server.website_people import JSON, Browser, feed, pixels

from offcut.engine.styling import SCENES
from offcut.server.removals import look
from offcut.server.removals.models import Image
from offcut.server.website.studio import choices, words

PHOTO = photo_bytes(600, 400)


def open_studio(browser: Browser, image_id: str) -> str:
    answer = browser.get(reverse("studio:studio", args=(image_id,)))
    assert answer.status_code == 200
    return answer.content.decode()


def data_of(page: str) -> Any:
    return json.loads(re.findall(r'<script id="studio-data" type="application/json">(.*?)</script>', page)[0])


def put(browser: Browser, image_id: str, settings: Any) -> Any:
    body = settings if isinstance(settings, bytes) else json.dumps(settings).encode()
    address = reverse("studio:settings", args=(image_id,))
    return browser.client.put(address, body, "application/json", headers=JSON)


def test_the_page_has_all_addresses_and_nothing_inline(visitor: Browser) -> None:
    image = visitor.image(PHOTO)
    page = open_studio(visitor, image["id"])
    data = data_of(page)
    assert data["image"]["screen"] == image["screen"]
    named = {name for name, address in data["urls"].items() if address}
    assert named >= {"strokes", "rewind", "settings", "background", "original", "colours", "preview"}
    assert " style=" not in page
    assert not re.findall(r"<script(?![^>]*(application/json|src=))", page)
    assert reverse("studio:studio", args=(image["id"],)) == image["urls"]["studio"]


def test_settings_are_kept_and_come_back_with_the_page(visitor: Browser) -> None:
    image = visitor.image(PHOTO)
    asked = {
        "background": {"kind": "gradient", "colours": ["#ffffff", "#102030"], "angle": 90},
        "shadow": {"kind": "drop", "opacity": 40},
        "crop": {"kind": "preset", "preset": "story", "margin": "10%"},
        "outline": {"width": 6, "colour": "#ff0000"},
    }
    assert put(visitor, image["id"], asked).status_code == 204
    assert data_of(open_studio(visitor, image["id"]))["image"]["settings"] == asked
    preview = pixels(visitor.get(image["urls"]["preview"]).content)
    assert preview.shape[0] / preview.shape[1] == pytest.approx(16 / 9, rel=0.02)


@pytest.mark.parametrize(
    "asked",
    [
        b"{",
        b"[]",
        {"background": {"kind": "explosion"}},
        {"background": {"kind": "colour", "colour": "red; }"}},
        {"shadow": {"kind": "drop", "opacity": 1e9}},
        {"unknown": 1},
    ],
)
def test_settings_that_mean_nothing_are_refused(visitor: Browser, asked: Any) -> None:
    image = visitor.image(PHOTO)
    answer = put(visitor, image["id"], asked)
    assert answer.status_code == 400
    assert answer.json()["error"]["message"]
    assert Image.objects.get(pk=image["id"]).settings is None


def test_everything_that_can_be_chosen_is_understood() -> None:
    """Each choice of the panels is one that the look of a cut-out knows."""
    for kind, _ in choices.backgrounds():
        if kind != "photo":
            look.read({"background": {"kind": kind}})
    for colour, _ in choices.swatches():
        look.read({"background": {"kind": "colour", "colour": colour}})
    for first, second, _ in choices.gradients():
        look.read({"background": {"kind": "gradient", "colours": [first, second], "angle": 180}})
    for kind, _ in choices.shadows():
        look.read({"shadow": {"kind": kind, "opacity": 50}})
    for name, _ in choices.canvases():
        crop = {"kind": name} if name in look.CROP_KINDS else {"kind": "preset", "preset": name}
        look.read({"crop": {**crop, "margin": "10%"}})
    for place, _ in choices.places()[1:]:
        look.read({"position": place, "scale": "80%"})
    for settings, _ in choices.plain_backgrounds():
        look.read(json.loads(settings))
    assert {name for name, _ in choices.scenes()} == set(SCENES)
    assert {name for name, _ in choices.canvases()} >= set(look.PRESETS)


def test_scenes_are_drawn_at_the_size_asked_for(visitor: Browser) -> None:
    answer = visitor.get(reverse("studio:scene", args=("wood", 192, 144)))
    assert pixels(answer.content).shape == (144, 192, 3)
    for name, width, height in (("nowhere", 100, 100), ("wood", 0, 100), ("wood", 1281, 100)):
        assert visitor.get(reverse("studio:scene", args=(name, width, height))).status_code == 404


def test_a_photo_that_is_not_done_has_no_studio_yet(visitor: Browser) -> None:
    image_id = visitor.upload(PHOTO).json()["images"][0]["id"]
    answer = visitor.get(reverse("studio:studio", args=(image_id,)))
    assert answer.status_code == 302
    assert answer["Location"] == reverse("images:image", args=(image_id,))
    feed()
    open_studio(visitor, image_id)


def test_without_scripts_a_background_and_the_file_can_be_had(visitor: Browser) -> None:
    image = visitor.image(PHOTO)
    page = open_studio(visitor, image["id"])
    plain = page[page.index('<div class="unscripted">') : page.index('<div id="studio"')]
    address = unescape(re.findall(r'<form action="([^"]+)" method="post"', plain)[0])
    white = next(value for value, title in choices.plain_backgrounds() if title == "White")
    assert white in unescape(plain)
    answer = visitor.client.post(address, {"settings": white, "format": "jpg", "size": "preview"})
    assert answer.status_code == 200
    assert tuple(pixels(answer.content)[0, 0]) == (255, 255, 255)


def test_the_photos_of_a_batch_are_side_by_side(visitor: Browser) -> None:
    images = visitor.upload(PHOTO, PHOTO, batch="new").json()["images"]
    feed()
    page = open_studio(visitor, images[0]["id"])
    for image in images:
        assert f'href="{image["urls"]["studio"]}"' in page
    assert 'id="apply-all"' in page
    assert data_of(page)["urls"]["batch_settings"]


def test_every_word_of_the_scripts_is_there(visitor: Browser) -> None:
    """A script that asks for a word which nobody wrote would show the word's name."""
    import offcut.server.website.studio as app

    asked = set()
    for script in (Path(app.__path__[0]) / "static" / "studio").glob("*.js"):
        text = script.read_text(encoding="utf-8")
        asked |= set(re.findall(r'\bword\("(\w+)"', text))
        asked |= {name for pair in re.findall(r'\bword\([^()]*\? "(\w+)" : "(\w+)"', text) for name in pair}
    asked |= {f"hint_{mode}_{tool}" for mode in ("magic", "manual") for tool in ("erase", "restore")}
    known = set(words.script_words())
    assert asked
    assert asked <= known, asked - known
