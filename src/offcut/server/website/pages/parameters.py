"""What the OpenAPI document says of the API, as the website's table and form show it."""

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
    return tuple(_parameters())


@lru_cache
def endpoints() -> tuple[Endpoint, ...]:
    """Every address, in the document's order."""
    return tuple(
        Endpoint(method.upper(), f"/v1.0{path}", deed["summary"])
        for path, deeds in _document()["paths"].items()
        for method, deed in deeds.items()
    )


@lru_cache
def result_headers() -> tuple[tuple[str, str], ...]:
    """The headers of a result, each with what it says."""
    headers = _document()["paths"]["/removebg"]["post"]["responses"]["200"]["headers"]
    shared = _document()["components"]["headers"]
    return tuple((name, _described(header, shared)) for name, header in headers.items())


@lru_cache
def error_codes() -> tuple[str, ...]:
    """Every code that an answer can have."""
    entry = _document()["components"]["schemas"]["Errors"]["properties"]["errors"]["items"]
    return tuple(entry["properties"]["code"]["enum"])


def _document() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(openapi_text())
    return document


def _parameters() -> Iterator[Parameter]:
    schemas = _document()["components"]["schemas"]
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


def _described(header: Mapping[str, Any], shared: Mapping[str, Any]) -> str:
    if "$ref" in header:
        return str(shared[header["$ref"].rpartition("/")[2]]["description"])
    return str(header["description"])
