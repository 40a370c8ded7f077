"""The health history. `recorder.py` is the only writer."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Reading(models.Model):
    """What the recorder saw at one moment.

    `counters` are the web server's own sums since its start, by which the next reading tells what happened
    in between. Seconds of work are counted by bucket: `bucket_counts[i]` requests took at most the i-th of
    the bounds in recorder.py.
    """

    at = models.DateTimeField(_("when"), unique=True)
    is_up = models.BooleanField(_("up"))
    answer_ms = models.FloatField(_("answered within, in ms"), null=True)
    problem = models.CharField(_("problem"), max_length=300, blank=True)
    queue_waiting = models.PositiveIntegerField(_("photos waiting"), null=True)
    removal_count = models.PositiveIntegerField(_("photos asked for"), default=0)
    failure_count = models.PositiveIntegerField(_("failures of ours"), default=0)
    bucket_counts = models.JSONField(default=list)
    counters = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("reading")
        verbose_name_plural = _("readings")
        ordering = ("-at",)

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {'up' if self.is_up else 'down'}"


class HealthDay(models.Model):
    """One day (UTC): for how long the service was seen up and down. The rest of the day nobody looked."""

    day = models.DateField(_("day"), unique=True)
    up_s = models.FloatField(_("up, in s"), default=0)
    down_s = models.FloatField(_("down, in s"), default=0)
    removal_count = models.PositiveIntegerField(_("photos asked for"), default=0)
    failure_count = models.PositiveIntegerField(_("failures of ours"), default=0)

    class Meta:
        verbose_name = _("day of the health history")
        verbose_name_plural = _("days of the health history")
        ordering = ("-day",)

    def __str__(self) -> str:
        return f"{self.day}"
