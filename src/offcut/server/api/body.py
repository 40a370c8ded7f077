"""Reading a request's body, of any of the three types, into fields. Knows no field's name."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import multipart
from django.http import HttpRequest, UnreadablePostError

from offcut.errors import ClientGoneError, FileTooLargeError, OffcutError, RequestBodyError

BODY_SIZE_MAX = 64 * 1024 * 1024
"""Most bytes of a whole body: two files of 22 MB, one of them possibly as base64, and what is around them."""

FIELDS_MAX = 100


@dataclass(frozen=True, slots=True)
class Fields:
    """What a body holds. An empty value is as good as none, and is left out.

    `texts` are fields in writing, `files` those that came as bytes, `broken` the names whose value is of a
    kind that no field has, such as a list.
    """

    texts: dict[str, str] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    broken: frozenset[str] = frozenset()


def read_fields(request: HttpRequest) -> Fields:
    """The fields of the body.

    Raises RequestBodyError, FileTooLargeError, UploadTimeoutError, ClientGoneError.
    """
    require_whole_body(request)
    if stated_length(request.META.get("CONTENT_LENGTH") or "") > BODY_SIZE_MAX:
        raise too_large()
    kind = (request.content_type or "").lower()
    try:
        if kind == "multipart/form-data":
            return _multipart(request)
        body = _whole(request)
    except UnreadablePostError as error:
        raise ClientGoneError("Whoever asked has hung up while sending.") from error
    if not body.strip():
        return Fields()
    if kind == "application/json":
        return _json(body)
    if kind == "application/x-www-form-urlencoded":
        return _urlencoded(body)
    raise RequestBodyError(f"A body of type {kind[:80] or 'unknown'} is not read.")


def require_whole_body(request: HttpRequest) -> None:
    """Raises what kept the web server from reading the body to its end, FileTooLargeError or
    UploadTimeoutError."""
    problem: OffcutError | None = getattr(request, "body_problem", None)
    if problem is not None:
        raise problem


def stated_length(content_length: str) -> int:
    """What a Content-Length says, in bytes; 0 for none, and for what is no number."""
    is_number = content_length.isascii() and content_length.isdigit() and len(content_length) < 16
    return int(content_length) if is_number else 0


def too_large() -> FileTooLargeError:
    """The error for a body of more than BODY_SIZE_MAX."""
    return FileTooLargeError(f"The request has more than {BODY_SIZE_MAX / 1e6:.0f} MB.")


def _whole(request: HttpRequest) -> bytes:
    # Not `request.body`: its limit is that of the website's small forms.
    body = request.read(BODY_SIZE_MAX + 1)
    if len(body) > BODY_SIZE_MAX:
        raise too_large()
    return bytes(body)


def _multipart(request: HttpRequest) -> Fields:
    boundary = (request.content_params or {}).get("boundary", "")
    if not 1 <= len(boundary) <= 200 or not boundary.isascii():
        raise RequestBodyError("The multipart body does not say what stands between its parts.")
    texts: dict[str, str] = {}
    files: dict[str, bytes] = {}
    parser = multipart.MultipartParser(
        request,
        boundary,
        part_limit=FIELDS_MAX,
        partsize_limit=BODY_SIZE_MAX,
        # What a part holds is needed whole in the end, so nothing is gained by way of the disk.
        spool_limit=BODY_SIZE_MAX,
        memory_limit=BODY_SIZE_MAX,
    )
    try:
        for part in parser:
            content = part.raw
            part.close()
            if part.filename is None:
                _put(texts, part.name, _text(content, part.name))
            else:
                _put(files, part.name, content)
    except multipart.ParserLimitReached as error:
        raise RequestBodyError("The multipart body has too many or too large parts.") from error
    except (multipart.MultipartError, LookupError) as error:
        raise RequestBodyError("The multipart body is broken.") from error
    return Fields(texts, files)


def _urlencoded(body: bytes) -> Fields:
    texts: dict[str, str] = {}
    try:
        pairs = parse_qsl(
            body.decode("utf-8"), keep_blank_values=True, max_num_fields=FIELDS_MAX, errors="strict"
        )
    except ValueError as error:
        raise RequestBodyError("The form is broken, or has too many fields.") from error
    for name, value in pairs:
        _put(texts, name, value)
    return Fields(texts)


def _json(body: bytes) -> Fields:
    try:
        # utf-8-sig: some clients begin with a byte order mark.
        given = json.loads(body.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise RequestBodyError("The body is no valid JSON.") from error
    if not isinstance(given, dict):
        raise RequestBodyError("The JSON body is not an object of names and values.")
    if len(given) > FIELDS_MAX:
        raise RequestBodyError("The JSON body has too many fields.")
    texts: dict[str, str] = {}
    broken = set()
    for name, value in _flat(given):
        text = _written(value)
        if text is None:
            broken.add(name)
        else:
            _put(texts, name, text)
    return Fields(texts, {}, frozenset(broken))


def _flat(given: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """{"a": {"b": 1}} as forms write it: a[b]. One level deep."""
    for name, value in given.items():
        if isinstance(value, dict) and value:
            for key, inner in value.items():
                yield f"{name}[{key}]", inner
        else:
            yield name, value


def _written(value: Any) -> str | None:
    """A JSON value as a form would write it; None for what no form can write."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return f"{value:g}" if abs(value) < 1e6 else "number out of range"
    return value if isinstance(value, str) else None


def _text(content: bytes, name: str) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise RequestBodyError(f"The field {name[:40]!r} is no text.") from error


def _put(fields: dict[str, Any], name: str, value: Any) -> None:
    """Keep a field that holds something. The same name twice is not guessed about."""
    if not value or (isinstance(value, str) and not value.strip()):
        return
    if fields.get(name, value) != value:
        raise RequestBodyError(f"The field {name[:40]!r} is given twice with different values.")
    fields[name] = value
