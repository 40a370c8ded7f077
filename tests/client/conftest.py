"""A local server of the v1.0 API, and both clients behind one face."""

from __future__ import annotations

import asyncio
import importlib.util
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from offcut.client import AsyncClient, Client, Retries

QUICK = Retries(first_s=0.002, longest_s=0.004)


def _loaded(name: str) -> ModuleType:
    specification = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    assert specification
    assert specification.loader
    module = importlib.util.module_from_spec(specification)
    sys.modules[name] = module
    specification.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def recorded() -> ModuleType:
    """The module of recorded answers."""
    return _loaded("service")


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OFFCUT_API_URL", "OFFCUT_API_KEY", "REMOVE_BG_API_KEY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def service(recorded: ModuleType) -> Iterator[Any]:
    running = recorded.Service()
    yield running
    running.close()


class Awaited:
    """An `AsyncClient` that can be called like a `Client`."""

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        self._runner = asyncio.Runner()
        self._client = AsyncClient(*arguments, **settings)

    def __getattr__(self, name: str) -> Any:
        def call(*arguments: Any, **options: Any) -> Any:
            return self._runner.run(getattr(self._client, name)(*arguments, **options))

        return call

    def end(self) -> None:
        self._runner.run(self._client.close())
        self._runner.close()


@pytest.fixture(params=["blocking", "awaiting"])
def make_client(
    request: pytest.FixtureRequest, service: Any, recorded: ModuleType
) -> Iterator[Callable[..., Any]]:
    """Makes a client of either kind for the local server; closed at the end of the test."""
    made: list[Any] = []

    def make(**settings: Any) -> Any:
        settings = {"base_url": service.url, "api_key": recorded.KEY, "retries": QUICK, **settings}
        made.append((Client if request.param == "blocking" else Awaited)(**settings))
        return made[-1]

    yield make
    for client in made:
        client.close() if isinstance(client, Client) else client.end()


@pytest.fixture
def client(make_client: Callable[..., Any]) -> Any:
    return make_client()
