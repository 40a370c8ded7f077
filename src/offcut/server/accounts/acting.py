"""An operator acting as another person: who may, and that it is written down."""

from __future__ import annotations

from typing import Any

from hijack import signals as hijack_signals

from offcut.server.accounts.audit import write_down
from offcut.server.accounts.models import Person


def may_act_as(*, hijacker: Person, hijacked: Person) -> bool:
    """Owners of the website may act as anybody who is no operator themselves."""
    return hijacker.is_active and hijacker.is_superuser and hijacked.is_active and not hijacked.is_staff


def write_down_acting() -> None:
    """Listen to the beginning and the end of acting."""
    hijack_signals.hijack_started.connect(_begun, dispatch_uid="audit")
    hijack_signals.hijack_ended.connect(_ended, dispatch_uid="audit")


def _begun(hijacker: Person, hijacked: Person, **_: Any) -> None:
    write_down("acting.begun", by=hijacker, subject=f"person {hijacked.pk}")


def _ended(hijacker: Person, hijacked: Person, **_: Any) -> None:
    write_down("acting.ended", by=hijacker, subject=f"person {hijacked.pk}")
