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
from offcut.errors import ImageStorageError, NotAllowedError, SubmissionQuotaError
from offcut.server.removals import improvement
from offcut.server.removals.owners import Owner

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
    row = improvement.submit(Owner(alice.team.pk), PHOTO, limits=DEFAULT_LIMITS, key=alice.key)
    assert list(improvement.submissions_of(Owner(alice.team.pk))) == [row]
    assert row.key_prefix == alice.key.prefix
    with storages["improvement"].open(row.file) as file:
        assert file.read() == PHOTO
    bob = Caller.make("bob")
    assert not improvement.submissions_of(Owner(bob.team.pk))
    with pytest.raises(NotAllowedError):
        improvement.take_back(row, by=Owner(bob.team.pk))
    name = row.file
    improvement.take_back(row, by=Owner(alice.team.pk))
    assert not storages["improvement"].exists(name)
    assert not improvement.submissions_of(Owner(alice.team.pk))


def test_visitors_give_and_take_back_within_limits(
    alice: Caller, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    monkeypatch.setattr(improvement, "QUOTA_A_DAY", 2)
    one, other = Owner(None, "a" * 32), Owner(None, "b" * 32)
    rows = [improvement.submit(one, PHOTO, limits=DEFAULT_LIMITS) for _ in range(2)]
    with pytest.raises(SubmissionQuotaError):
        improvement.submit(one, PHOTO, limits=DEFAULT_LIMITS)
    assert not improvement.submissions_of(other)
    with pytest.raises(NotAllowedError):
        improvement.take_back(rows[0], by=other)
    # Whoever comes with a new name each time meets the limit of them all.
    settings.IMAGE_STORAGE_MB = 5 * len(PHOTO) / 1_000_000
    with pytest.raises(ImageStorageError):
        improvement.submit(other, PHOTO, limits=DEFAULT_LIMITS)
    assert improvement.submit(Owner(alice.team.pk), PHOTO, limits=DEFAULT_LIMITS).team == alice.team
    name = rows[0].file
    improvement.take_back(rows[0], by=one)
    assert not storages["improvement"].exists(name)
    improvement.submit(other, PHOTO, limits=DEFAULT_LIMITS)


def test_the_operators_command_writes_it(alice: Caller, tmp_path: Path) -> None:
    from typer.testing import CliRunner

    from offcut.server.command import server_app

    improvement.submit(Owner(alice.team.pk), PHOTO, limits=DEFAULT_LIMITS)
    ran = CliRunner().invoke(server_app, ["admin", "export-data-set", str(tmp_path / "set")])
    assert ran.exit_code == 0, ran.output
    assert "1 photos" in ran.output
    assert (tmp_path / "set" / "manifest.csv").exists()


def test_the_owner_writes_a_data_set(alice: Caller, tmp_path: Path) -> None:
    improvement.submit(
        Owner(alice.team.pk), PHOTO, limits=DEFAULT_LIMITS, tag="dogs", filename="../../secret.jpg"
    )
    improvement.submit(Owner(alice.team.pk), photo_bytes(kind="PNG"), limits=DEFAULT_LIMITS)
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
