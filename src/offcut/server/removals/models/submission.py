"""The row of a photo that was given to improve the networks. improvement.py is the only writer."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Submission(models.Model):
    """A photo that a team, or else a visitor without an account, gave by one deliberate call to improve the
    networks. `visitor` is the random name in a visitor's session; "" where a team is the owner.

    `repeat_id` is the id under which the team may send the same again, None for no such id; `content_hash`
    then stands for all that was sent.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    team = models.ForeignKey("accounts.Team", models.PROTECT, null=True, related_name="submissions")
    visitor = models.CharField(max_length=32, blank=True, editable=False)
    # Which key gave it, in case somebody asks who consented; the key's row may go.
    key_prefix = models.CharField(_("given with the key"), max_length=24, blank=True, editable=False)
    # Null, because rows without an id must not count as the same one.
    repeat_id = models.CharField(max_length=128, null=True, editable=False)
    content_hash = models.CharField(max_length=64, blank=True, editable=False)
    submitted_at = models.DateTimeField(_("given"), default=timezone.now, editable=False)
    file = models.CharField(_("file"), max_length=200, editable=False)
    filename = models.CharField(_("name"), max_length=200, blank=True)
    tag = models.CharField(_("tag"), max_length=200, blank=True)
    width = models.PositiveIntegerField(_("width"))
    height = models.PositiveIntegerField(_("height"))
    bytes = models.PositiveIntegerField(_("bytes"))

    class Meta:
        verbose_name = _("submission")
        verbose_name_plural = _("submissions")
        ordering = ("-submitted_at",)
        constraints = (models.UniqueConstraint(fields=("team", "repeat_id"), name="one_submission_an_id"),)
        indexes = (
            models.Index(fields=("team", "submitted_at"), name="submissions_of_team"),
            models.Index(fields=("visitor", "submitted_at"), name="submissions_of_visitor"),
        )

    def __str__(self) -> str:
        return str(self.id)
