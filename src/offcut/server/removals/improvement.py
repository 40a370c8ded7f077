"""The improvement programme: photos that teams and visitors give so that the networks get better.

Consent is given per photo, by the call that submits it; nothing else ever lands here. The photos lie in a
storage of their own, are served to nobody, and go when whoever gave them takes them back.
"""

from __future__ import annotations

import csv
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.db import transaction
from django.db.models import QuerySet, Sum
from django.utils import timezone

from offcut.engine.decode import Limits, probe
from offcut.errors import ImageStorageError, NotAllowedError, SubmissionQuotaError
from offcut.server.accounts.models import ApiKey, Team
from offcut.server.removals.models import Submission
from offcut.server.removals.owners import Owner, owned_rows, owner_of

QUOTA_A_DAY = 100
QUOTA_PERIOD = timedelta(days=1)
TEXT_LENGTH_MAX = 200
MANIFEST = "manifest.csv"

_SUFFIXES = {"jpeg": "jpg"}


def submit(
    owner: Owner,
    photo: bytes,
    *,
    limits: Limits,
    key: ApiKey | None = None,
    filename: str = "",
    tag: str = "",
) -> Submission:
    """Keep a photo that somebody gives. Raises PhotoError, SubmissionQuotaError above 100 in 24 hours, and
    ImageStorageError when visitors have given all that there is room for."""
    header = probe(photo, limits)
    now = timezone.now()
    with transaction.atomic():
        # The team's row makes those who submit at the same moment count one after the other.
        Team.objects.select_for_update().filter(pk=owner.team_id).first()
        _require_quota(owner, now)
        if owner.is_visitor:
            _require_room(len(photo))
        row = Submission(
            **owner.fields(),
            key_prefix="" if key is None else key.prefix,
            submitted_at=now,
            filename=filename[:TEXT_LENGTH_MAX],
            tag=tag[:TEXT_LENGTH_MAX],
            width=header.width,
            height=header.height,
            bytes=len(photo),
        )
        # The name is ours: what a stranger calls a file never becomes part of a path.
        name = f"{owner.team_id or 'visitors'}/{row.pk}.{_SUFFIXES.get(header.format, header.format)}"
        row.file = storages["improvement"].save(name, ContentFile(photo))
        row.save()
    return row


def submissions_of(owner: Owner) -> QuerySet[Submission]:
    """What the team or visitor has given, newest first."""
    return owned_rows(owner, Submission.objects.all())


def take_back(submission: Submission, *, by: Owner) -> None:
    """Delete a photo that was given, row and file. Raises NotAllowedError for all but who gave it."""
    if owner_of(submission) != by:
        raise NotAllowedError("Somebody else has given this photo.")
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


def _require_quota(owner: Owner, now: datetime) -> None:
    latest = submissions_of(owner).filter(submitted_at__gt=now - QUOTA_PERIOD)
    if latest.count() < QUOTA_A_DAY:
        return
    oldest = latest.order_by("submitted_at")[0].submitted_at
    wait_s = (oldest + QUOTA_PERIOD - now).total_seconds()
    raise SubmissionQuotaError(f"A team may submit {QUOTA_A_DAY} photos a day.", retry_after_s=wait_s)


def _require_room(more_bytes: int) -> None:
    """A stranger can be somebody new each time: what all of them give has a limit."""
    given = Submission.objects.filter(team=None).aggregate(sum=Sum("bytes"))["sum"] or 0
    if given + more_bytes > settings.IMAGE_STORAGE_MB * 1_000_000 // 2:
        raise ImageStorageError("There is no room for more photos of visitors at the moment.")
