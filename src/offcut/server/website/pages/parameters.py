"""What the OpenAPI document says of the API, as the website's table and form show it.

Its sentences are English here. The page translates them (`in_words`); tools/words.py asks for `sentences`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import yaml

from offcut.server.website.pages.documents import openapi_text

_GROUPS = ("Uploads", "Sources", "Options")


@dataclass(frozen=True, slots=True)
class Parameter:
    """One field of a removal request. `values` is empty where any text of a form may stand."""

    name: str
    description: str
    values: tuple[str, ...]
    default: str
    is_file: bool
    is_deprecated: bool

    @property
    def is_switch(self) -> bool:
        return "true" in self.values


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One address of the API."""

    method: str
    path: str
    summary: str


@lru_cache
def parameters() -> tuple[Parameter, ...]:
    """Every parameter of `POST /v1.0/removebg`, photo and background files first."""
    return tuple(_parameters(_document()))


@lru_cache
def endpoints() -> tuple[Endpoint, ...]:
    """Every address, in the document's order."""
    return tuple(_endpoints(_document()))


@lru_cache
def result_headers() -> tuple[tuple[str, str], ...]:
    """The headers of a result, each with what it says."""
    return tuple(_result_headers(_document()))


@lru_cache
def error_codes() -> tuple[str, ...]:
    """Every code that an answer can have."""
    entry = _document()["components"]["schemas"]["Errors"]["properties"]["errors"]["items"]
    return tuple(entry["properties"]["code"]["enum"])


def sentences(document: Mapping[str, Any]) -> Iterator[str]:
    """Every sentence of an OpenAPI document that the page shows, to be translated."""
    yield from (one.summary for one in _endpoints(document))
    yield from (one.description for one in _parameters(document) if one.description)
    yield from (said for _name, said in _result_headers(document))


def _document() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(openapi_text())
    return document


def _endpoints(document: Mapping[str, Any]) -> Iterator[Endpoint]:
    for path, deeds in document["paths"].items():
        for method, deed in deeds.items():
            yield Endpoint(method.upper(), f"/v1.0{path}", deed["summary"])


def _parameters(document: Mapping[str, Any]) -> Iterator[Parameter]:
    schemas = document["components"]["schemas"]
    for group in _GROUPS:
        for name, schema in schemas[group]["properties"].items():
            yield Parameter(
                name,
                schema.get("description", ""),
                tuple(value for value in schema.get("enum", ()) if value),
                str(schema.get("default", "")),
                "contentMediaType" in schema,
                bool(schema.get("deprecated")),
            )


def _result_headers(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    shared = document["components"]["headers"]
    for name, header in document["paths"]["/removebg"]["post"]["responses"]["200"]["headers"].items():
        yield name, _described(header, shared)


def _described(header: Mapping[str, Any], shared: Mapping[str, Any]) -> str:
    if "$ref" in header:
        return str(shared[header["$ref"].rpartition("/")[2]]["description"])
    return str(header["description"])
