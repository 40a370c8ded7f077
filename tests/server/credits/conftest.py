"""A team with an account, and the moment at which the tests of credits begin."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from offcut.server.accounts.models import Team
from offcut.server.credits import ledger
from offcut.server.credits.models import Account, Entry, Hold, KeyMonth, Lot

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
BOOK = (Account, Lot, Hold, Entry, KeyMonth)


@pytest.fixture
def team(db: None) -> Team:
    team = Team.objects.create(name="Atelier", time_zone="Europe/Madrid")
    ledger.open_account(team, now=NOW)
    return team


@pytest.fixture
def whole_book(db: None) -> Callable[[], list]:
    """Read every row of the book."""
    return lambda: [list(model.objects.order_by("pk").values_list()) for model in BOOK]


@pytest.fixture
def unchanged(whole_book: Callable[[], list]) -> Iterator[None]:
    """The whole book is the same after the test as before it."""
    before = whole_book()
    yield
    assert whole_book() == before
