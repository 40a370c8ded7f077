"""`offcut zip2png`: puts colour and matte of a ZIP result together again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from offcut.engine.photo_files import read_file
from offcut.errors import OutputExistsError


def zip2png(
    file: Annotated[
        Path, typer.Option("--file", metavar="ZIP", help="A result that was made with --format zip.")
    ],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="PNG", help="(default: the ZIP's name with .png)")
    ] = None,
) -> None:
    """Turn a ZIP result (color.jpg and alpha.png) into one PNG."""
    from offcut.engine.archive import zip_to_png
    from offcut.engine.files import write_file

    target = output or file.with_suffix(".png")
    if output is None and target.exists():
        raise OutputExistsError(f"{target} is there already.")
    write_file(target, zip_to_png(read_file(file)))
    typer.echo(f"{file} → {target}", err=True)
