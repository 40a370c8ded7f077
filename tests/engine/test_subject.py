"""What a photo shows, and whether it shows anything."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw
from skimage import data
from tests.engine import nothing

from offcut.engine.models.families import nanodet
from offcut.engine.models.networks import Networks
from offcut.engine.segment import GRID, WHOLE
from offcut.engine.subject import (
    Finding,
    box_fit,
    classify,
    evenness,
    find_foreground,
    has_foreground,
    is_graphic,
    lasting_edges,
    level1,
    matte_evenness,
    weigh,
)
from offcut.engine.types import Detection, Matte, Rgb

SIZE = (240, 320)


def photo(seed: int = 0) -> Rgb:
    """Shaded and a little noisy, bright where `disc` is: what a photograph of a ball looks like."""
    rng = np.random.default_rng(seed)
    rows, columns = np.indices(SIZE)
    light = 60 + 0.2 * rows + disc() * (120 - 0.4 * columns)
    shaded = light[..., None] * np.array([1.0, 0.8, 0.6]) + rng.normal(0, 4, (*SIZE, 3))
    return np.clip(shaded, 0, 255).astype(np.uint8)


def disc(radius: float = 70) -> Matte:
    rows, columns = np.indices(SIZE)
    return (np.hypot(rows - 120, columns - 160) < radius).astype(np.float32)


def thing(label: str, confidence: float, box: tuple[int, int, int, int] = (90, 50, 230, 190)) -> Detection:
    return Detection(label, confidence, box)


@pytest.mark.parametrize(
    ("label", "subject", "coarse"),
    [
        ("person", "person", "person"),
        ("zebra", "animal", "animal"),
        ("car", "car", "car"),
        ("truck", "car", "car"),
        ("bicycle", "transportation", "other"),
        ("train", "transportation", "other"),
        ("vase", "product", "product"),
        ("teddy bear", "product", "product"),
        ("fire hydrant", "other", "other"),
    ],
)
def test_the_name_of_the_thing_under_the_matte_decides(label: str, subject: str, coarse: str) -> None:
    result = classify(photo(), disc(), [thing(label, 0.8)])
    assert (result.subject, result.level1) == (subject, coarse)


def test_things_beside_the_matte_do_not_count() -> None:
    beside = thing("car", 0.95, (0, 0, 60, 60))
    assert classify(photo(), disc(), [beside, thing("dog", 0.4)]).subject == "animal"
    assert classify(photo(), disc(), [beside]).subject == "other"


def test_a_box_much_larger_than_the_matte_counts_little() -> None:
    everywhere = (0, 0, 320, 240)
    small = disc(20)
    assert box_fit(small, everywhere, SIZE) < 0.1
    assert box_fit(small, (140, 100, 180, 140), SIZE) == pytest.approx(1.0, abs=0.05)
    room = [thing("dining table", 0.8, everywhere), thing("cat", 0.4, (140, 100, 180, 140))]
    assert classify(photo(), small, room).subject == "animal"


def test_several_that_agree_outweigh_a_surer_one() -> None:
    several = [thing("horse", 0.4), thing("cow", 0.4), thing("vase", 0.5)]
    evidence = weigh(disc(), several, SIZE)
    assert evidence["animal"] == pytest.approx(1 - 0.6**2, abs=0.02)
    assert classify(photo(), disc(), several).subject == "animal"


def test_a_truck_beside_nothing_else_that_drives_may_be_either() -> None:
    evidence = weigh(disc(), [thing("truck", 0.5)], SIZE)
    assert evidence["car"] == evidence["transportation"] == pytest.approx(0.3, abs=0.01)
    lorry = [thing("truck", 0.5), thing("bus", 0.4)]
    assert classify(photo(), disc(), lorry).subject == "transportation"


def test_confidence_falls_with_doubt() -> None:
    alone = classify(photo(), disc(), [thing("dog", 0.8)])
    doubted = classify(photo(), disc(), [thing("dog", 0.8), thing("person", 0.6)])
    weak = classify(photo(), disc(), [thing("dog", 0.3)])
    assert 0 <= weak.confidence < doubted.confidence < alone.confidence <= 1


def test_the_matte_may_be_empty_and_of_any_size() -> None:
    assert classify(photo(), np.zeros((7, 5), np.float32), [thing("dog", 0.8)]).subject == "other"
    coarse = cv2.resize(disc(), (33, 17), interpolation=cv2.INTER_AREA)
    assert classify(photo(), coarse, [thing("dog", 0.8)]).subject == "animal"


def test_a_car_out_of_the_frame_on_three_sides_is_a_part_of_one() -> None:
    full = np.full(SIZE, 0.9, np.float32)
    part = classify(photo(), full, [thing("car", 0.8, (0, 0, 318, 240))])
    assert (part.subject, part.level1) == ("car_part", "car")
    assert classify(photo(), full, [thing("car", 0.8, (0, 30, 320, 220))]).subject == "car"
    assert classify(photo(), full, [thing("dog", 0.8, (0, 0, 320, 240))]).subject == "animal"


def test_level_1_has_five_names() -> None:
    assert {level1(name) for name in ("car", "car_part", "car_interior")} == {"car"}
    assert {level1(name) for name in ("graphic", "transportation", "other")} == {"other"}
    assert [level1(name) for name in ("person", "animal", "product")] == ["person", "animal", "product"]


def drawing() -> Rgb:
    page = Image.new("RGB", (640, 480), "white")
    pen = ImageDraw.Draw(page)
    pen.ellipse((180, 100, 460, 380), fill=(30, 90, 200))
    pen.polygon([(250, 300), (320, 150), (390, 300)], fill=(250, 200, 40))
    return np.asarray(page)


def test_flat_shapes_in_few_colours_are_a_graphic_even_as_a_jpeg() -> None:
    shape = (drawing().min(axis=2) < 250).astype(np.float32)
    squeezed = cv2.imdecode(cv2.imencode(".jpg", drawing(), [cv2.IMWRITE_JPEG_QUALITY, 80])[1], 1)
    for pixels in (drawing(), squeezed):
        assert is_graphic(pixels, shape)
        assert classify(pixels, shape, [thing("clock", 0.4, (180, 100, 460, 380))]).subject == "graphic"
    certain = classify(drawing(), shape, [thing("clock", 0.9, (180, 100, 460, 380))])
    assert certain.subject == "product"


def test_photographs_are_no_graphics() -> None:
    assert not is_graphic(photo(), disc())
    for name in ("astronaut", "chelsea", "coffee", "rocket"):
        pixels = getattr(data, name)()
        assert not is_graphic(pixels, np.ones(pixels.shape[:2], np.float32)), name


def test_two_networks_that_agree_have_found_something() -> None:
    assert find_foreground(disc(), disc(68), photo()).reason == "subject"
    small = cv2.resize(disc(60), (80, 80), interpolation=cv2.INTER_AREA)
    assert has_foreground(disc(), small, photo())


@pytest.mark.parametrize(
    ("fine", "whole"),
    [
        (np.zeros(SIZE, np.float32), np.zeros(SIZE, np.float32)),
        (disc(), np.zeros(SIZE, np.float32)),
        (np.zeros(SIZE, np.float32), disc()),
        (disc() * 0.45, disc() * 0.9),
        (disc(), np.roll(disc(), 160, axis=1)),
        (disc(2), disc(2)),
    ],
    ids=["silent", "fine-alone", "whole-alone", "weak", "apart", "a-speck"],
)
def test_nothing_is_found_where_they_do_not_agree(fine: Matte, whole: Matte) -> None:
    finding = find_foreground(fine, whole, photo())
    assert (finding.found, finding.reason) == (False, "empty")


def test_a_pattern_must_be_clear_to_be_believed() -> None:
    wall = nothing.bricks(np.random.default_rng(0), SIZE)
    vague = cv2.GaussianBlur(disc(90), (0, 0), 25)
    assert find_foreground(disc(), disc(), wall).reason == "subject"
    assert find_foreground(vague, vague, wall).reason in ("pattern", "print")
    assert find_foreground(vague, vague, photo()).reason == "subject"
    assert find_foreground(vague, vague, wall, [thing("zebra", 0.9, (70, 30, 250, 210))]).found
    assert not find_foreground(vague, vague, wall, [thing("bed", 0.9, (70, 30, 250, 210))]).found


def test_a_sharp_matte_of_the_pattern_itself_is_not_believed() -> None:
    dots = nothing.polka_dots(np.random.default_rng(1), SIZE)
    around = (np.abs(dots.astype(int) - dots[0, 0]).max(axis=2) < 9).astype(np.float32)
    assert matte_evenness(around) < 0.03
    assert not has_foreground(around, around, dots)


def test_print_is_told_by_its_strokes_on_paper_of_any_light() -> None:
    page = nothing.text_page(np.random.default_rng(0), (480, 640)).astype(np.float32)
    lit = (page * np.linspace(0.4, 1, 640)[:, None]).astype(np.uint8)
    assert evenness(lit) > 0.2
    vague = cv2.GaussianBlur(disc(90), (0, 0), 25)
    for pixels in (lit, 255 - lit):
        assert lasting_edges(pixels) < 0.02
        assert find_foreground(vague, vague, pixels).reason == "print"
    assert lasting_edges(photo()) > 0.05


def test_makes_twenty_two_different_photos_with_nothing_in_them() -> None:
    photos = nothing.photos(0)
    assert len(photos) == 22
    assert len({pixels.tobytes() for pixels in photos.values()}) == 22
    again, others = nothing.photos(0), nothing.photos(1)
    assert all(np.array_equal(photos[name], again[name]) for name in photos)
    assert sum(np.array_equal(photos[name], others[name]) for name in photos) == 1


Look = Callable[[Rgb], tuple[Matte, Matte, list[Detection]]]


@contextmanager
def _networks() -> Iterator[Look]:
    with Networks() as networks:
        for name in ("isnet", "u2netp", "nanodet"):
            networks.weights.pull(name)
        detector = nanodet.Detector(networks.network("nanodet", nanodet.convert))
        fine, whole = networks.segmenter("isnet"), networks.segmenter("u2netp")

        def look(rgb: Rgb) -> tuple[Matte, Matte, list[Detection]]:
            """Each network on the photo and on its mirror image, averaged."""
            views = [rgb, np.ascontiguousarray(rgb[:, ::-1])]
            mattes = [segmenter.matte_many(views, side) for segmenter, side in ((fine, GRID), (whole, WHOLE))]
            first, second = ((seen + mirrored[:, ::-1]) / 2 for seen, mirrored in mattes)
            return first, second, detector.detect(rgb)

        yield look


@pytest.fixture(scope="module")
def look() -> Iterator[Look]:
    with _networks() as look:
        yield look


def judge(look: Look, rgb: Rgb) -> Finding:
    fine, whole, detections = look(rgb)
    return find_foreground(fine, whole, rgb, detections)


@pytest.mark.parametrize("size", [(100, 60), (16, 300)])
def test_makes_them_in_sizes_too_narrow_for_a_word(size: tuple[int, int]) -> None:
    assert {pixels.shape for pixels in nothing.photos(0, size).values()} == {(*size, 3)}


@pytest.mark.network
def test_refuses_all_photos_with_nothing_in_them(look: Look) -> None:
    findings = {name: judge(look, pixels) for name, pixels in nothing.photos(0).items()}
    assert {name: finding for name, finding in findings.items() if finding.found} == {}


@pytest.mark.network
@pytest.mark.parametrize("name", ["brick", "grass", "gravel", "text", "page"])
def test_refuses_real_textures_and_pages(look: Look, name: str) -> None:
    rgb = cv2.cvtColor(getattr(data, name)(), cv2.COLOR_GRAY2RGB)
    assert not judge(look, rgb).found


@pytest.mark.network
@pytest.mark.parametrize(
    ("name", "subject"),
    [
        ("astronaut", "person"),
        ("camera", "person"),
        ("chelsea", "animal"),
        ("coffee", "product"),
        ("stereo_motorcycle", "transportation"),
        ("rocket", "other"),
    ],
)
def test_finds_and_names_the_subject_of_real_photographs(look: Look, name: str, subject: str) -> None:
    pixels = getattr(data, name)()
    pixels = pixels[0] if isinstance(pixels, tuple) else pixels
    rgb = cv2.cvtColor(pixels, cv2.COLOR_GRAY2RGB) if pixels.ndim == 2 else pixels
    fine, whole, detections = look(rgb)
    assert find_foreground(fine, whole, rgb, detections).reason == "subject"
    decision = (2 * cv2.resize(fine, (WHOLE, WHOLE)) + whole) / 3
    assert classify(rgb, decision.astype(np.float32), detections).subject == subject
