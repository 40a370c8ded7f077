"""Incidents as the owner tells them."""

from __future__ import annotations

from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Impact(models.TextChoices):
    """How much an incident keeps people from working."""

    MAINTENANCE = "maintenance", _("Maintenance")
    MINOR = "minor", _("Slower or partly broken")
    MAJOR = "major", _("Out of order")


class Stage(models.TextChoices):
    """How far the owner has come."""

    PLANNED = "planned", _("Planned")
    INVESTIGATING = "investigating", _("Looking into it")
    FOUND = "found", _("Cause found")
    WATCHING = "watching", _("Put right, being watched")
    OVER = "over", _("Over")


class Incident(models.Model):
    """Something that people should know about. It is over when an update says so."""

    title = models.CharField(_("title"), max_length=120)
    impact = models.CharField(_("impact"), max_length=12, choices=Impact.choices, default=Impact.MINOR)
    began_at = models.DateTimeField(_("began"), default=timezone.now)
    over_at = models.DateTimeField(_("over since"), null=True, editable=False)

    class Meta:
        verbose_name = _("incident")
        verbose_name_plural = _("incidents")
        ordering = ("-began_at",)

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        """Its place on the status page."""
        return f"{reverse('pages:status')}#incident-{self.pk}"

    def settle(self) -> None:
        """Take from the latest update whether the incident is over, and since when."""
        latest = self.updates.order_by("-at", "-id").first()
        over_at = latest.at if latest is not None and latest.stage == Stage.OVER else None
        if over_at != self.over_at:
            self.over_at = over_at
            self.save(update_fields=["over_at"])


class IncidentUpdate(models.Model):
    """One thing said about an incident."""

    incident = models.ForeignKey(Incident, models.CASCADE, related_name="updates")
    at = models.DateTimeField(_("when"), default=timezone.now)
    stage = models.CharField(_("stage"), max_length=13, choices=Stage.choices, default=Stage.INVESTIGATING)
    text = models.TextField(_("text"), max_length=4000)

    class Meta:
        verbose_name = _("update")
        verbose_name_plural = _("updates")
        ordering = ("-at", "-id")

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.get_stage_display()}"
