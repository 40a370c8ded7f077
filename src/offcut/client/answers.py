"""What a server of the v1.0 API answers, as values."""

from __future__ import annotations

import base64
import binascii
import contextlib
import errno
import io
import json
import os
import tempfile
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Any

from offcut.errors import (
    BrokenArchiveError,
    DiskFullError,
    OptionError,
    ServiceAnswerError,
    UnwritableOutputError,
)

if TYPE_CHECKING:
    import httpx

_FORMATS = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp", "application/zip": "zip"}
_SUFFIXES = {".png": "png", ".jpg": "jpg", ".jpeg": "jpg", ".webp": "webp", ".zip": "zip"}
_MAGIC = ((b"\x89PNG", "png"), (b"\xff\xd8", "jpg"), (b"RIFF", "webp"), (b"PK\x03\x04", "zip"))


@dataclass(frozen=True, slots=True)
class Foreground:
    """Where the subject is in the result, in pixels."""

    left: int
    top: int
    width: int
    height: int

    @property
    def box(self) -> tuple[int, int, int, int]:
        """left, top, right, bottom; right and bottom are exclusive."""
        return self.left, self.top, self.left + self.width, self.top + self.height


@dataclass(frozen=True, slots=True)
class RateLimit:
    """How much may still be asked: `limit` and `remaining` in megapixels, anew from `reset_at` on."""

    limit: int | None
    remaining: int | None
    reset_at: datetime | None


@dataclass(frozen=True, slots=True)
class ZipParts:
    """What a ZIP result holds: `color` is a JPEG, `alpha` a grayscale PNG of the same size."""

    color: bytes
    alpha: bytes


@dataclass(frozen=True, slots=True)
class RemovalResult:
    """A finished removal.

    `data` is the file, `format` its kind: "png", "jpg", "webp" or "zip". `type` is what the photo shows
    ("person", …), None when it was not asked for or not told. `width` and `height` are the result's,
    `max_width` and `max_height` those of the largest result that this photo could have given, in pixels.
    `credits_charged` is exact. `headers` (names in lower case) holds whatever else the server told. What a
    server does not say is None.
    """

    data: bytes = field(repr=False)
    format: str
    type: str | None = None
    width: int | None = None
    height: int | None = None
    max_width: int | None = None
    max_height: int | None = None
    credits_charged: Decimal | None = None
    foreground: Foreground | None = None
    rate_limit: RateLimit | None = None
    request_id: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    def save(self, path: str | Path) -> Path:
        """Writes the file whole or not at all, and returns its path.

        Raises OptionError when the suffix names another format than the result has, and an OutputError when
        it cannot be written.
        """
        path = Path(path)
        named = _SUFFIXES.get(path.suffix.lower(), self.format)
        if named != self.format:
            raise OptionError(
                "format", f"The result is {self.format}, and {path.name} is a name for {named}.",
                hint=f"Ask for format={named!r}, or use another suffix.",
            )  # fmt: skip
        _write(path, self.data)
        return path

    def unzip(self) -> ZipParts:
        """Colour and matte of a result that was asked for as ZIP. Raises BrokenArchiveError."""
        try:
            with zipfile.ZipFile(io.BytesIO(self.data)) as archive:
                return ZipParts(archive.read("color.jpg"), archive.read("alpha.png"))
        except (
            zipfile.BadZipFile,
            zlib.error,
            KeyError,
            NotImplementedError,
            RuntimeError,
            EOFError,
        ) as error:
            raise BrokenArchiveError("The result is no ZIP of color.jpg and alpha.png.") from error


@dataclass(frozen=True, slots=True)
class Account:
    """What the account holds. The credits are exact; `total` is the sum of the others. `free_calls` are the
    previews that cost nothing this month."""

    total: Decimal
    subscription: Decimal
    payg: Decimal
    enterprise: Decimal
    free_calls: int
    sizes: str


def read_removal(response: httpx.Response) -> RemovalResult:
    """The result in an answer, raw or JSON. Raises ServiceAnswerError."""
    headers = {name.lower(): value for name, value in response.headers.items()}
    media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type == "application/json":
        values = _json(response).get("data")
        data, foreground = _decoded(values), _foreground(values, "foreground_")
    elif media_type in _FORMATS:
        data, foreground = response.content, _foreground(headers, "x-foreground-")
    else:
        raise ServiceAnswerError(f"The server answers with {media_type or 'something'} in place of a photo.")
    if not data:
        raise ServiceAnswerError("The server answers with no photo at all.")
    return RemovalResult(
        data=data,
        format=_FORMATS.get(media_type) or _kind(data),
        type=headers.get("x-type") or None,
        width=_whole(headers.get("x-width")),
        height=_whole(headers.get("x-height")),
        max_width=_whole(headers.get("x-max-width")),
        max_height=_whole(headers.get("x-max-height")),
        credits_charged=_exact(headers.get("x-credits-charged")),
        foreground=foreground,
        rate_limit=_rate_limit(headers),
        request_id=headers.get("x-request-id"),
        headers=headers,
    )


def read_account(response: httpx.Response) -> Account:
    """The balance in an answer. Raises ServiceAnswerError."""
    try:
        attributes = _json(response)["data"]["attributes"]
        held, api = attributes["credits"], attributes["api"]
        return Account(
            total=Decimal(str(held["total"])),
            subscription=Decimal(str(held["subscription"])),
            payg=Decimal(str(held["payg"])),
            enterprise=Decimal(str(held["enterprise"])),
            free_calls=int(api["free_calls"]),
            sizes=str(api["sizes"]),
        )
    except (KeyError, TypeError, ValueError, InvalidOperation) as error:
        raise ServiceAnswerError("The server's answer about the account cannot be understood.") from error


def read_submission(response: httpx.Response) -> str:
    """The id in an answer to a submission. Raises ServiceAnswerError."""
    values = _json(response)
    found = values.get("id") or (values["data"].get("id") if isinstance(values.get("data"), dict) else None)
    if not isinstance(found, str):
        raise ServiceAnswerError("The server took the photo and gave it no id.")
    return found


def _json(response: httpx.Response) -> dict[str, Any]:
    try:
        values = json.loads(response.content, parse_float=Decimal)
    except ValueError as error:
        raise ServiceAnswerError("The server's answer is no JSON.") from error
    if not isinstance(values, dict):
        raise ServiceAnswerError("The server's answer is JSON of another shape.")
    return values


def _decoded(values: Any) -> bytes:
    try:
        return base64.b64decode(values["result_b64"], validate=True)
    except (KeyError, TypeError, binascii.Error, ValueError) as error:
        raise ServiceAnswerError("The server's answer holds no photo.") from error


def _kind(data: bytes) -> str:
    for magic, kind in _MAGIC:
        if data.startswith(magic):
            return kind
    raise ServiceAnswerError("The server's answer holds a photo of no known kind.")


def _foreground(values: Any, prefix: str) -> Foreground | None:
    sides = [_whole(values.get(prefix + name)) for name in ("left", "top", "width", "height")]
    known = [side for side in sides if side is not None]
    return Foreground(*known) if len(known) == 4 else None


def _rate_limit(headers: Mapping[str, str]) -> RateLimit | None:
    limit, remaining, reset = (
        _whole(headers.get(f"x-ratelimit-{name}")) for name in ("limit", "remaining", "reset")
    )
    if limit is None and remaining is None and reset is None:
        return None
    moment = None
    with contextlib.suppress(OverflowError, OSError, ValueError):
        moment = None if reset is None else datetime.fromtimestamp(reset, UTC)
    return RateLimit(limit, remaining, moment)


def _whole(value: Any) -> int | None:
    try:
        return int(value)
    except (TypeError, ValueError):
        return None


def _exact(value: str | None) -> Decimal | None:
    with contextlib.suppress(InvalidOperation):
        return None if value is None else Decimal(value)
    return None


def _write(path: Path, data: bytes) -> None:
    name = None
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".offcut-", suffix=".part")
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        mask = os.umask(0)
        os.umask(mask)
        Path(name).chmod(0o666 & ~mask)
        Path(name).replace(path)
    except OSError as error:
        if name is not None:
            Path(name).unlink(missing_ok=True)
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFullError(f"There is no room left to write {path.name}.") from error
        raise UnwritableOutputError(f"{path} cannot be written: {error.strerror}.") from error
