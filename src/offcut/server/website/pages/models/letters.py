"""What people wrote by the contact form, and whether it has been answered."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Topic(models.TextChoices):
    QUESTION = "question", _("A question about using it")
    FAULT = "fault", _("Something does not work")
    BILLING = "billing", _("Credits, plans and invoices")
    SALES = "sales", _("Many photos, or an offer for a company")
    PRIVACY = "privacy", _("My data")
    OTHER = "other", _("Something else")


class LetterState(models.TextChoices):
    OPEN = "open", _("To be answered")
    ANSWERED = "answered", _("Answered")
    JUNK = "junk", _("Junk")


class Letter(models.Model):
    """One message. It is mailed to the owners by the worker, and stays here until it is answered."""

    name = models.CharField(_("name"), max_length=100, blank=True)
    email = models.EmailField(_("e-mail address"))
    topic = models.CharField(_("about"), max_length=10, choices=Topic.choices, default=Topic.QUESTION)
    text = models.TextField(_("message"), max_length=5000)
    language = models.CharField(_("language"), max_length=10, blank=True)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, verbose_name=_("signed in as")
    )
    written_at = models.DateTimeField(_("written"), default=timezone.now)
    state = models.CharField(_("state"), max_length=8, choices=LetterState.choices, default=LetterState.OPEN)
    closed_at = models.DateTimeField(_("closed"), null=True, editable=False)
    note = models.TextField(_("own note"), blank=True)
    mail_due_at = models.DateTimeField(_("mail due"), null=True, default=timezone.now, editable=False)
    mail_attempts = models.PositiveSmallIntegerField(_("attempts to mail"), default=0, editable=False)
    mailed_at = models.DateTimeField(_("mailed"), null=True, editable=False)

    class Meta:
        verbose_name = _("letter")
        verbose_name_plural = _("letters")
        ordering = ("-written_at",)
        indexes = (models.Index(fields=("mail_due_at",), name="letters_to_mail"),)

    def __str__(self) -> str:
        return f"{self.get_topic_display()} · {self.email}"
