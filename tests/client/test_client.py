"""Removals, account and submissions: what is sent, and what is made of the recorded answers."""

from __future__ import annotations

import io
import os
import threading
import tracemalloc
import zipfile
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from offcut.client import Account, Client, Foreground, RateLimit
from offcut.client.options import write_options
from offcut.errors import (
    BrokenArchiveError,
    EmptyPhotoError,
    OptionError,
    PhotoNotFoundError,
    PhotoTypeError,
    PhotoUnreadableError,
    UnwritableOutputError,
)

PHOTO = b"\xff\xd8 a photo of a dog"


def test_a_removal_gives_all_that_the_server_told(client: Any, recorded: Any) -> None:
    result = client.remove(PHOTO)
    assert result.data == recorded.PNG
    assert (result.format, result.type, result.width, result.height) == ("png", "person", 1280, 1700)
    assert (result.max_width, result.max_height) == (2560, 3400)
    assert result.credits_charged == Decimal("0.25")
    assert result.foreground == Foreground(left=10, top=20, width=1200, height=1600)
    assert result.foreground.box == (10, 20, 1210, 1620)
    assert result.rate_limit == RateLimit(500, 497, datetime(2026, 11, 22, 0, 0, tzinfo=UTC))
    assert result.request_id == "request-1"
    assert result.headers["x-type"] == "person"


def test_a_json_answer_gives_the_same(client: Any, service: Any) -> None:
    raw, packed = client.remove(PHOTO), client.remove(PHOTO, answer="json")
    assert service.received[1].headers["accept"] == "application/json"
    assert (raw.data, raw.foreground, raw.format) == (packed.data, packed.foreground, packed.format)
    assert raw.credits_charged == packed.credits_charged


def test_what_a_server_does_not_tell_is_none(client: Any, service: Any) -> None:
    service.script = [(200, {"Content-Type": "image/jpeg"}, PHOTO)]
    result = client.remove(PHOTO)
    assert (result.data, result.format) == (PHOTO, "jpg")
    assert result.type is result.width is result.credits_charged is None
    assert result.foreground is result.rate_limit is result.request_id is None


def test_nonsense_in_headers_is_left_out(client: Any, service: Any) -> None:
    odd = {"X-Width": "wide", "X-Credits-Charged": "much", "X-RateLimit-Reset": "9" * 30, "X-Type": ""}
    service.script = [(200, {"Content-Type": "image/webp", **odd}, b"RIFF")]
    result = client.remove(PHOTO)
    assert result.width is result.credits_charged is result.type is None
    assert result.rate_limit.reset_at is None


def test_the_request_is_that_of_the_contract(client: Any, service: Any, recorded: Any) -> None:
    client.remove(PHOTO, crop=True, bg_color="81d4fa", format=None, roi="")
    request = service.received[0]
    assert (request.method, request.path) == ("POST", "/v1.0/removebg")
    assert request.headers["x-api-key"] == recorded.KEY
    assert request.headers["content-type"].startswith("multipart/form-data")
    assert request.headers["content-length"]
    assert request.headers["accept-encoding"] == "identity"
    assert request.fields == {"size": "auto", "crop": "true", "bg_color": "81d4fa"}
    assert request.files == {"image_file": ("photo", PHOTO)}


def test_every_call_has_an_idempotency_key_of_its_own(client: Any, service: Any) -> None:
    client.remove(PHOTO)
    client.remove(PHOTO)
    client.remove(PHOTO, idempotency_key="mine")
    keys = [request.headers["idempotency-key"] for request in service.received]
    assert len(set(keys)) == 3
    assert keys[2] == "mine"


@pytest.mark.parametrize("kind", ["text", "path", "bytes", "bytearray", "file", "bytes file", "rest", "pipe"])
def test_a_photo_may_be_anything_that_holds_bytes(
    kind: str, client: Any, service: Any, tmp_path: Path
) -> None:
    path = tmp_path / "Zoë's dog.JPG"
    path.write_bytes(PHOTO)
    given: Any = PHOTO
    if kind == "text":
        given = str(path)
    elif kind == "path":
        given = path
    elif kind == "bytearray":
        given = bytearray(PHOTO)
    elif kind == "file":
        given = path.open("rb")
    elif kind == "bytes file":
        given = io.BytesIO(PHOTO)
    elif kind == "rest":
        given = io.BytesIO(b"read before" + PHOTO)
        given.read(11)
    elif kind == "pipe":
        reading, writing = os.pipe()
        os.write(writing, PHOTO)
        os.close(writing)
        given = os.fdopen(reading, "rb")
    client.remove(given)
    name, content = service.received[0].files["image_file"]
    assert content == PHOTO
    assert name == ("photo.jpg" if kind in ("text", "path", "file") else "photo")
    if hasattr(given, "close"):
        given.close()


def test_an_address_is_left_to_the_server(client: Any, service: Any) -> None:
    client.remove("https://example.com/my dog.jpg?a=1&b=ü", bg_image="HTTP://example.com/beach.jpg")
    request = service.received[0]
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    assert request.fields == {
        "size": "auto",
        "image_url": "https://example.com/my dog.jpg?a=1&b=ü",
        "bg_image_url": "HTTP://example.com/beach.jpg",
    }


def test_a_background_goes_along(client: Any, service: Any, tmp_path: Path) -> None:
    (tmp_path / "beach.png").write_bytes(b"beach")
    client.remove("https://example.com/dog.jpg", bg_image=tmp_path / "beach.png")
    request = service.received[0]
    assert request.files == {"bg_image_file": ("photo.png", b"beach")}
    assert request.fields["image_url"] == "https://example.com/dog.jpg"


@pytest.mark.parametrize(
    ("photo", "error"),
    [
        ("gone.jpg", PhotoNotFoundError),
        (".", PhotoUnreadableError),
        (b"", EmptyPhotoError),
        ("empty.jpg", EmptyPhotoError),
        (io.StringIO("text"), PhotoTypeError),
        (None, PhotoTypeError),
        (42, PhotoTypeError),
    ],
)
def test_what_is_no_photo_is_told_before_anything_is_sent(
    photo: Any,
    error: type[Exception],
    client: Any,
    service: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("empty.jpg").touch()
    with pytest.raises(error):
        client.remove(photo)
    assert service.received == []


@pytest.mark.parametrize(
    ("options", "fields"),
    [
        ({"crop": True, "semitransparency": False}, {"crop": "true", "semitransparency": "false"}),
        ({"size": "full", "type_level": 2}, {"size": "full", "type_level": "2"}),
        ({"roi": (0, 10, 100.5, 200)}, {"roi": "0px 10px 100.5px 200px"}),
        ({"roi": ["0%", "0%", "50%", "100%"]}, {"roi": "0% 0% 50% 100%"}),
        ({"roi": "0 0 100% 100%"}, {"roi": "0 0 100% 100%"}),
        ({"crop_margin": 30}, {"crop_margin": "30px"}),
        ({"crop_margin": ("10%", 20)}, {"crop_margin": "10% 20px"}),
        ({"scale": 80, "position": (30, 80.25)}, {"scale": "80%", "position": "30% 80.25%"}),
        ({"position": "center"}, {"position": "center"}),
        ({"bg_color": (255, 0, 16)}, {"bg_color": "ff0010"}),
        ({"bg_color": (255, 0, 16, 128)}, {"bg_color": "ff001080"}),
        ({"shadow_opacity": 70}, {"shadow_opacity": "70"}),
        (
            {"shadow_type": {"car": "car", "person": "3D"}, "shadow_opacity": {"car": 80}},
            {"shadow_type[car]": "car", "shadow_type[person]": "3D", "shadow_opacity[car]": "80"},
        ),
        ({"shadow_type[car]": "car"}, {"shadow_type[car]": "car"}),
        ({"crop": None, "roi": ""}, {}),
    ],
)
def test_options_are_written_as_the_api_reads_them(options: dict[str, Any], fields: dict[str, str]) -> None:
    assert write_options(options) == fields


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"colour": "red"}, "unknown_option"),
        ({"crop[car]": "true"}, "unknown_option"),
        ({"image_file": "x"}, "unknown_option"),
        ({"bg_color": (300, 0, 0)}, "invalid_bg_color"),
        ({"roi": object()}, "invalid_roi"),
        ({"answer": "xml"}, "invalid_answer"),
    ],
)
def test_an_option_that_no_server_knows_is_not_sent(
    options: dict[str, Any], code: str, client: Any, service: Any
) -> None:
    with pytest.raises(OptionError) as refused:
        client.remove(PHOTO, **options)
    assert refused.value.code == code
    assert service.received == []


def test_fields_of_other_servers_go_along_when_named_extra(client: Any, service: Any) -> None:
    client.remove(PHOTO, extra={"colour": "red"})
    assert service.received[0].fields["colour"] == "red"


def test_a_zip_gives_its_parts(client: Any, service: Any) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("color.jpg", b"colours")
        archive.writestr("alpha.png", b"matte")
    service.script = [(200, {"Content-Type": "application/zip"}, packed.getvalue())]
    result = client.remove(PHOTO, format="zip")
    assert result.format == "zip"
    assert (result.unzip().color, result.unzip().alpha) == (b"colours", b"matte")
    with pytest.raises(BrokenArchiveError):
        client.remove(PHOTO).unzip()


def test_the_account_is_exact(client: Any, service: Any) -> None:
    assert client.account() == Account(
        total=Decimal("200.25"),
        subscription=Decimal(150),
        payg=Decimal("50.25"),
        enterprise=Decimal(0),
        free_calls=50,
        sizes="all",
    )
    request = service.received[0]
    assert (request.method, request.path, request.size) == ("GET", "/v1.0/account", 0)


def test_a_photo_can_be_given_for_improvement(client: Any, service: Any) -> None:
    given = client.improve(PHOTO, filename="dog.jpg", tag="hair")
    assert given == "5ac1e4bb-2ee3-4b29-bb3a-5a67a3d0a4a1"
    request = service.received[0]
    assert (request.path, request.fields) == ("/v1.0/improve", {"image_filename": "dog.jpg", "tag": "hair"})
    assert request.files == {"image_file": ("photo", PHOTO)}


def test_a_result_is_saved_whole_under_a_name_that_fits(client: Any, recorded: Any, tmp_path: Path) -> None:
    result = client.remove(PHOTO)
    assert result.save(tmp_path / "dog.png") == tmp_path / "dog.png"
    result.save(str(tmp_path / "dog"))
    assert (tmp_path / "dog.png").read_bytes() == (tmp_path / "dog").read_bytes() == recorded.PNG
    with pytest.raises(OptionError, match=r"dog\.jpg"):
        result.save(tmp_path / "dog.jpg")
    with pytest.raises(UnwritableOutputError):
        result.save(tmp_path / "nowhere" / "dog.png")
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(UnwritableOutputError):
        result.save(tmp_path / "folder.png")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["dog", "dog.png", "folder.png"]


def test_a_photo_is_streamed_and_never_held(client: Any, service: Any, tmp_path: Path) -> None:
    path = tmp_path / "big.png"
    with path.open("wb") as file:
        file.truncate(60_000_000)
    client.remove(path)
    tracemalloc.start()
    try:
        client.remove(path)
        with path.open("rb") as file:
            client.remove(file)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert all(request.size > 60_000_000 for request in service.received)
    assert peak < 6_000_000


def test_one_client_serves_many_threads(service: Any, recorded: Any) -> None:
    results: list[Any] = []
    with Client(service.url, recorded.KEY) as shared:
        threads = [
            threading.Thread(target=lambda: results.append(shared.remove(PHOTO).data)) for _ in range(16)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert results == [recorded.PNG] * 16
