"""What readers think of the articles."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

WORDS_LENGTH_MAX = 1000


class Vote(models.Model):
    """One reader's answer to "Was this article helpful?". One row a reader and article, the last answer.

    `voter` is drawn by chance and kept in the reader's session: it names no person.
    """

    voter = models.UUIDField(default=uuid.uuid4, editable=False)
    slug = models.SlugField(_("article"), max_length=60)
    language = models.CharField(_("language"), max_length=10)
    is_helpful = models.BooleanField(_("helpful"))
    words = models.TextField(_("words"), max_length=WORDS_LENGTH_MAX, blank=True)
    at = models.DateTimeField(_("when"))

    class Meta:
        verbose_name = _("answer to an article")
        verbose_name_plural = _("answers to articles")
        ordering = ("-at", "-id")
        constraints = (models.UniqueConstraint(fields=("voter", "slug"), name="one_vote_an_article"),)

    def __str__(self) -> str:
        return f"{self.slug} ({self.language}): {'yes' if self.is_helpful else 'no'}"
