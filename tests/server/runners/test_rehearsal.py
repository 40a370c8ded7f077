"""Before the first photo comes, a made one has been through every step."""

from __future__ import annotations

import pytest
from tests.engine.made_networks import MadeNetworks, made_networks

from offcut.errors import NoForegroundError
from offcut.server.runners import current
from offcut.server.runners.composing import ResultWork
from offcut.server.runners.cutting import Finished
from offcut.server.runners.steps import Tell


@pytest.fixture
def networks(monkeypatch: pytest.MonkeyPatch) -> MadeNetworks:
    return made_networks(monkeypatch)


def test_every_network_and_the_composing_run_once(
    networks: MadeNetworks, monkeypatch: pytest.MonkeyPatch
) -> None:
    composed: list[Finished] = []
    compose = current.compose_result

    def noted(work: ResultWork, tell: Tell) -> Finished:
        composed.append(compose(work, tell))
        return composed[-1]

    monkeypatch.setattr(current, "compose_result", noted)
    current.rehearse(networks)  # type: ignore[arg-type]
    assert {"isnet", "u2netp", "nanodet"} <= set(networks.calls)
    assert [(one.width, one.height, one.format) for one in composed] == [(1200, 900, "png")]


def test_networks_that_see_nothing_in_it_do_not_keep_the_server_from_starting(
    networks: MadeNetworks, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nothing(*_: object) -> object:
        def find(_work: object, _tell: object) -> object:
            raise NoForegroundError("Nothing.")

        return find

    monkeypatch.setattr(current, "find_with", nothing)
    current.rehearse(networks)  # type: ignore[arg-type]
