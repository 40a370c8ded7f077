"""Every refusal of the v1.0 API, and every answer that is none, as an error of ours."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from offcut import errors
from offcut.client import Refusal, refusal_of
from offcut.client.refusals import OPTION_ERRORS, PHOTO_ERRORS, SERVICE_ERRORS

PHOTO = b"\xff\xd8 a photo"

# Status, code, title, detail: as the API writes them. Then the class and the code of our error.
REFUSALS = [
    (400, "missing_source", "No image given", "", "OptionError", "missing_source"),
    (400, "multiple_sources", "Multiple image sources given", "", "OptionError", "multiple_sources"),
    (400, "invalid_image_url", "Invalid image_url", "", "InvalidAddressError", "address_invalid"),
    (
        400,
        "failed_image_download",
        "Failed to download image from given image_url: HTTP Status 404",
        "",
        "PhotoAddressError",
        "photo_address_failed",
    ),
    (400, "failed_to_read_image", "Failed to read image", "", "BrokenPhotoError", "broken_image"),
    (
        400,
        "invalid_file_type",
        "Invalid file type",
        "Expected jpg/png, received mp4",
        "UnsupportedPhotoError",
        "unsupported_photo",
    ),
    (400, "invalid_dimensions", "Invalid dimensions", "", "InvalidDimensionsError", "invalid_dimensions"),
    (
        400,
        "file_too_large",
        "File too large",
        "File exceeds limit of 22MB",
        "FileTooLargeError",
        "file_too_large",
    ),
    (400, "resolution_too_high", "Resolution too high", "", "TooManyPixelsError", "too_many_pixels"),
    (
        400,
        "unknown_foreground",
        "Could not identify foreground in image.",
        "",
        "NoForegroundError",
        "no_foreground",
    ),
    (400, "invalid_size", "Invalid value for parameter 'size'", "", "OptionError", "invalid_size"),
    (
        400,
        "invalid_channels",
        "Invalid value for parameter 'channels'",
        "",
        "OptionError",
        "invalid_channels",
    ),
    *(
        (400, f"invalid_{name}", f"Invalid {name} parameter given", "", "OptionError", f"invalid_{name}")
        for name in (
            *("format", "bg_color", "crop_margin", "position", "roi", "scale", "semitransparency"),
            *("type", "type_level", "shadow_type", "shadow_opacity", "crop", "add_shadow"),
            *("image_file", "image_file_b64", "bg_image_file", "idempotency_key"),
        )
    ),
    (400, "roi_exceeds_bounds", "roi exceeds bounds", "", "OptionError", "roi_exceeds_bounds"),
    (400, "roi_region_empty", "roi region empty", "", "OptionError", "roi_region_empty"),
    (400, "invalid_bg_image_url", "Invalid bg_image_url", "", "InvalidAddressError", "address_invalid"),
    (400, "failed_bg_download", "Failed to download", "", "PhotoAddressError", "photo_address_failed"),
    (400, "multiple_bg_sources", "Multiple background sources", "", "OptionError", "multiple_bg_sources"),
    (402, "insufficient_credits", "Insufficient credits", "", "ServiceCreditsError", "service_credits_short"),
    (403, "auth_failed", "API Key invalid", "", "ServiceKeyError", "service_key_refused"),
    (403, "auth_failed", "Missing API Key", "", "ServiceKeyError", "service_key_refused"),
    (429, "rate_limit_exceeded", "Rate limit exceeded", "", "ServiceLimitError", "service_limit_reached"),
    (409, "request_running", "The same request is being worked on", "", "ServiceBusyError", "service_busy"),
    (503, "server_busy", "Server busy", "", "ServiceBusyError", "service_busy"),
    (503, "server_not_ready", "Server not ready", "", "ServiceBusyError", "service_busy"),
    (422, "id_reused", "Used for another request", "", "ServiceIdReusedError", "service_id_reused"),
    (422, "request_over", "Idempotency-Key used before", "", "ServiceIdReusedError", "service_id_reused"),
    (500, "internal_error", "Internal server error", "", "ServiceFaultError", "service_fault"),
    (499, "client_gone", "Client closed the request", "", "ServiceUnreachableError", "service_unreachable"),
    (408, "upload_timeout", "Upload too slow", "", "ServiceTimeoutError", "service_timeout"),
    (400, "host_not_allowed", "Host not allowed", "", "ServiceRefusalError", "service_refusal"),
    (404, "not_found", "Not found", "", "ServiceAnswerError", "service_answer"),
    (405, "method_not_allowed", "Method not allowed", "", "ServiceAnswerError", "service_answer"),
    (400, "invalid_body", "Invalid request body", "", "ServiceRefusalError", "service_refusal"),
    (400, "request_error", "Invalid request", "", "ServiceRefusalError", "service_refusal"),
]


KNOWN = {*PHOTO_ERRORS, *OPTION_ERRORS, *SERVICE_ERRORS, "invalid_file_type"}


@pytest.mark.parametrize(("status", "code", "title", "detail", "name", "ours"), REFUSALS)
def test_every_code_of_the_api_is_an_error_of_ours(
    status: int, code: str, title: str, detail: str, name: str, ours: str,
    make_client: Any, service: Any, recorded: Any,
) -> None:  # fmt: skip
    service.script = [recorded.refusal(status, code, title, detail, X_Request_Id="request-9")]
    with pytest.raises(errors.OffcutError) as refused:
        make_client(retries=0).remove(PHOTO)
    error = refused.value
    assert (type(error).__name__, error.code) == (name, ours)
    assert title.rstrip(".") in str(error)
    assert detail in str(error)
    refusal = refusal_of(error)
    assert isinstance(refusal, Refusal)
    assert (refusal.status, refusal.code, refusal.title, refusal.detail) == (status, code, title, detail)
    assert refusal.request_id == "request-9"
    assert len(service.received) == 1


def test_the_table_above_leaves_no_known_code_out() -> None:
    assert {code for _, code, *_ in REFUSALS} == KNOWN


def test_what_is_said_about_a_file_type_and_an_option_is_kept(
    client: Any, service: Any, recorded: Any
) -> None:
    service.script = [
        recorded.refusal(400, "invalid_file_type", "Invalid file type", "Expected jpg/png, received mp4"),
        recorded.refusal(400, "invalid_roi", "Invalid roi parameter given"),
    ]
    with pytest.raises(errors.UnsupportedPhotoError, match=r"^Invalid file type: Expected jpg/png") as film:
        client.remove(PHOTO)
    assert film.value.kind == "mp4"
    with pytest.raises(errors.OptionError) as option:
        client.remove(PHOTO)
    assert option.value.parameter == "roi"


@pytest.mark.parametrize(
    ("answer", "error", "sentence"),
    [
        (
            (400, {}, b'{"errors":[{"title":"New rule","code":"new_rule"}]}'),
            "ServiceRefusalError",
            "New rule.",
        ),
        ((400, {}, b'{"errors":[{"title":"Only a title"}]}'), "ServiceRefusalError", "Only a title."),
        ((401, {}, b""), "ServiceKeyError", "status 401"),
        ((402, {}, b"pay"), "ServiceCreditsError", "status 402"),
        ((403, {}, b"<html>"), "ServiceKeyError", "status 403"),
        ((404, {}, b"<html>Not Found"), "ServiceAnswerError", "status 404"),
        ((405, {}, b"[]"), "ServiceAnswerError", "status 405"),
        ((413, {}, b"<html>nginx"), "FileTooLargeError", "status 413"),
        ((418, {}, b'{"errors":[]}'), "ServiceAnswerError", "status 418"),
        ((418, {}, b'{"errors":["text"]}'), "ServiceAnswerError", "status 418"),
        ((418, {}, b'{"errors":{"title":"x"}}'), "ServiceAnswerError", "status 418"),
        ((429, {}, b""), "ServiceLimitError", "status 429"),
        ((500, {}, b"Traceback"), "ServiceFaultError", "status 500"),
        ((502, {}, b"<html>Bad Gateway"), "ServiceFaultError", "status 502"),
        ((503, {}, b""), "ServiceBusyError", "status 503"),
        ((504, {}, b""), "ServiceFaultError", "status 504"),
        ((200, {"Content-Type": "text/html"}, b"<h1>Hello"), "ServiceAnswerError", "text/html in place"),
        ((200, {}, b"nothing said"), "ServiceAnswerError", "something in place"),
        ((200, {"Content-Type": "image/png"}, b""), "ServiceAnswerError", "no photo at all"),
        ((200, {"Content-Type": "application/json"}, b"{"), "ServiceAnswerError", "no JSON"),
        ((200, {"Content-Type": "application/json"}, b"\xff\xfe{"), "ServiceAnswerError", "no JSON"),
        ((200, {"Content-Type": "application/json"}, b"[1]"), "ServiceAnswerError", "another shape"),
        ((200, {"Content-Type": "application/json"}, b"{}"), "ServiceAnswerError", "holds no photo"),
        (
            (200, {"Content-Type": "application/json"}, b'{"data":{"result_b64":"%%"}}'),
            "ServiceAnswerError",
            "holds no photo",
        ),
        (
            (200, {"Content-Type": "application/json"}, b'{"data":{"result_b64":"YWJj"}}'),
            "ServiceAnswerError",
            "no known kind",
        ),
    ],
)
def test_an_answer_that_is_not_of_the_api_is_told(
    answer: Any, error: str, sentence: str, make_client: Any, service: Any
) -> None:
    service.script = [answer]
    with pytest.raises(errors.OffcutError, match=re.escape(sentence)) as refused:
        make_client(retries=0).remove(PHOTO)
    assert type(refused.value).__name__ == error


@pytest.mark.parametrize(
    "body", [b"{}", b'{"data":{"attributes":{"credits":{"total":1}}}}', b'{"data":null}']
)
def test_an_account_that_cannot_be_understood_is_told(body: bytes, client: Any, service: Any) -> None:
    service.script = [(200, {"Content-Type": "application/json"}, body)]
    with pytest.raises(errors.ServiceAnswerError):
        client.account()


def test_a_submission_without_an_id_is_told(client: Any, service: Any) -> None:
    service.script = [(200, {"Content-Type": "application/json"}, b"{}")] * 2
    with pytest.raises(errors.ServiceAnswerError):
        client.improve(PHOTO)


def test_the_key_does_not_follow_a_redirect(client: Any, service: Any) -> None:
    service.script = [(308, {"Location": f"{service.url}/elsewhere"}, b"")]
    with pytest.raises(errors.ServiceAnswerError, match=r"leads on to .*/elsewhere"):
        client.remove(PHOTO)
    assert [request.path for request in service.received] == ["/v1.0/removebg"]


def test_a_refused_key_is_not_told_on(make_client: Any) -> None:
    with pytest.raises(errors.ServiceKeyError) as refused:
        make_client(api_key="wrong-secret").account()
    assert "wrong-secret" not in f"{refused.value!r} {refused.value.__cause__!r} {refused.value.hint}"


def test_a_long_refusal_is_cut(client: Any, service: Any) -> None:
    body = json.dumps({"errors": [{"title": "x" * 9999, "code": "odd"}]}).encode()
    service.script = [(400, {}, body)]
    with pytest.raises(errors.ServiceRefusalError) as refused:
        client.remove(PHOTO)
    assert len(str(refused.value)) < 600
