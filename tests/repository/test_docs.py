"""What the pages name exists: commands, options, make targets, files, links, names, codes, settings."""

from __future__ import annotations

import importlib
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from offcut.cli import errors_page
from offcut.cli.main import app
from offcut.errors import OffcutError

FENCE = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\]\((?!\w+:)([^)#\s]*)(#[^)\s]*)?\)")
PATH = re.compile(r"(?:src|tests|docs|benchmarks|\.ci)/[\w./-]*\w/?|Makefile|[\w-]+\.(?:toml|md|lock)")
MAKE = re.compile(r"\bmake ((?:[a-z][a-z-]*(?: |$))+)")
PYTHON_NAME = re.compile(r"\boffcut(?:\.[A-Za-z_]\w*)+")
SETTING = re.compile(r"\bOFFCUT_[A-Z0-9_]+\b")
CODE_NAMED = re.compile(r"\bcodes? `([a-z0-9_]+)`")
SHELLS = {"", "sh", "bash", "console", "shell", "text"}


def pages(root: Path, files: list[Path]) -> list[Path]:
    """README and its kin, and everything below docs/."""
    return [
        root / path
        for path in files
        if path.suffix == ".md" and (len(path.parts) == 1 or path.parts[0] == "docs")
    ]


def pieces_of_code(text: str) -> Iterator[str]:
    """Lines of shell fences (prompts taken off) and code spans of the prose."""
    for language, block in FENCE.findall(text):
        if language in SHELLS:
            yield from (line.removeprefix("$ ") for line in block.splitlines())
    yield from SPAN.findall(FENCE.sub("", text))


def command_problem(line: str) -> str:
    """What is wrong with an `offcut …` line, "" when every word of it is known."""
    try:
        words = shlex.split(line.split("|")[0].split(" < ")[0].split(" > ")[0], comments=True)[1:]
    except ValueError:
        return f"cannot be read: {line}"
    command: Any = typer.main.get_command(app)
    if words and words[0] in ("…", "..."):
        return ""
    own = {name for option in command.params for name in option.opts} | {"--help", "-h"}
    if words and words[0] not in command.commands and words[0] not in own:
        words = ["cut", *words]
    while words and hasattr(command, "commands"):
        if words[0].startswith("-"):
            break
        if words[0] not in command.commands:
            return f"no command {words[0]}: {line}"
        command = command.commands[words.pop(0)]
    known = {name for option in command.params for name in (*option.opts, *option.secondary_opts)} | {
        "--help",
        "-h",
    }
    given = {word.partition("=")[0] for word in words if re.match(r"--?[A-Za-z]", word)}
    return f"no option {', '.join(sorted(given - known))}: {line}" if given - known else ""


def name_exists(name: str) -> bool:
    """Whether a dotted name below `offcut` can be imported or reached."""
    parts = name.split(".")
    for cut in range(len(parts), 0, -1):
        try:
            found: Any = importlib.import_module(".".join(parts[:cut]))
        except ModuleNotFoundError:
            continue
        for part in parts[cut:]:
            if not hasattr(found, part):
                return False
            found = getattr(found, part)
        return True
    return False


def anchors(text: str) -> set[str]:
    """The link targets that headings make."""
    headings = re.findall(r"^#+ +(.+)$", FENCE.sub("", text), re.MULTILINE)
    return {"#" + re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def make_targets(root: Path) -> set[str]:
    return set(re.findall(r"^([a-z][a-z-]*):", (root / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


def all_codes() -> set[str]:
    from offcut.engine.options import OPTION_CODES

    return {error.code for error in errors_page.tree(OffcutError)} | set(OPTION_CODES)


def settings_read(root: Path) -> set[str]:
    """Every OFFCUT_ setting that the source or the Makefile reads."""
    sources = [*(root / "src").rglob("*.py"), root / "Makefile"]
    return {name for path in sources for name in SETTING.findall(path.read_text(encoding="utf-8"))}


def problems(text: str, page: Path, root: Path) -> list[str]:
    """Everything that a page names and that does not exist."""
    found = []
    prose = FENCE.sub("", text)
    for code in pieces_of_code(text):
        if code.startswith("offcut "):
            found.append(command_problem(code))
        for words in MAKE.findall(code) if code.startswith("make ") or " make " in code else ():
            found += [f"no make target {word}" for word in words.split() if word not in make_targets(root)]
    for span in SPAN.findall(prose):
        if PATH.fullmatch(span) and not (root / span).exists() and not (page.parent / span).exists():
            found.append(f"no file {span}")
    for name in PYTHON_NAME.findall(text):
        if not name.endswith((".jpg", ".png")) and not name_exists(name):
            found.append(f"no Python name {name}")
    for target, anchor in LINK.findall(prose):
        linked = (page.parent / target) if target else page
        if target and not linked.exists():
            found.append(f"no file {target}")
        elif anchor and linked.suffix == ".md":
            content = text if not target else linked.read_text(encoding="utf-8")
            found += [] if anchor in anchors(content) else [f"no heading {target}{anchor}"]
    found += [f"no error code {code}" for code in CODE_NAMED.findall(prose) if code not in all_codes()]
    found += [f"no setting {name}" for name in SETTING.findall(text) if name not in settings_read(root)]
    return [f"{page.name}: {problem}" for problem in found if problem]


def test_what_the_pages_name_exists(root: Path, files: list[Path]) -> None:
    every = pages(root, files)
    assert every
    wrong = [problem for page in every for problem in problems(page.read_text(encoding="utf-8"), page, root)]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("```\n$ offcut dog.jpg --sise preview\n```", "no option --sise"),
        ("```sh\noffcut models fetch\n```", "no command fetch"),
        ("Say `offcut models pull --accept NAME`.", "no option --accept"),
        ("Run `make everything`.", "no make target everything"),
        ("See `src/offcut/nowhere.py`.", "no file src/offcut/nowhere.py"),
        ("See [there](nowhere.md).", "no file nowhere.md"),
        ("See [there](#nowhere).", "no heading #nowhere"),
        ("It raises `offcut.LostError`.", "no Python name offcut.LostError"),
        ("The code `lost_code` says so.", "no error code lost_code"),
        ("Set OFFCUT_NOWHERE.", "no setting OFFCUT_NOWHERE"),
    ],
)
def test_a_page_that_names_what_is_not_there_is_found(root: Path, text: str, problem: str) -> None:
    assert [found for found in problems(text, root / "docs" / "page.md", root) if problem in found]


@pytest.mark.parametrize(
    "text",
    [
        "```\n$ offcut dog.jpg --size preview | cat\n$ offcut - < a.jpg > b.png\n```",
        "```sh\noffcut models pull --from x.tgz isnet  # from a file\n```",
        "`offcut cut --confirm-batch-over -1 dog.jpg`, `make test`, `docs/errors.md`, `offcut.remove`",
        "# A heading, here\n\nSee [above](#a-heading-here).",
        "The code `no_foreground`, and OFFCUT_PORT.",
    ],
)
def test_a_page_that_is_right_is_left_alone(root: Path, text: str) -> None:
    assert problems(text, root / "docs" / "page.md", root) == []


def test_the_page_of_errors_is_up_to_date(root: Path) -> None:
    written = (root / "docs" / "errors.md").read_text(encoding="utf-8")
    assert written == errors_page.page(), "Run: make errors"


def test_every_code_is_an_errors_own() -> None:
    """Two errors with one code could not be told apart by a program."""
    codes = [error.code for error in errors_page.tree(OffcutError)]
    assert sorted(codes) == sorted(set(codes))


def test_the_tree_in_the_source_shows_every_error() -> None:
    import offcut.errors

    drawn = re.findall(r"── (\w+)", offcut.errors.__doc__ or "")
    assert sorted(["OffcutError", *drawn]) == sorted(
        error.__name__ for error in errors_page.tree(OffcutError)
    )


def test_every_setting_is_in_the_docs(root: Path, files: list[Path]) -> None:
    written = "".join(page.read_text(encoding="utf-8") for page in pages(root, files))
    assert settings_read(root) <= set(SETTING.findall(written))


def test_every_option_of_the_command_is_on_its_page(root: Path) -> None:
    page = (root / "docs" / "cli.md").read_text(encoding="utf-8")
    command: Any = typer.main.get_command(app)
    names = [
        max(option.opts, key=len) for option in command.commands["cut"].params if option.opts[0][0] == "-"
    ]
    assert [name for name in names if not re.search(rf"{name}\b", page)] == []
    assert "`offcut account`" in page


def test_the_command_lines_page_and_help_agree_about_large_results(root: Path) -> None:
    """The page said once that nothing is ever sent anywhere."""
    page = (root / "docs" / "cli.md").read_text(encoding="utf-8")
    command: Any = typer.main.get_command(app)
    option = next(
        option for option in command.commands["cut"].params if "--skip-png-format-optimization" in option.opts
    )
    assert "at most 10 megapixels" in option.help
    assert "at most 10 megapixels" in page
    assert "changes nothing" not in page
