"""The improvement programme: photos that teams and visitors give so that the networks get better.

Consent is given per photo, by the call that submits it; nothing else ever lands here. The photos lie in a
storage of their own, are served to nobody, and go when whoever gave them takes them back.
"""

from __future__ import annotations

import csv
import hashlib
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.db import IntegrityError, transaction
from django.db.models import QuerySet, Sum
from django.utils import timezone

from offcut.engine.decode import Limits, probe
from offcut.errors import IdReusedError, ImageStorageError, NotAllowedError, SubmissionQuotaError
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
    repeat_id: str | None = None,
) -> Submission:
    """Keep a photo that somebody gives. The same again under the team's own `repeat_id` is the submission
    that is there, for as long as it is there. Raises PhotoError, SubmissionQuotaError above 100 in 24 hours,
    IdReusedError for something else under that id, and ImageStorageError when visitors have given all that
    there is room for."""
    header = probe(photo, limits)
    row = Submission(
        **owner.fields(),
        key_prefix="" if key is None else key.prefix,
        submitted_at=timezone.now(),
        repeat_id=repeat_id,
        content_hash="" if repeat_id is None else _content_hash(photo, filename, tag),
        filename=filename[:TEXT_LENGTH_MAX],
        tag=tag[:TEXT_LENGTH_MAX],
        width=header.width,
        height=header.height,
        bytes=len(photo),
    )
    try:
        with transaction.atomic():
            # The team's row makes those who submit at the same moment count one after the other.
            Team.objects.select_for_update().filter(pk=owner.team_id).first()
            return _given_before(row) or _kept(row, photo, header.format)
    except IntegrityError:
        # Whatever the lock above is worth: the database takes an id once, and whoever was first has it.
        earlier = _given_before(row)
        if earlier is None:
            raise
        return earlier


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


def _given_before(row: Submission) -> Submission | None:
    """What the team has given under the same id. Raises IdReusedError when it was something else."""
    if row.repeat_id is None:
        return None
    earlier = Submission.objects.filter(team_id=row.team_id, repeat_id=row.repeat_id).first()
    if earlier is not None and earlier.content_hash != row.content_hash:
        raise IdReusedError(f"The id {row.repeat_id} was used for another photo.")
    return earlier


def _kept(row: Submission, photo: bytes, kind: str) -> Submission:
    """The row written, and the photo beside it, where quota and room allow."""
    owner = owner_of(row)
    _require_quota(owner, row.submitted_at)
    if owner.is_visitor:
        _require_room(len(photo))
    # The row first: where the database refuses it, no file is left behind.
    row.save(force_insert=True)
    # The name is ours: what a stranger calls a file never becomes part of a path.
    name = f"{owner.team_id or 'visitors'}/{row.pk}.{_SUFFIXES.get(kind, kind)}"
    row.file = storages["improvement"].save(name, ContentFile(photo))
    row.save(update_fields=["file"])
    return row


def _content_hash(photo: bytes, filename: str, tag: str) -> str:
    """Stands for all that is sent: the same means the same submission."""
    digest = hashlib.sha256(photo)
    digest.update(repr((filename, tag)).encode())
    return digest.hexdigest()


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
