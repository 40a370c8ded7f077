"""The rows of photos that people work on. images.py, feeder.py, matte.py and charge.py write here."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class State(models.TextChoices):
    """How far an image has come."""

    WAITING = "waiting", _("waiting")
    WORKING = "working", _("being worked on")
    DONE = "done", _("done")
    FAILED = "failed", _("failed")


class Gone(models.TextChoices):
    """Why an image's files are no more."""

    EXPIRED = "expired", _("its time was over")
    DELETED = "deleted", _("somebody deleted it")


class Kept(models.Model):
    """Something that a team, or else a visitor without an account, keeps here for a while.

    `visitor` is the random name in a visitor's session; "" where a team is the owner.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    team = models.ForeignKey("accounts.Team", models.PROTECT, null=True, related_name="+")
    visitor = models.CharField(max_length=32, blank=True, editable=False)
    made_at = models.DateTimeField(_("made"), default=timezone.now, editable=False)
    expires_at = models.DateTimeField(_("kept until"), editable=False)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return str(self.id)


class Batch(Kept):
    """Photos that came together and get the same settings."""

    settings = models.JSONField(_("settings"), null=True, blank=True)

    class Meta:
        verbose_name = _("batch")
        verbose_name_plural = _("batches")
        indexes = (models.Index(fields=("expires_at",), name="batches_by_end"),)


class Background(Kept):
    """A picture that somebody lays behind their cut-outs. `file` is a JPEG of the upright picture."""

    file = models.CharField(_("file"), max_length=200, editable=False)
    width = models.PositiveIntegerField(_("width"))
    height = models.PositiveIntegerField(_("height"))
    bytes = models.PositiveBigIntegerField(_("bytes"), default=0)

    class Meta:
        verbose_name = _("background")
        verbose_name_plural = _("backgrounds")
        indexes = (models.Index(fields=("expires_at",), name="backgrounds_by_end"),)


class Image(Kept):
    """A photo and what became of it.

    `original_file` is the file as it was sent. `first_matte_file` is the matte that the networks found and
    `matte_file` the present one, strokes included: both are gray PNGs of the upright photo's full size.
    `belief_file` is the networks' belief, a square gray PNG. `strokes` are all strokes of the brush, of which
    the first `stroke_count` are in the present matte. `bytes` is what all files take on the disk.
    `upload_id` is what the browser calls this upload, so that it may send it again when no answer came.
    While it is worked on, `claimed_by` names the process and `claimed_until` when others may take it over.
    """

    batch = models.ForeignKey(Batch, models.SET_NULL, null=True, related_name="images")
    upload_id = models.UUIDField(null=True, unique=True, editable=False)
    name = models.CharField(_("name"), max_length=200, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.WAITING)
    width = models.PositiveIntegerField(_("width"))
    height = models.PositiveIntegerField(_("height"))
    bytes = models.PositiveBigIntegerField(_("bytes"), default=0)
    original_file = models.CharField(max_length=200, blank=True, editable=False)
    first_matte_file = models.CharField(max_length=200, blank=True, editable=False)
    matte_file = models.CharField(max_length=200, blank=True, editable=False)
    belief_file = models.CharField(max_length=200, blank=True, editable=False)
    matte_number = models.PositiveIntegerField(default=0, editable=False)
    subject = models.CharField(_("subject"), max_length=20, blank=True)
    error_code = models.CharField(_("error"), max_length=60, blank=True)
    attempt_count = models.PositiveSmallIntegerField(_("tries"), default=0, editable=False)
    claimed_by = models.CharField(max_length=32, blank=True, editable=False)
    claimed_until = models.DateTimeField(null=True, editable=False)
    done_at = models.DateTimeField(_("done"), null=True, editable=False)
    settings = models.JSONField(_("settings"), null=True, blank=True)
    strokes = models.JSONField(_("strokes"), default=list, blank=True)
    stroke_count = models.PositiveIntegerField(default=0)
    paid_at = models.DateTimeField(_("paid"), null=True, editable=False)
    rating = models.CharField(_("rating"), max_length=4, blank=True)
    submission = models.ForeignKey("Submission", models.SET_NULL, null=True, editable=False, related_name="+")
    gone = models.CharField(_("gone"), max_length=10, choices=Gone.choices, blank=True)
    gone_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = _("image")
        verbose_name_plural = _("images")
        ordering = ("-made_at", "id")
        indexes = (
            models.Index(fields=("state", "made_at"), name="images_by_state"),
            models.Index(fields=("team", "made_at"), name="images_of_team"),
            models.Index(fields=("visitor", "made_at"), name="images_of_visitor"),
            models.Index(fields=("expires_at",), name="images_by_end"),
        )

    @property
    def is_paid(self) -> bool:
        return self.paid_at is not None

    @property
    def is_contributed(self) -> bool:
        """Whether it was given to improve the networks, and not taken back since."""
        return self.submission_id is not None

    @property
    def is_gone(self) -> bool:
        return bool(self.gone)

    @property
    def is_over(self) -> bool:
        """Whether nobody can see it any more, whatever is still on the disk."""
        return self.is_gone or self.expires_at <= timezone.now()

    @property
    def hold_id(self) -> str:
        """Under which id its full size is paid in the ledger."""
        return f"image:{self.pk}"
