"""`offcut dog.jpg`: the options of the official client under its own names, and ours."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from offcut import library
from offcut.cli import doctor, remote, runs
from offcut.errors import UsageError

FORMATS = ["auto", "png", "jpg", "webp", "zip", "tiff", "psd"]
SIZES = ["preview", "medium", "hd", "full", "50MP", "auto"]
SUBJECTS = ["auto", "person", "product", "animal", "car", "transportation", "graphic", "other"]


def cut(
    photos: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="PHOTO...",
            show_default=False,
            help="Files, patterns, folders, addresses, or - for standard input.",
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Where the result of one photo goes; - for standard output.",
        ),
    ] = None,
    output_directory: Annotated[
        Path | None,
        typer.Option(
            "--output-directory", metavar="DIR", help="Folder for the results. (default: beside each photo)"
        ),
    ] = None,
    recursive: Annotated[
        bool, typer.Option("--recursive", "-r", help="Look into folders inside folders.")
    ] = False,
    reprocess_existing: Annotated[
        bool, typer.Option("--reprocess-existing", help="Make results again that are there already.")
    ] = False,
    confirm_batch_over: Annotated[
        int,
        typer.Option("--confirm-batch-over", metavar="N", help="Ask before more than N photos; -1: never."),
    ] = 50,
    size: Annotated[
        str | None,
        typer.Option("--size", help="preview, medium, hd, full, 50MP or auto.", autocompletion=lambda: SIZES),
    ] = None,
    subject: Annotated[
        str | None,
        typer.Option("--type", help="What the photo shows, if you know.", autocompletion=lambda: SUBJECTS),
    ] = None,
    channels: Annotated[
        str | None,
        typer.Option(
            "--channels", help="rgba, or alpha for the matte alone.", autocompletion=lambda: ["rgba", "alpha"]
        ),
    ] = None,
    bg_color: Annotated[
        str | None, typer.Option("--bg-color", help="Background colour: white, 81d4fa, …")
    ] = None,
    bg_image_file: Annotated[
        Path | None, typer.Option("--bg-image-file", metavar="FILE", help="Background photo.")
    ] = None,
    file_format: Annotated[
        str | None,
        typer.Option(
            "--format",
            help="png, jpg, webp, zip, tiff, psd or auto. (default: png)",
            autocompletion=lambda: FORMATS,
        ),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            "--model",
            metavar="NAME",
            help="Weights that draw the matte; `offcut models list` names them. (default: isnet)",
            autocompletion=lambda: complete_models(),
        ),
    ] = None,
    device: Annotated[str | None, doctor.DEVICE] = None,
    precision: Annotated[str | None, doctor.PRECISION] = None,
    option: Annotated[
        list[str] | None,
        typer.Option(
            "--extra-api-option",
            "--option",
            metavar="NAME=VALUE",
            help="Any other option: crop=true, shadow_type=drop, … May be repeated.",
        ),
    ] = None,
    skip_png_format_optimization: Annotated[
        bool,
        typer.Option(
            "--skip-png-format-optimization",
            help="With --api-url: take large PNGs as they come, at most 10 megapixels.",
        ),
    ] = False,
    jobs: Annotated[
        int, typer.Option("--jobs", "-j", min=1, max=64, help="Photos worked on at once.")
    ] = library.JOBS,
    watch: Annotated[
        Path | None,
        typer.Option("--watch", metavar="DIR", help="Keep working on photos as they appear in a folder."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object a photo on standard output.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print failures only.")] = False,
    api_url: Annotated[str | None, remote.API_URL] = None,
    api_key: Annotated[str | None, remote.API_KEY] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be made, and for how many credits.")
    ] = False,
) -> None:
    """Cut the subject out of photos.

    Results are called <name>-removebg.png beside the photo, or <name>.png in --output-directory. What is
    there already is skipped. The exit status is 0 when nothing failed, 1 when a photo failed, 2 when the
    command cannot be understood, 130 after Ctrl-C.
    """
    strings = {
        "size": size,
        "type": subject,
        "channels": channels,
        "bg_color": bg_color,
        "format": file_format,
    }
    asked = runs.Asked(
        photos=tuple(photos or ()),
        strings={name: text for name, text in strings.items() if text is not None},
        extra=_pairs(option or ()),
        bg_image_file=bg_image_file,
        output=output,
        output_folder=output_directory,
        recursive=recursive,
        reprocess_existing=reprocess_existing,
        confirm_over=confirm_batch_over,
        jobs=jobs,
        watch=watch,
        as_json=as_json,
        quiet=quiet,
        model=model,
        device=device,
        precision=precision,
        api_url=api_url,
        api_key=api_key,
        dry_run=dry_run,
        large_png=not skip_png_format_optimization,
    )
    raise typer.Exit(runs.start(asked))


def complete_models() -> list[str]:
    """Names of the weights that draw mattes, for the shell."""
    from offcut.engine.models.catalog import built_in
    from offcut.engine.models.families import FAMILIES

    return [entry.name for entry in built_in() if entry.family in FAMILIES]


def _pairs(given: Any) -> dict[str, str]:
    """`name=value` texts as a mapping; the official client writes them the same way."""
    pairs = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals:
            raise UsageError(
                f"--extra-api-option {text!r} has no value.", hint="Write NAME=VALUE: crop=true."
            )
        pairs[name.strip()] = value.strip()
    return pairs
