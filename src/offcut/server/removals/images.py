"""Images: photos that people work on, kept for a while and then gone.

Receive, own, delete, expire, hand over at sign-in. The feeder (feeder.py) cuts out what is received here.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from offcut.engine.decode import Limits, probe
from offcut.errors import ImageDeletedError, ImageExpiredError, ImageStorageError, TooManyImagesError
from offcut.server.accounts.models import Team
from offcut.server.removals import files
from offcut.server.removals import look as looks
from offcut.server.removals.models import Background, Batch, Image, Kept, State, Submission
from offcut.server.removals.models.image import Gone
from offcut.server.removals.owners import Owner, owned_rows, owner_of

__all__ = ["Batch", "Image", "Owner", "owned", "owner_of"]

Row = TypeVar("Row", bound=Kept)

LIMITS = Limits(bytes_max=22 * 1024 * 1024, pixels_max=50_000_000)
"""What a photo may be, the same as for the API."""

RETENTION_S_MIN = 300
WAITING_S_MAX = 24 * 3600
"""An image that waits for its turn does not expire before this."""

REMEMBERED = timedelta(days=30)
"""For so long it is still known that there was an image, so that its page can say where it went."""

NAME_LENGTH_MAX = 200


def receive(
    owner: Owner,
    photo: bytes,
    *,
    name: str = "",
    batch: Batch | None = None,
    look: dict[str, Any] | None = None,
    kept_s: int | None = None,
    is_paid: bool = False,
    upload_id: uuid.UUID | None = None,
) -> Image:
    """Keep a photo that is to be cut out; it waits for its turn from now on.

    `look` is its Settings, checked by `look.read`; None: those of the batch, if there is one.
    Once done it is kept for `kept_s` seconds (None: for as long as all others). `is_paid`: its full size was
    paid for already. `upload_id`: a photo that came under it before is not kept twice, but found again.
    Raises PhotoError for what is no photo or too large (judged by its header alone), TooManyImagesError and
    ImageStorageError.
    """
    header = probe(photo, LIMITS)
    require_room(owner, len(photo))
    now = timezone.now()
    image = Image(
        **owner.fields(),
        batch=batch,
        settings=look,
        name=clean_name(name),
        width=header.width,
        height=header.height,
        bytes=len(photo),
        expires_at=now + timedelta(seconds=WAITING_S_MAX + (retention_s() if kept_s is None else kept_s)),
        made_at=now,
        paid_at=now if is_paid else None,
        upload_id=_free(upload_id),
    )
    image.original_file = files.write(image.pk, "original", photo)
    try:
        with transaction.atomic():
            if look is None and batch is not None:
                # They may have been changed while this photo was on its way.
                image.settings = _locked(batch).settings
            image.save(force_insert=True)
    except IntegrityError:
        # The same upload, sent a second time, was faster.
        files.remove_all(image.pk)
        known = received(owner, upload_id)
        if known is None:
            raise
        return known
    except BaseException:
        files.remove_all(image.pk)
        raise
    return image


def received(owner: Owner, upload_id: uuid.UUID | None) -> Image | None:
    """The image that this upload of theirs has brought already, None when it has brought none."""
    if upload_id is None:
        return None
    return owned_rows(owner, Image.objects.select_related("batch")).filter(upload_id=upload_id).first()


def require_room(owner: Owner, more_bytes: int) -> None:
    """Raises TooManyImagesError or ImageStorageError when there is no room for another photo of theirs."""
    most = settings.VISITOR_IMAGES if owner.is_visitor else settings.TEAM_IMAGES
    if images_of(owner).count() >= most:
        raise TooManyImagesError(f"At most {most} images are kept at once.")
    room = settings.IMAGE_STORAGE_MB * 1_000_000
    # Strangers must not be able to fill what those with an account need.
    if files.total_bytes() + more_bytes > room or (
        owner.is_visitor and files.total_bytes(of_visitors=True) + more_bytes > room // 2
    ):
        raise ImageStorageError("There is no room for more images at the moment.")


def owned(owner: Owner, image_id: uuid.UUID | str) -> Image:
    """The image of that number, if it is theirs.

    Raises Image.DoesNotExist for everybody else's and for what never was, ImageExpiredError and
    ImageDeletedError for what is no more.
    """
    image = owned_rows(owner, Image.objects.select_related("batch", "team")).get(pk=image_id)
    require_here(image)
    return image


def require_here(image: Image) -> None:
    """Raises ImageDeletedError or ImageExpiredError for an image that is no more."""
    if image.gone == Gone.DELETED:
        raise ImageDeletedError("This image was deleted.")
    if image.is_over:
        raise ImageExpiredError("This image is no longer kept.")


def images_of(owner: Owner) -> QuerySet[Image]:
    """All that is kept for them, newest first."""
    return owned_rows(owner, Image.objects.filter(gone="", expires_at__gt=timezone.now()))


def images_in(batch: Batch) -> QuerySet[Image]:
    """What is kept of a batch, in the order of arrival."""
    return batch.images.filter(gone="", expires_at__gt=timezone.now()).order_by("made_at", "id")


def count_beside(image: Image) -> int:
    """How many photos its batch keeps, itself among them; 0 without a batch that is kept."""
    if image.batch is None or image.batch.expires_at <= timezone.now():
        return 0
    return images_in(image.batch).count()


def batches_among(rows: Iterable[Image]) -> list[Batch]:
    """The batches that these images came in, newest first, without those of a single photo; `total` tells how
    many photos each keeps."""
    now = timezone.now()
    kept = Count("images", filter=Q(images__gone="", images__expires_at__gt=now))
    numbers = {row.batch_id for row in rows if row.batch_id}
    batches = Batch.objects.filter(pk__in=numbers, expires_at__gt=now).annotate(total=kept)
    return list(batches.filter(total__gt=1).order_by("-made_at"))


def new_batch(owner: Owner, *, look: dict[str, Any] | None = None) -> Batch:
    """A batch without photos yet; `look`: the Settings of those that come, checked by `look.read`."""
    until = timezone.now() + timedelta(seconds=WAITING_S_MAX + retention_s())
    return Batch.objects.create(**owner.fields(), settings=look, expires_at=until)


def style(batch: Batch, look: dict[str, Any]) -> None:
    """Give a batch and all its photos these Settings, checked by `look.read`."""
    with transaction.atomic():
        Batch.objects.filter(pk=_locked(batch).pk).update(settings=look)
        batch.images.filter(gone="").update(settings=look)
    batch.refresh_from_db()


def restyle(batch: Batch, changes: object) -> None:
    """Change some of the Settings of a batch and of all its photos; what the changes do not name stays with
    each as it is. Raises OptionError."""
    with transaction.atomic():
        whole = _locked(batch)
        rows = list(batch.images.select_for_update().filter(gone="").only("settings"))
        for row in (whole, *rows):
            row.settings = looks.merged(row.settings, changes)
        whole.save(update_fields=["settings"])
        Image.objects.bulk_update(rows, ["settings"], batch_size=100)
    batch.refresh_from_db()


def owned_batch(owner: Owner, batch_id: uuid.UUID | str) -> Batch:
    """The batch of that number, if it is theirs. Raises Batch.DoesNotExist, ImageExpiredError."""
    batch = owned_rows(owner, Batch.objects.all()).get(pk=batch_id)
    if batch.expires_at <= timezone.now():
        raise ImageExpiredError("These images are no longer kept.")
    return batch


def delete(image: Image) -> None:
    """Delete an image now, as its owner wishes."""
    _let_go(image, Gone.DELETED)


def delete_all_of(team: Team) -> None:
    """Delete everything that is kept for a team."""
    for image in Image.objects.filter(team=team, gone=""):
        _let_go(image, Gone.DELETED)
    for background in Background.objects.filter(team=team):
        files.remove_all(background.pk)
        background.delete()


def retry(image: Image) -> bool:
    """Let an image that failed wait for its turn again; False when it did not fail."""
    later = timezone.now() + timedelta(seconds=WAITING_S_MAX + retention_s())
    changed = Image.objects.filter(pk=image.pk, state=State.FAILED, gone="").update(
        state=State.WAITING, error_code="", attempt_count=0, expires_at=later
    )
    image.refresh_from_db()
    return bool(changed)


def expire_due(now: datetime) -> int:
    """Delete what is over its time, and forget what has been gone for long; how many images expired."""
    due = list(Image.objects.filter(gone="", expires_at__lte=now))
    for image in due:
        _let_go(image, Gone.EXPIRED)
    for background in Background.objects.filter(expires_at__lte=now):
        files.remove_all(background.pk)
        background.delete()
    Image.objects.filter(gone_at__lte=now - REMEMBERED).delete()
    Batch.objects.filter(expires_at__lte=now - REMEMBERED).delete()
    return len(due)


def adopt(visitor: str, team: Team) -> int:
    """What a visitor keeps and has given becomes the team's, because they have signed in; how many images."""
    if not visitor:
        return 0
    with transaction.atomic():
        for rows in (Batch.objects, Background.objects, Submission.objects):
            rows.filter(team=None, visitor=visitor).update(team=team, visitor="")
        return Image.objects.filter(team=None, visitor=visitor).update(team=team, visitor="")


def retention_s() -> int:
    """For how many seconds an image is kept once it is done."""
    return max(settings.RETENTION_S, RETENTION_S_MIN)


def kept_s_of(image: Image) -> float:
    """For how many seconds an image is kept once it is done, as was said when it was received."""
    return max(0.0, (image.expires_at - image.made_at).total_seconds() - WAITING_S_MAX)


def clean_name(name: str) -> str:
    """A file's name as its owner called it, without folders and what cannot be shown."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(letter for letter in last if letter.isprintable()).strip()[:NAME_LENGTH_MAX]


def _locked(batch: Batch) -> Batch:
    """The batch as it is now, and nobody else changes it until this transaction is over."""
    return Batch.objects.select_for_update().get(pk=batch.pk)


def _free(upload_id: uuid.UUID | None) -> uuid.UUID | None:
    """The id, if nobody has it. A first-time visitor's cookie is lost with the first answer: what they sent
    belongs to nobody then, and the photo comes anew."""
    return None if Image.objects.filter(upload_id=upload_id).exists() else upload_id


def _let_go(image: Image, why: Gone) -> None:
    """Files, name and all that tells of the picture go; that there was an image stays for a while."""
    changed = Image.objects.filter(pk=image.pk, gone="").update(
        gone=why, gone_at=timezone.now(), name="", bytes=0, strokes=[], stroke_count=0, settings=None,
        upload_id=None,
        original_file="", first_matte_file="", matte_file="", belief_file="",
    )  # fmt: skip
    if changed:
        files.remove_all(image.pk)
