"""Reading what somebody uploads: files of a form, or an address."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from offcut.errors import FileTooLargeError, MissingPhotoError, OffcutError
from offcut.server.fetching import FetchLimits, fetch
from offcut.server.removals import images
from offcut.server.removals.images import Batch, Image, Owner
from offcut.server.website.images import upload_rate
from offcut.server.website.images.access import batch_or_404, owner_of
from offcut.server.website.images.answers import image_json
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
            "images": [image_json(image) for image in self.images],
            "batch": None if self.batch is None else {"id": str(self.batch.pk), "url": self.page},
            "refused": [{"name": one.name, "error": one.said.json()} for one in self.refused],
        }


def receive(request: HttpRequest) -> Received:
    """Keep what the request brings.

    One photo alone that cannot be used raises why; of several, the others are kept. Raises MissingPhotoError,
    FileTooLargeError, PhotoError, RateLimitError, TooManyImagesError, ImageStorageError.
    """
    if getattr(request, "body_is_too_large", False):
        raise FileTooLargeError("The upload is larger than one request may be.")
    uploads = request.FILES.getlist("photo")
    address = request.POST.get("url", "").strip()
    count = len(uploads) + bool(address)
    if not count:
        raise MissingPhotoError("There is no photo in this request.")
    upload_rate.take(request, count)
    owner = owner_of(request, is_new=True)
    batch = _batch(request, owner, count)
    kept: list[Image] = []
    refused: list[Refused] = []
    for name, read in _sources(uploads, address):
        try:
            kept.append(images.receive(owner, read(), name=name, batch=batch))
        except OffcutError as error:
            if count == 1:
                raise
            refused.append(Refused(images.clean_name(name), said(error.code)))
    return Received(kept, batch, refused)


def _batch(request: HttpRequest, owner: Owner, count: int) -> Batch | None:
    asked = request.POST.get("batch", "").strip()
    if asked and asked != NEW_BATCH:
        return batch_or_404(request, asked)
    return images.new_batch(owner) if asked or count > 1 else None


def _sources(uploads: list[Any], address: str) -> Iterator[tuple[str, Any]]:
    for upload in uploads:
        yield upload.name or "", lambda upload=upload: _content(upload)
    if address:
        name = address.partition("?")[0]
        yield name, lambda: fetch(address, limits=FETCH_LIMITS, allowed_hosts=settings.FETCH_HOSTS).content


def _content(upload: Any) -> bytes:
    if upload.size > images.LIMITS.bytes_max:
        raise FileTooLargeError(f"The file has {upload.size / 1e6:.1f} MB.")
    return bytes(upload.read())
