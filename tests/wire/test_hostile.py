"""Two hundred made files and sixty addresses that mean harm: each has its answer, none costs a credit.

How long each takes and that memory stays flat is measured by benchmarks/hostile.py, not asserted here.
"""

from __future__ import annotations

import pytest
from tests.server.api_caller import Caller, error_of
from tests.wire.hostile_files import ADDRESSES, hostile_files

FILES = hostile_files()
REFUSALS = {
    "failed_to_read_image",
    "invalid_file_type",
    "invalid_dimensions",
    "resolution_too_high",
    "file_too_large",
    "unknown_foreground",
}


def test_there_are_enough_of_them() -> None:
    assert len(FILES) >= 200
    assert len(ADDRESSES) >= 60


@pytest.mark.parametrize("kind", sorted({name.partition(" ")[0] for name in FILES}))
def test_a_hostile_file_is_refused_or_harmless(alice: Caller, kind: str) -> None:
    alice.give(1000, reference="more")
    seen = set()
    for name, content in FILES.items():
        if name.partition(" ")[0] != kind:
            continue
        before = alice.owned
        answer = alice.multipart(content, size="full")
        if answer.status_code == 200:
            # A flipped bit may leave a picture; what must be refused says so in its name.
            assert "!" not in name, name
            assert int(answer["X-Width"]) * int(answer["X-Height"]) <= 200 * 150, name
            seen.add("answered")
            continue
        assert answer.status_code == 400, (name, answer.content)
        assert error_of(answer)["code"] in REFUSALS, (name, answer.content)
        assert alice.owned == before, name
        seen.add(error_of(answer)["code"])
    assert seen


@pytest.mark.parametrize("name", ["image_url", "bg_image_url"])
def test_a_hostile_address_is_refused(alice: Caller, name: str) -> None:
    before = alice.owned
    for address in ADDRESSES:
        fields = {"size": "full", name: address}
        if name == "bg_image_url":
            fields["image_file_b64"] = "iVBORw0KGgo="
        answer = alice.json(data=fields)
        assert answer.status_code == 400, (address, answer.content)
        assert error_of(answer)["code"] == f"invalid_{name}", (address, answer.content)
    assert alice.owned == before
