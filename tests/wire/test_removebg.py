"""POST /v1.0/removebg as clients send it: three body types, two kinds of answer, every header."""

from __future__ import annotations

import base64
import io
import time
import zipfile
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tests.server.api_caller import Caller, upload
from tests.server.plain_runner import photo_bytes

BODIES = ("multipart", "urlencoded", "json")


def opened(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content))


@pytest.mark.parametrize("body", BODIES)
def test_every_body_type_gives_the_file_itself(alice: Caller, body: str) -> None:
    answer = getattr(alice, body)(photo_bytes(), size="full")
    assert answer.status_code == 200, answer.content
    assert answer["Content-Type"] == "image/png"
    image = opened(answer.content)
    assert (image.format, image.mode, image.size) == ("PNG", "RGBA", (60, 40))
    alpha = np.asarray(image)[:, :, 3]
    assert alpha[20, 30] == 255
    assert alpha[2, 2] == 0


@pytest.mark.parametrize("body", BODIES)
def test_every_body_type_gives_json_when_asked(alice: Caller, body: str) -> None:
    answer = getattr(alice, body)(photo_bytes(), headers={"Accept": "application/json"})
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/json"
    data = answer.json()["data"]
    assert set(data) == {
        "result_b64",
        "foreground_top",
        "foreground_left",
        "foreground_width",
        "foreground_height",
    }
    assert opened(base64.b64decode(data["result_b64"])).size == (60, 40)
    # JPEG blurs the rectangle's edge by a pixel or so.
    assert data["foreground_left"] == pytest.approx(15, abs=2)
    assert data["foreground_top"] == pytest.approx(10, abs=2)
    assert data["foreground_width"] == pytest.approx(30, abs=4)
    assert data["foreground_height"] == pytest.approx(20, abs=4)


def test_every_header_of_a_result(alice: Caller) -> None:
    before_s = int(time.time())
    answer = alice.multipart(photo_bytes(800, 600), size="preview", type_level="2")
    assert answer.status_code == 200
    assert answer["X-Type"] == "person"
    assert (answer["X-Width"], answer["X-Height"]) == ("577", "433")
    assert (answer["X-Max-Width"], answer["X-Max-Height"]) == ("800", "600")
    assert opened(answer.content).size == (577, 433)
    assert [answer[f"X-Foreground-{side}"] for side in ("Top", "Left", "Width", "Height")] == [
        str(number) for number in expected_box(answer.content)
    ]
    assert answer["X-RateLimit-Limit"] == "500"
    assert answer["X-RateLimit-Remaining"] == "499"
    assert before_s < int(answer["X-RateLimit-Reset"]) <= before_s + 62
    assert answer["X-Size-Chosen"] == "preview"
    assert answer["X-Size-Reason"] == "asked"
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert "Content-Encoding" not in answer


def expected_box(content: bytes) -> tuple[int, int, int, int]:
    """top, left, width, height of what is not transparent."""
    box = opened(content).getchannel("A").getbbox()
    assert box is not None
    left, top, right, bottom = box
    return top, left, right - left, bottom - top


@pytest.mark.parametrize(
    ("fields", "media_type", "kind", "mode"),
    [
        ({"format": "png"}, "image/png", "PNG", "RGBA"),
        ({"format": "jpg"}, "image/jpeg", "JPEG", "RGB"),
        ({"format": "webp"}, "image/webp", "WEBP", "RGBA"),
        ({"format": "auto"}, "image/png", "PNG", "RGBA"),
        ({"format": "auto", "bg_color": "fff"}, "image/jpeg", "JPEG", "RGB"),
        ({"channels": "alpha"}, "image/png", "PNG", "L"),
        ({"channels": "alpha", "format": "jpg"}, "image/jpeg", "JPEG", "L"),
    ],
)
def test_formats(alice: Caller, fields: dict[str, str], media_type: str, kind: str, mode: str) -> None:
    answer = alice.multipart(photo_bytes(), **fields)
    assert answer.status_code == 200, answer.content
    assert answer["Content-Type"] == media_type
    image = opened(answer.content)
    assert (image.format, image.mode) == (kind, mode)


def test_a_zip_holds_colour_and_a_gray_matte(alice: Caller) -> None:
    answer = alice.multipart(photo_bytes(), format="zip")
    assert answer["Content-Type"] == "application/zip"
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    assert sorted(archive.namelist()) == ["alpha.png", "color.jpg"]
    assert opened(archive.read("color.jpg")).mode == "RGB"
    assert opened(archive.read("alpha.png")).mode == "L"


@pytest.mark.parametrize(
    ("form", "size", "most"),
    [("png", "full", 10_000_000), ("jpg", "full", 25_000_000), ("jpg", "50MP", 5e7)],
)
def test_no_result_is_larger_than_its_format_may_be(alice: Caller, form: str, size: str, most: float) -> None:
    photo = photo_bytes(6000, 4400)
    answer = alice.multipart(photo, size=size, format=form)
    assert answer.status_code == 200, answer.content
    width, height = int(answer["X-Width"]), int(answer["X-Height"])
    assert width * height <= most
    assert width * height > min(most, 6000 * 4400) * 0.99
    assert opened(answer.content).size == (width, height)
    # 26.4 megapixels count as 27 of the minute's 500.
    assert answer["X-RateLimit-Remaining"] == "473"


@pytest.mark.parametrize(
    ("accept", "is_json"),
    [
        ("application/json", True),
        ("Application/JSON", True),
        ("application/json;q=0.9, image/png;q=0.5", True),
        ("", False),
        ("*/*", False),
        ("image/*", False),
        ("image/png, application/json", False),
        ("application/json, text/plain, */*", False),
        ("text/html,application/xhtml+xml,*/*;q=0.8", False),
    ],
)
def test_what_accept_means(alice: Caller, accept: str, is_json: bool) -> None:
    answer = alice.multipart(photo_bytes(), headers={"Accept": accept} if accept else {})
    assert (answer["Content-Type"] == "application/json") is is_json


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF"])
def test_the_kind_of_photo_is_told_from_its_bytes(alice: Caller, kind: str) -> None:
    answer = alice.client.post(
        "/v1.0/removebg",
        {"image_file": upload(photo_bytes(kind=kind), "whatever.png")},
        headers={"x-api-key": alice.token},
    )
    assert answer.status_code == 200, answer.content


@pytest.mark.parametrize(
    "written",
    [
        lambda text: text,
        lambda text: "data:image/png;base64," + text,
        lambda text: "\r\n".join(text[at : at + 76] for at in range(0, len(text), 76)),
        lambda text: text.replace("+", " "),
        lambda text: text.replace("+", "-").replace("/", "_").rstrip("="),
    ],
    ids=["plain", "data address", "lines", "spaces for plus", "the other alphabet"],
)
def test_base64_as_clients_write_it(alice: Caller, written: Any) -> None:
    encoded = written(base64.b64encode(photo_bytes(kind="PNG")).decode())
    answer = alice.json(image_file_b64=encoded)
    assert answer.status_code == 200, answer.content


LEVEL_1 = {
    "person": "person",
    "product": "product",
    "animal": "animal",
    "car": "car",
    "car_interior": "car",
    "car_part": "car",
    "transportation": "other",
    "graphic": "other",
    "graphics": "other",
    "other": "other",
}
LEVEL_2 = {subject: subject for subject in LEVEL_1} | {"graphic": "graphics"}


@pytest.mark.parametrize(
    ("level", "subject", "word"),
    [
        (level, subject, word)
        for level, words in (("1", LEVEL_1), ("2", LEVEL_2), ("latest", LEVEL_2))
        for subject, word in words.items()
    ],
)
def test_the_type_by_its_level(alice: Caller, level: str, subject: str, word: str) -> None:
    answer = alice.multipart(photo_bytes(), type=subject, type_level=level)
    assert answer["X-Type"] == word


def test_no_level_no_type(alice: Caller) -> None:
    assert "X-Type" not in alice.multipart(photo_bytes(), type_level="none")


def test_fields_that_mean_nothing_are_named(alice: Caller) -> None:
    answer = alice.json(photo_bytes(), data={"shadow_method": "new", "frobnicate": 3})
    assert answer.status_code == 200
    assert answer["X-Ignored-Fields"] == "frobnicate"


def test_an_image_behind_the_subject_needs_no_transparency(alice: Caller) -> None:
    answer = alice.multipart(photo_bytes(), data={"bg_image_file": upload(photo_bytes(color=(9, 9, 9)))})
    assert answer.status_code == 200, answer.content
    assert answer["Content-Type"] == "image/jpeg"
