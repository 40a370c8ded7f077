"""Bad input from end to end, through the library and through the command: each has its code, and nothing is
left behind.

What each step does with bad input is tested beside the step; this is the table of what a person meets.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from filelock import SoftFileLock
from PIL import Image
from tests.engine import photos
from tests.engine.made_networks import MadeNetworks, made_networks, shown
from tests.engine.models.stores import catalog_of, digest_of, entry_of, tiny_onnx
from typer.testing import CliRunner

import offcut
from offcut import library
from offcut.engine.models.catalog import Source
from offcut.engine.models.networks import Networks
from offcut.engine.models.weights import Weights

MP4 = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + bytes(2000)

REFUSED: dict[str, tuple[str, Callable[[], bytes], str]] = {
    "empty": ("empty.jpg", bytes, "empty_photo"),
    "truncated": ("half.jpg", lambda: photos.photo_file("jpeg", shown())[:9000], "truncated_image"),
    "no image": ("letter.png", lambda: b"Dear Bob,\nhere is no photo.\n" * 40, "not_an_image"),
    "a film named .jpg": ("film.jpg", lambda: MP4, "unsupported_photo"),
    "1×1": ("dot.png", lambda: blank_png(1, 1), "photo_too_small"),
    "1×20000": ("line.png", lambda: blank_png(1, 20_000), "photo_too_narrow"),
    "60 megapixels": ("large.png", lambda: blank_png(10_000, 6_000), "too_many_pixels"),
    "20 gigapixels": ("bomb.png", photos.twenty_gigapixel_png, "gigapixel_photo"),
    "a bomb in a chunk": (
        "chunk.png",
        lambda: photos.png_with(photos.png_chunk(b"iCCP", b"x\0\0" + photos.packed_zeros(400))),
        "decompression_bomb",
    ),
}
"""A name, how to make the file, the code of its error: each kind of bad file has its own."""

TAKEN: dict[str, tuple[str, Callable[[], bytes], list[str]]] = {
    "png named .jpg": ("false.jpg", lambda: photos.photo_file("png", shown()), []),
    "jpeg named .png": ("false.png", lambda: photos.photo_file("jpeg", shown()), []),
    "broken EXIF": (
        "exif.jpg",
        lambda: photos.photo_file("jpeg", shown(), exif=photos.exif_block(6)[:20]),
        ["broken_exif"],
    ),
    "broken profile": (
        "profile.jpg",
        lambda: photos.photo_file("jpeg", shown(), icc_profile=b"no profile at all " * 20),
        ["broken_color_profile"],
    ),
}
"""A name, how to make the file, the codes of the notes on its result."""


def blank_png(width: int, height: int) -> bytes:
    return photos.pillow_file(Image.new("L", (width, height)), "PNG", compress_level=1)


@dataclass
class Ran:
    """What a command did."""

    status: int
    out: str
    errors: str

    @property
    def record(self) -> dict[str, Any]:
        return json.loads(self.out.splitlines()[0])  # type: ignore[no-any-return]


Command = Callable[..., Ran]


@pytest.fixture
def networks(monkeypatch: pytest.MonkeyPatch) -> MadeNetworks:
    """Networks that see what is red, for the library and the command."""
    made = made_networks(monkeypatch)
    monkeypatch.setattr(library, "default_networks", lambda: made)
    return made


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """`offcut` in a folder of its own."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> Ran:
        from offcut.cli.main import app

        ran = CliRunner().invoke(app, list(arguments), prog_name="offcut")
        if ran.exception is not None and not isinstance(ran.exception, SystemExit):
            raise ran.exception
        return Ran(ran.exit_code, ran.stdout, ran.stderr)

    return run


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A good one."""
    path = tmp_path / "dog.png"
    Image.fromarray(shown()).save(path)
    return path


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*"))


class TestPhotos:
    @pytest.mark.parametrize("case", REFUSED)
    def test_that_cannot_be_used_are_refused(
        self, case: str, tmp_path: Path, networks: MadeNetworks, command: Command
    ) -> None:
        name, make, code = REFUSED[case]
        (tmp_path / name).write_bytes(make())
        with pytest.raises(offcut.PhotoError) as caught:
            offcut.remove(tmp_path / name)
        assert caught.value.code == code
        assert str(caught.value)
        assert caught.value.hint
        ran = command(name)
        assert ran.status == 1
        assert f"({code})" in ran.errors
        assert caught.value.hint in ran.errors
        assert names(tmp_path) == [name]
        assert networks.calls == []

    @pytest.mark.parametrize("case", TAKEN)
    def test_that_are_a_little_wrong_are_used_and_it_is_said(
        self, case: str, tmp_path: Path, networks: MadeNetworks, command: Command
    ) -> None:
        name, make, notes = TAKEN[case]
        (tmp_path / name).write_bytes(make())
        cutout = offcut.remove(tmp_path / name)
        assert [note.code for note in cutout.notes] == notes
        assert 0.1 < (cutout.alpha > 127).mean() < 0.5
        ran = command(name, "--json")
        assert (ran.status, ran.record["status"]) == (0, "done")
        assert [note["code"] for note in ran.record["notes"]] == notes
        assert names(tmp_path) == sorted([name, f"{Path(name).stem}-removebg.png"])
        assert networks.calls

    def test_one_bad_photo_keeps_no_other_from_its_result(
        self, tmp_path: Path, networks: MadeNetworks, command: Command, photo: Path
    ) -> None:
        for name, make, _ in REFUSED.values():
            (tmp_path / name).write_bytes(make())
        before = names(tmp_path)
        ran = command(".", "--json")
        records = [json.loads(line) for line in ran.out.splitlines()]
        failed = {Path(r["photo"]).name: r["error"]["code"] for r in records if r["status"] == "failed"}
        assert failed == {name: code for name, _, code in REFUSED.values()}
        assert ran.status == 1
        assert (records[-1]["status"], records[-1]["done"], records[-1]["failed"]) == (
            "summary",
            1,
            len(REFUSED),
        )
        assert names(tmp_path) == sorted([*before, f"{photo.stem}-removebg.png"])
        assert networks.calls

    def test_the_program_itself_ends_with_the_status(self, tmp_path: Path) -> None:
        """In a process of its own, as people run it."""
        (tmp_path / "empty.jpg").touch()
        ran = subprocess.run(
            [sys.executable, "-m", "offcut.cli.main", "empty.jpg"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == 1
        assert "(empty_photo)" in ran.stderr
        assert "Traceback" not in ran.stderr
        assert names(tmp_path) == ["empty.jpg"]

    def test_nothing_to_cut_out(self, tmp_path: Path, networks: MadeNetworks, command: Command) -> None:
        Image.new("RGB", (64, 64), "white").save(tmp_path / "white.png")
        with pytest.raises(offcut.NoForegroundError):
            offcut.remove(tmp_path / "white.png")
        ran = command("white.png", "--json")
        assert (ran.status, ran.record["error"]["code"]) == (1, "no_foreground")
        assert names(tmp_path) == ["white.png"]
        assert networks.calls

    def test_an_option_that_does_not_fit_this_photo(
        self, tmp_path: Path, networks: MadeNetworks, command: Command, photo: Path
    ) -> None:
        with pytest.raises(offcut.OptionError) as caught:
            offcut.remove(photo, roi="0 0 5000px 20px")
        assert caught.value.code == "roi_exceeds_bounds"
        ran = command(photo.name, "--json", "--option", "roi=0 0 5000px 20px")
        assert (ran.status, ran.record["error"]["code"]) == (1, "roi_exceeds_bounds")
        assert names(tmp_path) == [photo.name]
        assert networks.calls == []


class TestWeights:
    @pytest.fixture
    def folder(self, tmp_path_factory: pytest.TempPathFactory) -> Path:
        return tmp_path_factory.mktemp("weights")

    @pytest.fixture
    def tiny(self, folder: Path) -> Networks:
        """The default names, each with a tiny network for weights."""
        content = tiny_onnx()
        original = folder / "original.onnx"
        original.write_bytes(content)
        source = Source("file", digest_of(content), len(content), path=str(original))
        catalog = catalog_of(*(entry_of(name, content, source) for name in ("isnet", "u2netp", "nanodet")))
        for name in catalog.default:
            Weights(folder / "models", catalog).pull(name)
        return Networks(folder / "models", catalog=catalog)

    def refused(
        self,
        code: str,
        networks: Networks,
        photo: Path,
        command: Command,
        monkeypatch: pytest.MonkeyPatch,
        *,
        hint: str = "offcut models pull isnet",
    ) -> None:
        with networks, pytest.raises(offcut.ModelError) as caught:
            offcut.remove(photo, networks=networks)
        assert caught.value.code == code
        assert hint in caught.value.hint
        monkeypatch.setattr(library, "default_networks", lambda: networks)
        ran = command(photo.name, "--json")
        assert (ran.status, ran.record["error"]["code"]) == (1, code)
        assert names(photo.parent) == [photo.name]

    def test_that_were_never_fetched(
        self, folder: Path, photo: Path, command: Command, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # All three are missing, and one command fetches them all.
        hint = "`offcut models pull`"
        self.refused("weights_missing", Networks(folder), photo, command, monkeypatch, hint=hint)
        assert names(folder) == []

    @pytest.mark.parametrize("name", ["u2netp", "nanodet"])
    def test_that_are_needed_later_are_missed_before_anything_is_computed(
        self, tiny: Networks, photo: Path, monkeypatch: pytest.MonkeyPatch, name: str
    ) -> None:
        monkeypatch.setattr(Networks, "lease", lambda *_: pytest.fail("a network was loaded"))
        tiny.weights.remove(name)
        with tiny, pytest.raises(offcut.ModelError) as caught:
            offcut.remove(photo, networks=tiny)
        assert caught.value.code == "weights_missing"
        assert "`offcut models pull`" in caught.value.hint

    def test_with_one_byte_changed(
        self, tiny: Networks, photo: Path, command: Command, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = tiny.weights.path("isnet")
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.write_bytes(content)
        self.refused("weights_corrupt", tiny, photo, command, monkeypatch)

    def test_that_end_too_soon(
        self, tiny: Networks, photo: Path, command: Command, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = tiny.weights.path("isnet")
        path.write_bytes(path.read_bytes()[:-1])
        self.refused("weights_corrupt", tiny, photo, command, monkeypatch)

    def test_one_lack_ends_the_whole_run(
        self,
        folder: Path,
        tmp_path: Path,
        command: Command,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """It would befall every other photo too."""
        for number in range(12):
            Image.fromarray(shown()).save(tmp_path / f"{number:02}.png")
        networks = Networks(folder)
        monkeypatch.setattr(library, "default_networks", lambda: networks)
        ran = command(".", "--json", "--jobs", "1")
        summary = json.loads(ran.out.splitlines()[-1])
        assert ran.status == 1
        assert 1 <= summary["failed"] <= 3
        assert summary["done"] == 0
        assert len(names(tmp_path)) == 12


@pytest.mark.usefixtures("networks")
class TestOutput:
    def test_a_folder_is_in_the_way(self, tmp_path: Path, photo: Path) -> None:
        (tmp_path / "cut.png").mkdir()
        with pytest.raises(offcut.OutputError) as caught:
            offcut.remove(photo).save(tmp_path / "cut.png")
        assert caught.value.code == "unwritable_output"
        assert names(tmp_path) == ["cut.png", photo.name]

    def test_a_file_is_where_the_folder_should_be(
        self, tmp_path: Path, photo: Path, command: Command
    ) -> None:
        (tmp_path / "results").write_bytes(b"mine")
        ran = command(photo.name, "--json", "--output-directory", "results")
        assert (ran.status, ran.record["error"]["code"]) == (1, "unwritable_output")
        assert (tmp_path / "results").read_bytes() == b"mine"
        assert names(tmp_path) == [photo.name, "results"]

    def test_an_output_that_is_a_folder(self, tmp_path: Path, photo: Path, command: Command) -> None:
        (tmp_path / "cut.png").mkdir()
        ran = command(photo.name, "--json", "--output", "cut.png")
        assert (ran.status, ran.record["error"]["code"]) == (1, "unwritable_output")
        assert names(tmp_path) == ["cut.png", photo.name]

    @pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has /dev/full")
    def test_the_disk_is_full(self, tmp_path: Path, photo: Path, command: Command) -> None:
        (tmp_path / "cut.png").symlink_to("/dev/full")
        with pytest.raises(offcut.OutputError) as caught:
            offcut.remove(photo).save(tmp_path / "cut.png")
        assert caught.value.code == "disk_full"
        ran = command(photo.name, "--json", "--output", "cut.png")
        assert (ran.status, ran.record["error"]["code"]) == (1, "disk_full")
        assert names(tmp_path) == ["cut.png", photo.name]

    def test_the_disk_fills_up_while_the_result_is_written(
        self, tmp_path: Path, photo: Path, command: Command, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The result of an earlier run is kept, whole."""
        (tmp_path / "dog-removebg.png").write_bytes(b"earlier")

        def full(_handle: int) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "fsync", full)
        ran = command(photo.name, "--json", "--reprocess-existing")
        assert (ran.status, ran.record["error"]["code"]) == (1, "disk_full")
        assert (tmp_path / "dog-removebg.png").read_bytes() == b"earlier"
        assert names(tmp_path) == ["dog-removebg.png", photo.name]

    def test_another_run_is_making_it(
        self, tmp_path: Path, networks: MadeNetworks, photo: Path, command: Command
    ) -> None:
        with SoftFileLock(tmp_path / ".dog-removebg.offcut.lock"):
            ran = command(photo.name, "--json")
        assert (ran.status, ran.record["status"]) == (0, "skipped")
        assert ran.record["error"]["code"] == "output_in_use"
        assert networks.calls == []
        assert names(tmp_path) == [photo.name]

    def test_two_at_once_in_one_process_give_the_same(self, photo: Path) -> None:
        outcomes = list(offcut.remove_many([photo, photo], jobs=2))
        first, second = (outcome.cutout for outcome in outcomes)
        assert first is not None
        assert second is not None
        assert np.array_equal(first.alpha, second.alpha)
