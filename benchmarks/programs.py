"""Starts the programs that are compared, each in its own process and environment, warm."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

BUILD = Path(__file__).resolve().parents[1] / "build"
WORKER = Path(__file__).with_name("worker.py")
REMBG = "rembg[cpu,cli]==2.0.86"


class Program:
    """A program under test that answers one job at a time."""

    def __init__(self, command: list[str], **environment: str) -> None:
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, **environment},
        )

    def call(self, photo: Path, **options: Any) -> dict[str, Any]:
        """The answer to one job: seconds, steps, peak memory."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps({"photo": str(photo), "options": options}) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise SystemExit(f"The program ended: {' '.join(self._process.args)}")  # type: ignore[arg-type]
        answered: dict[str, Any] = json.loads(answer)
        return answered

    def close(self) -> None:
        """Ends the program."""
        self._process.communicate()


def offcut_program() -> Program:
    """Offcut as it is installed here."""
    return Program([sys.executable, str(WORKER), "offcut"])


def rembg_program(python: Path | None) -> Program:
    """rembg in an environment of its own, with the IS-Net weights that Offcut uses."""
    from offcut.engine.models.weights import Weights

    weights = Weights().paths("isnet")[0]
    # rembg loads weights from below its own folder only; it is told that ours is that.
    home = {"REMBG_HOME": str(weights.parent), "U2NET_HOME": str(weights.parent)}
    return Program([str(python or rembg_python()), str(WORKER), "rembg", str(weights)], **home)


def rembg_python() -> Path:
    """The interpreter of rembg's environment, which is made under build/ the first time."""
    environment = BUILD / "rembg-venv"
    python = environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not (environment / "ready").exists():
        subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", REMBG], check=True)
        (environment / "ready").touch()
    return python
