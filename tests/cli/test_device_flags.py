"""`offcut --device` and `--precision`, and the environment variables of the same: used, or refused before any
photo is read."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import pytest

from offcut import library
from offcut.cli.doctor import DEVICES, PRECISIONS
from offcut.engine.models import runtime
from offcut.engine.models.networks import Networks


@pytest.fixture
def used(offcut: Any, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The networks that each cut was made with."""
    from offcut.engine import pipeline

    del offcut  # Its plain cut is there by now, and is wrapped here.
    plain, used = pipeline.cut_out, []

    def cut_out(photo: Any, options: Any, networks: Any, **more: Any) -> Any:
        used.append(networks)
        return plain(photo, options, networks, **more)

    monkeypatch.setattr(pipeline, "cut_out", cut_out)
    return used


@pytest.fixture
def small_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """A processor that knows single precision only, and no accelerator."""
    monkeypatch.setattr(runtime, "precisions", lambda: {"fp32": "any processor"})
    monkeypatch.setattr(runtime, "provider_problem", lambda _: "none here")


def test_the_names_are_those_of_the_runtime() -> None:
    assert tuple(DEVICES) == get_args(runtime.Device)
    assert tuple(PRECISIONS) == get_args(runtime.Precision)


def test_what_is_asked_for_is_used(offcut: Any, photo: Any, used: list[Any]) -> None:
    assert offcut(photo("dog.png"), "--device", "cpu", "--precision", "fp32").code == 0
    assert offcut(photo("cat.png")).code == 0
    assert (used[0].plan.device, used[0].plan.precision) == ("cpu", "fp32")
    assert used[1:] == [None], "the library's, where nothing is asked for"


@pytest.mark.usefixtures("small_machine")
def test_the_environment_asks_and_the_flag_comes_first(
    offcut: Any, photo: Any, used: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OFFCUT_DEVICE", "cpu")
    monkeypatch.setenv("OFFCUT_PRECISION", "bf16")
    ran = offcut(photo("dog.png"))
    assert ran.code == 1
    assert "(precision_unavailable)" in ran.err
    assert offcut(photo("dog.png"), "--precision", "fp32").code == 0
    assert [networks.plan.precision for networks in used] == ["fp32"]


@pytest.mark.parametrize(
    ("flag", "name", "code"),
    [
        ("--device", "abacus", "device_unavailable"),
        ("--device", "cuda", "device_unavailable"),
        ("--precision", "fp7", "precision_unavailable"),
        ("--precision", "int8", "precision_unavailable"),
    ],
)
@pytest.mark.parametrize("in_environment", [False, True])
@pytest.mark.usefixtures("small_machine")
def test_what_cannot_be_had_is_refused_before_any_photo_is_read(
    offcut: Any,
    used: list[Any],
    monkeypatch: pytest.MonkeyPatch,
    flag: str,
    name: str,
    code: str,
    in_environment: bool,
) -> None:
    if in_environment:
        monkeypatch.setenv(f"OFFCUT_{flag.strip('-').upper()}", name)
    ran = offcut("no-such-photo.png", *(() if in_environment else (flag, name)))
    assert ran.code == 1
    assert f"({code})" in ran.err
    assert "no-such-photo" not in ran.err
    assert used == []


@pytest.mark.parametrize("flag", ["--device", "--precision"])
def test_a_server_has_a_machine_of_its_own(offcut: Any, photo: Any, used: list[Any], flag: str) -> None:
    ran = offcut(photo("dog.png"), flag, "auto", "--api-url", "http://127.0.0.1:9", "--api-key", "a-key")
    assert ran.code == 2
    assert flag in ran.err
    assert "(usage)" in ran.err
    assert used == []


@pytest.mark.usefixtures("small_machine")
def test_the_environment_of_this_machine_is_no_matter_to_a_server(
    offcut: Any, photo: Any, used: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OFFCUT_DEVICE", "cuda")
    ran = offcut(photo("dog.png"), "--api-url", "http://127.0.0.1:9", "--api-key", "a-key")
    assert "(service_unreachable)" in ran.err
    assert used == []


@pytest.mark.usefixtures("small_machine")
def test_the_librarys_networks_are_what_the_environment_asks_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(library, "_networks", None)
    monkeypatch.setenv("OFFCUT_DEVICE", "cpu")
    monkeypatch.setenv("OFFCUT_PRECISION", "fp32")
    monkeypatch.setenv("OFFCUT_MODELS_DIR", str(tmp_path))
    networks = library.default_networks()
    assert isinstance(networks, Networks)
    assert networks.plan.reason.startswith("asked for")
    assert networks.weights.folder == tmp_path
