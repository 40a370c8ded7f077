"""The contract as tables: every parameter with valid and invalid values, every error code with its words.

A refusal must leave the balance as it was; each case checks that.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone
from tests.server.api_caller import Caller, error_of, upload
from tests.server.plain_runner import GREEN, photo_bytes, plain_runner

from offcut.server.accounts.teams import suspend_team
from offcut.server.credits import ledger
from offcut.server.removals import removal
from offcut.server.runners import current

PHOTO = photo_bytes()
PHOTO_B64 = base64.b64encode(PHOTO).decode()

VALID: dict[str, tuple[str, ...]] = {
    "size": ("preview", "full", "50MP", "auto", "small", "regular", "4k", "medium", "hd", ""),
    "type": (
        *("auto", "person", "product", "car", "animal", "graphic", "transportation"),
        *("other", "car_interior", "car_part", "graphics", ""),
    ),
    "type_level": ("none", "1", "2", "latest", ""),
    "format": ("auto", "png", "jpg", "webp", "zip", ""),
    "roi": ("0 0 60px 40px", "0% 0% 100% 100%", "0 0 100% 100%", "10px 20% 50px 90%", "0 0 60px 100%", ""),
    "crop": ("true", "false", "1", "0", "True", "FALSE", ""),
    "crop_margin": ("0", "30px", "10%", "10% 20px", "1px 2% 3px 4%", "50%", "500px", ""),
    "scale": ("10%", "100%", "42.5%", "original", ""),
    "position": ("original", "center", "30%", "30% 80%", "0 0", "0% 100%", ""),
    "channels": ("rgba", "alpha", ""),
    "shadow_type": ("car", "3D", "drop", "none", "auto", "3d", ""),
    "shadow_type[car]": ("car", "drop", "3D", "none", "auto", ""),
    "shadow_type[person]": ("3D",),
    "shadow_opacity": ("0", "100", "50", "auto", ""),
    "shadow_opacity[car]": ("90", "auto"),
    "add_shadow": ("true", "false", ""),
    "semitransparency": ("true", "false", ""),
    "bg_color": ("81d4fa", "#81d4fa", "fff", "#fff", "81d4fa77", "f0f8", "red", "Green", "rebeccapurple", ""),
    "shadow_method": ("anything", ""),
    "bg_image_url": ("",),
    "bg_image_file": ("",),
    "image_url": ("",),
    "image_file": ("",),
}

INVALID: dict[str, tuple[str, ...]] = {
    "size": ("huge", "50", "0", "preview,full", "null"),
    "type": ("dog", "persons", "0"),
    "type_level": ("3", "0", "first"),
    "format": ("gif", "tiff", "psd", "jpeg", "image/png", "1"),
    "roi": ("0 0 10", "a b c d", "-1px 0 10px 10px", "0 0 10em 10px", "0 0 10 10", "1 2 3 4 5"),
    "crop": ("yes", "2", "on", "tru"),
    "crop_margin": ("51%", "501px", "1px 2px 3px", "ten", "-1px", "1px 2px 3px 4px 5px"),
    "scale": ("9%", "101%", "50px", "half", "0"),
    "position": ("left", "101%", "10px 10px", "1% 2% 3%", "-5%"),
    "channels": ("rgb", "red", "a"),
    "shadow_type": ("round", "2D", "true"),
    "shadow_type[car]": ("round",),
    "shadow_type[boat]": ("drop",),
    "shadow_opacity": ("-1", "101", "full", "1.5"),
    "shadow_opacity[car]": ("101",),
    "add_shadow": ("maybe", "2"),
    "semitransparency": ("half", "7"),
    "bg_color": ("nocolor", "12345", "#12", "gggggg", "rgb(1,2,3)", "#1234567890"),
}

EXACT_TITLES = {
    "size": "Invalid value for parameter 'size'",
    "channels": "Invalid value for parameter 'channels'",
    "image_url": "Invalid image_url given",
    "bg_image_url": "Invalid bg_image_url given",
}

SOURCES = ("image_file", "image_file_b64", "image_url", "bg_image_file", "bg_image_url")
PER_SUBJECT = ("shadow_type", "shadow_opacity")
SENT_AS_FILES = ("image_file", "image_file_b64", "bg_image_file")


VALID_ONES = {
    **{"size": "full", "type": "car", "type_level": "2", "format": "png", "roi": "0 0 60px 40px"},
    **{"crop": "true", "crop_margin": "10%", "scale": "50%", "position": "center", "channels": "alpha"},
    **{"shadow_type": "drop", "shadow_opacity": "50", "add_shadow": "true", "semitransparency": "true"},
    **{"bg_color": "red"},
}
"""A value for every parameter that is no source."""


def misshapen() -> list[Any]:
    """Every parameter in every form that it does not have: the name as it is sent, whether as a file, the
    value. One that would be valid in the right form, where there is one."""
    shapes = []
    for name in (*VALID_ONES, *SOURCES):
        value = VALID_ONES.get(name, "http://example.org/photo.jpg")
        shapes += [(f"{name}[]", False, value), (f"{name}[a][b]", False, value), (f"{name}[", False, value)]
        shapes += [(f"{name}[0]", False, value), (f"{name.upper()}[0]", False, value)]
        shapes += [] if name in PER_SUBJECT else [(f"{name}[car]", False, value)]
        shapes += [(f"{name}[]", True, value)]
        shapes += [] if name in SENT_AS_FILES else [(name, True, value)]
    return [pytest.param(*shape, id=f"{shape[0]}{' as a file' * shape[1]}") for shape in shapes]


def cases(table: dict[str, tuple[str, ...]]) -> list[Any]:
    return [
        pytest.param(name, value, id=f"{name}={value or 'nothing'}")
        for name, values in table.items()
        for value in values
    ]


def test_the_tables_name_every_parameter() -> None:
    from offcut.server.api.wire import OPTION_NAMES

    assert set(OPTION_NAMES) <= set(VALID)
    assert set(OPTION_NAMES) <= set(INVALID)
    assert set(OPTION_NAMES) == set(VALID_ONES)


@pytest.mark.parametrize(("name", "value"), cases(VALID))
def test_a_valid_value_is_taken(alice: Caller, name: str, value: str) -> None:
    for send in (alice.multipart, alice.urlencoded, alice.json):
        answer = send(PHOTO, data={name: value})
        assert answer.status_code == 200, (send.__name__, answer.content)


@pytest.mark.parametrize(("name", "value"), cases(INVALID))
def test_an_invalid_value_is_refused(alice: Caller, name: str, value: str) -> None:
    parameter = name.partition("[")[0]
    before = alice.owned
    for send in (alice.multipart, alice.urlencoded, alice.json):
        answer = send(PHOTO, data={name: value})
        assert answer.status_code == 400, (send.__name__, answer.content)
        error = error_of(answer)
        assert error["code"] == f"invalid_{parameter}"
        assert error["title"] == EXACT_TITLES.get(parameter, f"Invalid {parameter} parameter given")
        assert error["detail"]
        assert answer["Access-Control-Allow-Origin"] == "*"
    assert alice.owned == before


@pytest.mark.parametrize(("name", "as_file", "value"), misshapen())
def test_a_form_that_a_parameter_does_not_have_is_refused(
    alice: Caller, name: str, as_file: bool, value: str
) -> None:
    parameter = name.partition("[")[0].lower()
    before = alice.owned
    sends = (alice.multipart,) if as_file else (alice.multipart, alice.urlencoded, alice.json)
    for send in sends:
        answer = send(PHOTO, data={name: upload(value.encode()) if as_file else value})
        assert answer.status_code == 400, (send.__name__, answer.headers)
        error = error_of(answer)
        assert error["code"] == f"invalid_{parameter}"
        assert error["title"] == EXACT_TITLES.get(parameter, f"Invalid {parameter} parameter given")
    assert alice.owned == before


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("size", value) for value in ({"a": "full"}, {"": "full"}, {"a": 1, "b": "full"}, {})),
        *(("crop", value) for value in ({"a": True}, {"true": "true"})),
        *(("bg_color", value) for value in ({"r": 1}, {"r": 1, "g": 2, "b": 3})),
        *(("image_url", value) for value in ({"r": "http://x.y/"},)),
        *(("bg_image_url", value) for value in ({"r": "http://x.y/"},)),
        *(("image_file", value) for value in ({"data": "abc"},)),
        *(("image_file_b64", value) for value in ({"data": "abc"},)),
        *(("shadow_type", value) for value in ({"": "drop"}, {"car 1": "drop"}, {"car": {"a": "drop"}})),
    ],
)
def test_an_object_is_no_value(alice: Caller, name: str, value: Any) -> None:
    before = alice.owned
    fields = {name: value} if name == "image_file_b64" else {"image_file_b64": PHOTO_B64, name: value}
    answer = alice.json(data=fields)
    assert (answer.status_code, error_of(answer)["code"]) == (400, f"invalid_{name}")
    assert alice.owned == before


def test_what_is_empty_is_not_given_in_any_form(alice: Caller) -> None:
    assert alice.json(PHOTO, data={"size": {"a": None}, "crop": {"a": " "}}).status_code == 200
    fields = {"size[]": "", "shadow_type[car]": " ", "bg_image_url": upload(b"")}
    assert alice.multipart(PHOTO, data=fields).status_code == 200


def test_only_fields_that_are_none_of_the_contracts_are_left_unread(alice: Caller) -> None:
    fields = {"shadow_method[]": "new", "sizes[]": "full", "size.a": "full", "more": upload(b"x")}
    answer = alice.multipart(PHOTO, data=fields)
    assert answer.status_code == 200, answer.content
    assert answer["X-Ignored-Fields"] == "shadow_method[], sizes[], size?a, more"


@pytest.mark.parametrize("value", [[1], ["a"], {"a": ["b"]}, {"a": {"b": "c"}}, [[]], []])
@pytest.mark.parametrize("name", ["size", "roi", "bg_color", "shadow_type", "image_url", "crop"])
def test_a_list_is_no_value(alice: Caller, name: str, value: Any) -> None:
    before = alice.owned
    answer = alice.json(PHOTO, data={name: value})
    assert answer.status_code == 400
    assert error_of(answer)["code"].startswith(("invalid_", "multiple_sources"))
    assert alice.owned == before


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("crop", value) for value in (True, False)),
        *(("add_shadow", value) for value in (True, False)),
        *(("semitransparency", value) for value in (True, False)),
        ("shadow_opacity", 40),
        ("type_level", 2),
        ("size", None),
        ("crop", 1),
        ("shadow_type", {"car": "drop", "person": "3D"}),
        ("bg_color", None),
    ],
)
def test_json_values_are_real_ones(alice: Caller, name: str, value: Any) -> None:
    answer = alice.json(PHOTO, data={name: value})
    assert answer.status_code == 200, answer.content


@pytest.mark.parametrize("value", [3, 1e400, -1, 0.5, 10**400])
def test_json_numbers_that_are_no_size(alice: Caller, value: float) -> None:
    answer = alice.json(PHOTO, size=value)
    assert answer.status_code == 400
    assert error_of(answer)["code"] in {"invalid_size", "invalid_body"}


TRUNCATED = photo_bytes(400, 300)[:2000]
MP4 = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + b"\0" * 100

REFUSALS: dict[str, tuple[Callable[[Caller], Any], int, str, str, str | None]] = {
    # what is sent; status, code, title, detail (None: any)
    "nothing": (lambda it: it.multipart(), 400, "missing_source", "No image given", None),
    "no body": (lambda it: it.client.post("/v1.0/removebg", headers=it.headers()), 400, "missing_source",
                "No image given", None),
    "an empty file": (lambda it: it.multipart(b""), 400, "missing_source", "No image given", None),
    "only empty fields": (lambda it: it.urlencoded(image_url="", image_file_b64=" "), 400, "missing_source",
                          "No image given", None),
    "file and base64": (lambda it: it.multipart(PHOTO, image_file_b64="aaaa"), 400, "multiple_sources",
                        "More than one image given", None),
    "base64 and address": (lambda it: it.json(PHOTO, image_url="https://example.org/a.jpg"), 400,
                           "multiple_sources", "More than one image given", None),
    "a file that is none": (lambda it: it.json(image_file="abc"), 400, "invalid_image_file",
                            "Invalid image_file parameter given", None),
    "no address": (lambda it: it.json(image_url="not an address"), 400, "invalid_image_url",
                   "Invalid image_url given", None),
    "another scheme": (lambda it: it.json(image_url="ftp://example.org/a.jpg"), 400, "invalid_image_url",
                       "Invalid image_url given", None),
    "an address inside": (lambda it: it.json(image_url="http://127.0.0.1/a.jpg"), 400, "invalid_image_url",
                          "Invalid image_url given", None),
    "text": (lambda it: it.multipart(b"this is no image"), 400, "failed_to_read_image",
             "Failed to read image", None),
    "broken base64": (lambda it: it.json(image_file_b64="!!!"), 400, "failed_to_read_image",
                      "Failed to read image", None),
    "a truncated photo": (lambda it: it.multipart(TRUNCATED), 400, "failed_to_read_image",
                          "Failed to read image", None),
    "a video": (lambda it: it.multipart(MP4), 400, "invalid_file_type", "Invalid file type",
                "Expected jpg/png, received mp4"),
    "a tiny photo": (lambda it: it.multipart(photo_bytes(7, 7, "PNG")), 400, "invalid_dimensions",
                     "Invalid image dimensions", None),
    "a ribbon": (lambda it: it.multipart(photo_bytes(2000, 20)), 400, "invalid_dimensions",
                 "Invalid image dimensions", None),
    "a heavy file": (lambda it: it.multipart(PHOTO + b"\0" * (22 * 1024 * 1024)), 400, "file_too_large",
                     "File too large", "File exceeds limit of 22MB"),
    "a heavy file as base64": (
        lambda it: it.urlencoded(PHOTO + b"\0" * (22 * 1024 * 1024)), 400, "file_too_large",
        "File too large", "File exceeds limit of 22MB"),
    "a heavy request": (lambda it: it.multipart(PHOTO + b"\0" * (65 * 1024 * 1024)), 400, "file_too_large",
                        "File too large", "File exceeds limit of 22MB"),
    "too many pixels": (lambda it: it.multipart(png_header(8000, 6300)), 400, "resolution_too_high",
                        "Image resolution too high", None),
    "nothing in it": (lambda it: it.multipart(photo_bytes(color=GREEN)), 400, "unknown_foreground",
                      "Could not identify foreground in image.", None),
    "a region outside": (lambda it: it.multipart(PHOTO, roi="0 0 61px 40px"), 400, "roi_exceeds_bounds",
                         "The region of interest reaches beyond the image", None),
    "an empty region": (lambda it: it.multipart(PHOTO, roi="30px 0 30px 40px"), 400, "roi_region_empty",
                        "The region of interest is empty", None),
    "two backgrounds": (
        lambda it: it.multipart(PHOTO, data={"bg_image_file": upload(PHOTO), "bg_color": "red"}), 400,
        "multiple_bg_sources", "More than one background given", None),
    "two background images": (
        lambda it: it.multipart(PHOTO, data={"bg_image_file": upload(PHOTO), "bg_image_url": "https://a.org/"}),
        400, "multiple_bg_sources", "More than one background given", None),
    "no background address": (lambda it: it.json(PHOTO, bg_image_url="nonsense"), 400,
                              "invalid_bg_image_url", "Invalid bg_image_url given", None),
    "a background inside": (lambda it: it.json(PHOTO, bg_image_url="http://10.0.0.1/a.jpg"), 400,
                            "invalid_bg_image_url", "Invalid bg_image_url given", None),
    "a background that is none": (
        lambda it: it.multipart(PHOTO, data={"bg_image_file": upload(b"text")}), 400,
                                  "invalid_bg_image_file", "Invalid bg_image_file parameter given", None),
    "broken JSON": (
        lambda it: raw(it, "{", "application/json"),
        400, "invalid_body", "Invalid request body", None),
    "JSON that is no object": (
        lambda it: raw(it, "[]", "application/json"),
        400, "invalid_body", "Invalid request body", None),
    "deep JSON": (
        lambda it: it.client.post("/v1.0/removebg", "[" * 10**5, content_type="application/json",
                                  headers=it.headers()),
        400, "invalid_body", "Invalid request body", None),
    "another body type": (
        lambda it: it.client.post("/v1.0/removebg", "<a/>", content_type="text/xml", headers=it.headers()),
        400, "invalid_body", "Invalid request body", None),
    "no boundary": (
        lambda it: it.client.post("/v1.0/removebg", b"x", content_type="multipart/form-data",
                                  headers=it.headers()),
        400, "invalid_body", "Invalid request body", None),
    "a broken multipart body": (
        lambda it: it.client.post("/v1.0/removebg", b"--a\r\nnonsense", headers=it.headers(),
                                  content_type="multipart/form-data; boundary=a"),
        400, "invalid_body", "Invalid request body", None),
    "one field twice": (
        lambda it: it.client.post("/v1.0/removebg", "size=full&size=preview", headers=it.headers(),
                                  content_type="application/x-www-form-urlencoded"),
        400, "invalid_body", "Invalid request body", None),
    "a broken repeat id": (lambda it: it.multipart(PHOTO, headers={"Idempotency-Key": "a b"}), 400,
                           "invalid_idempotency_key", "Invalid idempotency_key parameter given", None),
    "no key": (lambda it: it.client.post("/v1.0/removebg", {"image_file": upload(PHOTO)}), 403,
               "auth_failed", "Missing API Key", None),
    "another address": (lambda it: it.client.post("/v1.0/nothing", headers=it.headers()), 404,
                        "not_found", "Not found", None),
    "another method": (lambda it: it.client.get("/v1.0/removebg", headers=it.headers()), 405,
                       "method_not_allowed", "Method not allowed", None),
}  # fmt: skip


def raw(caller: Caller, body: str, content_type: str) -> Any:
    """A body as it is."""
    return caller.client.post("/v1.0/removebg", body, content_type=content_type, headers=caller.headers())


def png_header(width: int, height: int) -> bytes:
    """A PNG that claims a size; its pixels are not there."""
    import struct
    import zlib

    head = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = b"IDAT" + zlib.compress(b"\0" * 64)
    chunks = [head, data, b"IEND"]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk)) for chunk in chunks
    )


@pytest.mark.parametrize("case", REFUSALS)
def test_a_refusal_has_its_words_and_costs_nothing(alice: Caller, case: str) -> None:
    send, status, code, title, detail = REFUSALS[case]
    before = alice.owned
    answer = send(alice)
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/json"
    assert set(answer.json()) == {"errors"}
    error = error_of(answer)
    assert (error["code"], error["title"]) == (code, title)
    if detail is not None:
        assert error["detail"] == detail
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert alice.owned == before


def test_a_wrong_key_is_answered_as_recorded(alice: Caller) -> None:
    for token in ("wrong", "offcut_aaaaaaaa_" + "b" * 32, "é", "x" * 5000):
        answer = alice.client.post("/v1.0/removebg", headers={"X-Api-Key": token.encode().decode("latin-1")})
        assert answer.status_code == 403
        assert answer.json() == {"errors": [{"title": "API Key invalid", "code": "auth_failed"}]}


@pytest.mark.parametrize("header", ["X-Api-Key", "x-api-key", "X-API-KEY"])
def test_the_key_in_any_case(alice: Caller, header: str) -> None:
    assert alice.client.get("/v1.0/account", headers={header: alice.token}).status_code == 200


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER "])
def test_the_key_as_a_bearer(alice: Caller, scheme: str) -> None:
    answer = alice.client.get("/v1.0/account", headers={"Authorization": f"{scheme} {alice.token}"})
    assert answer.status_code == 200


def test_a_suspended_team_is_told_so(alice: Caller) -> None:
    suspend_team(alice.team, "unpaid", by=None)
    answer = alice.multipart(PHOTO)
    assert answer.status_code == 403
    assert error_of(answer)["code"] == "auth_failed"
    assert "suspended" in error_of(answer)["detail"]


def test_without_credits_nothing_is_worked_on(db: None, settings: Any) -> None:
    settings.FREE_PREVIEWS = 0
    begun: list[int] = []
    current.use(plain_runner(cut=lambda *_: begun.append(1)))
    settings.GIFT_CREDITS = 0
    bob = Caller.make("bob")
    assert bob.balance.total == 0
    address = "https://a-photo-that-is-never-fetched.example.org/a.jpg"
    for size in ("full", "preview", "auto", "hd", "50MP", "medium"):
        # An id to ask again under changes nothing as long as nothing was answered under it.
        for headers in ({}, {"Idempotency-Key": f"never-seen-{size}"}):
            answer = bob.json(image_url=address, size=size, headers=headers)
            assert answer.status_code == 402, answer.content
            assert (error_of(answer)["code"], error_of(answer)["title"]) == (
                "insufficient_credits",
                "Insufficient credits",
            )
    assert begun == []
    current.use(None)


def test_what_was_paid_is_answered_again_when_nothing_is_left(runner: Any, db: None, settings: Any) -> None:
    settings.FREE_PREVIEWS = settings.GIFT_CREDITS = 0
    bob = Caller.make("bob", credit_count=1)
    again = {"Idempotency-Key": "photo-1"}
    assert bob.multipart(PHOTO, size="full", headers=again).status_code == 200
    assert bob.balance.total == 0
    answer = bob.multipart(PHOTO, size="full", headers=again)
    assert (answer.status_code, answer["X-Repeated"]) == (200, "true")
    # Its time over, the id pays for nothing, and no work is begun to find that out.
    settings.RETENTION_S = 0
    assert bob.multipart(b"not even a photo", size="full", headers=again).status_code == 402


def test_the_last_credit_in_use_is_no_lack_of_credits(runner: Any, db: None, settings: Any) -> None:
    """The same request once more, while the first is being worked on: to be asked again later."""
    settings.FREE_PREVIEWS = settings.GIFT_CREDITS = 0
    bob = Caller.make("bob", credit_count=1)
    again = {"Idempotency-Key": "photo-1"}
    hold_id = "repeat:photo-1"
    ledger.hold(bob.team.pk, hold_id, 100, content_hash="x", now=timezone.now())
    assert bob.balance.total == 0
    with removal._only_one(bob.team.pk, hold_id):
        answer = bob.multipart(PHOTO, size="full", headers=again)
    assert (answer.status_code, error_of(answer)["code"]) == (409, "request_running")
    assert int(answer["Retry-After"]) >= 1


def test_the_rate_limit(alice: Caller, settings: Any) -> None:
    settings.RATE_LIMIT = 3
    for left in ("2", "1", "0"):
        assert alice.multipart(PHOTO)["X-RateLimit-Remaining"] == left
    before = alice.owned
    answer = alice.multipart(PHOTO)
    assert answer.status_code == 429
    assert (error_of(answer)["code"], error_of(answer)["title"]) == (
        "rate_limit_exceeded",
        "Rate limit exceeded",
    )
    assert 1 <= int(answer["Retry-After"]) <= 60
    assert answer["X-RateLimit-Remaining"] == "0"
    assert alice.owned == before
    # Another team's minute is its own; and the account can always be read.
    assert Caller.make("bob").multipart(PHOTO).status_code == 200
    assert alice.client.get("/v1.0/account", headers=alice.headers()).status_code == 200


def test_a_large_photo_counts_by_its_megapixels(alice: Caller, settings: Any) -> None:
    settings.RATE_LIMIT = 3
    before = alice.owned
    answer = alice.multipart(photo_bytes(2000, 1600))
    assert answer.status_code == 429
    assert alice.owned == before
    assert alice.multipart(photo_bytes(1000, 1001)).status_code == 200


def test_every_field_empty_as_the_official_command_line_sends_it(alice: Caller) -> None:
    names = [name for name in VALID if name not in {"image_file"}]
    answer = alice.multipart(PHOTO, data=dict.fromkeys(names, "") | {"image_file_b64": ""})
    assert answer.status_code == 200
    assert answer["X-Size-Chosen"] == "preview"


@pytest.mark.parametrize(
    ("name", "width", "height", "chosen"),
    [
        ("small", 577, 433, "preview"),
        ("regular", 577, 433, "preview"),
        ("preview", 577, 433, "preview"),
        ("medium", 1414, 1060, "medium"),
        ("hd", 1600, 1200, "hd"),
        ("4k", 1600, 1200, "full"),
        ("full", 1600, 1200, "full"),
        ("50MP", 1600, 1200, "50MP"),
    ],
)
def test_old_and_new_names_of_sizes(alice: Caller, name: str, width: int, height: int, chosen: str) -> None:
    answer = alice.multipart(photo_bytes(1600, 1200), size=name)
    assert answer.status_code == 200
    assert (answer["X-Width"], answer["X-Height"]) == (str(width), str(height))
    assert answer["X-Size-Chosen"] == chosen


def test_preflight(alice: Caller) -> None:
    for path, method in (("removebg", "POST"), ("account", "GET"), ("improve", "POST")):
        answer = alice.client.options(
            f"/v1.0/{path}",
            headers={"Origin": "https://shop.example.org", "Access-Control-Request-Method": method},
        )
        assert answer.status_code == 204
        assert answer["Access-Control-Allow-Origin"] == "*"
        assert method in answer["Access-Control-Allow-Methods"]
        allowed = {name.strip().lower() for name in answer["Access-Control-Allow-Headers"].split(",")}
        assert {"x-api-key", "content-type", "accept", "authorization"} <= allowed


def test_the_account_has_these_keys_and_no_other(alice: Caller) -> None:
    answer = alice.client.get("/v1.0/account", headers=alice.headers())
    assert answer.status_code == 200
    assert answer.json() == {
        "data": {
            "attributes": {
                "credits": {"total": 11, "subscription": 0, "payg": 11, "enterprise": 0},
                "api": {"free_calls": 50, "sizes": "all"},
            }
        }
    }
    assert answer["Access-Control-Allow-Origin"] == "*"


def test_the_account_shows_parts_of_credits(alice: Caller, settings: Any) -> None:
    settings.FREE_PREVIEWS = 0
    assert alice.multipart(PHOTO)["X-Credits-Charged"] == "0.25"
    credits_left = alice.client.get("/v1.0/account", headers=alice.headers()).json()["data"]["attributes"]
    assert credits_left["credits"]["total"] == 10.75
    assert credits_left["api"]["free_calls"] == 0


def test_improve_keeps_a_photo_apart(alice: Caller) -> None:
    answer = alice.multipart(PHOTO, "/v1.0/improve", image_filename="../../dog.jpg", tag="dogs")
    assert answer.status_code == 200, answer.content
    assert set(answer.json()) == {"id"}
    row = alice.team.submissions.get()
    assert str(row.pk) == answer.json()["id"]
    assert (row.filename, row.tag, row.width, row.height) == ("../../dog.jpg", "dogs", 60, 40)
    assert alice.json(PHOTO, "/v1.0/improve").status_code == 200
    assert alice.urlencoded(PHOTO, "/v1.0/improve").status_code == 200
    for send in (alice.multipart, alice.json, alice.urlencoded):
        assert error_of(send(None, "/v1.0/improve"))["code"] == "missing_source"
    assert error_of(alice.multipart(b"text", "/v1.0/improve"))["code"] == "failed_to_read_image"
    for field in ({"image_url": upload(b"http://example.org/a.jpg")}, {"image_url[]": "http://example.org/"}):
        answer = alice.multipart(PHOTO, "/v1.0/improve", data=field)
        assert (answer.status_code, error_of(answer)["code"]) == (400, "invalid_image_url")
    assert alice.team.submissions.count() == 3


def test_the_key_is_in_no_log(alice: Caller, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(0)
    alice.multipart(PHOTO)
    alice.multipart(b"nonsense")
    assert caplog.records
    assert alice.token not in "".join(str(record.__dict__) for record in caplog.records)
    assert base64.b64encode(PHOTO).decode() not in caplog.text
