"""What `import offcut` offers, what it costs, and that a bare installation has all that it needs."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, distribution, packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import offcut
from offcut.engine.models import runtime

PUBLIC_NAMES = {
    "Cutout",
    "DeviceError",
    "ModelError",
    "Networks",
    "NoForegroundError",
    "OffcutError",
    "OptionError",
    "Options",
    "Outcome",
    "OutputError",
    "PhotoError",
    "__version__",
    "remove",
    "remove_many",
}

IMPORT_EVERYTHING = '''
import importlib, pkgutil, sys

blocked = set(sys.argv[1].split(","))

class Without:
    """A finder that does not know what is blocked, as if it were not installed."""

    def __init__(self, finder):
        self.finder = finder

    def find_spec(self, name, path=None, target=None):
        is_blocked = name.partition(".")[0] in blocked
        return None if is_blocked else self.finder.find_spec(name, path, target)

    def __getattr__(self, name):
        return getattr(self.finder, name)

sys.meta_path[:] = map(Without, sys.meta_path)
import offcut
skipped = tuple(sys.argv[2].split(","))
if "offcut.server" not in skipped:
    # Models can be imported once Django is ready; what it writes goes to a folder of its own.
    import os, tempfile
    folder = tempfile.TemporaryDirectory()
    os.environ.update(DJANGO_SETTINGS_MODULE="offcut.server.settings", OFFCUT_DATA_DIR=folder.name)
    import django
    django.setup()
for module in pkgutil.walk_packages(offcut.__path__, "offcut."):
    if not module.name.startswith(skipped):
        importlib.import_module(module.name)
for name in offcut.__all__:
    getattr(offcut, name)
'''

RUN_ONNX_RUNTIME = """
import numpy as np
from offcut.engine.models.runtime import OnnxRuntimeNetwork, _one_node
answer = OnnxRuntimeNetwork(_one_node(), "CPUExecutionProvider")(np.full((1, 1), 3, np.float32))
assert answer["y"] == 3
"""
"""What the runtime asks of ONNX Runtime, on the provider that each of its distributions has."""

EXTRA_PACKAGES = {"server": ("offcut.server",), "gpu": (), "redis": (), "telemetry": ()}
"""Packages of ours that need an extra; they are left out of the proof of the bare installation."""


def project(root: Path) -> dict[str, object]:
    loaded: dict[str, object] = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))[
        "project"
    ]
    return loaded


def wanted_on(requirements: list[str], **system: str) -> list[Requirement]:
    """Those of the requirements whose marker holds, here or on the system that is described."""
    read = [Requirement(text) for text in requirements]
    return [one for one in read if one.marker is None or one.marker.evaluate(dict(system))]


def closure(requirements: list[str]) -> set[str]:
    """Names of all distributions that these requirements bring, as far as they are installed here."""
    found: set[str] = set()
    waiting = wanted_on(requirements)
    while waiting:
        requirement = waiting.pop()
        name = plain(requirement.name)
        try:
            below = distribution(name).requires or []
        except PackageNotFoundError:
            continue
        if name not in found:
            found.add(name)
            waiting += [
                wanted
                for text in below
                if (wanted := Requirement(text)).marker is None
                or any(wanted.marker.evaluate({"extra": extra}) for extra in ("", *requirement.extras))
            ]
    return found


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def import_everything(
    brought: set[str], skipped: tuple[str, ...], then: str = ""
) -> subprocess.CompletedProcess[str]:
    """Imports all of Offcut in a process that sees only what `brought` holds, besides Python itself; and runs
    `then` in it."""
    absent = {
        module
        for module, names in packages_distributions().items()
        if not {plain(name) for name in names} & (brought | {"offcut", "pip", "setuptools"})
    }
    assert "pytest" in absent
    arguments = [",".join(sorted(absent)), ",".join(skipped) or "none"]
    return subprocess.run(
        [sys.executable, "-c", IMPORT_EVERYTHING + then, *arguments],
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_public_names_are_these() -> None:
    assert set(offcut.__all__) == PUBLIC_NAMES
    assert all(hasattr(offcut, name) for name in PUBLIC_NAMES)
    assert set(dir(offcut)) == PUBLIC_NAMES
    with pytest.raises(AttributeError):
        _ = offcut.no_such_name


def test_the_version_is_the_projects(root: Path) -> None:
    assert offcut.__version__ == project(root)["version"]


@pytest.mark.parametrize(
    ("statement", "absent"),
    [
        (
            "import offcut",
            {"numpy", "cv2", "openvino", "onnx", "onnxruntime", "PIL", "pyvips", "rich", "httpx", "django"},
        ),
        (
            "import offcut.cli.main",
            {"cv2", "openvino", "onnx", "onnxruntime", "PIL", "pyvips", "httpx", "django"},
        ),
    ],
)
def test_an_import_is_light(statement: str, absent: set[str]) -> None:
    code = f"{statement}\nimport sys\nprint(*{{name.partition('.')[0] for name in sys.modules}})"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert absent & set(ran.stdout.split()) == set()


def test_a_bare_installation_imports_everything_but_the_extras(root: Path) -> None:
    skipped = tuple(package for packages in EXTRA_PACKAGES.values() for package in packages)
    ran = import_everything(closure(project(root)["dependencies"]), skipped)  # type: ignore[arg-type]
    assert ran.returncode == 0, ran.stderr


def test_the_proof_would_find_what_is_missing() -> None:
    ran = import_everything(closure(["typer", "rich"]), ("none",))
    assert ran.returncode != 0
    assert "No module named" in ran.stderr


@pytest.mark.parametrize("extra", sorted(EXTRA_PACKAGES))
def test_each_extra_imports_what_it_is_for(root: Path, extra: str) -> None:
    details = project(root)
    wanted: list[str] = details["optional-dependencies"][extra]  # type: ignore[index]
    brought = closure([*details["dependencies"], *wanted])  # type: ignore[misc]
    if extra == "gpu":
        # One module under three names: the one that is here stands for the one that this system gets.
        brought |= closure(onnx_runtimes_here())
        assert "onnxruntime" in packages_distributions(), "the group dev brings an ONNX Runtime"
    else:
        lacking = [one.name for one in wanted_on(wanted) if plain(one.name) not in brought]
        if lacking:
            pytest.skip(f"not installed here: {', '.join(lacking)}")
    others = tuple(
        package for name, packages in EXTRA_PACKAGES.items() if name != extra for package in packages
    )
    ran = import_everything(brought, others, RUN_ONNX_RUNTIME if extra == "gpu" else "")
    assert ran.returncode == 0, ran.stderr


def onnx_runtimes_here() -> list[str]:
    return packages_distributions().get("onnxruntime", [])


def test_without_the_extra_onnx_runtime_is_not_there_to_run(root: Path) -> None:
    skipped = tuple(package for packages in EXTRA_PACKAGES.values() for package in packages)
    bare = closure(project(root)["dependencies"])  # type: ignore[arg-type]
    ran = import_everything(bare, skipped, RUN_ONNX_RUNTIME)
    assert "No module named 'onnxruntime'" in ran.stderr


@pytest.mark.parametrize("system", ["darwin", "win32", "linux"])
def test_the_extra_gpu_brings_the_one_onnx_runtime_of_a_system(root: Path, system: str) -> None:
    wanted: list[str] = project(root)["optional-dependencies"]["gpu"]  # type: ignore[index]
    brought = [requirement.name for requirement in wanted_on(wanted, sys_platform=system)]
    assert brought == [runtime.DISTRIBUTIONS[runtime.BRINGS.get(system, "cuda")]]


def test_every_extra_is_proved(root: Path) -> None:
    assert set(project(root)["optional-dependencies"]) == set(EXTRA_PACKAGES)  # type: ignore[call-overload]
