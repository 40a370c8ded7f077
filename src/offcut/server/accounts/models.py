"""The rows: Person, Team, Membership, Invitation, ApiKey, SignInLink, AuditEntry.

What happens to them lies in people.py, teams.py, invitations.py, keys.py and audit.py; nothing else
writes here.
"""

from __future__ import annotations

from typing import Any, NoReturn

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.core.validators import MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from offcut.server.accounts.roles import Role


class PersonManager(BaseUserManager["Person"]):
    """Makes people; the e-mail address is the name they sign in with."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> Person:
        """A new person; without a password they cannot sign in by one."""
        person = self.model(email=email, **fields)
        person.set_password(password)
        person.save(using=self._db)
        return person

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> Person:
        """A new person who may do everything in the operator's pages."""
        return self.create_user(email, password, **{**fields, "is_staff": True, "is_superuser": True})

    def get_by_natural_key(self, email: str | None) -> Person:
        """The person of an address, however its letters are written."""
        return self.get(email=(email or "").lower())


class Person(AbstractBaseUser, PermissionsMixin):
    """Somebody who can sign in. The address is kept in lower case, so one address is one person."""

    email = models.EmailField(_("e-mail address"), unique=True)
    name = models.CharField(_("name"), max_length=100, blank=True)
    language = models.CharField(_("language"), max_length=10, blank=True)
    # yes, no, or "" for being asked each time.
    improvement_choice = models.CharField(_("gives photos for improvement"), max_length=3, blank=True)
    is_active = models.BooleanField(_("may sign in"), default=True)
    is_staff = models.BooleanField(_("operator"), default=False)
    joined_at = models.DateTimeField(_("joined"), default=timezone.now, editable=False)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ()

    objects = PersonManager()

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")

    def __str__(self) -> str:
        return self.name or self.email

    def save(self, *args: Any, **options: Any) -> None:
        """Save, with the address in lower case."""
        self.email = self.email.lower()
        super().save(*args, **options)

    def get_full_name(self) -> str:
        """How pages call the person."""
        return str(self)

    def get_short_name(self) -> str:
        """How pages call the person."""
        return str(self)


class Team(models.Model):
    """Who owns a balance. Every person starts with one of their own; rows stay for ever.

    A suspended team's keys and people can look but not spend; a closed one is over.
    """

    name = models.CharField(_("name"), max_length=100)
    time_zone = models.CharField(_("time zone"), max_length=64, default="UTC")
    created_at = models.DateTimeField(_("made"), default=timezone.now, editable=False)
    # Nobody's photos are kept because a program sent them, unless the team wants it.
    api_kept_h = models.PositiveIntegerField(_("hours that API images are kept"), default=0)
    suspended_at = models.DateTimeField(_("suspended"), null=True, blank=True, editable=False)
    suspension_reason = models.CharField(_("reason"), max_length=500, blank=True, editable=False)
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True, editable=False)
    people = models.ManyToManyField(Person, through="Membership", related_name="teams")

    class Meta:
        verbose_name = _("team")
        verbose_name_plural = _("teams")

    def __str__(self) -> str:
        return self.name

    @property
    def is_suspended(self) -> bool:
        return self.suspended_at is not None

    @property
    def is_closed(self) -> bool:
        return self.closed_at is not None


class Membership(models.Model):
    """A person in a team, with a role."""

    team = models.ForeignKey(Team, models.PROTECT, related_name="memberships")
    person = models.ForeignKey(Person, models.CASCADE, related_name="memberships")
    role = models.CharField(_("role"), max_length=10, choices=Role.choices)
    joined_at = models.DateTimeField(_("joined"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        constraints = (models.UniqueConstraint(fields=("team", "person"), name="one_membership_a_team"),)

    def __str__(self) -> str:
        return f"{self.person} · {self.get_role_display()} · {self.team}"


class Invitation(models.Model):
    """An offer to join a team, sent to an address. Only a digest of the link's token is kept."""

    team = models.ForeignKey(Team, models.CASCADE, related_name="invitations")
    email = models.EmailField(_("e-mail address"))
    role = models.CharField(_("role"), max_length=10, choices=Role.choices, default=Role.MEMBER)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    invited_by = models.ForeignKey(Person, models.SET_NULL, null=True, related_name="invitations_sent")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField(_("holds until"))
    accepted_at = models.DateTimeField(null=True, blank=True)
    declined_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        constraints = (
            models.UniqueConstraint(
                fields=("team", "email"),
                condition=models.Q(accepted_at=None, declined_at=None, withdrawn_at=None),
                name="one_open_invitation_an_address",
            ),
        )

    def __str__(self) -> str:
        return f"{self.email} → {self.team}"


class ApiKey(models.Model):
    """What a program shows to act for a team: `prefix` says which key it is, `digest` proves it.

    The key works while the person who made it (or took it over) is a member of the team.
    """

    team = models.ForeignKey(Team, models.PROTECT, related_name="keys")
    person = models.ForeignKey(Person, models.SET_NULL, null=True, related_name="keys")
    name = models.CharField(_("name"), max_length=100)
    prefix = models.CharField(_("begins with"), max_length=24, unique=True, editable=False)
    digest = models.CharField(max_length=64, editable=False)
    created_at = models.DateTimeField(_("made"), default=timezone.now, editable=False)
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True, editable=False)
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True, editable=False)
    monthly_limit_credits = models.PositiveIntegerField(
        _("limit a month, in credits"), null=True, blank=True, validators=[MinValueValidator(1)]
    )

    class Meta:
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"


class SignInLink(models.Model):
    """A link that signs one person in, once. Only a digest of its token is kept."""

    person = models.ForeignKey(Person, models.CASCADE, related_name="sign_in_links")
    digest = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"sign-in link for person {self.person_id}"


class AppendOnly(models.QuerySet["AuditEntry"]):
    """Rows that can be added and read, and nothing else."""

    def update(self, **_fields: Any) -> NoReturn:
        """Refused: raises TypeError."""
        raise TypeError("The audit log is only ever added to.")

    def delete(self) -> NoReturn:
        """Refused: raises TypeError."""
        raise TypeError("The audit log is only ever added to.")

    bulk_update = update


class AuditEntry(models.Model):
    """Who did what, for ever.

    People and teams are named by their number and never by name or address: so an entry needs no change
    when a person deletes their account, and holds nothing personal afterwards.
    """

    at = models.DateTimeField(_("when"), default=timezone.now, editable=False)
    actor_id = models.BigIntegerField(_("person"), null=True, editable=False, db_index=True)
    acting_operator_id = models.BigIntegerField(
        _("operator acting as that person"), null=True, editable=False
    )
    team_id = models.BigIntegerField(_("team"), null=True, editable=False, db_index=True)
    deed = models.CharField(_("what"), max_length=60, editable=False, db_index=True)
    subject = models.CharField(_("of what"), max_length=100, blank=True, editable=False)
    detail = models.JSONField(_("detail"), default=dict, editable=False)

    objects = AppendOnly.as_manager()

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit log")
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.deed} {self.subject}".rstrip()

    def save(self, *args: Any, **options: Any) -> None:
        """Add the entry; an entry that is there already raises TypeError."""
        if self.pk is not None:
            raise TypeError("The audit log is only ever added to.")
        super().save(*args, **options)

    def delete(self, *_args: Any, **_options: Any) -> NoReturn:
        """Refused: raises TypeError."""
        raise TypeError("The audit log is only ever added to.")
