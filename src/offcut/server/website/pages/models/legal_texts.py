"""Legal texts: the owner's own words, by page and language."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

FILL_IN = "[fill in"
"""What stands wherever the owner still has to say something. A text that has it is not finished."""


def all_languages() -> list[tuple[str, str]]:
    """The website's languages. Asked for when needed, so that one more needs no migration."""
    return list(settings.LANGUAGES)


class LegalKind(models.TextChoices):
    TERMS = "terms", _("Terms of service")
    PRIVACY = "privacy", _("Privacy")
    COOKIES = "cookies", _("Cookies")
    REFUNDS = "refunds", _("Refunds")
    IMPRINT = "imprint", _("Imprint")


class LegalText(models.Model):
    """One page's text in one language, as Markdown."""

    kind = models.CharField(_("page"), max_length=10, choices=LegalKind.choices)
    language = models.CharField(_("language"), max_length=10, choices=all_languages)
    text = models.TextField(_("text"), help_text=_("Markdown. HTML is shown as it is written, not obeyed."))
    is_finished = models.BooleanField(_("finished"), default=False, editable=False)
    changed_at = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        verbose_name = _("legal text")
        verbose_name_plural = _("legal texts")
        ordering = ("kind", "language")
        constraints = (models.UniqueConstraint(fields=("kind", "language"), name="one_text_a_language"),)

    def __str__(self) -> str:
        return f"{self.get_kind_display()} ({self.language})"

    def save(self, *args: Any, **options: Any) -> None:
        """Save, and note whether anything is left to fill in."""
        self.is_finished = bool(self.text.strip()) and FILL_IN not in self.text
        super().save(*args, **options)
