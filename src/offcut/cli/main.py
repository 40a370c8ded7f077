"""The `offcut` command.

`offcut dog.jpg` cuts photos out; `offcut models`, `offcut doctor` and the others are commands of their own.
A photo that is called like a command is written with its folder: `offcut ./models`.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

import offcut
from offcut.cli import cut, doctor, models, remote, zip2png
from offcut.cli.report import sentence_of
from offcut.errors import OffcutError, OptionError, UsageError

EXIT_FAILED = 1
EXIT_USAGE = 2


class PhotosOrCommand(TyperGroup):
    """A group whose first word may also be a photo or an option of `cut`; and the one place where an error
    becomes a line on the error channel and an exit status."""

    def parse_args(self, ctx: Any, args: list[str]) -> Any:
        """Puts `cut` in front of what is no command."""
        own = {name for option in self.get_params(ctx) for name in option.opts}
        if args[:1] == ["serve"] and "serve" not in self.commands and not Path("serve").exists():
            raise typer.BadParameter(
                "The server is not installed. Install it with: pip install 'offcut[server]'"
            )
        if args and args[0] not in self.commands and args[0].partition("=")[0] not in own:
            args = ["cut", *args]
        return super().parse_args(ctx, args)

    def shell_complete(self, ctx: Any, incomplete: str) -> Any:
        """Completes commands and, because `cut` may be left out, its options."""
        own = super().shell_complete(ctx, incomplete)
        return (
            own + self.commands["cut"].shell_complete(ctx, incomplete) if incomplete.startswith("-") else own
        )

    def invoke(self, ctx: Any) -> Any:
        """Runs the command; an `OffcutError` ends it with one line."""
        try:
            return super().invoke(ctx)
        except OffcutError as error:
            typer.echo(f"offcut: {sentence_of(error)}", err=True)
            raise typer.Exit(
                EXIT_USAGE if isinstance(error, UsageError | OptionError) else EXIT_FAILED
            ) from error


app = typer.Typer(
    cls=PhotosOrCommand,
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help=(
        "Cuts the subject out of photos: photo in, cut-out with a clean edge out.\n\n"
        "offcut dog.jpg makes dog-removebg.png beside it (short for: offcut cut dog.jpg). "
        "All options: offcut cut --help."
    ),
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"offcut {offcut.__version__}")
        raise typer.Exit


@app.callback()
def _main(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


app.command("cut")(cut.cut)
app.command("account")(remote.account)
app.command("doctor")(doctor.doctor)
app.command("zip2png")(zip2png.zip2png)
app.add_typer(models.app, name="models")

if all(importlib.util.find_spec(name) for name in ("django", "offcut.server", "offcut.server.command")):
    from offcut.server import command  # the server's part of the command line: `serve` and its kin

    command.add_to(app)


def run() -> None:
    """What the `offcut` script calls."""
    try:
        app(prog_name="offcut")
    except BrokenPipeError:
        # Whoever read our output has gone (offcut --json … | head): end quietly, as other programs do.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(EXIT_FAILED)


if __name__ == "__main__":
    run()
