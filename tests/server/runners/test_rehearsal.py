"""Before the first photo comes, a made one has been through every step."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

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


@pytest.mark.parametrize("idle_s", [0, 90])
def test_the_networks_are_kept_as_long_as_the_setting_says(
    monkeypatch: pytest.MonkeyPatch, settings: Any, idle_s: int
) -> None:
    asked: list[float] = []
    monkeypatch.setattr("offcut.library.default_networks", lambda *, idle_s: asked.append(idle_s))
    assert settings.NETWORKS_IDLE_S == 0
    settings.NETWORKS_IDLE_S = idle_s
    current._networks()
    assert asked == [idle_s]


ENDS_WHILE_LOADING = """
import threading
import django
django.setup(set_prefix=False)
from offcut.engine.models import runtime
from offcut.server.runners import current

begun = threading.Event()
compiled = runtime.OpenVinoNetwork.__init__

def begin(*arguments, **options):
    begun.set()
    compiled(*arguments, **options)
    print("loaded", flush=True)

runtime.OpenVinoNetwork.__init__ = begin
current.warm()
assert begun.wait(60)
if {is_stopped}:
    current.stop(1)
"""


@pytest.mark.network
@pytest.mark.parametrize(("is_stopped", "count"), [(False, 3), (True, 1)])
def test_a_process_that_ends_waits_for_the_network_that_is_being_loaded(
    tmp_path: Path, is_stopped: bool, count: int
) -> None:
    """In the middle of OpenVINO's work it would be aborted. Once stopped it begins with no further one."""
    environment = {"DJANGO_SETTINGS_MODULE": "offcut.server.settings", "OFFCUT_DATA_DIR": str(tmp_path)}
    ended = subprocess.run(
        [sys.executable, "-c", ENDS_WHILE_LOADING.format(is_stopped=is_stopped)],
        env=os.environ | environment, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.split().count("loaded") == count
