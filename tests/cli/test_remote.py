"""The command on a server: the same flags, the same results, and what they cost."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("offcut.client.client.time.sleep", lambda _: None)
    monkeypatch.setattr("offcut.cli.purchases._StoppableClient._pause", lambda *_: None)


def removals(service: Any) -> list[Any]:
    return [request for request in service.received if request.path == "/v1.0/removebg"]


def test_the_server_makes_the_cut_out(
    offcut: Any, photo: Any, service: Any, recorded: Any, flags: Any, tmp_path: Path
) -> None:
    content = photo("dog.jpg").read_bytes()
    ran = offcut("dog.jpg", *flags)
    assert ran.code == 0, ran.err
    assert ran.err.splitlines()[0].startswith("dog.jpg → dog-removebg.png (person, ")
    assert (tmp_path / "dog-removebg.png").read_bytes() == recorded.PNG
    request = service.received[0]
    assert request.fields == {"size": "auto", "format": "png"}
    assert request.files["image_file"] == ("photo", content)


def test_every_flag_reaches_the_server(
    offcut: Any, photo: Any, service: Any, flags: Any, tmp_path: Path
) -> None:
    photo("dog.jpg")
    beach = photo("beach.png").read_bytes()
    ran = offcut(
        *("dog.jpg", "--size", "full", "--type", "animal", "--channels", "rgba", "--format", "jpeg"),
        *("--bg-image-file", "beach.png", "--option", "crop=true", "--option", "shadow_type[car]=car"),
        *("--output-directory", "out", *flags),
    )
    assert ran.code == 0, ran.err
    request = service.received[0]
    assert request.fields == {
        "size": "full",
        "type": "animal",
        "channels": "rgba",
        "format": "jpg",
        "crop": "true",
        "shadow_type[car]": "car",
    }
    assert request.files["bg_image_file"] == ("photo", beach)
    assert (tmp_path / "out").is_dir()


def test_json_tells_price_and_request(offcut: Any, photo: Any, flags: Any) -> None:
    photo("dog.jpg")
    record = offcut("dog.jpg", "--json", *flags).records[0]
    assert record["status"] == "done"
    assert (record["credits_charged"], record["request_id"]) == (0.25, "request-1")
    assert record["box"] == [10, 20, 1210, 1620]
    assert (record["width"], record["height"], record["subject"]) == (1280, 1700, "person")


def test_a_smaller_result_than_possible_is_told(offcut: Any, photo: Any, flags: Any) -> None:
    """The recorded answer is 1280×1700 where 2560×3400 would have been possible."""
    photo("dog.jpg")
    assert "2560×3400 would have been possible" in offcut("dog.jpg", *flags).err
    photo("cat.jpg")
    assert "possible" not in offcut("cat.jpg", "--size", "preview", *flags).err


def test_a_pipe_goes_through_the_server(offcut: Any, photo: Any, recorded: Any, flags: Any) -> None:
    ran = offcut("-", *flags, stdin=photo("dog.jpg").read_bytes())
    assert (ran.code, ran.out) == (0, recorded.PNG)


def test_what_is_there_is_not_paid_for_again(offcut: Any, photo: Any, service: Any, flags: Any) -> None:
    photo("dog.jpg")
    offcut("dog.jpg", *flags)
    assert offcut("dog.jpg", "--json", *flags).statuses() == {"dog.jpg": "skipped"}
    assert len(removals(service)) == 1


def test_the_environment_names_server_and_key(
    offcut: Any, photo: Any, service: Any, recorded: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo("dog.jpg")
    monkeypatch.setenv("OFFCUT_API_URL", service.url)
    monkeypatch.setenv("REMOVE_BG_API_KEY", recorded.KEY)
    assert offcut("dog.jpg").code == 0
    assert len(removals(service)) == 1


def test_a_flag_beats_the_environment(
    offcut: Any, photo: Any, service: Any, recorded: Any, flags: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo("dog.jpg")
    monkeypatch.setenv("OFFCUT_API_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("OFFCUT_API_KEY", "wrong")
    monkeypatch.setenv("REMOVE_BG_API_KEY", "wrong")
    assert offcut("dog.jpg", *flags).code == 0
    assert service.received[0].headers["x-api-key"] == recorded.KEY


def test_an_empty_flag_comes_back_to_this_machine(
    offcut: Any, photo: Any, service: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo("dog.jpg")
    monkeypatch.setenv("OFFCUT_API_URL", service.url)
    assert offcut("dog.jpg", "--api-url", "").code == 0
    assert service.received == []


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--api-key", "k"), "usage"),
        (("--api-url", "http://127.0.0.1:1"), "service_not_set_up"),
        (("--api-url", "example.com", "--api-key", "k"), "service_not_set_up"),
        (("--api-url", "http://127.0.0.1:1", "--api-key", "two words"), "service_not_set_up"),
        (("--api-url", "http://127.0.0.1:1", "--api-key", "k", "--format", "psd"), "invalid_format"),
        (("--api-url", "http://127.0.0.1:1", "--api-key", "k", "--option", "quality=50"), "unknown_option"),
        (("--api-url", "http://127.0.0.1:1", "--api-key", "k", "--size", "huge"), "invalid_size"),
    ],
)
def test_what_cannot_work_is_refused_before_anything_is_sent(
    offcut: Any, photo: Any, service: Any, arguments: Any, code: str
) -> None:
    photo("dog.jpg")
    ran = offcut("dog.jpg", *arguments)
    assert ran.code in (1, 2)
    assert ran.err.rstrip().endswith(f"({code})")
    assert service.received == []


def test_a_refusal_is_the_photos_own_and_the_others_go_on(
    offcut: Any, photo: Any, service: Any, recorded: Any, flags: Any
) -> None:
    for name in ("a.jpg", "b.jpg"):
        photo(name)
    service.script = [
        service.answer,  # the balance
        recorded.refusal(400, "unknown_foreground", "Could not identify foreground in image."),
    ]
    ran = offcut("a.jpg", "b.jpg", "--jobs", "1", "--json", *flags)
    assert ran.code == 1
    assert ran.statuses() == {"a.jpg": "failed", "b.jpg": "done"}
    assert ran.records[0]["error"]["code"] == "no_foreground"


@pytest.mark.parametrize(
    ("status", "wire", "code"),
    [(402, "insufficient_credits", "service_credits_short"), (403, "auth_failed", "service_key_refused")],
)
def test_a_refusal_that_would_meet_every_photo_ends_the_run(
    offcut: Any, photo: Any, service: Any, recorded: Any, flags: Any, status: int, wire: str, code: str
) -> None:
    for number in range(12):
        photo(f"{number:02}.jpg", side=16)
    service.script = [service.answer, *[recorded.refusal(status, wire, "No")] * 12]
    ran = offcut(".", "--jobs", "1", "--json", *flags)
    assert ran.code == 1
    assert ran.records[0]["error"]["code"] == code
    assert len(removals(service)) < 5


def test_a_server_that_is_not_there_ends_the_run(offcut: Any, photo: Any, service: Any) -> None:
    photo("dog.jpg")
    service.close()
    ran = offcut("dog.jpg", "--json", "--api-url", service.url, "--api-key", "k")
    assert ran.records[0]["error"]["code"] == "service_unreachable"


def test_the_balance_is_looked_at_before_a_batch(
    offcut: Any, photo: Any, service: Any, flags: Any, tmp_path: Path
) -> None:
    for number in range(4):
        photo(f"{number}.jpg", side=600)  # 0.36 megapixels: a whole credit each
    service.credits = 3.75
    short = offcut(".", *flags)
    assert short.code == 1
    assert "These 4 photos need 4 credits, and 3.75 are left." in short.err
    assert removals(service) == []
    service.credits = 4
    assert offcut(".", *flags).code == 0
    assert len(removals(service)) == 4
    assert len(list(tmp_path.glob("*-removebg.png"))) == 4


def test_minus_one_begins_without_enough(offcut: Any, photo: Any, service: Any, flags: Any) -> None:
    for number in range(3):
        photo(f"{number}.jpg", side=600)
    service.credits = 0
    assert offcut(".", "--confirm-batch-over", "-1", *flags).code == 0
    assert len(removals(service)) == len(service.received) == 3


def test_free_previews_need_no_credits(offcut: Any, photo: Any, service: Any, flags: Any) -> None:
    """50 are free: small photos and --size preview are previews."""
    for number in range(3):
        photo(f"{number}.jpg")
    service.credits = 0
    assert offcut(".", *flags).code == 0
    photo("3.jpg", side=600)
    photo("4.jpg", side=600)
    assert offcut(".", "--size", "preview", *flags).code == 0


def test_the_sum_of_the_charges_is_told(offcut: Any, photo: Any, flags: Any) -> None:
    for number in range(3):
        photo(f"{number}.jpg")
    assert offcut(".", *flags).err.splitlines()[-1] == "Charged: 0.75 credits."


def test_a_dry_run_estimates_and_makes_nothing(
    offcut: Any, photo: Any, service: Any, flags: Any, tmp_path: Path
) -> None:
    photo("small.jpg")
    photo("large.jpg", side=600)
    photo("done.jpg")
    (tmp_path / "done-removebg.png").touch()
    ran = offcut("small.jpg", "large.jpg", "done.jpg", "--dry-run", *flags)
    assert ran.code == 0
    assert ran.err.splitlines() == [
        "small.jpg → small-removebg.png",
        "large.jpg → large-removebg.png",
        "2 to make, 1 there already: 1 credit; 200.25 are left.",
    ]
    assert [request.path for request in service.received] == ["/v1.0/account"]
    assert not (tmp_path / "small-removebg.png").exists()


def test_a_dry_run_for_programs(offcut: Any, photo: Any, flags: Any, web: Any) -> None:
    photo("large.jpg", side=600)
    address = f"{web.address}/dog.jpg"
    ran = offcut("large.jpg", "gone.jpg", address, "--dry-run", "--json", *flags)
    assert ran.code == 1
    assert [record["status"] for record in ran.records] == ["failed", "planned", "planned", "plan"]
    # Of the address nothing is known before it is fetched: a free preview, or a credit.
    assert ran.records[-1] == {
        "status": "plan",
        "planned": 2,
        "skipped": 0,
        "failed": 1,
        "credits_least": 1.0,
        "credits_most": 2.0,
        "credits_left": 200.25,
    }


def test_a_dry_run_on_this_machine_costs_nothing(offcut: Any, photo: Any, tmp_path: Path) -> None:
    photo("dog.jpg")
    ran = offcut("dog.jpg", "--dry-run")
    assert ran.err.splitlines()[-1] == "1 to make: on this machine, no credits."
    assert not (tmp_path / "dog-removebg.png").exists()
    assert offcut("-", "--dry-run").code == 2


def test_the_account_is_told(offcut: Any, flags: Any) -> None:
    ran = offcut("account", *flags)
    assert ran.code == 0
    assert b"200.25 credits are left at 127.0.0.1" in ran.out
    assert b"50 previews are free" in ran.out
    told = offcut("account", "--json", *flags).records[0]
    assert told == {
        "credits": {"total": 200.25, "subscription": 150.0, "payg": 50.25, "enterprise": 0.0},
        "free_calls": 50,
        "sizes": "all",
    }
    assert offcut("account").err.rstrip().endswith("(service_not_set_up)")


def zipped(width: int, height: int) -> bytes:
    """A ZIP result: gray colours, and a matte whose left half is the subject."""
    packed, alpha = io.BytesIO(), np.zeros((height, width), np.uint8)
    alpha[:, : width // 2] = 255
    with zipfile.ZipFile(packed, "w") as archive:
        for name, pixels, kind in (
            ("color.jpg", np.full((height, width, 3), 90, np.uint8), "JPEG"),
            ("alpha.png", alpha, "PNG"),
        ):
            file = io.BytesIO()
            Image.fromarray(pixels).save(file, kind)
            archive.writestr(name, file.getvalue())
    return packed.getvalue()


def test_a_png_beyond_the_apis_limit_is_joined_from_a_zip(
    offcut: Any, photo: Any, service: Any, recorded: Any, flags: Any, tmp_path: Path
) -> None:
    photo("large.jpg", side=3200)  # 10.24 megapixels
    headers = {"Content-Type": "application/zip", **recorded.HEADERS}
    service.script = [(200, headers, zipped(64, 48))]
    record = offcut("large.jpg", "--json", *flags).records[0]
    assert record["status"] == "done"
    assert "joined_from_zip" in {note["code"] for note in record["notes"]}
    assert service.received[0].fields["format"] == "zip"
    with Image.open(tmp_path / "large-removebg.png") as result:
        assert (result.format, result.mode, result.size) == ("PNG", "RGBA", (64, 48))
        assert (result.getpixel((1, 1))[3], result.getpixel((60, 1))[3]) == (255, 0)
    offcut("large.jpg", "--reprocess-existing", "--skip-png-format-optimization", *flags)
    assert service.received[1].fields["format"] == "png"
