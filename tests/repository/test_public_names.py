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

EXTRA_PACKAGES = {"server": ("offcut.server",), "gpu": (), "redis": (), "telemetry": ()}
"""Packages of ours that need an extra; they are left out of the proof of the bare installation."""


def project(root: Path) -> dict[str, object]:
    loaded: dict[str, object] = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))[
        "project"
    ]
    return loaded


def closure(requirements: list[str]) -> set[str]:
    """Names of all distributions that these requirements bring, as far as they are installed here."""
    found: set[str] = set()
    waiting = [Requirement(text) for text in requirements]
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


def import_everything(brought: set[str], skipped: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
    """Imports all of Offcut in a process that sees only what `brought` holds, besides Python itself."""
    absent = {
        module
        for module, names in packages_distributions().items()
        if not {plain(name) for name in names} & (brought | {"offcut", "pip", "setuptools"})
    }
    assert "pytest" in absent
    arguments = [",".join(sorted(absent)), ",".join(skipped) or "none"]
    return subprocess.run(
        [sys.executable, "-c", IMPORT_EVERYTHING, *arguments], capture_output=True, text=True, check=False
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
    lacking = [text for text in wanted if plain(Requirement(text).name) not in brought]
    if lacking:
        pytest.skip(f"not installed here: {', '.join(lacking)}")
    others = tuple(
        package for name, packages in EXTRA_PACKAGES.items() if name != extra for package in packages
    )
    ran = import_everything(brought, others)
    assert ran.returncode == 0, ran.stderr


def test_every_extra_is_proved(root: Path) -> None:
    assert set(project(root)["optional-dependencies"]) == set(EXTRA_PACKAGES)  # type: ignore[call-overload]
