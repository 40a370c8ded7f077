"""Imports go down only: the contracts hold, and each of them catches a planted violation."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    """Runs import-linter over the copy of the package in `folder`."""
    linter = Path(sys.executable).with_name("lint-imports")
    environment = {**os.environ, "PYTHONPATH": str(folder / "src"), "COLUMNS": "200"}
    return subprocess.run(
        [linter, "--no-cache"], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


@pytest.fixture
def copy(root: Path, tmp_path: Path) -> Path:
    shutil.copytree(
        root / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info")
    )
    shutil.copy(root / ".importlinter", tmp_path)
    return tmp_path


def test_the_layers_hold(copy: Path) -> None:
    result = lint(copy)
    assert result.returncode == 0, result.stdout + result.stderr


PLANTED = {
    "the engine imports the command line": ("engine/types.py", "import offcut.cli", "Imports go down only"),
    "an error imports the engine": ("errors.py", "import offcut.engine.types", "Imports go down only"),
    "one step calls another": ("engine/decode.py", "import offcut.engine.encode", "do not know each other"),
    "options know a step": ("engine/options.py", "import offcut.engine.shadow", "do not know each other"),
    "the engine knows the web": ("engine/types.py", "import django", "no web, no database"),
    "a step downloads": ("engine/decode.py", "import httpx", "no web, no database"),
    "a second file takes money": ("cli/__init__.py", "import stripe", "each imported in one file"),
    "one app of the website imports another": (
        "server/website/help/__init__.py",
        "import offcut.server.website.home",
        "side by side",
    ),
    "a lower server layer calls up": (
        "server/credits/__init__.py",
        "import offcut.server.payments",
        "Imports go down only",
    ),
}


@pytest.mark.parametrize("violation", PLANTED)
def test_a_planted_violation_fails(copy: Path, violation: str) -> None:
    name, statement, contract = PLANTED[violation]
    package = copy / "src" / "offcut"
    for module in (
        "engine/encode.py",
        "engine/shadow.py",
        "server/__init__.py",
        "server/payments/__init__.py",
        name,
    ):
        path = package / module
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    with (package / name).open("a", encoding="utf-8") as module_file:
        module_file.write(f"\n{statement}\n")
    result = lint(copy)
    assert result.returncode == 1, result.stdout + result.stderr
    assert any(contract in line and "BROKEN" in line for line in result.stdout.splitlines()), result.stdout


@pytest.mark.parametrize("library", ["stripe", "ray", "boto3"])
def test_each_paid_or_heavy_library_is_imported_in_one_file(
    modules: dict[Path, ast.Module], library: str
) -> None:
    using = [path for path, tree in modules.items() if library in imported_names(tree)]
    assert len(using) <= 1, using


def imported_names(tree: ast.Module) -> set[str]:
    """Top-level names of everything a module imports, wherever in it."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.split(".")[0])
    return names
