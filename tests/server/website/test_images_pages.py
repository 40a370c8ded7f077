"""The pages as they are without any script, and what they say when something is wrong."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import Client
from django.urls import reverse
from django.utils.translation import override
from tests.engine import photos
from tests.server.api_caller import Caller
from tests.server.plain_runner import GRAY, photo_bytes
from tests.server.test_safety import assert_needs_no_more
from tests.server.website_people import Browser, feed, pixels

from offcut import errors
from offcut.engine.options import OPTION_CODES
from offcut.errors import OffcutError
from offcut.server.removals import addresses
from offcut.server.removals.models import Image, Submission
from offcut.server.website.images import refusals
from offcut.server.website.images.words import NOT_READY_CODES, WORDS, said

PHOTO = photo_bytes(600, 400)


def page_of(browser: Browser, address: str, status: int = 200) -> str:
    answer = browser.get(address)
    assert answer.status_code == status
    page = answer.content.decode()
    assert_needs_no_more(page)
    return page


def action(page: str, ending: str) -> str:
    """The address of the form or link whose address ends so."""
    (found, *_) = re.findall(rf'(?:action|href|src)="([^"]*{ending}[^"]*)"', page)
    return unescape(found)


def test_upload_to_download_without_scripts(visitor: Browser) -> None:
    import io

    file = io.BytesIO(PHOTO)
    file.name = "dog.jpg"
    sent = visitor.client.post(reverse("images:upload"), {"photo": file})
    assert sent.status_code == 302
    waiting = page_of(visitor, sent["Location"])
    assert '<meta http-equiv="refresh"' in waiting
    feed()
    page = page_of(visitor, sent["Location"])
    assert 'http-equiv="refresh"' not in page
    assert pixels(visitor.get(action(page, "/preview")).content).shape[2] == 4
    download = visitor.client.get(action(page, "/download"), {"size": "preview", "format": "png"})
    assert pixels(download.content).shape[2] == 4
    assert f"next={sent['Location']}" in page
    assert visitor.client.post(action(page, "/delete")).status_code == 302
    gone = page_of(visitor, sent["Location"], 410)
    assert "it was deleted" in gone


def test_the_full_size_without_scripts(signed_in: Browser, alice: Caller) -> None:
    image = signed_in.image(PHOTO)
    page = page_of(signed_in, image["urls"]["page"])
    assert "costs 1 credit, once" in page
    assert "Credits left: 11" in page
    answer = signed_in.client.post(action(page, "/download"), {"size": "full", "format": "jpg"})
    assert pixels(answer.content).shape == (400, 600, 3)
    assert "free for as long as this image is kept" in page_of(signed_in, image["urls"]["page"])


def test_several_photos_without_scripts(signed_in: Browser) -> None:
    import io

    files = [io.BytesIO(PHOTO), io.BytesIO(photo_bytes(500, 400, color=GRAY))]
    sent = signed_in.client.post(reverse("images:upload"), {"photo": files})
    address = sent["Location"]
    assert "0 of 2 are done" in page_of(signed_in, address)
    feed()
    page = page_of(signed_in, address)
    assert "1 of 2 are done" in page
    assert "Nothing in this photo stands out" in page
    assert "This costs 1 credit now." in page
    answer = signed_in.client.post(action(page, "/zip"), {"size": "full", "format": "png"})
    assert answer["Content-Type"] == "application/zip"
    assert signed_in.client.post(action(page, "/retry")).status_code == 302


def test_the_history_shows_what_is_kept(visitor: Browser, signed_in: Browser) -> None:
    assert "Nothing is kept here" in page_of(visitor, reverse("images:history"))
    image = visitor.image(PHOTO, name="mine.jpg")
    assert "mine.jpg" in page_of(visitor, reverse("images:history"))
    assert [one["id"] for one in visitor.json(reverse("images:history"))["images"]] == [image["id"]]
    assert "mine.jpg" not in page_of(signed_in, reverse("images:history"))
    visitor.client.force_login(Caller.make("carol").person)
    assert "mine.jpg" in page_of(visitor, reverse("images:history"))


@pytest.fixture
def given_folder(tmp_path: Path, settings: Any) -> Path:
    """Where photos lie that were given to improve the networks."""
    options = {"location": tmp_path / "given", "base_url": None}
    backend = "django.core.files.storage.FileSystemStorage"
    settings.STORAGES = {**settings.STORAGES, "improvement": {"BACKEND": backend, "OPTIONS": options}}
    return tmp_path / "given"


def test_opinions(signed_in: Browser, alice: Caller, given_folder: Path) -> None:
    image = signed_in.image(PHOTO, name="dog.jpg")
    page = page_of(signed_in, image["urls"]["page"])
    assert signed_in.client.post(action(page, "/rating"), {"rating": "bad"}).status_code == 302
    asked = page_of(signed_in, image["urls"]["page"])
    assert "Nothing is kept without your yes" in asked
    assert not Submission.objects.exists()
    assert signed_in.post(image["urls"]["contribution"], choice="no").json()["is_contributed"] is False
    assert not Submission.objects.exists()
    assert signed_in.post(image["urls"]["contribution"], choice="maybe").status_code == 400
    for _ in range(2):
        given = signed_in.post(image["urls"]["contribution"], choice="yes", remember="1")
        assert given.json()["is_contributed"] is True
    assert Submission.objects.get().team == alice.team
    another = signed_in.image(PHOTO)
    assert signed_in.post(another["urls"]["rating"], rating="good").json()["is_contributed"] is False
    # Remembered: the next one that is not good is given without asking again.
    assert signed_in.post(another["urls"]["rating"], rating="bad").json()["is_contributed"] is True
    assert Submission.objects.count() == 2


def test_the_choice_is_remembered_with_the_account(
    signed_in: Browser, alice: Caller, given_folder: Path
) -> None:
    image = signed_in.image(PHOTO)
    signed_in.post(image["urls"]["contribution"], choice="yes", remember="1")
    signed_in.client.logout()
    signed_in.client.force_login(alice.person)
    another = signed_in.image(PHOTO)
    assert signed_in.post(another["urls"]["rating"], rating="bad").json()["is_contributed"] is True
    # Taken back under the result; what was given before stays given.
    assert signed_in.post(another["urls"]["contribution"], choice="no").json()["is_contributed"] is False
    assert Submission.objects.count() == len(list(given_folder.rglob("*.*"))) == 1
    # Taken back in the account, the photo's page knows it.
    Submission.objects.get().delete()
    assert not Image.objects.get(pk=image["id"]).is_contributed


def test_a_visitor_gives_takes_back_and_finds_it_in_a_later_account(
    visitor: Browser, given_folder: Path
) -> None:
    first, second, third = (visitor.image(PHOTO) for _ in range(3))
    assert visitor.post(first["urls"]["rating"], rating="bad").json()["rating"] == "bad"
    asked = page_of(visitor, first["urls"]["page"])
    assert "Nothing is kept without your yes" in asked
    assert "as long as this page is kept" in asked
    assert not Submission.objects.exists()
    visitor.post(first["urls"]["contribution"], choice="yes", remember="1")
    assert "Take back" in page_of(visitor, first["urls"]["page"])
    assert visitor.post(second["urls"]["rating"], rating="bad").json()["is_contributed"] is True
    assert visitor.post(second["urls"]["contribution"], choice="no").json()["is_contributed"] is False
    assert Submission.objects.get().visitor
    carol = Caller.make("carol")
    visitor.client.force_login(carol.person)
    assert visitor.json(first["urls"]["page"])["id"] == first["id"]
    given = Submission.objects.get()
    assert (given.team, given.visitor) == (carol.team, "")
    # What a visitor said for this visit does not bind the account.
    assert visitor.post(third["urls"]["rating"], rating="bad").json()["is_contributed"] is False


HOSTILE = {
    "empty": (b"", "empty_photo", 400),
    "text": (b"just some words", "not_an_image", 400),
    "bomb": (photos.twenty_gigapixel_png(), "gigapixel_photo", 400),
    "cut off": (PHOTO[:300], "truncated_image", 400),
    "svg": (b'<svg xmlns="http://www.w3.org/2000/svg"></svg>', "unsupported_photo", 400),
    "too small": (photo_bytes(4, 4), "photo_too_small", 400),
    "too large": (b"\xff\xd8\xff" + bytes(23 * 1024 * 1024), "file_too_large", 413),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_leave_nothing(visitor: Browser, image_folder: Path, name: str) -> None:
    content, code, status = HOSTILE[name]
    answer = visitor.upload(content)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert not Image.objects.exists()
    assert not image_folder.exists() or not [path for path in image_folder.rglob("*") if path.is_file()]
    page = visitor.client.post(reverse("images:upload"), {"photo": ""})
    assert page.status_code == 400


def test_inner_addresses_are_not_fetched(visitor: Browser) -> None:
    for address in ("http://127.0.0.1/x.jpg", "http://169.254.169.254/", "file:///etc/passwd"):
        answer = visitor.upload(url=address)
        assert answer.status_code == 400
        assert answer.json()["error"]["code"].startswith("address_")


def test_fetches_at_once_are_bounded(visitor: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    turns = addresses.FetchTurns(at_once=1, wait_s_max=0)
    monkeypatch.setattr(addresses, "_turns", turns)
    with turns.turn(0):
        answer = visitor.upload(url="http://photos.example.org/x.jpg")
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "queue_full")
    assert int(answer["Retry-After"]) >= 1


def test_a_stranger_cannot_fill_the_disk(visitor: Browser, signed_in: Browser, settings: Any) -> None:
    settings.VISITOR_IMAGES = 2
    for _ in range(2):
        assert visitor.upload(PHOTO).status_code == 201
    answer = visitor.upload(PHOTO)
    assert (answer.status_code, answer.json()["error"]["code"]) == (429, "too_many_images")
    settings.IMAGE_STORAGE_MB = 0.06
    Image.objects.update(bytes=25_000)
    answer = Browser().upload(PHOTO)
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "image_storage_full")
    # Half of the room is left for those with an account.
    assert signed_in.upload(PHOTO).status_code == 201
    Image.objects.update(bytes=25_000)
    assert signed_in.upload(PHOTO).json()["error"]["code"] == "image_storage_full"


def test_uploads_of_a_minute_are_bounded(visitor: Browser, settings: Any) -> None:
    settings.UPLOADS_A_MINUTE = 3
    assert visitor.upload(PHOTO, PHOTO).status_code == 201
    assert Browser().upload(PHOTO).status_code == 201
    answer = Browser().upload(PHOTO)
    assert (answer.status_code, answer.json()["error"]["code"]) == (429, "rate_limit_exceeded")
    assert int(answer["Retry-After"]) == 60


def test_forms_need_their_token(db: None) -> None:
    strict = Client(enforce_csrf_checks=True)
    assert strict.post(reverse("images:upload"), {"url": "x"}).status_code == 403


def test_images_are_not_served_as_files(visitor: Browser, client: Client) -> None:
    visitor.image(PHOTO)
    image = Image.objects.get()
    for path in (f"/media/{image.original_file}", f"/images/{image.original_file}"):
        assert client.get(path).status_code == 404


def tree(kind: type[OffcutError] = OffcutError) -> set[type[OffcutError]]:
    return {kind}.union(*(tree(below) for below in kind.__subclasses__()))


NEVER_HERE = (
    # Errors of the command line, of other servers' APIs, of keys and of the pages about accounts and money.
    errors.UsageError, errors.ServiceError, errors.SettingError, errors.MailError, errors.PaymentError,
    errors.PlanError, errors.InvitationError, errors.SignInLinkError, errors.LastOwnerError,
)  # fmt: skip
GENERAL = {"unexpected_error", "error"}


def test_every_code_that_can_occur_has_words() -> None:
    """Its own, or those for weights and for settings; the general sentence is for faults of ours."""
    wordless = set()
    for kind in tree():
        if issubclass(kind, NEVER_HERE):
            continue
        sentence = said(kind.code)
        assert sentence.message
        assert refusals.status_of(kind.__new__(kind)) in range(400, 504)
        if sentence.message == said("unexpected_error").message and kind.code not in GENERAL:
            wordless.add(kind.code)
    assert wordless == FAULTS
    assert all(said(code).message == said("invalid_crop").message for code in OPTION_CODES)
    assert {kind.code for kind in tree(errors.ModelError) | tree(errors.DeviceError)} == NOT_READY_CODES
    assert set(WORDS) <= {kind.code for kind in tree()}


FAULTS = {
    # Of what these tell of, nobody who looks at a page can be the cause.
    "account_error", "key_refused", "missing_key", "unknown_key", "revoked_key", "expired_key",
    "member_gone", "host_not_allowed",
    "credit_error", "key_limit_reached", "clock_went_back", "id_reused", "hold_error",
    "hold_not_found", "hold_captured", "hold_released", "hold_lapsed", "correction_refused", "entry_is_final",
    "image_error", "removal_error", "removal_busy", "request_over", "request_error", "photo_error",
    "photo_not_found", "photo_unreadable", "photo_type", "output_error", "unwritable_output",
    "output_exists", "output_in_use", "output_is_terminal", "several_photos",
}  # fmt: skip


@pytest.mark.parametrize("language", [code for code, _ in django_settings.LANGUAGES])
def test_pages_come_in_every_language(visitor: Browser, language: str) -> None:
    image = visitor.image(PHOTO)
    with override(language):
        page = page_of(visitor, reverse("images:image", args=[image["id"]]))
    assert f'<html lang="{language}">' in page
