"""Keeps results in docs/benchmarks.md: a section a benchmark, with the machine, the versions, the command."""

from __future__ import annotations

import platform
import re
import sys
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PAGE = Path(__file__).resolve().parents[1] / "docs" / "benchmarks.md"
HEAD = """# Benchmarks

Each section is written by its script in `benchmarks/` (run it with `--write`), together with the machine, the
versions and the command, so that every figure can be made again.
"""
PACKAGES = ("offcut", "openvino", "opencv-python-headless", "pyvips", "numpy")


def write(name: str, title: str, tables: str) -> None:
    """Replaces the section `name` of the page, or adds it at the end."""
    text = PAGE.read_text(encoding="utf-8") if PAGE.exists() else HEAD
    begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    section = f"{begin}\n## {title}\n\n{circumstances()}\n\n{tables.strip()}\n{end}"
    pattern = re.compile(re.escape(begin) + ".*?" + re.escape(end), re.DOTALL)
    replaced, count = pattern.subn(lambda _: section, text)
    text = replaced if count else f"{text.rstrip()}\n\n{section}\n"
    PAGE.write_text(text, encoding="utf-8")


def circumstances() -> str:
    """The day, the machine, the versions and the command, as a paragraph."""
    from offcut.engine.models import machine

    memory = f"{machine.memory_bytes() / 1e9:.0f} GB of memory"
    arguments = ["…" if Path(word).is_absolute() else word for word in sys.argv[1:]]
    command = " ".join(["python", f"benchmarks/{Path(sys.argv[0]).name}", *arguments])
    versions = ", ".join(f"{name} {_version(name)}" for name in PACKAGES)
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {machine.processor_name()}, {machine.cores()} cores, {memory}, "
        f"{platform.system()}, Python {platform.python_version()}, {versions}. Command: `{command}`."
    )


def table(head: list[str], rows: list[list[str]]) -> str:
    """A Markdown table; all columns but the first are set to the right."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "?"
