"""Many photos: which are meant, what results are called, what is skipped, what the run says."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from PIL import Image


def names(folder: Path) -> set[str]:
    """Every file below a folder, hidden ones too."""
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_a_photo_gives_a_cut_out_beside_it(offcut: Any, photo: Any, tmp_path: Path) -> None:
    photo("dog.jpg")
    ran = offcut("dog.jpg")
    assert ran.code == 0
    assert ran.err.startswith("dog.jpg → dog-removebg.png")
    assert names(tmp_path) == {"dog.jpg", "dog-removebg.png"}
    with Image.open(tmp_path / "dog-removebg.png") as result:
        assert (result.format, result.mode, result.size) == ("PNG", "RGBA", (64, 64))
        assert result.getpixel((32, 32))[3] == 255
        assert result.getpixel((2, 2))[3] == 0


def test_an_output_folder_is_made_and_gets_plain_names(offcut: Any, photo: Any, tmp_path: Path) -> None:
    photo("dog.jpg")
    assert offcut("dog.jpg", "--output-directory", "out/new").code == 0
    assert names(tmp_path / "out") == {"new/dog.png"}


@pytest.mark.parametrize("kind", ["png", "jpg", "webp", "zip", "tiff", "psd"])
def test_the_format_gives_the_suffix(offcut: Any, photo: Any, tmp_path: Path, kind: str) -> None:
    photo("dog.jpg")
    assert offcut("dog.jpg", "--format", kind).code == 0
    assert names(tmp_path) == {"dog.jpg", f"dog-removebg.{kind}"}


def test_format_auto_is_png_or_jpg_as_needed_and_either_is_skipped(
    offcut: Any, photo: Any, tmp_path: Path
) -> None:
    photo("dog.jpg")
    photo("cat.jpg")
    offcut("dog.jpg", "--format", "auto")
    offcut("cat.jpg", "--format", "auto", "--bg-color", "white")
    assert names(tmp_path) == {"dog.jpg", "cat.jpg", "dog-removebg.png", "cat-removebg.jpg"}
    assert offcut("dog.jpg", "cat.jpg", "--format", "auto", "--json").statuses() == {
        "dog.jpg": "skipped",
        "cat.jpg": "skipped",
    }


def test_what_is_there_is_skipped_unless_asked_for(offcut: Any, photo: Any, tmp_path: Path) -> None:
    photo("dog.jpg")
    (tmp_path / "dog-removebg.png").write_bytes(b"mine")
    ran = offcut("dog.jpg")
    assert ran.code == 0
    assert "skipped" in ran.err
    assert (tmp_path / "dog-removebg.png").read_bytes() == b"mine"
    assert offcut("dog.jpg", "--reprocess-existing").code == 0
    assert (tmp_path / "dog-removebg.png").read_bytes() != b"mine"


def test_photos_that_share_a_name_get_results_of_their_own(offcut: Any, photo: Any, tmp_path: Path) -> None:
    for name in ("dog.jpg", "dog.png"):
        photo(name)
    both = {"dog-jpg-removebg.png", "dog-png-removebg.png"}
    assert offcut("dog.png", "dog.jpg").code == 0
    assert names(tmp_path) == {"dog.jpg", "dog.png"} | both
    # One at a time gives the same names, so no run takes another's result for its own.
    assert offcut("dog.jpg", "--json").records[0]["status"] == "skipped"
    assert names(tmp_path) == {"dog.jpg", "dog.png"} | both


def test_the_same_name_in_two_folders_does_not_clash(offcut: Any, photo: Any, tmp_path: Path) -> None:
    for name in ("a/dog.jpg", "b/dog.jpg", "x/a/cat.jpg", "y/a/cat.jpg"):
        photo(name)
    assert (
        offcut("a/dog.jpg", "b/dog.jpg", "x/a/cat.jpg", "y/a/cat.jpg", "--output-directory", "out").code == 0
    )
    made = names(tmp_path / "out")
    assert {"a-dog.png", "b-dog.png"} < made
    assert len(made) == 4


def test_a_result_is_never_written_over_a_photo(offcut: Any, photo: Any, tmp_path: Path) -> None:
    content = photo("dog.png").read_bytes()
    assert offcut("dog.png", "--output-directory", ".", "--reprocess-existing").code == 0
    assert (tmp_path / "dog.png").read_bytes() == content
    assert names(tmp_path) == {"dog.png", "dog-removebg.png"}


def test_a_folder_gives_its_photos_and_not_those_below(offcut: Any, photo: Any, tmp_path: Path) -> None:
    for name in ("in/dog.jpg", "in/.hidden.jpg", "in/deep/cat.jpg"):
        photo(name)
    (tmp_path / "in/notes.txt").write_text("no photo")
    assert offcut("in", "--json").statuses() == {"dog.jpg": "done"}


def test_recursion_keeps_the_tree_and_leaves_results_alone(offcut: Any, photo: Any, tmp_path: Path) -> None:
    for name in ("in/dog.jpg", "in/deep/dog.jpg", "in/deep/er/cat.jpg"):
        photo(name)
    first = offcut("in", "--recursive", "--output-directory", "in/out", "--json")
    assert first.code == 0
    assert names(tmp_path / "in/out") == {"dog.png", "deep/dog.png", "deep/er/cat.png"}
    again = offcut("in", "--recursive", "--output-directory", "in/out", "--json").records
    assert [record["status"] for record in again] == ["skipped"] * 3 + ["summary"]


def test_results_of_earlier_runs_are_no_photos(offcut: Any, photo: Any, tmp_path: Path) -> None:
    photo("dog.jpg")
    offcut("dog.jpg")
    before = names(tmp_path)
    assert offcut(".", "--json").statuses() == {"dog.jpg": "skipped"}
    assert offcut("*.png", "--json").code == 1
    assert offcut("dog.jpg", "dog-removebg.png", "--json").statuses() == {"dog.jpg": "skipped"}
    assert names(tmp_path) == before


def test_results_in_the_folder_of_their_photos_are_no_photos_either(
    offcut: Any, photo: Any, tmp_path: Path
) -> None:
    for name in ("c/dog.jpg", "c/deep/cat.jpg", "b/cow.jpg"):
        photo(name)
    given = ("c", "b", "--recursive", "--output-directory", "c", "--json")
    first = offcut(*given).statuses()
    assert first == {"dog.jpg": "done", "cat.jpg": "done", "cow.jpg": "done"}
    made = names(tmp_path)
    assert {"c/dog-removebg.png", "c/deep/cat-removebg.png", "c/cow-removebg.png"} < made
    for _ in range(2):
        assert offcut(*given).statuses() == dict.fromkeys(first, "skipped")
        assert names(tmp_path) == made


def test_a_result_whose_photo_is_gone_is_taken_only_when_named(
    offcut: Any, photo: Any, tmp_path: Path
) -> None:
    photo("in/dog.jpg")
    photo("in/cat.jpg")
    offcut("in")
    (tmp_path / "in/dog.jpg").unlink()
    before = names(tmp_path)
    assert offcut("in", "--json").statuses() == {"cat.jpg": "skipped"}
    assert offcut("in/*", "--json").statuses() == {"cat.jpg": "skipped"}
    assert names(tmp_path) == before
    assert offcut("in/dog-removebg.png", "--json").statuses() == {"dog-removebg.png": "done"}


def test_patterns_are_understood_where_the_shell_does_not(offcut: Any, photo: Any) -> None:
    for name in ("a1.jpg", "a2.jpg", "b.jpg", "deep/a3.jpg", "odd[1].jpg"):
        photo(name)
    assert offcut("a*.jpg", "--json").statuses() == {"a1.jpg": "done", "a2.jpg": "done"}
    assert offcut("**/a3.jpg", "--json").statuses() == {"a3.jpg": "done"}
    assert offcut("odd[1].jpg", "--json").statuses() == {"odd[1].jpg": "done"}


def test_a_photo_that_is_named_twice_is_made_once(offcut: Any, photo: Any) -> None:
    photo("dog.jpg")
    records = offcut("dog.jpg", "./dog.jpg", "*.jpg", "--json").records
    assert [record["status"] for record in records] == ["done", "summary"]


def test_a_failure_sets_the_exit_status_and_the_others_go_on(offcut: Any, photo: Any, tmp_path: Path) -> None:
    photo("dog.jpg")
    photo("gray.jpg", colour=(90, 90, 90))
    photo("fault.png", colour=(0, 0, 255))
    (tmp_path / "text.jpg").write_text("this is no photo at all")
    (tmp_path / "empty.jpg").touch()
    ran = offcut(
        "gone.jpg", "gone*.jpg", "gray.jpg", "text.jpg", "empty.jpg", "fault.png", "dog.jpg", "--json"
    )
    assert ran.code == 1
    codes = {record["photo"]: record["error"]["code"] for record in ran.records if "error" in record}
    assert codes == {
        "gone.jpg": "photo_not_found",
        "gone*.jpg": "photo_not_found",
        "gray.jpg": "no_foreground",
        "text.jpg": "not_an_image",
        "empty.jpg": "empty_photo",
        "fault.png": "unexpected_error",
    }
    assert ran.statuses()["dog.jpg"] == "done"
    assert ran.records[-1]["failed"] == 6


def test_an_error_is_one_line_with_sentence_hint_and_code(offcut: Any, photo: Any) -> None:
    photo("gray.jpg", colour=(90, 90, 90))
    ran = offcut("gray.jpg")
    assert ran.code == 1
    hint = "Try a photo with one clear subject, or mark it with a box."
    assert ran.err.splitlines() == [f"gray.jpg: There is nothing red. {hint} (no_foreground)"]


def test_missing_weights_end_the_run_at_once(
    offcut: Any, photo: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(12):
        photo(f"{number:02}.jpg")
    monkeypatch.setenv("PLAIN_CUT_NO_WEIGHTS", "1")
    ran = offcut(".", "--jobs", "1", "--json")
    assert ran.code == 1
    assert ran.records[0]["error"]["code"] == "weights_missing"
    assert len(ran.records) < 6


def test_many_photos_are_confirmed_first(offcut: Any, photo: Any, tmp_path: Path) -> None:
    for number in range(4):
        photo(f"{number}.jpg")
    ran = offcut(".", "--confirm-batch-over", "3")
    assert ran.code == 2
    assert "4 photos" in ran.err
    assert len(names(tmp_path)) == 4
    assert offcut(".", "--confirm-batch-over", "4").code == 0


def test_minus_one_never_asks(offcut: Any, photo: Any) -> None:
    for number in range(60):
        photo(f"{number:02}.png", side=16)
    assert offcut(".").code == 2
    ran = offcut(".", "--confirm-batch-over", "-1", "--json")
    assert ran.code == 0
    assert ran.records[-1]["done"] == 60


def test_what_is_there_already_needs_no_confirmation(offcut: Any, photo: Any) -> None:
    for number in range(4):
        photo(f"{number}.jpg")
    offcut(".")
    assert offcut(".", "--confirm-batch-over", "0").code == 0


def test_photos_come_from_addresses_too(offcut: Any, photo: Any, web: Any, tmp_path: Path) -> None:
    web.answers["/pets/my%20dog.jpg?w=2"] = (200, {}, photo("source.jpg").read_bytes())
    web.answers["/moved"] = (302, {"Location": "/pets/my%20dog.jpg?w=2"}, b"")
    ran = offcut(
        f"{web.address}/pets/my%20dog.jpg?w=2", f"{web.address}/moved", f"{web.address}/gone.jpg", "--json"
    )
    assert ran.code == 1
    assert [record["status"] for record in ran.records[:-1]] == ["done", "done", "failed"]
    assert ran.records[2]["error"]["code"] == "photo_address_failed"
    assert "404" in ran.records[2]["error"]["message"]
    assert {"my dog-removebg.png", "moved-removebg.png"} < names(tmp_path)


def test_an_address_that_sends_too_much_is_cut_off(web: Any) -> None:
    from offcut.cli.fetch import fetch
    from offcut.errors import PhotoAddressError

    web.answers["/big.jpg"] = (200, {}, b"x" * 300_000)
    with pytest.raises(PhotoAddressError, match="more than"):
        fetch(f"{web.address}/big.jpg", size_max=100_000)
    with pytest.raises(PhotoAddressError, match="longer than"):
        fetch(f"{web.address}/big.jpg", size_max=1_000_000, total_timeout_s=0)
    with pytest.raises(PhotoAddressError, match="no valid address"):
        fetch("http://[::1", size_max=10)


def test_options_of_the_official_client_reach_the_engine(offcut: Any, photo: Any, tmp_path: Path) -> None:
    photo("dog.jpg")
    given = ("--size", "preview", "--type", "animal", "--channels", "alpha", "--skip-png-format-optimization")
    assert offcut("dog.jpg", *given, "--extra-api-option", "crop=true").code == 0
    with Image.open(tmp_path / "dog-removebg.png") as result:
        assert result.mode == "L"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--size", "huge"), "invalid_size"),
        (("--format", "gif"), "invalid_format"),
        (("--extra-api-option", "colour=red"), "unknown_option"),
        (("--extra-api-option", "crop"), "usage"),
        (("--bg-color", "white", "--bg-image-file", "dog.jpg"), "multiple_bg_sources"),
        (("--bg-image-file", "gone.jpg"), "photo_not_found"),
        (("--api-key", "secret"), "usage"),
    ],
)
def test_a_bad_option_is_refused_before_any_work(
    offcut: Any, photo: Any, tmp_path: Path, arguments: Any, code: str
) -> None:
    photo("dog.jpg")
    ran = offcut("dog.jpg", *arguments)
    assert ran.code in (1, 2)
    assert ran.err.startswith("offcut: ")
    assert ran.err.rstrip().endswith(f"({code})")
    assert "secret" not in ran.err
    assert names(tmp_path) == {"dog.jpg"}


def test_the_official_clients_key_in_the_environment_changes_nothing(
    offcut: Any, photo: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo("dog.jpg")
    monkeypatch.setenv("REMOVE_BG_API_KEY", "secret")
    assert offcut("dog.jpg").code == 0


def test_a_folder_that_cannot_be_written_is_named(offcut: Any, photo: Any, tmp_path: Path) -> None:
    photo("dog.jpg")
    (tmp_path / "taken").write_text("a file where a folder should be")
    ran = offcut("dog.jpg", "--output-directory", "taken", "--json")
    assert ran.code == 1
    assert ran.records[0]["error"]["code"] == "unwritable_output"


def test_quiet_prints_failures_only(offcut: Any, photo: Any) -> None:
    photo("dog.jpg")
    photo("gray.jpg", colour=(90, 90, 90))
    assert offcut("dog.jpg", "--quiet").err == ""
    assert "no_foreground" in offcut("dog.jpg", "gray.jpg", "--quiet").err


def test_a_name_cannot_steer_the_terminal(offcut: Any, photo: Any, tmp_path: Path) -> None:
    photo("dog.jpg").rename(tmp_path / "\x1b[31mdog.jpg")
    photo("cat.jpg").rename(os.fsdecode(os.fsencode(tmp_path / "cat") + b"\xff.jpg"))
    ran = offcut(".")
    assert ran.code == 0
    assert "\x1b" not in ran.err


def test_json_says_what_the_result_is(offcut: Any, photo: Any) -> None:
    photo("dog.jpg")
    record = offcut("dog.jpg", "--json").records[0]
    assert record.pop("seconds") >= 0
    assert record == {
        "photo": "dog.jpg",
        "status": "done",
        "output": "dog-removebg.png",
        "width": 64,
        "height": 64,
        "format": "png",
        "subject": "other",
        "confidence": 0.5,
        "box": [0, 0, 1, 1],
        "notes": [],
    }


def test_a_broken_profile_is_said(offcut: Any, tmp_path: Path) -> None:
    Image.new("RGB", (32, 32), (220, 20, 20)).save(tmp_path / "dog.jpg", icc_profile=b"not a profile at all")
    ran = offcut("dog.jpg")
    assert ran.code == 0
    assert len(ran.err.splitlines()) == 2


def test_a_folder_that_cannot_be_read_is_named(
    offcut: Any, photo: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo("in/dog.jpg")
    photo("in/locked/cat.jpg")
    real = os.scandir

    def scandir(folder: Any = ".") -> Any:
        if str(folder).endswith("locked"):  # Rights alone would not stop a test that root runs.
            raise PermissionError(13, "Permission denied", str(folder))
        return real(folder)

    monkeypatch.setattr(os, "scandir", scandir)
    ran = offcut("in", "--recursive", "--json")
    assert ran.code == 1
    assert ran.statuses() == {"dog.jpg": "done", "locked": "failed"}
    assert [record["error"]["code"] for record in ran.records if "error" in record] == ["photo_unreadable"]
