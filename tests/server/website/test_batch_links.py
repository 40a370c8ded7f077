"""Every photo of a batch leads back to it: its result, its studio, the history."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone
from tests.server.plain_runner import photo_bytes
from tests.server.website_people import Browser, feed

from offcut.server.removals.models import Batch

PHOTOS = [photo_bytes(120 + index, 80) for index in range(3)]


@pytest.fixture
def batch(visitor: Browser) -> dict[str, Any]:
    """Three photos, cut out."""
    answer = visitor.upload(*PHOTOS)
    feed()
    return visitor.json(answer.json()["batch"]["urls"]["page"])


def links_to(browser: Browser, address: str, target: str) -> int:
    page = browser.get(address)
    assert page.status_code == 200
    return page.content.decode().count(f'href="{target}"')


def test_a_photo_of_a_batch_leads_back_to_all(visitor: Browser, batch: dict[str, Any]) -> None:
    home, image = batch["urls"]["page"], batch["images"][1]
    result = visitor.get(image["urls"]["page"]).content.decode()
    assert "Back to all 3 photos" in result
    # It stands outside of what scripts take away.
    assert result.index(f'href="{home}"') < result.index('id="plain"')
    assert "Back to all 3 photos" in visitor.get(image["urls"]["studio"]).content.decode()
    # With scripts and without them.
    assert links_to(visitor, image["urls"]["studio"], home) == 2
    assert links_to(visitor, reverse("images:history"), home) == 1
    assert "3 photos" in visitor.get(reverse("images:history")).content.decode()


def test_where_there_is_no_batch_any_more_nothing_leads_to_it(
    visitor: Browser, batch: dict[str, Any]
) -> None:
    home, image = batch["urls"]["page"], batch["images"][0]
    places = (image["urls"]["page"], image["urls"]["studio"], reverse("images:history"))
    Batch.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert [links_to(visitor, place, home) for place in places] == [0, 0, 0]
    Batch.objects.update(expires_at=timezone.now() + timedelta(hours=1))
    for other in batch["images"][1:]:
        visitor.post(other["urls"]["delete"])
    assert [links_to(visitor, place, home) for place in places] == [0, 0, 0]
    alone = visitor.image(PHOTOS[0])
    assert "/batches/" not in visitor.get(alone["urls"]["page"]).content.decode()
