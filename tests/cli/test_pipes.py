"""One photo through a pipe or to a file that is named, and what the command line refuses."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from PIL import Image


def test_a_photo_goes_through_a_pipe(offcut: Any, photo: Any) -> None:
    ran = offcut("-", stdin=photo("dog.jpg").read_bytes())
    assert ran.code == 0
    assert ran.err == ""
    with Image.open(io.BytesIO(ran.out)) as result:
        assert (result.format, result.mode) == ("PNG", "RGBA")


def test_a_pipe_gives_the_format_that_is_asked_for(offcut: Any, photo: Any) -> None:
    ran = offcut("-", "--format", "webp", stdin=photo("dog.jpg").read_bytes())
    with Image.open(io.BytesIO(ran.out)) as result:
        assert result.format == "WEBP"


def test_standard_input_can_go_to_a_file_and_a_file_to_standard_output(
    offcut: Any, photo: Any, tmp_path: Path
) -> None:
    content = photo("dog.jpg").read_bytes()
    assert offcut("-", "--output", "cut.webp", stdin=content).code == 0
    with Image.open(tmp_path / "cut.webp") as result:
        assert result.format == "WEBP"
    assert offcut("dog.jpg", "--output", "-").out.startswith(b"\x89PNG")


def test_standard_input_to_a_file_can_be_told_as_json(offcut: Any, photo: Any, tmp_path: Path) -> None:
    ran = offcut("-", "--json", "-o", "out.png", stdin=photo("dog.jpg").read_bytes())
    assert ran.code == 0
    assert ran.err == ""
    with Image.open(tmp_path / "out.png") as result:
        assert result.format == "PNG"
    record, summary = ran.records
    assert {"photo": "-", "status": "done", "output": "out.png", "width": 64}.items() <= record.items()
    assert (summary["status"], summary["done"], summary["failed"]) == ("summary", 1, 0)


def test_its_failure_is_told_as_json_too(offcut: Any, tmp_path: Path) -> None:
    ran = offcut("-", "--json", "-o", "out.png", stdin=b"this is no photo")
    assert ran.code == 1
    record, summary = ran.records
    assert (record["status"], record["output"], record["error"]["code"]) == ("failed", None, "not_an_image")
    assert (summary["done"], summary["failed"]) == (0, 1)
    assert not (tmp_path / "out.png").exists()


def test_a_failure_in_a_pipe_prints_no_picture(offcut: Any) -> None:
    ran = offcut("-", stdin=b"this is no photo")
    assert ran.code == 1
    assert ran.out == b""
    assert "(not_an_image)" in ran.err


def test_one_result_can_be_named_and_is_made_again(offcut: Any, photo: Any, tmp_path: Path) -> None:
    photo("dog.jpg")
    for _ in range(2):
        assert offcut("dog.jpg", "-o", "cut/out.JPG").code == 0
        with Image.open(tmp_path / "cut/out.JPG") as result:
            assert result.format == "JPEG"
    assert sorted(path.name for path in (tmp_path / "cut").iterdir()) == ["out.JPG"]


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("-", "dog.jpg"),
        ("-", "--json"),
        ("-", "--output-directory", "out"),
        ("dog.jpg", "--output", "-", "--json"),
        ("dog.jpg", "cat.jpg", "--output", "cut.png"),
        ("dog.jpg", "--output", "dog.jpg"),
        ("dog.jpg", "--output", "cut.gif"),
        ("dog.jpg", "--output", "cut.png", "--format", "jpg"),
        ("dog.jpg", "--output", "cut.png", "--output-directory", "out"),
        ("dog.jpg", "--watch", "."),
        ("--jobs", "0", "dog.jpg"),
    ],
)
def test_contradictions_are_refused_with_status_2(
    offcut: Any, photo: Any, tmp_path: Path, arguments: Any
) -> None:
    photo("dog.jpg")
    photo("cat.jpg")
    ran = offcut("cut", *arguments, stdin=b"")
    assert ran.code == 2
    assert {path.name for path in tmp_path.iterdir()} == {"dog.jpg", "cat.jpg"}


def test_no_word_at_all_prints_help(offcut: Any) -> None:
    assert "Usage" in offcut().err + offcut().out.decode()


def test_the_version_is_printed(offcut: Any) -> None:
    import offcut as package

    assert offcut("--version").out.decode() == f"offcut {package.__version__}\n"


def test_a_photo_called_like_a_command_is_written_with_its_folder(
    offcut: Any, photo: Any, tmp_path: Path
) -> None:
    photo("models.jpg").rename(tmp_path / "models")
    assert offcut("./models").code == 0
    assert (tmp_path / "models-removebg.png").exists()


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="needs a terminal of its own")
def test_a_picture_is_not_printed_on_a_terminal(photo: Any, tmp_path: Path) -> None:
    terminal, inner = os.openpty()
    try:
        command = [sys.executable, Path(__file__).with_name("plain_cut.py"), photo("dog.jpg"), "-o", "-"]
        ran = subprocess.run(
            command, cwd=tmp_path, stdout=inner, stderr=subprocess.PIPE, check=False, timeout=60
        )
    finally:
        os.close(inner)
        os.close(terminal)
    assert ran.returncode == 1
    assert b"(output_is_terminal)" in ran.stderr


def test_a_result_in_two_files_is_joined(offcut: Any, photo: Any, tmp_path: Path) -> None:
    photo("dog.jpg")
    offcut("dog.jpg", "--format", "zip")
    assert offcut("zip2png", "--file", "dog-removebg.zip").code == 0
    with Image.open(tmp_path / "dog-removebg.png") as result:
        assert (result.mode, result.size) == ("RGBA", (64, 64))
        assert result.getpixel((2, 2))[3] == 0
    again = offcut("zip2png", "--file", "dog-removebg.zip")
    assert again.code == 1
    assert "(output_exists)" in again.err
    broken = offcut("zip2png", "--file", "dog.jpg", "--output", "x.png")
    assert broken.code == 1
    assert "(broken_archive)" in broken.err


def test_a_server_that_is_not_installed_is_no_photo(offcut: Any, photo: Any, tmp_path: Path) -> None:
    from typer.main import get_command

    from offcut.cli.main import app

    if "serve" in get_command(app).commands:  # type: ignore[attr-defined]
        pytest.skip("the server is installed")
    ran = offcut("serve", "--help")
    assert ran.code == 2
    assert "offcut[server]" in ran.err
    photo("serve.jpg").rename(tmp_path / "serve")
    assert offcut("serve").code == 0
