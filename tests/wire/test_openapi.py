"""docs/openapi/v1.yaml and the server say the same: every address, field, header and code, both ways.

OFFCUT_TEST_FUZZ_CASES says how many requests are made up for each endpoint.
"""

from __future__ import annotations

import base64
import os
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
import yaml
from django.urls import get_resolver
from hypothesis import HealthCheck, settings
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate
from schemathesis.checks import CHECKS
from tests.server.plain_runner import photo_bytes
from tests.wire.served import PATIENCE_S, Served
from tests.wire.test_contract import VALID

from offcut.server.api.codes import all_codes
from offcut.server.api.wire import EXPOSED_HEADERS, FORMATS, MEDIA_TYPES, OPTION_NAMES

DOCUMENT: dict[str, Any] = yaml.safe_load(
    (Path(__file__).parents[2] / "docs" / "openapi" / "v1.yaml").read_text(encoding="utf-8")
)
SCHEMAS = DOCUMENT["components"]["schemas"]
CASES = int(os.environ.get("OFFCUT_TEST_FUZZ_CASES", "100"))
PHOTO = base64.b64encode(photo_bytes()).decode()
SOURCES = {"image_file", "image_file_b64", "image_url", "bg_image_file", "bg_image_url"}


def test_the_document_is_valid() -> None:
    validate(DOCUMENT)
    for schema in SCHEMAS.values():
        Draft202012Validator.check_schema(schema)


def test_it_has_the_servers_addresses_and_no_other() -> None:
    routes = {
        str(pattern.pattern)
        for resolver in get_resolver().url_patterns
        for pattern in getattr(resolver, "url_patterns", ())
    }
    served = {f"/{route.removeprefix('v1.0/')}" for route in routes if re.fullmatch(r"v1\.0/\w+", route)}
    assert set(DOCUMENT["paths"]) == served


def test_it_has_every_parameter_and_no_other() -> None:
    form = set(SCHEMAS["Options"]["properties"]) | set(SCHEMAS["Sources"]["properties"])
    assert form | set(SCHEMAS["Uploads"]["properties"]) == set(OPTION_NAMES) | SOURCES
    assert set(SCHEMAS["RemovalJson"]["properties"]) == form


@pytest.mark.parametrize("name", ["size", "type", "type_level", "format", "channels"])
def test_it_has_every_value(name: str) -> None:
    assert set(SCHEMAS["Options"]["properties"][name]["enum"]) == set(VALID[name])


def test_it_has_every_code_header_and_media_type() -> None:
    assert SCHEMAS["Errors"]["properties"]["errors"]["items"]["properties"]["code"]["enum"] == all_codes()
    answer = DOCUMENT["paths"]["/removebg"]["post"]["responses"]["200"]
    assert set(answer["headers"]) == set(EXPOSED_HEADERS) - {"Retry-After", "X-Request-ID"}
    assert set(answer["content"]) == {*MEDIA_TYPES.values(), "application/json"}
    assert set(MEDIA_TYPES) == set(FORMATS) - {"auto"}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    server = Served(tmp_path_factory.mktemp("data"), {"alice": 100_000}, OFFCUT_FREE_PREVIEWS="0")
    yield server
    server.stop()


schema = schemathesis.openapi.from_dict(DOCUMENT)
CHOSEN = [
    check
    for check in CHECKS.get_all()
    if check.__name__
    in {
        "not_a_server_error",
        "status_code_conformance",
        "content_type_conformance",
        "response_headers_conformance",
        "response_schema_conformance",
        "unsupported_method",
    }
]


def owned(served: Served, headers: dict[str, str]) -> Any:
    answer = httpx.get(f"{served.url}/v1.0/account", headers=headers, timeout=PATIENCE_S)
    assert answer.status_code == 200
    return answer.json()


@schema.parametrize()
@settings(
    max_examples=CASES,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
def test_made_up_requests(case: Any, served: Served) -> None:
    """No 5xx, nothing that the document does not say, and every refusal leaves the balance unchanged."""
    headers = {"X-Api-Key": served.tokens["alice"]}
    chance = random.Random(repr(case.body))
    if isinstance(case.body, dict) and chance.random() < 0.6:
        # Made-up text is hardly ever a photo; with a real one the other fields come into play.
        case.body = {name: value for name, value in case.body.items() if name not in SOURCES}
        case.body["image_file_b64"] = PHOTO
    before = owned(served, headers)
    response = case.call(base_url=f"{served.url}/v1.0", headers=headers, timeout=PATIENCE_S)
    case.validate_response(response, checks=CHOSEN, headers=headers)
    if response.status_code != 200 or "account" in case.path:
        assert owned(served, headers) == before
    else:
        charged = float(response.headers["x-credits-charged"][0]) if "removebg" in case.path else 0.0
        spent = before["data"]["attributes"]["credits"]["total"]
        spent -= owned(served, headers)["data"]["attributes"]["credits"]["total"]
        assert spent == (0 if "x-repeated" in response.headers else charged)
