"""The front page, its manifest and its service worker, as the server writes them."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.test import Client
from django.urls import reverse
from django.utils import translation
from PIL import Image

HOME = Path("src/offcut/server/website/home")
MODULES = sorted((HOME / "static/home").glob("*.js"))
LANGUAGES = ("en", "es", "de", "fr")

pytestmark = pytest.mark.django_db


def words_of(page: str, name: str) -> dict[str, object]:
    """What a page gives to its scripts under this id."""
    found = re.search(rf'<script id="{name}" type="application/json">(.*?)</script>', page, re.DOTALL)
    assert found, name
    return json.loads(found[1])


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_front_page_is_the_root_of_each_language(client: Client, language: str) -> None:
    page = client.get(f"/{language}/")
    assert page.status_code == 200
    text = page.content.decode()
    assert f'<html lang="{language}">' in text
    for name in ("og:title", "og:description", "og:image", "og:url"):
        assert re.search(rf'<meta property="{name}" content="[^"]+">', text), name
    assert re.search(r'property="og:image" content="http://testserver/static/home/card', text)
    assert text.count("<h1") == 3  # the front page's, and those of the two hidden views
    assert "style=" not in text


def test_a_visitor_gets_no_session_from_looking(client: Client) -> None:
    page = client.get("/en/")
    assert set(page.cookies) == {"offcut-csrf"}


def test_every_word_that_a_script_asks_for_is_given(client: Client) -> None:
    given = set(words_of(client.get("/en/").content.decode(), "batch-words"))
    asked = set()
    for module in MODULES:
        asked |= set(re.findall(r"\bwords\.(?!js\b)([a-z_]+)\b", module.read_text(encoding="utf-8")))
    assert len(asked) > 40
    assert asked <= given, asked - given


def test_no_module_says_a_word_of_its_own() -> None:
    """A sentence in a script could not be translated."""
    sentence = re.compile(r"""["'`][A-Z][a-z]+ [a-z]+ [^"'`]*["'`]""")
    for module in MODULES:
        assert not sentence.findall(module.read_text(encoding="utf-8")), module.name


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_manifest_is_whole(client: Client, language: str) -> None:
    answer = client.get(f"/{language}/manifest.webmanifest")
    assert answer["Content-Type"] == "application/manifest+json"
    manifest = answer.json()
    assert manifest["lang"] == language
    assert manifest["start_url"] == f"/{language}/"
    assert manifest["start_url"].startswith(manifest["scope"])
    purposes = set()
    for icon in manifest["icons"]:
        path = finders.find(icon["src"].removeprefix("/static/"))
        assert path, icon["src"]
        purposes.add(icon["purpose"])
        if icon["type"] == "image/png":
            with Image.open(path) as picture:
                assert f"{picture.width}x{picture.height}" == icon["sizes"]
                assert picture.mode == "RGBA"
                corner = picture.getpixel((0, 0))
                assert (corner[3] == 255) is (icon["purpose"] == "maskable")
    assert purposes == {"any", "maskable"}
    assert manifest["share_target"]["action"] == reverse("home_root:share")
    assert manifest["share_target"]["params"]["files"][0]["name"] == "photo"
    assert manifest["file_handlers"][0]["action"] == manifest["start_url"]


def test_the_worker_lies_at_the_root_and_names_what_is_there(client: Client) -> None:
    answer = client.get("/sw.js")
    assert answer["Content-Type"].startswith("text/javascript")
    assert "no-cache" in answer["Cache-Control"]
    given = json.loads(answer.content.decode().partition("self.OFFCUT = ")[2].partition(";\n")[0])
    assert set(given["pages"]) == set(LANGUAGES)
    for address in [given["pages"]["de"]["offline"], given["pages"]["de"]["home"]]:
        assert client.get(address).status_code == 200
    for address in given["kept"]:
        assert finders.find(address.removeprefix("/static/")), address


def test_the_offline_page_is_nobodys(client: Client, django_user_model: type) -> None:
    person = django_user_model.objects.create_user("alice@example.org", "a long enough password")
    client.force_login(person)
    text = client.get("/en/offline/").content.decode()
    assert "alice" not in text
    assert "csrfmiddlewaretoken" not in text
    assert "Sign out" not in text


def test_a_share_that_reaches_the_server_is_not_used(client: Client) -> None:
    from offcut.server.removals.models import Image as Row

    answer = Client(enforce_csrf_checks=True).post("/share", {"title": "x"})
    assert (answer.status_code, answer["Location"]) == (303, "/en/?shared=lost")
    assert Row.objects.count() == 0
    assert "did not arrive" in client.get(answer["Location"]).content.decode()


def test_a_sample_becomes_an_image_of_the_visitor(client: Client) -> None:
    from offcut.server.removals.models import Image as Row

    answer = client.post("/en/samples/mug/")
    row = Row.objects.get()
    assert answer["Location"] == reverse("images:image", kwargs={"image_id": row.pk})
    assert (row.name, row.width, row.height) == ("mug.jpg", 1200, 900)
    assert row.visitor == client.session["visitor"]
    assert client.post("/en/samples/cat/").status_code == 404
    assert Client(enforce_csrf_checks=True).post("/en/samples/mug/").status_code == 403


def test_modules_are_sound() -> None:
    worker = HOME / "worker/sw.js"
    assert len(MODULES) >= 10
    for module in [*MODULES, worker]:
        kind = [] if module == worker else ["--input-type=module"]
        checked = subprocess.run(
            ["node", *kind, "--check", *([str(module)] if not kind else ["-"])],
            input=module.read_text(encoding="utf-8"),
            capture_output=True,
            text=True,
            check=False,
        )
        assert checked.returncode == 0, f"{module.name}: {checked.stderr}"


def test_words_have_both_forms_in_every_language() -> None:
    from offcut.server.website.home.words import batch_words, result_words

    for language in LANGUAGES:
        with translation.override(language):
            for words in (result_words(), batch_words()):
                for name, word in words.items():
                    if isinstance(word, dict):
                        assert set(word) == {"one", "other"}, name
                        assert all("{n}" in form for form in word.values()), name


def test_a_preset_is_said_and_goes_with_the_upload(client: Client) -> None:
    page = client.get(reverse("home:home"), {"preset": "passport"}).content.decode()
    plain = client.get(reverse("home:home"), {"preset": "no such"}).content.decode()
    assert 'name="settings"' in page
    assert "passport" in page
    assert 'name="settings"' not in plain
