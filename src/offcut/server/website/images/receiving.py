"""Reading what somebody uploads: files of a form, or an address."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from offcut.errors import FileTooLargeError, MissingPhotoError, OffcutError, OptionError
from offcut.server.fetching import FetchLimits
from offcut.server.removals import images, look
from offcut.server.removals.addresses import fetch_photo
from offcut.server.removals.images import Batch, Image, Owner
from offcut.server.website.images import upload_rate
from offcut.server.website.images.access import batch_or_404, owner_of
from offcut.server.website.images.answers import batch_urls, result_json
from offcut.server.website.images.results import asked_settings
from offcut.server.website.images.words import Said, said

FETCH_LIMITS = FetchLimits(size_max=images.LIMITS.bytes_max)
NEW_BATCH = "new"


@dataclass(frozen=True, slots=True)
class Refused:
    """A file among several that could not be taken, and why."""

    name: str
    said: Said


@dataclass(frozen=True, slots=True)
class Received:
    """What was taken, and what was not."""

    images: list[Image]
    batch: Batch | None
    refused: list[Refused]

    @property
    def page(self) -> str:
        """Where to go next: the image when there is one alone, else the batch."""
        if self.batch is None:
            return reverse("images:image", kwargs={"image_id": self.images[0].pk})
        return reverse("images:batch", kwargs={"batch_id": self.batch.pk})

    def json(self) -> dict[str, Any]:
        """The answer for scripts."""
        return {
            "images": [result_json(image) for image in self.images],
            "batch": None if self.batch is None else self._batch_json(),
            "refused": [{"name": one.name, "error": one.said.json()} for one in self.refused],
        }

    def _batch_json(self) -> dict[str, Any]:
        """Without its images: somebody who adds a hundred photos one by one has no use for all each time."""
        assert self.batch is not None
        return {"id": str(self.batch.pk), "urls": batch_urls(self.batch)}


def receive(request: HttpRequest) -> Received:
    """Keep what the request brings.

    One photo alone that cannot be used raises why; of several, the others are kept. One photo may come under
    an `upload` id: sent again under it, because no answer has come, it is not kept twice.
    Raises MissingPhotoError, FileTooLargeError, UploadTimeoutError, OptionError, PhotoError, RateLimitError,
    QueueFullError, ClientGoneError, TooManyImagesError, ImageStorageError.
    """
    problem: OffcutError | None = getattr(request, "body_problem", None)
    if problem is not None:
        raise problem
    uploads = request.FILES.getlist("photo")
    address = request.POST.get("url", "").strip()
    count = len(uploads) + bool(address)
    if not count:
        raise MissingPhotoError("There is no photo in this request.")
    asked = asked_settings(request)
    if asked is not None:
        look.read(asked)
    upload_id = _upload_id(request) if count == 1 else None
    known = images.received(owner_of(request), upload_id)
    if known is not None:
        return Received([known], known.batch, [])
    upload_rate.take(request, count)
    owner = owner_of(request, is_new=True)
    batch = _batch(request, owner, count, asked)
    kept: list[Image] = []
    refused: list[Refused] = []
    for name, read in _sources(request, owner, uploads, address):
        try:
            image = images.receive(owner, read(), name=name, batch=batch, look=asked, upload_id=upload_id)
            kept.append(image)
        except OffcutError as error:
            if count == 1:
                raise
            refused.append(Refused(images.clean_name(name), said(error.code)))
    return Received(kept, batch, refused)


def _batch(request: HttpRequest, owner: Owner, count: int, look: Any) -> Batch | None:
    asked = request.POST.get("batch", "").strip()
    if asked and asked != NEW_BATCH:
        return batch_or_404(request, asked)
    return images.new_batch(owner, look=look) if asked or count > 1 else None


def _upload_id(request: HttpRequest) -> uuid.UUID | None:
    asked = request.POST.get("upload", "").strip()
    try:
        return uuid.UUID(asked) if asked else None
    except ValueError:
        raise OptionError("upload", "The upload's id is no UUID.") from None


def _sources(
    request: HttpRequest, owner: Owner, uploads: list[Any], address: str
) -> Iterator[tuple[str, Any]]:
    for upload in uploads:
        yield upload.name or "", lambda upload=upload: _content(upload)
    if address:
        name = address.partition("?")[0]
        is_gone = getattr(request, "is_gone", lambda: False)
        yield name, lambda: fetch_photo(address, owner=owner.number, limits=FETCH_LIMITS, is_gone=is_gone)


def _content(upload: Any) -> bytes:
    if upload.size > images.LIMITS.bytes_max:
        raise FileTooLargeError(f"The file has {upload.size / 1e6:.1f} MB.")
    return bytes(upload.read())
