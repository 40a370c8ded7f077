"""Photos given to improve the networks: a quota, taken back, written out as a data set."""

from __future__ import annotations

import csv
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.files.storage import storages
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from tests.server.api_caller import Caller, error_of
from tests.server.plain_runner import photo_bytes

from offcut.engine.decode import DEFAULT_LIMITS
from offcut.errors import ImageStorageError, NotAllowedError, SubmissionQuotaError
from offcut.server.removals import improvement
from offcut.server.removals.models import Submission
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


def files_of(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file()]


def test_the_same_again_under_its_id_is_kept_and_counted_once(
    alice: Caller, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(improvement, "QUOTA_A_DAY", 2)
    again = {"headers": {"Idempotency-Key": "photo-17"}, "tag": "dogs"}
    sends = (alice.multipart, alice.multipart, alice.json, alice.urlencoded)
    answers = [send(PHOTO, "/v1.0/improve", **dict(again)) for send in sends]
    assert [answer.status_code for answer in answers] == [200] * 4
    row = alice.team.submissions.get()
    assert {answer.json()["id"] for answer in answers} == {str(row.pk)}
    assert len(files_of(tmp_path / "given")) == 1
    # One of the day's two is left, and another id or none at all is another submission.
    assert alice.multipart(PHOTO, "/v1.0/improve", tag="dogs").status_code == 200
    other = {"headers": {"Idempotency-Key": "photo-18"}}
    assert alice.multipart(PHOTO, "/v1.0/improve", **dict(other)).status_code == 429
    # With the quota used up, the same again is still answered.
    assert alice.multipart(PHOTO, "/v1.0/improve", **dict(again)).json() == {"id": str(row.pk)}
    # An id is the team's own.
    monkeypatch.setattr(improvement, "QUOTA_A_DAY", 9)
    given = Caller.make("bob").multipart(PHOTO, "/v1.0/improve", **dict(again))
    assert given.status_code == 200
    assert given.json() != {"id": str(row.pk)}
    # What was taken back is given anew by whoever sends it anew.
    improvement.take_back(row, by=Owner(alice.team.pk))
    assert alice.multipart(PHOTO, "/v1.0/improve", **dict(again)).json() != {"id": str(row.pk)}


def test_without_an_id_each_is_a_submission_of_its_own(alice: Caller) -> None:
    ids = [alice.multipart(PHOTO, "/v1.0/improve").json()["id"] for _ in range(3)]
    assert len(set(ids)) == 3


def test_something_else_under_the_same_id_is_refused(alice: Caller) -> None:
    again = {"headers": {"Idempotency-Key": "photo-17"}}
    assert alice.multipart(PHOTO, "/v1.0/improve", tag="dogs", **dict(again)).status_code == 200
    for photo, fields in (
        (photo_bytes(kind="PNG"), {"tag": "dogs"}),
        (PHOTO, {"tag": "cats"}),
        (PHOTO, {"image_filename": "dogs"}),
    ):
        answer = alice.multipart(photo, "/v1.0/improve", **fields, **dict(again))
        assert (answer.status_code, error_of(answer)["code"]) == (422, "id_reused")
    assert alice.team.submissions.count() == 1


@pytest.mark.parametrize("given", ["a b", "é", "x" * 129])
def test_an_id_that_is_none_is_refused(alice: Caller, given: str) -> None:
    headers = {"Idempotency-Key": given}
    answer = alice.multipart(PHOTO, "/v1.0/improve", headers=headers)
    assert (answer.status_code, error_of(answer)["code"]) == (400, "invalid_idempotency_key")
    assert not alice.team.submissions.exists()
    assert alice.multipart(PHOTO, "/v1.0/improve", headers={"Idempotency-Key": "x" * 128}).status_code == 200


def again_from(team_id: int, repeat_id: str) -> Submission:
    return improvement.submit(Owner(team_id), PHOTO, limits=DEFAULT_LIMITS, repeat_id=repeat_id)


@pytest.mark.django_db(transaction=True)
def test_many_at_the_same_moment_are_one(alice: Caller, tmp_path: Path) -> None:
    start = threading.Barrier(6)

    def give() -> Submission:
        start.wait()
        try:
            return again_from(alice.team.pk, "photo-17")
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as crowd:
        given = [one.result() for one in [crowd.submit(give) for _ in range(6)]]
    assert {row.pk for row in given} == {alice.team.submissions.get().pk}
    assert len(files_of(tmp_path / "given")) == 1


def test_the_database_takes_an_id_once_whatever_was_looked_up(
    alice: Caller, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    first = again_from(alice.team.pk, "photo-17")
    fields = {"team": alice.team, "repeat_id": "photo-17", "width": 1, "height": 1, "bytes": 1}
    with pytest.raises(IntegrityError), transaction.atomic():
        Submission.objects.create(**fields)
    look_up = improvement._given_before
    missed: list[Submission] = []

    def too_early(row: Submission) -> Submission | None:
        """The look-up, before the other one is there to be seen."""
        missed.append(row)
        return None if len(missed) == 1 else look_up(row)

    monkeypatch.setattr(improvement, "_given_before", too_early)
    assert again_from(alice.team.pk, "photo-17") == first
    assert len(missed) == 2
    assert len(files_of(tmp_path / "given")) == 1


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
