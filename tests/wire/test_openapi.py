"""docs/openapi/v1.yaml and the server say the same: every address, field, header and code, both ways."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.urls import get_resolver
from hypothesis import HealthCheck, settings
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate
from tests.wire.made_up import (
    CASES,
    CHOSEN,
    DOCUMENT,
    SOURCES,
    charged,
    credits_left,
    give_a_photo,
    schema,
    serve,
)
from tests.wire.served import PATIENCE_S, Served
from tests.wire.test_contract import VALID

from offcut.server.api.codes import all_codes
from offcut.server.api.wire import EXPOSED_HEADERS, FORMATS, MEDIA_TYPES, OPTION_NAMES

SCHEMAS = DOCUMENT["components"]["schemas"]


def test_the_document_is_valid() -> None:
    validate(DOCUMENT)
    for part in SCHEMAS.values():
        Draft202012Validator.check_schema(part)


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
    server = serve(tmp_path_factory.mktemp("data"))
    yield server
    server.stop()


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
    give_a_photo(case)
    before = credits_left(served)
    response = case.call(base_url=f"{served.url}/v1.0", headers=headers, timeout=PATIENCE_S)
    case.validate_response(response, checks=CHOSEN, headers=headers)
    assert before - credits_left(served) == charged(response)
    assert response.status_code == 200 or not charged(response)
