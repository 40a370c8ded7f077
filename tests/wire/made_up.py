"""Requests that are made up from docs/openapi/v1.yaml, and what must hold for every one of them.

OFFCUT_TEST_FUZZ_CASES says how many are made up for each test. OFFCUT_TEST_FUZZ_ENGINE=1 sends them to a
server with the real networks in place of the plain cut.
"""

from __future__ import annotations

import base64
import os
import random
from pathlib import Path
from typing import Any

import httpx
import schemathesis
import yaml
from schemathesis.checks import CHECKS
from tests.server.plain_runner import photo_bytes
from tests.wire.served import PATIENCE_S, ROOT, Served

DOCUMENT: dict[str, Any] = yaml.safe_load((ROOT / "docs/openapi/v1.yaml").read_text(encoding="utf-8"))
CASES = int(os.environ.get("OFFCUT_TEST_FUZZ_CASES", "100"))
PHOTO = base64.b64encode(photo_bytes(kind="PNG")).decode()
SOURCES = {"image_file", "image_file_b64", "image_url", "bg_image_file", "bg_image_url"}

ENUMS = {
    name: set(field["enum"])
    for name, field in DOCUMENT["components"]["schemas"]["Options"]["properties"].items()
    if "enum" in field
}

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


def serve(folder: Path) -> Served:
    """A server with a team that has credits for every case, no gift and no free previews."""
    engine = "offcut.server.asgi" if os.environ.get("OFFCUT_TEST_FUZZ_ENGINE") == "1" else ""
    return Served(
        folder,
        {"alice": 100_000},
        **({"application": f"{engine}:application"} if engine else {}),
        OFFCUT_FREE_PREVIEWS="0",
        OFFCUT_GIFT_CREDITS="0",
    )


def give_a_photo(case: Any, share: float = 0.6) -> None:
    """Made-up text is hardly ever a photo; with a real one the other fields come into play."""
    is_given = isinstance(case.body, dict) and case.body.get("image_file_b64") == PHOTO
    if isinstance(case.body, dict) and not is_given and random.Random(repr(case.body)).random() < share:
        case.body = {name: value for name, value in case.body.items() if name not in SOURCES}
        case.body["image_file_b64"] = PHOTO


def leave_out_nonsense(case: Any, share: float = 0.6) -> None:
    """Made-up text is hardly ever a region or a colour either; without it a photo is really cut out."""
    if isinstance(case.body, dict) and random.Random(f"{case.body!r} sense").random() < share:
        allowed = {"image_file_b64": {PHOTO}, **ENUMS}
        case.body = {
            name: value
            for name, value in case.body.items()
            if isinstance(value, str) and value in allowed.get(name, ())
        }


def credits_left(served: Served) -> int:
    """The team's credits, in hundredths."""
    headers = {"X-Api-Key": served.tokens["alice"]}
    answer = httpx.get(f"{served.url}/v1.0/account", headers=headers, timeout=PATIENCE_S, verify=False)
    assert answer.status_code == 200
    return hundredths(answer.json())


def hundredths(account: Any) -> int:
    """What an answer of /account says is left, in hundredths of a credit."""
    return round(account["data"]["attributes"]["credits"]["total"] * 100)


def charged(response: Any) -> int:
    """What an answer says was charged, in hundredths of a credit: nothing for all but a first removal."""
    words = response.headers.get("x-credits-charged")
    return 0 if words is None or "x-repeated" in response.headers else round(float(words[0]) * 100)
