"""Photos of the API are kept where the team asked for that, for as long as it said, and nowhere else."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from tests.server.api_caller import Caller
from tests.server.plain_runner import photo_bytes
from tests.server.website_people import plain_do

from offcut.errors import NotAllowedError
from offcut.server.accounts.models import Person
from offcut.server.accounts.teams import keep_api_images
from offcut.server.removals import files
from offcut.server.removals.feeder import Feeder
from offcut.server.removals.models import Image, State
from offcut.server.runners import current
from offcut.server.runners.in_process import InProcessRunner

PHOTO = photo_bytes()


@pytest.fixture(autouse=True)
def _storage(settings: Any, tmp_path: Path) -> None:
    settings.STORAGES = settings.STORAGES | {
        "images": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": tmp_path / "images", "base_url": None},
        }
    }


def test_nothing_is_kept_unless_the_team_asks(alice: Caller) -> None:
    answer = alice.multipart(PHOTO, size="full")
    assert answer.status_code == 200
    assert "X-Image-ID" not in answer
    assert Image.objects.count() == 0


def test_a_kept_photo_is_the_teams_and_paid(alice: Caller) -> None:
    keep_api_images(alice.team, 5, by=alice.person)
    before = alice.owned
    answer = alice.multipart(PHOTO, size="full", headers={"Idempotency-Key": "once"})
    again = alice.multipart(PHOTO, size="full", headers={"Idempotency-Key": "once"})
    image = Image.objects.get()
    assert (answer["X-Image-ID"], "X-Image-ID" in again) == (str(image.pk), False)
    assert (image.team, image.visitor, image.state, image.is_paid) == (alice.team, "", State.WAITING, True)
    assert files.read(image.original_file) == PHOTO
    assert before[0] - alice.owned[0] == 100


def test_it_is_cut_out_and_kept_for_as_long_as_was_said(alice: Caller) -> None:
    keep_api_images(alice.team, 5, by=alice.person)
    alice.multipart(PHOTO, size="preview")
    plain = InProcessRunner(plain_do, jobs=1, places=2)
    current.use(plain)
    try:
        assert Feeder(threads=0).work_one()
    finally:
        current.use(None)
        plain.stop(5)
    image = Image.objects.get()
    assert (image.state, image.is_paid) == (State.DONE, False)
    assert abs(image.expires_at - timezone.now() - timedelta(hours=5)) < timedelta(minutes=5)


def test_a_refused_photo_is_not_kept(alice: Caller) -> None:
    keep_api_images(alice.team, 5, by=alice.person)
    assert alice.multipart(photo_bytes()[:2000][:-900], size="full").status_code == 400
    assert Image.objects.count() == 0


def test_without_room_the_answer_says_so(alice: Caller, settings: Any) -> None:
    keep_api_images(alice.team, 5, by=alice.person)
    settings.TEAM_IMAGES = 0
    answer = alice.multipart(PHOTO, size="full")
    assert answer.status_code == 200
    assert "image_not_kept" in answer["X-Notes"]
    assert Image.objects.count() == 0


def test_the_teams_page_sets_it(alice: Caller) -> None:
    browser = Client()
    browser.force_login(alice.person)
    for hours, kept in (("24", 24), ("721", 24), ("-1", 24), ("soon", 24), ("0", 0)):
        browser.post("/team/api-images/", {"hours": hours})
        alice.team.refresh_from_db()
        assert alice.team.api_kept_h == kept
    assert 'name="hours"' in browser.get("/team/").content.decode()


def test_a_stranger_may_not(alice: Caller) -> None:
    stranger = Person.objects.create_user("mallory@example.org", "long enough")
    with pytest.raises(NotAllowedError):
        keep_api_images(alice.team, 5, by=stranger)
