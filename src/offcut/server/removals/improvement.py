"""The improvement programme: photos that teams give so that the networks get better.

Consent is given per photo, by the call that submits it; nothing else ever lands here. The photos lie in a
storage of their own, are served to nobody, and go when the team (or its key's owner) takes them back.
"""

from __future__ import annotations

import csv
from datetime import datetime, timedelta
from pathlib import Path

from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from offcut.engine.decode import Limits, probe
from offcut.errors import NotAllowedError, SubmissionQuotaError
from offcut.server.accounts.models import ApiKey, Person, Team
from offcut.server.accounts.teams import membership_of
from offcut.server.removals.models import Submission

QUOTA_A_DAY = 100
QUOTA_PERIOD = timedelta(days=1)
TEXT_LENGTH_MAX = 200
MANIFEST = "manifest.csv"

_SUFFIXES = {"jpeg": "jpg"}


def submit(
    team: Team, photo: bytes, *, limits: Limits, key: ApiKey | None = None, filename: str = "", tag: str = ""
) -> Submission:
    """Keep a photo that the team gives. Raises PhotoError, and SubmissionQuotaError above 100 in 24 hours."""
    header = probe(photo, limits)
    now = timezone.now()
    with transaction.atomic():
        # The team's row makes those who submit at the same moment count one after the other.
        Team.objects.select_for_update().get(pk=team.pk)
        _require_quota(team, now)
        row = Submission(
            team=team,
            key_prefix="" if key is None else key.prefix,
            submitted_at=now,
            filename=filename[:TEXT_LENGTH_MAX],
            tag=tag[:TEXT_LENGTH_MAX],
            width=header.width,
            height=header.height,
            bytes=len(photo),
        )
        # The name is ours: what a stranger calls a file never becomes part of a path.
        name = f"{team.pk}/{row.pk}.{_SUFFIXES.get(header.format, header.format)}"
        row.file = storages["improvement"].save(name, ContentFile(photo))
        row.save()
    return row


def submissions_of(team: Team) -> QuerySet[Submission]:
    """What the team has given, newest first."""
    return Submission.objects.filter(team=team)


def take_back(submission: Submission, *, by: Person) -> None:
    """Delete a photo that was given, row and file. Raises NotAllowedError for people outside the team."""
    membership_of(by, submission.team)
    file = submission.file
    submission.delete()
    storages["improvement"].delete(file)


def export_data_set(folder: Path) -> int:
    """Write all photos and a manifest (file, size, tag, day; no team, no key) into `folder`; how many.

    `folder` must not exist yet or be empty. Raises NotAllowedError otherwise.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise NotAllowedError(f"{folder} is not empty.", hint="Name a new folder.")
    count = 0
    with (folder / MANIFEST).open("w", newline="", encoding="utf-8") as manifest:
        lines = csv.writer(manifest)
        lines.writerow(("file", "width", "height", "tag", "day"))
        for row in Submission.objects.order_by("submitted_at").iterator():
            name = f"{row.pk}{Path(row.file).suffix}"
            with storages["improvement"].open(row.file) as photo:
                (folder / name).write_bytes(photo.read())
            lines.writerow((name, row.width, row.height, row.tag, row.submitted_at.date()))
            count += 1
    return count


def _require_quota(team: Team, now: datetime) -> None:
    latest = Submission.objects.filter(team=team, submitted_at__gt=now - QUOTA_PERIOD)
    if latest.count() < QUOTA_A_DAY:
        return
    oldest = latest.order_by("submitted_at")[0].submitted_at
    wait_s = (oldest + QUOTA_PERIOD - now).total_seconds()
    raise SubmissionQuotaError(f"A team may submit {QUOTA_A_DAY} photos a day.", retry_after_s=wait_s)
