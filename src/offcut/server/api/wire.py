"""The names of the v1.0 API: fields in, headers and JSON out. No other file knows them.

Names and meanings are those that clients have sent for years; what the contract leaves open is decided
here and told in docs/coming-from-remove-bg.md.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse

from offcut.engine.decode import Limits
from offcut.engine.options import Options, max_size
from offcut.engine.types import Note, Subject
from offcut.errors import (
    FileTooLargeError,
    MissingPhotoError,
    NotAnImageError,
    OptionError,
    SeveralPhotosError,
)
from offcut.server.api.body import Fields
from offcut.server.credits.amounts import credits_of
from offcut.server.credits.rules import Source
from offcut.server.credits.statement import Balance
from offcut.server.removals.models import Image
from offcut.server.removals.rate import Allowance
from offcut.server.removals.removal import Removal

FILE_SIZE_MAX = 22 * 1024 * 1024
PNG_PIXELS_MAX = 10_000_000
LIMITS = Limits(bytes_max=FILE_SIZE_MAX, pixels_max=50_000_000)

OPTION_NAMES = (
    "size", "type", "type_level", "format", "roi", "crop", "crop_margin", "scale", "position", "channels",
    "shadow_type", "shadow_opacity", "add_shadow", "semitransparency", "bg_color",
)  # fmt: skip
FORMATS = ("auto", "png", "jpg", "webp", "zip")
DEFAULTS = {"size": "preview", "type_level": "1"}
_PER_SUBJECT = re.compile(r"(shadow_type|shadow_opacity)\[[A-Za-z_]+\]")
_LEFT_UNREAD = frozenset({"shadow_method"})
"""Fields that meant something once and are ignored by agreement."""

MEDIA_TYPES = {"png": "image/png", "jpg": "image/jpeg", "webp": "image/webp", "zip": "application/zip"}
EXPOSED_HEADERS = (
    "X-Type", "X-Width", "X-Height", "X-Max-Width", "X-Max-Height", "X-Credits-Charged",
    "X-Foreground-Top", "X-Foreground-Left", "X-Foreground-Width", "X-Foreground-Height",
    "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset", "Retry-After",
    "X-Size-Chosen", "X-Size-Reason", "X-Notes", "X-Ignored-Fields", "X-Repeated", "X-Image-ID",
    "X-Request-ID",
)  # fmt: skip
ALLOWED_HEADERS = ("X-API-Key", "Content-Type", "Accept", "Authorization", "Idempotency-Key", "X-Request-ID")

_LEVEL_1: Mapping[Subject, str] = {
    "person": "person",
    "product": "product",
    "animal": "animal",
    "car": "car",
    "car_interior": "car",
    "car_part": "car",
    "transportation": "other",
    "graphic": "other",
    "other": "other",
}
_LEVEL_2: Mapping[Subject, str] = {
    "car_interior": "car_interior",
    "car_part": "car_part",
    "transportation": "transportation",
    "graphic": "graphics",
}
_REPEAT_ID = re.compile(r"[\x21-\x7e]{1,128}")


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as it is sent: its bytes, or the address where it lies. Both None: there is none."""

    content: bytes | None = None
    address: str | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """What a removal request asks. `options` has no background image yet: it may have to be fetched first.
    `ignored` are the fields that mean nothing here."""

    photo: Picture
    background: Picture
    options: Options
    ignored: tuple[str, ...]


def is_api_path(path: str) -> bool:
    """Whether an address is one of the API's, known or not."""
    return path == "/v1.0" or path.startswith("/v1.0/")


def read_key(request: HttpRequest) -> str:
    """The API key in the request's headers, "" when there is none."""
    key = request.headers.get("X-Api-Key", "").strip()
    if key:
        return key
    scheme, _, token = request.headers.get("Authorization", "").strip().partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def read_repeat_id(request: HttpRequest) -> str | None:
    """The id under which the caller may ask again. Raises OptionError for one that is none."""
    given = request.headers.get("Idempotency-Key", "").strip()
    if given and not _REPEAT_ID.fullmatch(given):
        raise OptionError(
            "idempotency_key", "This Idempotency-Key is none.", hint="1 to 128 visible ASCII characters."
        )
    return given or None


def read_asked(fields: Fields) -> Asked:
    """What the fields ask. Raises MissingPhotoError, SeveralPhotosError, FileTooLargeError, NotAnImageError,
    and OptionError for every value that is not allowed."""
    _refuse_misshapen(fields, {*OPTION_NAMES, *_SOURCES})
    given = {name: text for name, text in fields.texts.items() if _is_option(name)}
    strings = DEFAULTS | given
    if strings.get("format", "auto").strip().lower() not in FORMATS:
        raise OptionError("format", "There is no such format.", hint=f"Allowed: {', '.join(FORMATS)}.")
    options = Options.from_strings(strings)
    background = _read_background(fields, has_color="bg_color" in strings)
    photo = read_photo(fields)
    read = given.keys() | _SOURCES | _LEFT_UNREAD
    ignored = [name for name in (*fields.texts, *fields.files) if name not in read]
    return Asked(photo, background, options, tuple(dict.fromkeys(ignored)))


def read_photo(fields: Fields) -> Picture:
    """The one photo that the fields bring. Raises MissingPhotoError, SeveralPhotosError, FileTooLargeError,
    NotAnImageError, and OptionError for a file where only an upload can be one."""
    file, encoded, address = (
        fields.files.get("image_file"), fields.texts.get("image_file_b64"), fields.texts.get("image_url")
    )  # fmt: skip
    if encoded is None and "image_file_b64" in fields.files:
        encoded = fields.files["image_file_b64"].decode("latin-1")
    if "image_file" in fields.texts:
        raise OptionError(
            "image_file",
            "A file can only be sent as multipart/form-data.",
            hint="Send it as an upload, or as image_file_b64.",
        )
    given = [one for one in (file, encoded, address) if one]
    if not given:
        raise MissingPhotoError("There is no photo in this request.")
    if len(given) > 1:
        raise SeveralPhotosError("There is more than one photo in this request.")
    return Picture(_decoded(encoded) if encoded else file, address)


def read_submission(fields: Fields) -> tuple[Picture, str, str]:
    """The photo of a submission, the name it has there, and its tag. Raises what `read_photo` raises, and
    OptionError for a source in a form that it does not have."""
    _refuse_misshapen(fields, _PHOTO_SOURCES)
    return read_photo(fields), fields.texts.get("image_filename", ""), fields.texts.get("tag", "")


def wants_json(accept: str) -> bool:
    """Whether the `Accept` header asks for JSON in place of the file itself.

    A list that ends in */* is what browsers and HTTP libraries send by themselves, and asks for nothing.
    """
    kinds = [part.partition(";")[0].strip().lower() for part in accept.split(",")]
    known = [
        kind for kind in kinds if kind == "application/json" or kind.startswith(("image/", "application/"))
    ]
    return "*/*" not in kinds and known[:1] == ["application/json"]


def removal_answer(
    removal: Removal, asked: Asked, kept: Image | Note | None, *, as_json: bool
) -> HttpResponse:
    """The result as the client wants it, with its headers. `kept` is the image that the photo became, or a
    note why it did not."""
    result = removal.finished
    left, top, right, bottom = result.box or (0, 0, 0, 0)
    place = {"top": top, "left": left, "width": right - left, "height": bottom - top}
    if as_json:
        data: dict[str, Any] = {"result_b64": base64.b64encode(result.content).decode("ascii")}
        data |= {f"foreground_{name}": value for name, value in place.items()}
        answer = HttpResponse(json.dumps({"data": data}), content_type="application/json")
    else:
        answer = HttpResponse(result.content, content_type=MEDIA_TYPES[result.format])
    for name, value in place.items():
        answer[f"X-Foreground-{name.title()}"] = str(value)
    _set_size_headers(answer, removal, asked.options)
    answer["X-Credits-Charged"] = str(credits_of(removal.charged_amount))
    subject = subject_word(result.subject, asked.options.type_level)
    if subject:
        answer["X-Type"] = subject
    notes = [*result.notes, *([kept] if isinstance(kept, Note) else [])]
    if notes:
        answer["X-Notes"] = ", ".join(note.code for note in notes)
    if isinstance(kept, Image):
        answer["X-Image-ID"] = str(kept.pk)
    if asked.ignored:
        answer["X-Ignored-Fields"] = ", ".join(
            re.sub(r"[^\w\[\]-]", "?", name)[:40] for name in asked.ignored[:20]
        )
    if removal.is_repeated:
        answer["X-Repeated"] = "true"
    return answer


def subject_word(subject: Subject, level: str) -> str:
    """What `X-Type` says of a subject at this `type_level`; "" for no header."""
    if level == "none":
        return ""
    return _LEVEL_1[subject] if level == "1" else _LEVEL_2.get(subject, subject)


def account_answer(balance: Balance) -> dict[str, Any]:
    """The balance, with exactly the keys that clients expect. Gifts and corrections count as pay-as-you-go:
    the total is the sum of the three."""
    subscription = balance.by_source[Source.SUBSCRIPTION]
    enterprise = balance.by_source[Source.ENTERPRISE]
    left = {
        "total": _number(balance.total),
        "subscription": _number(subscription),
        "payg": _number(balance.total - subscription - enterprise),
        "enterprise": _number(enterprise),
    }
    api = {"free_calls": balance.free_preview_count, "sizes": "all"}
    return {"data": {"attributes": {"credits": left, "api": api}}}


def set_rate_headers(answer: HttpResponse, allowance: Allowance) -> None:
    """Say what the team may still send within this minute."""
    answer["X-RateLimit-Limit"] = str(allowance.limit)
    answer["X-RateLimit-Remaining"] = str(allowance.remaining)
    answer["X-RateLimit-Reset"] = str(allowance.reset_at)


def set_cors_headers(answer: HttpResponse) -> None:
    """Let any page read the answer: the key is the protection, not the origin."""
    answer["Access-Control-Allow-Origin"] = "*"
    answer["Access-Control-Expose-Headers"] = ", ".join(EXPOSED_HEADERS)


def preflight_answer(method: str) -> HttpResponse:
    """What a browser wants to know before it sends the request."""
    answer = HttpResponse(status=204)
    answer["Access-Control-Allow-Methods"] = f"{method}, OPTIONS"
    answer["Access-Control-Allow-Headers"] = ", ".join(ALLOWED_HEADERS)
    answer["Access-Control-Max-Age"] = "86400"
    return answer


_PHOTO_SOURCES = frozenset({"image_file", "image_file_b64", "image_url"})
_SOURCES = _PHOTO_SOURCES | {"bg_image_file", "bg_image_url"}
_FILES = frozenset({"image_file", "image_file_b64", "bg_image_file"})


def _refuse_misshapen(fields: Fields, names: Set[str]) -> None:
    """Refuse a known field in a form that it does not have: a list or an object where one value belongs,
    `size[]` for `size`, a file where text belongs. Left unread it would be charged with the default."""
    # A file as plain text has a refusal of its own, which tells how to send one.
    texts = {name for name in fields.texts if not (_is_option(name) or name in _SOURCES)}
    files = fields.files.keys() - _FILES
    for name in sorted(texts | files | fields.broken):
        plain, bracket, _ = name.partition("[")
        # With a bracket it can only be meant as the field of that name, in whatever case it is written.
        plain = plain.lower() if bracket else plain
        if plain in names:
            raise OptionError(plain, f"The value of {plain!r} is not in a form that it may have.")


def _is_option(name: str) -> bool:
    return name in OPTION_NAMES or _PER_SUBJECT.fullmatch(name) is not None


def _read_background(fields: Fields, *, has_color: bool) -> Picture:
    if "bg_image_file" in fields.texts:
        raise OptionError("bg_image_file", "A file can only be sent as multipart/form-data.")
    file, address = fields.files.get("bg_image_file"), fields.texts.get("bg_image_url")
    if sum((file is not None, address is not None, has_color)) > 1:
        raise OptionError("bg_color", "More than one background is given.", code="multiple_bg_sources")
    return Picture(file, address)


def _decoded(encoded: str) -> bytes:
    """Base64, as forgiving as clients need: data: addresses, line breaks, both alphabets, no padding, and
    plus signs that a form has turned into spaces."""
    if encoded[:5].lower() == "data:":
        encoded = encoded.partition(",")[2]
    if len(encoded) * 3 // 4 > FILE_SIZE_MAX * 1.1:
        raise FileTooLargeError("The file has more than 22 MB.")
    plain = encoded.strip().replace("\r", "").replace("\n", "").replace(" ", "+")
    plain = plain.replace("-", "+").replace("_", "/").rstrip("=")
    try:
        content = base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise NotAnImageError("The value of image_file_b64 is not base64.") from error
    if not content:
        raise NotAnImageError("The value of image_file_b64 holds nothing.")
    return content


def _set_size_headers(answer: HttpResponse, removal: Removal, options: Options) -> None:
    result = removal.finished
    answer["X-Width"], answer["X-Height"] = str(result.width), str(result.height)
    becomes_png = options.file_format(has_transparency=not options.has_opaque_background) == "png"
    most = max_size(*result.source_size, **({"pixels_max": PNG_PIXELS_MAX} if becomes_png else {}))
    answer["X-Max-Width"], answer["X-Max-Height"] = str(most[0]), str(most[1])
    answer["X-Size-Chosen"] = removal.choice.size
    answer["X-Size-Reason"] = removal.choice.reason


def _number(amount: int) -> int | float:
    """Credits as JSON has them: 200, or 12.75."""
    return amount // 100 if amount % 100 == 0 else amount / 100
