"""The choice of device and precision, and what the doctor says of a machine."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from offcut.engine.models import machine, runtime
from offcut.engine.models.doctor import doctor
from offcut.engine.models.runtime import SLOW, plan, provider_problem
from offcut.engine.models.weights import Weights
from offcut.errors import DeviceError, PrecisionError

FIRST_RUNS = """
import sys, threading
from offcut.engine.models.runtime import ov

# As many chances as can be for one thread to run into the middle of another's first look.
sys.setswitchinterval(1e-6)
together = threading.Barrier(8)
look = lambda: (together.wait(), ov.Type.f32.to_dtype())
threads = [threading.Thread(target=look) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""


def pretend(monkeypatch: pytest.MonkeyPatch, **precisions: str) -> None:
    """A processor with these precisions, and no accelerator."""
    monkeypatch.setattr(runtime, "precisions", lambda: {"fp32": "any processor"} | precisions)
    monkeypatch.setattr(runtime, "provider_problem", lambda _: "none here")
    runtime.best_float.cache_clear()


@pytest.fixture(autouse=True)
def _forget() -> object:
    yield
    runtime.best_float.cache_clear()


def test_quickest_precision_is_chosen_and_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, bf16="AMX", int8="AMX")
    assert plan().precision == "int8"
    assert "AMX" in plan().reason
    pretend(monkeypatch, bf16="AVX-512 BF16", int8=SLOW)
    assert plan().precision == "bf16"
    pretend(monkeypatch, int8=SLOW)
    assert (plan().device, plan().precision, plan().runtime) == ("cpu", "fp32", "openvino")
    pretend(monkeypatch, fp16="native")
    assert plan().precision == "fp16"


def test_what_cannot_be_had_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch)
    assert plan("cpu", "fp32").reason.startswith("asked for")
    with pytest.raises(PrecisionError) as precision:
        plan("cpu", "bf16")
    assert precision.value.code == "precision_unavailable"
    with pytest.raises(DeviceError) as device:
        plan("cuda")
    assert device.value.code == "device_unavailable"
    for bad in ({"device": "abacus"}, {"precision": "fp7"}):
        with pytest.raises(DeviceError, match="There is no"):
            plan(**bad)  # type: ignore[arg-type]


def test_accelerator_that_works_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime, "provider_problem", lambda name: "" if name == "cuda" else "none here")
    assert (plan().device, plan().precision, plan().runtime) == ("cuda", "fp32", "onnxruntime")
    assert plan("cpu", "fp32").device == "cpu"
    with pytest.raises(PrecisionError):
        plan("cuda", "int8")


def test_every_accelerator_is_either_usable_or_says_why_not() -> None:
    for name in runtime.PROVIDERS:
        if provider_problem(name):
            with pytest.raises(DeviceError, match=name):
                plan(name)  # type: ignore[arg-type]
        else:
            assert plan(name).device == name  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("system", "device", "said"),
    [
        ("linux", "cuda", 'pip install "offcut[gpu]"'),
        ("win32", "directml", 'pip install "offcut[gpu]"'),
        ("darwin", "coreml", 'pip install "offcut[gpu]"'),
        ("win32", "cuda", 'pip install "onnxruntime-gpu"'),
        ("linux", "directml", "on Windows only"),
        ("linux", "coreml", "on macOS only"),
        ("darwin", "cuda", "no CUDA on macOS"),
    ],
)
@pytest.mark.parametrize("installed", [False, True])
def test_what_would_bring_a_device_is_said_for_each_system(
    monkeypatch: pytest.MonkeyPatch, system: str, device: str, said: str, installed: bool
) -> None:
    """Without ONNX Runtime, and with one that has no accelerator."""
    there = SimpleNamespace(get_available_providers=lambda: ["CPUExecutionProvider"])
    monkeypatch.setitem(sys.modules, "onnxruntime", there if installed else None)
    monkeypatch.setattr(runtime.sys, "platform", system)
    assert said in provider_problem.__wrapped__(device)


@pytest.mark.parametrize(
    ("files", "share"),
    [
        ({}, 0),
        ({"cpu.max": "max 100000"}, 0),
        ({"cpu.max": "150000 100000"}, 2),
        ({"cpu.max": "50000 100000"}, 1),
        ({"cpu/cpu.cfs_quota_us": "100000", "cpu/cpu.cfs_period_us": "100000"}, 1),
        ({"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}, 0),
    ],
)
def test_cores_of_a_container(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: dict[str, str], share: int
) -> None:
    monkeypatch.setattr(machine.os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text + "\n")
    assert machine.cores(tmp_path) == (share or 8)


def test_memory_of_a_container(tmp_path: Path) -> None:
    (tmp_path / "memory.max").write_text("max\n")
    total = machine.memory_bytes(tmp_path)
    (tmp_path / "memory.max").write_text("1048576\n")
    assert machine.memory_bytes(tmp_path) == 1 << 20 < total


def test_doctor_reports_this_machine(store: Weights) -> None:
    report = doctor(store.folder, catalog=store.catalog, precision="fp32")
    assert report.ready
    assert (report.plan.precision, report.devices["cpu"], report.folder) == ("fp32", "", store.folder)
    assert set(report.devices) == {"cpu", "cuda", "directml", "coreml"}
    assert report.cores >= 1
    assert report.versions["openvino"]
    assert [(model.name, model.state, model.precision) for model in report.models] == [
        ("tiny", "present", "fp32")
    ]
    store.remove("tiny")
    assert not doctor(store.folder, catalog=store.catalog).ready


def test_first_runs_at_the_same_moment_do_not_stop_the_process() -> None:
    """A process in which that happens stands still for ever: so in one of its own, ended after a while."""
    subprocess.run([sys.executable, "-c", FIRST_RUNS], check=True, timeout=60)
