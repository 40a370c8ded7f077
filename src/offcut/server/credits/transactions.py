"""Transactions that wait and try again, so that no caller ever sees a database's lock error."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import TypeVar

from django.db import OperationalError, connection, transaction

Result = TypeVar("Result")

PATIENCE_S = 60.0
_PAUSE_S_MAX = 0.1
# PostgreSQL: could not serialise, deadlock, lock not available.
_SQLSTATES = {"40001", "40P01", "55P03"}


def in_transaction(work: Callable[[], Result], *, patience_s: float = PATIENCE_S) -> Result:
    """Run `work` in a transaction and return what it returns; on a lock error, run it again.

    `work` must not do anything that a rollback does not undo. Inside a transaction of the caller's it runs
    under a savepoint, and the caller's own call of this function is the one that tries again: whoever
    writes credits together with rows of their own wraps both.
    A lock error reaches the caller only after `patience_s` seconds.
    """
    if connection.in_atomic_block:
        with transaction.atomic():
            return work()
    deadline = time.monotonic() + patience_s
    while True:
        try:
            with transaction.atomic():
                return work()
        except OperationalError as problem:
            if not is_lock_error(problem) or time.monotonic() > deadline:
                raise
            time.sleep(random.uniform(0, _PAUSE_S_MAX))


def is_lock_error(problem: OperationalError) -> bool:
    """Say whether waiting may help: another transaction was in the way."""
    if getattr(problem.__cause__, "sqlstate", None) in _SQLSTATES:
        return True
    words = str(problem)
    return "database is locked" in words or "database table is locked" in words
