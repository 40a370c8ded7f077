"""The samples of docs/api.md, run as they stand there, against a running server.

Only the address is another one. A language whose program this machine lacks is left out, except for those
that Offcut's own tests need anyway.
"""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image
from tests.server.plain_runner import photo_bytes
from tests.wire.served import ROOT, Served

PAGE = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
FIRST_CALL = PAGE.partition("## A first call")[2].partition("\n## ")[0]
SAMPLES = dict(re.findall(r"^```(\w+)\n(.*?)^```", FIRST_CALL, re.MULTILINE | re.DOTALL))
WRITTEN_ADDRESS = "http://127.0.0.1:8000"
PATIENCE_S = 300


@dataclass(frozen=True)
class Language:
    """How a sample is run: the file that it is kept in, and the command. `always`: it must be there.
    `trial` succeeds where the program has what the sample needs."""

    file: str
    command: tuple[str, ...]
    always: bool = False
    trial: tuple[str, ...] = ()


LANGUAGES = {
    "sh": Language("cut.sh", ("sh", "cut.sh"), always=True),
    "python": Language("cut.py", (sys.executable, "cut.py"), always=True),
    "js": Language("cut.mjs", ("node", "cut.mjs"), always=True),
    "php": Language(
        "cut.php", ("php", "cut.php"), trial=("php", "-r", "exit(+!function_exists('curl_init'));")
    ),
    "ruby": Language("cut.rb", ("ruby", "cut.rb")),
    "go": Language("cut.go", ("go", "run", "cut.go")),
    "java": Language("CutOut.java", ("java", "CutOut.java"), trial=("javac", "-version")),
    "csharp": Language("Program.cs", ("dotnet", "run")),
}
PROJECT = """<Project Sdk="Microsoft.NET.Sdk"><PropertyGroup><OutputType>Exe</OutputType>
<TargetFramework>net8.0</TargetFramework><ImplicitUsings>enable</ImplicitUsings></PropertyGroup></Project>"""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    server = Served(tmp_path_factory.mktemp("data"), {"alice": 100})
    yield server
    server.stop()


def test_every_language_has_its_sample() -> None:
    assert set(SAMPLES) == set(LANGUAGES)


def succeeds(command: tuple[str, ...]) -> bool:
    try:
        return not command or subprocess.run(command, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


def run(name: str, served: Served, folder: Path, key: str) -> subprocess.CompletedProcess[str]:
    language = LANGUAGES[name]
    if shutil.which(language.command[0]) is None or not succeeds(language.trial):
        assert not language.always, f"{language.command[0]} is needed for the tests"
        pytest.skip(f"{language.command[0]} (or a part of it) is not on this machine")
    assert SAMPLES[name].count(WRITTEN_ADDRESS) == 1
    sample = SAMPLES[name].replace(WRITTEN_ADDRESS, served.url)
    (folder / language.file).write_text(sample, encoding="utf-8")
    if name == "csharp":
        (folder / "cut.csproj").write_text(PROJECT)
    (folder / "dog.jpg").write_bytes(photo_bytes(640, 480))
    kept = {key: value for key, value in os.environ.items() if not key.startswith("OFFCUT_")}
    return subprocess.run(
        language.command, cwd=folder, env={**kept, "OFFCUT_API_KEY": key},
        capture_output=True, text=True, check=False, timeout=PATIENCE_S,
    )  # fmt: skip


@pytest.mark.parametrize("name", LANGUAGES)
def test_a_sample_cuts_out(name: str, served: Served, tmp_path: Path) -> None:
    ran = run(name, served, tmp_path, served.tokens["alice"])
    assert ran.returncode == 0, ran.stdout + ran.stderr
    result = Image.open(io.BytesIO((tmp_path / "dog.png").read_bytes()))
    assert (result.format, result.mode, result.size) == ("PNG", "RGBA", (640, 480))
    assert result.getchannel("A").getextrema() == (0, 255)


@pytest.mark.parametrize("name", LANGUAGES)
def test_a_sample_says_when_it_is_refused(name: str, served: Served, tmp_path: Path) -> None:
    ran = run(name, served, tmp_path, "offcut_wrong_key")
    assert ran.returncode != 0
    assert not (tmp_path / "dog.png").exists()
    assert re.search("403|API Key invalid|auth_failed", ran.stdout + ran.stderr)
