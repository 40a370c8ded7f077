"""A team that calls the API, on the plain cut."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.server.api_caller import Caller
from tests.server.plain_runner import plain_runner

from offcut.server.removals import rate
from offcut.server.runners import current
from offcut.server.runners.in_process import InProcessRunner


@pytest.fixture
def runner() -> Iterator[InProcessRunner]:
    """The process's runner, with the plain cut."""
    plain = plain_runner()
    current.use(plain)
    rate.forget()
    yield plain
    current.use(None)
    plain.stop(5)


@pytest.fixture
def alice(db: None, runner: InProcessRunner) -> Caller:
    """A team with 10 pay-as-you-go credits, the gift and all free previews."""
    return Caller.make(credit_count=10)
