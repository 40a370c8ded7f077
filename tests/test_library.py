"""The library: what a photo may be, what comes back, a stream of photos in bounded memory."""

from __future__ import annotations

import io
import threading
import time
import weakref
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tests.engine.models.stores import digest_of, entry_of, store_of, tiny_onnx

import offcut
from offcut import library
from offcut.engine.cutout import Cutout
from offcut.engine.models.catalog import Source
from offcut.engine.models.networks import Networks
from offcut.engine.types import Layer

RED = (220, 20, 20)

MODELS: list[str] = []
"""The weights that each cut was asked to use."""


def red_square(side: int = 64) -> np.ndarray[Any, Any]:
    pixels = np.full((side, side, 3), 255, np.uint8)
    pixels[side // 4 : -side // 4, side // 4 : -side // 4] = RED
    return pixels


def plain_cut(photo: Any, options: Any, _networks: Any, *, model: str = "", on_step: Any = None) -> Cutout:
    """What is red is the subject."""
    del on_step
    MODELS.append(model)
    alpha = np.where((photo.pixels[:, :, 0] > 150) & (photo.pixels[:, :, 1] < 100), 255, 0).astype(np.uint8)
    if not alpha.any():
        raise offcut.NoForegroundError("There is nothing red.")
    done = Cutout(photo.pixels, alpha, (16, 16, 48, 48), "other", 0.5, photo.source_size, options)
    return replace(done, dpi=photo.dpi, layers=(Layer("Photo", photo.pixels, mask=alpha),))


@pytest.fixture(autouse=True)
def _without_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("offcut.engine.pipeline.cut_out", plain_cut)
    monkeypatch.setattr(library, "default_networks", lambda: None)


def as_file(image: Image.Image, kind: str = "PNG", **saving: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **saving)
    return out.getvalue()


@pytest.mark.parametrize(
    "kind", ["path", "text", "bytes", "bytearray", "file", "pillow", "palette", "array", "rgba"]
)
def test_a_photo_may_be_given_in_many_ways(tmp_path: Path, kind: str) -> None:
    image = Image.fromarray(red_square())
    path = tmp_path / "dog.png"
    image.save(path)
    given: Any = {
        "path": path,
        "text": str(path),
        "bytes": path.read_bytes(),
        "bytearray": bytearray(path.read_bytes()),
        "file": io.BytesIO(path.read_bytes()),
        "pillow": image,
        "palette": image.quantize(4),
        "array": red_square(),
        "rgba": np.dstack((red_square(), np.full((64, 64), 255, np.uint8))),
    }[kind]
    cutout = offcut.remove(given)
    assert cutout.alpha.shape == (64, 64)
    assert cutout.alpha.dtype == np.uint8
    assert cutout.alpha[32, 32] == 255
    assert cutout.alpha[2, 2] == 0
    assert cutout.rgba.shape == (64, 64, 4)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (42, "photo_type"),
        (None, "photo_type"),
        (io.StringIO("text"), "photo_type"),
        ("nowhere.jpg", "photo_not_found"),
        (Path(__file__).parent, "photo_unreadable"),
        (b"", "empty_photo"),
        (b"no photo at all", "not_an_image"),
        (np.zeros((64, 64, 2), np.uint8), "invalid_pixels"),
        (np.zeros((4, 64, 3), np.uint8), "photo_too_small"),
    ],
)
def test_what_is_no_photo_has_an_error_of_its_own(given: Any, code: str) -> None:
    with pytest.raises(offcut.PhotoError) as caught:
        offcut.remove(given)
    assert caught.value.code == code
    assert str(caught.value)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("how", "code"), [("text", "photo_type"), ("closed", "photo_unreadable"), ("wb", "photo_unreadable")]
)
def test_a_file_that_is_open_for_something_else_is_told(tmp_path: Path, how: str, code: str) -> None:
    path = tmp_path / "dog.png"
    path.write_bytes(as_file(Image.fromarray(red_square())))
    with path.open(encoding="utf-8") if how == "text" else path.open("wb" if how == "wb" else "rb") as given:
        if how == "closed":
            given.close()
        with pytest.raises(offcut.PhotoError) as caught:
            offcut.remove(given)
    assert caught.value.code == code
    assert caught.value.hint


def test_options_are_given_by_name() -> None:
    assert offcut.remove(red_square(), size="preview", crop=True).options == offcut.Options(
        size="preview", crop=True
    )
    with pytest.raises(offcut.OptionError) as caught:
        offcut.remove(red_square(), colour="red")
    assert caught.value.code == "unknown_option"
    with pytest.raises(offcut.OptionError) as caught:
        offcut.remove(red_square(), size="huge")
    assert caught.value.code == "invalid_size"


def test_other_weights_draw_the_matte_if_named(tmp_path: Path) -> None:
    content = tiny_onnx()
    (tmp_path / "tiny.onnx").write_bytes(content)
    source = Source("file", digest_of(content), len(content), path=str(tmp_path / "tiny.onnx"))
    store = store_of(tmp_path, entry_of("tiny", content, source))
    store.pull("tiny")
    MODELS.clear()
    with Networks(store.folder, catalog=store.catalog) as networks:
        offcut.remove(red_square(), networks=networks)
        offcut.remove(red_square(), networks=networks, model="tiny")
        assert all(
            outcome.cutout for outcome in offcut.remove_many([red_square()], networks=networks, model="tiny")
        )
    assert MODELS == ["isnet", "tiny", "tiny"]


@pytest.mark.parametrize(
    ("name", "code", "hint"),
    [
        ("isnett", "unknown_model", "isnet, "),
        ("rmbg", "licence_not_accepted", "--accept-licence rmbg"),
        ("birefnet-lite", "weights_missing", "offcut models pull birefnet-lite"),
        ("nanodet", "model_error", ""),
    ],
)
def test_weights_that_cannot_be_had_are_refused_at_once(
    tmp_path: Path, name: str, code: str, hint: str
) -> None:
    MODELS.clear()
    with Networks(tmp_path) as networks:
        for ask, given in ((offcut.remove, red_square()), (offcut.remove_many, [red_square()])):
            with pytest.raises(offcut.ModelError) as caught:
                ask(given, networks=networks, model=name)
            assert caught.value.code == code
            assert hint in caught.value.hint
    assert MODELS == []


@pytest.mark.parametrize(
    ("name", "kind", "mode"),
    [
        ("a.png", "PNG", "RGBA"),
        ("a.JPG", "JPEG", "RGB"),
        ("a.webp", "WEBP", "RGBA"),
        ("a.tif", "TIFF", "RGBA"),
        ("a.psd", "PSD", "RGBA"),
    ],
)
def test_saving_takes_the_format_from_the_name(tmp_path: Path, name: str, kind: str, mode: str) -> None:
    path = offcut.remove(red_square()).save(tmp_path / name)
    with Image.open(path) as saved:
        assert (saved.format, saved.mode, saved.size) == (kind, mode, (64, 64))
    assert [entry.name for entry in tmp_path.iterdir()] == [name]


def test_saving_refuses_what_it_cannot_do(tmp_path: Path) -> None:
    cutout = offcut.remove(red_square())
    with pytest.raises(offcut.OptionError, match="suffix"):
        cutout.save(tmp_path / "a.gif")
    with pytest.raises(offcut.OutputError):
        cutout.save(tmp_path / "nowhere" / "a.png")
    with pytest.raises(offcut.OptionError):
        cutout.encode("gif")  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


def test_the_matte_alone_is_gray() -> None:
    encoded = offcut.remove(red_square(), channels="alpha").encode()
    with Image.open(io.BytesIO(encoded)) as matte:
        assert matte.mode == "L"
        assert matte.getpixel((32, 32)) == 255


def test_auto_is_png_only_when_something_is_transparent() -> None:
    assert offcut.remove(red_square()).format == "png"
    all_red = np.full((64, 64, 3), RED, np.uint8)
    assert offcut.remove(all_red).format == "jpg"
    assert offcut.remove(all_red).encode().startswith(b"\xff\xd8")


def test_many_photos_come_back_in_order_each_with_its_result_or_error() -> None:
    photos = [red_square(), b"", np.full((64, 64, 3), 90, np.uint8), as_file(Image.fromarray(red_square()))]
    outcomes = list(offcut.remove_many(photos, jobs=3))
    assert [outcome.source is photo for outcome, photo in zip(outcomes, photos, strict=True)] == [True] * 4
    assert [outcome.error.code if outcome.error else "" for outcome in outcomes] == [
        "",
        "empty_photo",
        "no_foreground",
        "",
    ]
    assert [outcome.cutout is not None for outcome in outcomes] == [True, False, False, True]


def test_errors_that_are_collected_hold_no_pixels(monkeypatch: pytest.MonkeyPatch) -> None:
    held: list[weakref.ref[Any]] = []

    def nothing_found(photo: Any, *_: Any, **__: Any) -> Cutout:
        held.append(weakref.ref(photo.pixels))
        raise offcut.NoForegroundError("nothing")

    monkeypatch.setattr("offcut.engine.pipeline.cut_out", nothing_found)
    errors = [outcome.error for outcome in offcut.remove_many([as_file(Image.fromarray(red_square()))] * 2)]
    assert [error.code for error in errors if error] == ["no_foreground"] * 2
    assert [pixels() for pixels in held] == [None, None]


def test_a_folder_is_streamed_by_name(tmp_path: Path) -> None:
    for name in ("b.png", "a.jpg", ".hidden.png"):
        Image.fromarray(red_square()).save(tmp_path / name)
    (tmp_path / "notes.txt").touch()
    assert [outcome.source.name for outcome in offcut.remove_many(tmp_path)] == ["a.jpg", "b.png"]
    with pytest.raises(offcut.PhotoError):
        offcut.remove_many(tmp_path / "a.jpg")


def test_a_bad_option_raises_before_any_photo_is_read() -> None:
    def photos() -> Iterator[Any]:
        raise AssertionError("a photo was read")
        yield

    with pytest.raises(offcut.OptionError):
        offcut.remove_many(photos(), size="huge")


def test_a_fault_of_ours_is_told_and_keeps_its_cause(monkeypatch: pytest.MonkeyPatch) -> None:
    def fault(*_: Any, **__: Any) -> Cutout:
        raise ZeroDivisionError("once")

    monkeypatch.setattr("offcut.engine.pipeline.cut_out", fault)
    (outcome,) = offcut.remove_many([red_square()])
    assert outcome.error is not None
    assert outcome.error.code == "unexpected_error"
    assert isinstance(outcome.error.__cause__, ZeroDivisionError)


def test_a_fault_of_ours_on_a_single_photo_is_told_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def fault(*_: Any, **__: Any) -> Cutout:
        raise ZeroDivisionError("once")

    monkeypatch.setattr("offcut.engine.pipeline.cut_out", fault)
    with pytest.raises(offcut.OffcutError) as caught:
        offcut.remove(red_square())
    assert caught.value.code == "unexpected_error"
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


@pytest.mark.parametrize("jobs", [0, -1, 1.5, "2", None])
def test_so_many_jobs_cannot_be(jobs: Any) -> None:
    with pytest.raises(offcut.OptionError) as caught:
        offcut.remove_many([red_square()], jobs=jobs)
    assert (caught.value.code, caught.value.parameter) == ("invalid_option", "jobs")
    assert caught.value.hint


def test_the_default_networks_are_unloaded_when_idle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    monkeypatch.setattr(library, "_networks", None)
    assert library.IDLE_S > 0
    monkeypatch.setattr(library, "IDLE_S", 0.05)
    content = tiny_onnx()
    (tmp_path / "tiny.onnx").write_bytes(content)
    source = Source("file", digest_of(content), len(content), path=str(tmp_path / "tiny.onnx"))
    store = store_of(tmp_path, entry_of("tiny", content, source))
    store.pull("tiny")
    monkeypatch.setattr("offcut.engine.models.weights.default_folder", lambda: store.folder)
    monkeypatch.setattr("offcut.engine.models.weights.built_in", lambda: store.catalog)
    networks = library.default_networks()
    networks.segmenter("tiny").matte(red_square(), 64)
    deadline = time.monotonic() + 30
    while networks.loaded() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert networks.loaded() == ()
    networks.close()


def test_what_holds_no_photos_is_told() -> None:
    with pytest.raises(offcut.PhotoError) as caught:
        offcut.remove_many(42)  # type: ignore[arg-type]
    assert caught.value.code == "photo_type"


def test_the_folder_of_the_networks_may_be_written_as_text(tmp_path: Path) -> None:
    with offcut.Networks(str(tmp_path)) as networks:
        assert networks.weights.folder == tmp_path
        with pytest.raises(offcut.ModelError):
            networks.segmenter("isnet")


def test_no_more_photos_are_taken_than_are_worked_on() -> None:
    taken, given_back, most = 0, 0, 0

    def photos() -> Iterator[int]:
        nonlocal taken, most
        for number in range(40):
            taken += 1
            most = max(most, taken - given_back)
            yield number

    for result in library.in_order(lambda number: number * 2, photos(), jobs=3):
        assert result == given_back * 2
        given_back += 1
        time.sleep(0.001)
    assert given_back == 40
    assert most <= 4


def test_work_overlaps() -> None:
    """Two workers meet: with one at a time, the barrier would break."""
    meeting = threading.Barrier(2, timeout=30)
    assert sorted(library.in_order(lambda number: (meeting.wait(), number)[1], range(4), jobs=2)) == [
        0,
        1,
        2,
        3,
    ]


def test_closing_the_stream_drops_what_has_not_begun() -> None:
    begun: list[int] = []
    stream = library.in_order(begun.append, range(1000), jobs=2)
    next(iter(stream))
    stream.close()  # type: ignore[attr-defined]
    assert len(begun) <= 4


def test_the_default_networks_are_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    monkeypatch.setattr(library, "_networks", None)
    made: list[object] = []
    monkeypatch.setattr("offcut.engine.models.networks.Networks", lambda **_: made.append(1) or object())
    found: list[object] = []
    threads = [threading.Thread(target=lambda: found.append(library.default_networks())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1
    assert len(set(map(id, found))) == 1
