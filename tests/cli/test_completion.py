"""Shell completion: commands, options of `cut` with and without its name, values, names of weights."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest


def completed(*words: str) -> set[str]:
    """What bash is offered after these words; the last one is not finished."""
    script = "import sys; sys.argv[0] = 'offcut'; from offcut.cli.main import run; run()"
    environment = {
        **os.environ,
        "_OFFCUT_COMPLETE": "complete_bash",
        "COMP_WORDS": " ".join(("offcut", *words)),
        "COMP_CWORD": str(len(words)),
    }
    ran = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=False
    )
    assert ran.stderr == ""
    return set(ran.stdout.split())


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (("mod",), {"models"}),
        (("models", "p"), {"pull", "path", "prune"}),
        (("--out",), {"--output", "--output-directory"}),
        (("dog.jpg", "--out"), {"--output", "--output-directory"}),
        (("cut", "dog.jpg", "--size", "p"), {"preview"}),
        (("dog.jpg", "--format", "w"), {"webp"}),
        (("models", "pull", "u2"), {"u2netp"}),
        # Nothing is offered, so that the shell falls back to the names of files.
        (("dog",), set()),
    ],
)
def test_bash_is_offered_what_fits(words: tuple[str, ...], offered: set[str]) -> None:
    assert completed(*words) == offered


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_script_for_each_shell_is_printed(tmp_path: Path, shell: str) -> None:
    script = "import sys; sys.argv[0] = 'offcut'; from offcut.cli.main import run; run()"
    environment = {**os.environ, "_OFFCUT_COMPLETE": f"source_{shell}", "HOME": str(tmp_path)}
    ran = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True
    )
    assert "offcut" in ran.stdout
