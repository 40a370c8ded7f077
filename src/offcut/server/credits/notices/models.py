"""The outbox: notices, their delivery to each person, and what people have switched off."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from offcut.server.credits.notices.kinds import NoticeKind


class Notice(models.Model):
    """Something to tell a team, written in the transaction of its cause. One row a cause."""

    team = models.ForeignKey("accounts.Team", models.PROTECT, related_name="notices")
    kind = models.CharField(_("kind"), max_length=30, choices=NoticeKind.choices)
    cause = models.CharField(_("cause"), max_length=120)
    data = models.JSONField(_("data"), default=dict)
    caused_at = models.DateTimeField(_("when"))
    addressed_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        constraints = (models.UniqueConstraint(fields=("team", "kind", "cause"), name="one_notice_a_cause"),)
        indexes = (
            models.Index(
                fields=("id",), condition=models.Q(addressed_at__isnull=True), name="notices_to_address"
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()} · {self.team_id}"


class DeliveryState(models.TextChoices):
    WAITING = "waiting", _("Waiting")
    SENT = "sent", _("Sent")
    SWITCHED_OFF = "switched_off", _("Switched off")
    GIVEN_UP = "given_up", _("Given up")


class Delivery(models.Model):
    """One notice to one person: the mail, and whether the website has shown it."""

    notice = models.ForeignKey(Notice, models.CASCADE, related_name="deliveries")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    state = models.CharField(
        _("state"), max_length=12, choices=DeliveryState.choices, default=DeliveryState.WAITING
    )
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    due_at = models.DateTimeField(_("next attempt"))
    sent_at = models.DateTimeField(_("sent"), null=True)
    problem = models.CharField(_("problem"), max_length=300, blank=True)
    shown_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        constraints = (models.UniqueConstraint(fields=("notice", "person"), name="one_delivery_a_person"),)
        indexes = (
            models.Index(fields=("due_at",), condition=models.Q(state="waiting"), name="deliveries_waiting"),
        )

    def __str__(self) -> str:
        return f"{self.notice} → {self.person_id}"


class Switch(models.Model):
    """A kind of notice that a person does not want by mail."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="notice_switches")
    kind = models.CharField(max_length=30, choices=NoticeKind.choices)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("person", "kind"), name="one_switch_a_kind"),)

    def __str__(self) -> str:
        return f"{self.person_id} without {self.kind}"
