"""Photos given to improve the networks: a quota, taken back, written out as a data set."""

from __future__ import annotations

import csv
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.files.storage import storages
from django.utils import timezone
from tests.server.api_caller import Caller, error_of
from tests.server.plain_runner import photo_bytes

from offcut.engine.decode import DEFAULT_LIMITS
from offcut.errors import NotAllowedError
from offcut.server.removals import improvement

PHOTO = photo_bytes()


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, settings: Any) -> None:
    settings.STORAGES = {
        **settings.STORAGES,
        "improvement": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": tmp_path / "given", "base_url": None},
        },
    }


def test_a_hundred_a_day(alice: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(improvement, "QUOTA_A_DAY", 2)
    with time_machine.travel(timezone.now(), tick=False) as clock:
        assert alice.multipart(PHOTO, "/v1.0/improve").status_code == 200
        clock.shift(timedelta(hours=20))
        assert alice.multipart(PHOTO, "/v1.0/improve").status_code == 200
        answer = alice.multipart(PHOTO, "/v1.0/improve")
        assert (answer.status_code, error_of(answer)["code"]) == (429, "rate_limit_exceeded")
        assert int(answer["Retry-After"]) == 4 * 3600
        assert Caller.make("bob").multipart(PHOTO, "/v1.0/improve").status_code == 200
        clock.shift(timedelta(hours=4))
        assert alice.multipart(PHOTO, "/v1.0/improve").status_code == 200


def test_a_submission_costs_nothing(alice: Caller) -> None:
    before = alice.owned
    assert alice.multipart(PHOTO, "/v1.0/improve").status_code == 200
    assert alice.owned == before


def test_the_team_lists_and_takes_back(alice: Caller) -> None:
    row = improvement.submit(alice.team, PHOTO, limits=DEFAULT_LIMITS, key=alice.key)
    assert list(improvement.submissions_of(alice.team)) == [row]
    assert row.key_prefix == alice.key.prefix
    with storages["improvement"].open(row.file) as file:
        assert file.read() == PHOTO
    bob = Caller.make("bob")
    assert not improvement.submissions_of(bob.team)
    with pytest.raises(NotAllowedError):
        improvement.take_back(row, by=bob.person)
    name = row.file
    improvement.take_back(row, by=alice.person)
    assert not storages["improvement"].exists(name)
    assert not improvement.submissions_of(alice.team)


def test_the_operators_command_writes_it(alice: Caller, tmp_path: Path) -> None:
    from typer.testing import CliRunner

    from offcut.server.command import server_app

    improvement.submit(alice.team, PHOTO, limits=DEFAULT_LIMITS)
    ran = CliRunner().invoke(server_app, ["admin", "export-data-set", str(tmp_path / "set")])
    assert ran.exit_code == 0, ran.output
    assert "1 photos" in ran.output
    assert (tmp_path / "set" / "manifest.csv").exists()


def test_the_owner_writes_a_data_set(alice: Caller, tmp_path: Path) -> None:
    improvement.submit(alice.team, PHOTO, limits=DEFAULT_LIMITS, tag="dogs", filename="../../secret.jpg")
    improvement.submit(alice.team, photo_bytes(kind="PNG"), limits=DEFAULT_LIMITS)
    assert improvement.export_data_set(tmp_path / "set") == 2
    with (tmp_path / "set" / "manifest.csv").open(encoding="utf-8") as manifest:
        lines = list(csv.DictReader(manifest))
    assert [line["tag"] for line in lines] == ["dogs", ""]
    assert {Path(line["file"]).suffix for line in lines} == {".jpg", ".png"}
    assert (tmp_path / "set" / lines[0]["file"]).read_bytes() == PHOTO
    # Who gave it is nobody's business afterwards.
    assert set(lines[0]) == {"file", "width", "height", "tag", "day"}
    with pytest.raises(NotAllowedError):
        improvement.export_data_set(tmp_path / "set")
