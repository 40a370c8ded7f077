"""No code of the contract goes untested, and those that need a host of their own are tested here."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tests.server.api_caller import IMPROVE, Caller, error_of, upload
from tests.server.hostile_server import HostileServer, send
from tests.server.plain_runner import photo_bytes
from tests.wire.test_contract import INVALID, REFUSALS

from offcut.server.removals import addresses
from offcut.server.removals.addresses import FetchTurns

PHOTO = photo_bytes()
BROKEN = photo_bytes(400, 300)[:2000]
"""Its header is whole, so only decoding shows that it ends too early."""

CONTRACT = {
    "missing_source", "multiple_sources", "invalid_image_url", "failed_image_download",
    "failed_to_read_image",
    "invalid_file_type", "invalid_dimensions", "file_too_large", "resolution_too_high", "unknown_foreground",
    "invalid_size", "invalid_channels", "invalid_format", "invalid_bg_color", "invalid_crop_margin",
    "invalid_position", "invalid_roi", "invalid_scale", "invalid_semitransparency", "roi_exceeds_bounds",
    "roi_region_empty", "invalid_bg_image_url", "failed_bg_download", "multiple_bg_sources", "invalid_type",
    "invalid_type_level", "invalid_shadow_type", "invalid_shadow_opacity", "invalid_crop", "auth_failed",
}  # fmt: skip
ELSEWHERE = {"insufficient_credits", "rate_limit_exceeded"}
"""test_contract.py has tests of their own for these two."""

FETCHES = {
    # field, path: status that is told, code, title
    ("image_url", "/missing.jpg"): (
        "failed_image_download", "Failed to download image from given image_url: HTTP Status 404"),
    ("image_url", "/fault"): (
        "failed_image_download", "Failed to download image from given image_url: HTTP Status 500"),
    ("image_url", "/hangs-up"): ("failed_image_download", None),
    ("image_url", "/silent"): ("failed_image_download", None),
    ("image_url", "/says-too-much.jpg"): ("file_too_large", "File too large"),
    ("image_url", "/text"): ("failed_to_read_image", "Failed to read image"),
    ("image_url", "/broken.jpg"): ("failed_to_read_image", "Failed to read image"),
    ("bg_image_url", "/missing.jpg"): (
        "failed_bg_download", "Failed to download background image from given bg_image_url"),
    ("bg_image_url", "/silent"): (
        "failed_bg_download", "Failed to download background image from given bg_image_url"),
    ("bg_image_url", "/text"): ("invalid_bg_image_url", "Invalid bg_image_url given"),
    ("bg_image_url", "/broken.jpg"): ("invalid_bg_image_url", "Invalid bg_image_url given"),
}  # fmt: skip


@pytest.fixture(scope="module")
def host() -> Iterator[HostileServer]:
    """A host that has a few files of ours besides its misbehaviour."""
    server = HostileServer()
    for path, content in {"/photo.jpg": PHOTO, "/broken.jpg": BROKEN, "/text": b"no photo"}.items():
        head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(content)}\r\n\r\n".encode()
        server.own[path] = lambda connection, _ended, sent=head + content: send(connection, sent)
    yield server
    server.close()


@pytest.fixture
def address(host: HostileServer, settings: Any) -> str:
    settings.FETCH_HOSTS = [f"127.0.0.1:{host.port}"]
    settings.FETCH_BEGIN_S = 0.5
    return f"http://127.0.0.1:{host.port}"


def test_every_code_of_the_contract_is_tested() -> None:
    refused = {code for _, _, code, _, _ in REFUSALS.values()}
    invalid = {f"invalid_{name.partition('[')[0]}" for name in INVALID}
    fetched = {code for code, _ in FETCHES.values()}
    assert refused | invalid | fetched | ELSEWHERE >= CONTRACT | ELSEWHERE


def test_a_photo_and_a_background_are_fetched(alice: Caller, address: str) -> None:
    fields = {"image_url": f"{address}/photo.jpg", "bg_image_url": f"{address}/photo.jpg"}
    assert alice.json(data=fields).status_code == 200


@pytest.mark.parametrize(("field", "path"), FETCHES)
def test_what_cannot_be_fetched_has_its_code(alice: Caller, address: str, field: str, path: str) -> None:
    code, title = FETCHES[field, path]
    before = alice.owned
    photo = None if field == "image_url" else PHOTO
    answer = alice.json(photo, data={field: f"{address}{path}"}, size="full")
    assert answer.status_code == 400, answer.content
    error = error_of(answer)
    assert error["code"] == code
    assert title in (None, error["title"])
    assert alice.owned == before


@pytest.mark.parametrize("field", ["image_url", "bg_image_url"])
@pytest.mark.parametrize(
    ("who", "each", "status", "code"),
    [("alice", 1, 429, "rate_limit_exceeded"), ("somebody else", 4, 503, "server_busy")],
)
def test_too_many_fetches_at_once_are_refused_like_a_full_queue(
    alice: Caller,
    address: str,
    monkeypatch: pytest.MonkeyPatch,
    field: str,
    who: str,
    each: int,
    status: int,
    code: str,
) -> None:
    turns = FetchTurns(at_once=1, each=each, wait_s_max=0)
    monkeypatch.setattr(addresses, "_turns", turns)
    before = alice.owned
    photo = None if field == "image_url" else PHOTO
    with turns.turn(alice.team.pk if who == "alice" else 0):
        answer = alice.json(photo, data={field: f"{address}/photo.jpg"}, size="full")
        improved = alice.json(None, IMPROVE, data={"image_url": f"{address}/photo.jpg"})
    for refused in (answer, improved):
        assert refused.status_code == status, refused.content
        assert error_of(refused)["code"] == code
        assert int(refused["Retry-After"]) >= 1
    assert alice.owned == before
    # Nothing is left of it: when the place is free, the photo is fetched.
    assert alice.json(photo, data={field: f"{address}/photo.jpg"}, size="full").status_code == 200


def test_a_background_that_breaks_in_the_middle_is_not_the_photos_fault(alice: Caller) -> None:
    before = alice.owned
    answer = alice.multipart(PHOTO, data={"bg_image_file": upload(BROKEN)}, size="full")
    assert answer.status_code == 400
    assert error_of(answer)["code"] == "invalid_bg_image_file"
    assert error_of(answer)["title"] == "Invalid bg_image_file parameter given"
    assert alice.owned == before
