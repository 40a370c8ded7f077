"""The API as clients see it, on a server whose cut needs no networks."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

# Django is set up as for the server's tests, once for both.
if "tests.server.conftest" not in sys.modules:
    _spec = importlib.util.spec_from_file_location(
        "tests.server.conftest", Path(__file__).parents[1] / "server" / "conftest.py"
    )
    assert _spec is not None
    assert _spec.loader is not None
    sys.modules["tests.server.conftest"] = importlib.util.module_from_spec(_spec)
    _spec.loader.exec_module(sys.modules["tests.server.conftest"])
_server = sys.modules["tests.server.conftest"]
mails, _fresh_cache, _ledger_can_be_emptied = (
    _server.mails,
    _server._fresh_cache,
    _server._ledger_can_be_emptied,
)

from tests.server.api_caller import Caller  # noqa: E402
from tests.server.plain_runner import plain_runner  # noqa: E402

from offcut.server.removals import rate  # noqa: E402
from offcut.server.runners import current  # noqa: E402
from offcut.server.runners.in_process import InProcessRunner  # noqa: E402


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
