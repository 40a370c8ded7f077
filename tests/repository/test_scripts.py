"""The website's scripts: their types, said in comments, are checked by TypeScript's own compiler."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

COMPILER = "typescript@5.9.3"
STRICT = ("--noEmit", "--allowJs", "--checkJs", "--strict", "--target", "es2022")
PAGE = (*STRICT, "--module", "esnext", "--moduleResolution", "bundler", "--lib", "es2023,dom,dom.iterable")
WORKER = (*STRICT, "--lib", "es2023,webworker")


@pytest.fixture(scope="module")
def compiler(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The compiler's command, fetched."""
    npm, node = shutil.which("npm"), shutil.which("node")
    assert npm, "npm is needed: it also brings the weights"
    assert node
    folder = tmp_path_factory.mktemp("typescript")
    subprocess.run(
        [npm, "install", "--no-audit", "--no-fund", "--ignore-scripts", COMPILER],
        cwd=folder, capture_output=True, check=True,
    )  # fmt: skip
    return [node, str(folder / "node_modules/typescript/bin/tsc")]


def complaints(compiler: list[str], options: tuple[str, ...], scripts: list[Path]) -> str:
    assert scripts
    ran = subprocess.run(
        [*compiler, *options, *map(str, scripts)], capture_output=True, text=True, check=False
    )
    return ran.stdout + ran.stderr


@pytest.mark.network
def test_the_pages_scripts_fit_their_types(root: Path, compiler: list[str]) -> None:
    website = root / "src/offcut/server/website"
    assert complaints(compiler, PAGE, sorted(website.glob("*/static/*/*.js"))) == ""
    assert complaints(compiler, WORKER, sorted(website.glob("*/worker/*.js"))) == ""


@pytest.mark.network
def test_a_script_that_does_not_fit_is_found(tmp_path: Path, compiler: list[str]) -> None:
    script = tmp_path / "wrong.js"
    script.write_text(
        "/** @param {number} count */\nexport function double(count) { return count.length; }\n"
    )
    assert "Property 'length' does not exist on type 'number'" in complaints(compiler, PAGE, [script])
