"""What we do when allauth or the operator's pages have done something."""

from __future__ import annotations

import json
from typing import Any

from allauth.account import signals as account_signals
from allauth.mfa import signals as mfa_signals
from django.contrib.admin.models import LogEntry
from django.contrib.auth.signals import user_logged_in
from django.db.models.signals import post_save

from offcut.server.accounts.audit import write_down
from offcut.server.accounts.models import Person
from offcut.server.accounts.people import welcome

_ADMIN_DEEDS = {1: "operator.added", 2: "operator.changed", 3: "operator.deleted"}


def connect() -> None:
    """Start to listen; called once, when Django is ready."""
    account_signals.user_signed_up.connect(_signed_up, dispatch_uid="welcome")
    account_signals.email_confirmed.connect(_address_confirmed, dispatch_uid="address")
    account_signals.email_changed.connect(_address_changed, dispatch_uid="address")
    account_signals.password_changed.connect(_secret_changed("password.changed"), weak=False)
    account_signals.password_set.connect(_secret_changed("password.set"), weak=False)
    account_signals.password_reset.connect(_secret_changed("password.reset"), weak=False)
    mfa_signals.authenticator_added.connect(_secret_changed("second_factor.added"), weak=False)
    mfa_signals.authenticator_removed.connect(_secret_changed("second_factor.removed"), weak=False)
    user_logged_in.connect(_signed_in, dispatch_uid="signed_in")
    post_save.connect(_operator_did, sender=LogEntry, dispatch_uid="operator")


def _signed_up(user: Person, **_: Any) -> None:
    welcome(user)


def _address_confirmed(email_address: Any, **_: Any) -> None:
    write_down("address.confirmed", by=email_address.user)


def _address_changed(user: Person, to_email_address: Any, **_: Any) -> None:
    # allauth writes the new primary address to the person itself.
    write_down("address.changed", by=user, subject=f"address {to_email_address.pk}")


def _secret_changed(deed: str) -> Any:
    def receiver(user: Person, **_: Any) -> None:
        write_down(deed, by=user)

    return receiver


def _signed_in(request: Any, user: Person, **_: Any) -> None:
    # Acting as somebody also signs in; acting.py writes that down for what it is.
    if request is None or not request.path.startswith("/operator/act-as/"):
        write_down("person.signed_in", by=user)


def _operator_did(instance: LogEntry, created: bool, **_: Any) -> None:
    # Django's own log of its admin pages goes with the operator's account; ours stays.
    if created:
        write_down(
            _ADMIN_DEEDS.get(instance.action_flag, "operator.did"),
            by=instance.user,
            subject=f"{instance.content_type.model} {instance.object_id}"[:100],
            fields=_changed_fields(instance),
        )


def _changed_fields(entry: LogEntry) -> list[str]:
    # Only the fields' names: values and titles of rows may be personal.
    try:
        parts = json.loads(entry.change_message or "[]")
    except ValueError:
        return []
    return [field for part in parts for change in part.values() for field in change.get("fields", [])]
