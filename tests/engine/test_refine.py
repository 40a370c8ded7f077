"""The matte at full resolution, against a truth that is known: two colours composited by a drawn alpha."""

from __future__ import annotations

import subprocess
import sys

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage import data

from offcut.engine.refine import FIT_SIDE, refine
from offcut.engine.types import Alpha, Mask, Matte, Rgb

GRID = 768
FRONT, BACK = (190, 90, 60), (70, 110, 150)

Colour = tuple[int, int, int]


def disc(height: int, width: int) -> Matte:
    """A third of the shorter side in radius; its edge is as sharp as pixels allow."""
    canvas = np.zeros((height, width), np.uint8)
    radius = round(0.33 * min(height, width) * 16)
    cv2.circle(canvas, (width * 8, height * 8), radius, 255, -1, cv2.LINE_AA, 4)
    return canvas.astype(np.float32) / 255


def hairy(height: int, width: int) -> Matte:
    """A disc with 140 fine strands around it."""
    side = min(height, width)
    canvas = np.zeros((height, width), np.uint8)
    cv2.circle(canvas, (width // 2, height // 2), side // 4, 255, -1, cv2.LINE_AA)
    rng = np.random.default_rng(5)
    for turn in np.linspace(0, 2 * np.pi, 140):
        foot, tip = (
            (round(width / 2 + far * side * np.cos(at)), round(height / 2 + far * side * np.sin(at)))
            for far, at in ((0.24, turn), (rng.uniform(0.3, 0.42), turn + 0.1))
        )
        cv2.line(canvas, foot, tip, 255, max(1, side // 1500), cv2.LINE_AA)
    return canvas.astype(np.float32) / 255


def photo(alpha: Matte, front: Colour = FRONT, back: Colour = BACK, noise: float = 3) -> Rgb:
    """The two colours, mixed by alpha, with the grain of a photograph."""
    rng = np.random.default_rng(3)
    pixels = np.empty((*alpha.shape, 3), np.uint8)
    grain = rng.normal(0, noise, alpha.shape).astype(np.float32)
    for channel in range(3):
        mixed = alpha * front[channel] + (1 - alpha) * back[channel] + grain
        pixels[:, :, channel] = np.clip(np.rint(mixed), 0, 255)
    return pixels


def as_seen(alpha: Matte, blur: float = 2.5) -> Matte:
    """The matte that a network would give: a square of 768, every edge blurred."""
    return cv2.GaussianBlur(cv2.resize(alpha, (GRID, GRID), interpolation=cv2.INTER_AREA), (0, 0), blur)


def enlarged(matte: Matte, like: Matte) -> Matte:
    return cv2.resize(matte, like.shape[1::-1], interpolation=cv2.INTER_LINEAR)


def error(found: Alpha | Matte, truth: Matte) -> float:
    """Mean absolute error, in thousandths."""
    scale = 255 if found.dtype == np.uint8 else 1
    return float(np.abs(found.astype(np.float32) / scale - truth).mean() * 1000)


def area(alpha: Alpha) -> float:
    return float(alpha.sum(dtype=np.float64) / 255)


def partial(row: Alpha) -> int:
    """How many pixels of a row are neither in nor out, to 5 %."""
    return int(np.count_nonzero((row > 12) & (row < 243)))


def sure(matte: Matte, like: Matte) -> tuple[Mask, Mask]:
    """Certainly in and certainly out, at full size: four pixels of the small copy from anything open."""
    margin = 4 * GRID // min(FIT_SIDE, *like.shape)
    around = np.ones((2 * margin + 1, 2 * margin + 1), np.uint8)
    masks = (cv2.erode(part.astype(np.uint8), around) for part in (matte > 0.99, matte < 0.01))
    inside, outside = (
        cv2.resize(part, like.shape[1::-1], interpolation=cv2.INTER_NEAREST) > 0 for part in masks
    )
    return inside, outside


class TestSolid:
    @pytest.mark.parametrize("shape", [disc, hairy])
    @pytest.mark.parametrize("size", [(480, 640), (1000, 700), (2000, 3000)])
    def test_inside_is_exactly_255_and_outside_exactly_0(self, shape: type, size: tuple[int, int]) -> None:
        truth = shape(*size)
        found = refine(photo(truth, noise=12), as_seen(truth))
        inside, outside = sure(as_seen(truth), truth)
        assert inside.mean() > 0.05
        assert outside.mean() > 0.05
        assert (found[inside] == 255).all()
        assert (found[outside] == 0).all()

    def test_what_lies_inside_in_the_backgrounds_colour_stays(self) -> None:
        """A white shirt before a white wall, seen through no hole."""
        truth = disc(600, 900)
        pixels = photo(truth)
        pixels[270:330, 420:480] = BACK
        found = refine(pixels, as_seen(truth))
        assert (found[270:330, 420:480] == 255).all()

    def test_textures_leave_no_trace_in_solid_parts(self) -> None:
        pixels = np.asarray(data.astronaut())
        truth = disc(512, 512)
        inside, outside = sure(as_seen(truth), truth)
        found = refine(pixels, as_seen(truth))
        assert (found[inside] == 255).all()
        assert (found[outside] == 0).all()

    @pytest.mark.parametrize("value", [0, 1])
    def test_a_matte_without_an_edge_stays_flat(self, value: int) -> None:
        found = refine(np.asarray(data.coffee()), np.full((GRID, GRID), value, np.float32))
        assert (found == 255 * value).all()


class TestEdges:
    @pytest.mark.parametrize(
        ("shape", "size", "left"),
        [
            (disc, (600, 900), 0.1),
            (disc, (2000, 3000), 0.1),
            (hairy, (700, 1000), 0.75),
            (hairy, (2000, 3000), 0.75),
        ],
    )
    def test_are_closer_to_the_truth_than_the_enlarged_matte(
        self, shape: type, size: tuple[int, int], left: float
    ) -> None:
        truth = shape(*size)
        seen = as_seen(truth)
        assert error(refine(photo(truth), seen), truth) < left * error(enlarged(seen, truth), truth)

    def test_strands_are_told_from_the_gaps_between_them(self) -> None:
        truth = hairy(1400, 2000)
        seen = as_seen(truth)
        rows, columns = np.indices(truth.shape)
        ring = np.abs(np.hypot(rows - 700, columns - 1000) - 0.28 * 1400) < 20
        strand, gap = ring & (truth > 0.9), ring & (truth == 0)
        before = enlarged(seen, truth)
        after = refine(photo(truth), seen).astype(np.float32) / 255
        assert after[strand].mean() - after[gap].mean() > 2 * (before[strand].mean() - before[gap].mean())

    @pytest.mark.parametrize("size", [(480, 640), (1300, 900), (3000, 4000)])
    def test_nothing_shrinks_or_grows(self, size: tuple[int, int]) -> None:
        truth = disc(*size)
        assert area(refine(photo(truth), as_seen(truth))) == pytest.approx(float(truth.sum()), rel=0.01)
        strands = hairy(*size)
        assert area(refine(photo(strands), as_seen(strands))) == pytest.approx(float(strands.sum()), rel=0.03)

    def test_a_hard_edge_at_12_megapixels_is_hard(self) -> None:
        truth = disc(3000, 4000)
        seen = as_seen(truth)
        found = refine(photo(truth), seen)
        for line in (found[1500], found[:, 2000]):
            assert partial(line) <= 8  # both edges together; the enlarged matte has near a hundred
            assert np.count_nonzero(np.abs(np.diff((line > 127).astype(np.int8)))) == 2
        assert partial((enlarged(seen, truth)[1500] * 255).astype(np.uint8)) > 60

    def test_are_where_the_photo_has_them_when_the_matte_is_a_little_off(self) -> None:
        truth = disc(900, 900)
        shifted = np.roll(as_seen(truth), 3, axis=1)
        found = refine(photo(truth), shifted)
        assert error(found, truth) < 0.35 * error(enlarged(shifted, truth), truth)

    def test_where_colours_tell_nothing_the_networks_edge_is_kept(self) -> None:
        truth = disc(600, 900)
        seen = as_seen(truth)
        found = refine(photo(truth, FRONT, FRONT), seen).astype(np.float32) / 255
        assert np.abs(found - enlarged(seen, truth)).max() < 0.1
        assert error(found, truth) < 1.02 * error(enlarged(seen, truth), truth)

    @pytest.mark.parametrize("contrast", [4, 10, 20, 40])
    def test_weak_contrast_does_no_harm(self, contrast: int) -> None:
        truth = disc(3000, 4000)
        seen = as_seen(truth)
        back = (FRONT[0] + contrast, FRONT[1] + contrast, FRONT[2] + contrast)
        found = refine(photo(truth, FRONT, back), seen)
        assert error(found, truth) < error(enlarged(seen, truth), truth)

    @pytest.mark.parametrize("size", [(600, 900), (3000, 4000)])
    @pytest.mark.parametrize("part", [100, 50])
    def test_thin_things_do_not_fade(self, size: tuple[int, int], part: int) -> None:
        height, width = size
        truth = np.zeros(size, np.float32)
        half = width // part // 2
        truth[height // 4 : -height // 4, width // 2 - half : width // 2 + half] = 1
        found = refine(photo(truth), as_seen(truth))
        assert area(found) == pytest.approx(float(truth.sum()), rel=0.05)

    def test_a_faint_haze_does_not_end_at_once(self) -> None:
        """A step of a few levels shows as a border on white, and in the squares of the small copy."""
        haze = np.linspace(0.3, 0, GRID, dtype=np.float32)[np.newaxis].repeat(GRID, axis=0)
        haze[:, : GRID // 4] = 1
        plain = photo(np.zeros((1536, 1536), np.float32), noise=0)
        row = refine(plain, haze)[700, 500:].astype(int)
        assert row[0] > 40
        assert row[-1] == 0
        assert np.abs(np.diff(row)).max() <= 4

    def test_a_soft_edge_without_colours_stays_soft_at_any_size(self) -> None:
        truth = disc(2400, 3200)
        soft = as_seen(truth, blur=12)
        found = refine(photo(truth, FRONT, FRONT), soft).astype(np.float32) / 255
        assert np.abs(found - enlarged(soft, truth)).mean() < 0.004


class TestAnyPhoto:
    @pytest.mark.parametrize(
        "size",
        [
            (8, 8),
            (8, 400),
            (400, 8),
            (1, 50),
            (50, 1),
            (9, 449),
            (448, 448),
            (449, 447),
            (257, 1023),
            (37, 1851),
        ],
    )
    def test_odd_sizes(self, size: tuple[int, int]) -> None:
        matte = np.zeros((GRID, GRID), np.float32)
        matte[:, GRID // 2 :] = 1
        matte = cv2.blur(matte, (9, 9))
        truth = np.zeros(size, np.float32)
        truth[:, size[1] // 2 :] = 1
        found = refine(photo(truth), matte)
        assert found.shape == size
        assert found.dtype == np.uint8
        if size[1] >= 8:
            assert found[0, -1] == found[-1, -1] == 255
            assert found[0, 0] == found[-1, 0] == 0

    @pytest.mark.parametrize("side", [64, 320, 1024])
    def test_a_matte_of_any_size_will_do(self, side: int) -> None:
        truth = disc(600, 900)
        seen = cv2.resize(as_seen(truth), (side, side), interpolation=cv2.INTER_AREA)
        assert error(refine(photo(truth), seen), truth) < (6 if side < 100 else 1)

    def test_the_same_photo_gives_the_same_alpha(self) -> None:
        truth = hairy(700, 1000)
        first, second = (refine(photo(truth), as_seen(truth)) for _ in range(2))
        assert np.array_equal(first, second)

    def test_what_is_given_is_left_as_it_is(self) -> None:
        truth = disc(300, 400)
        pixels, seen = photo(truth), as_seen(truth)
        before = pixels.copy(), seen.copy()
        refine(pixels, seen)
        assert np.array_equal(pixels, before[0])
        assert np.array_equal(seen, before[1])

    def test_a_part_of_a_larger_photo_will_do(self) -> None:
        """A view whose rows are not side by side in memory."""
        truth = disc(300, 400)
        canvas = np.zeros((500, 700, 3), np.uint8)
        canvas[100:400, 200:600] = photo(truth)
        assert np.array_equal(
            refine(canvas[100:400, 200:600], as_seen(truth)), refine(photo(truth), as_seen(truth))
        )

    @settings(max_examples=40, deadline=None)
    @given(st.integers(1, 700), st.integers(1, 700), st.integers(1, 12), st.integers(0, 2**32 - 1))
    def test_noise_does_no_harm(self, height: int, width: int, cells: int, seed: int) -> None:
        """Any photo and any matte: certain stays certain and nothing wraps around."""
        rng = np.random.default_rng(seed)
        coarse = rng.uniform(-0.5, 1.5, (cells, cells)).clip(0, 1).astype(np.float32)
        matte = cv2.resize(coarse, (GRID, GRID), interpolation=cv2.INTER_LINEAR).clip(0, 1)
        pixels = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
        found = refine(pixels, matte)
        assert found.shape == (height, width)
        if min(height, width) >= 64:
            inside, outside = sure(matte, found)
            assert (found[inside] == 255).all()
            assert (found[outside] == 0).all()


MEASURE = """
import pathlib
import cv2, numpy as np
from offcut.engine.refine import refine

def status(key):
    return int(pathlib.Path("/proc/self/status").read_text().split(key + ":")[1].split()[0]) / 1024

small = np.zeros((500, 750, 3), np.uint8)
cv2.circle(small, (375, 250), 160, (200, 80, 60), -1)
pixels = cv2.resize(small, (8220, 5480))
matte = cv2.GaussianBlur((cv2.resize(small[:, :, 0], (768, 768)) > 100).astype(np.float32), (0, 0), 3)
refine(small, matte)
before = status("VmRSS")
alpha = refine(pixels, matte)
print(status("VmHWM") - before, alpha.nbytes / 1e6, np.count_nonzero((alpha > 0) & (alpha < 255)))
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads the process's memory from /proc")
def test_45_megapixels_take_little_more_memory_than_their_alpha() -> None:
    ran = subprocess.run([sys.executable, "-c", MEASURE], capture_output=True, text=True, check=True)
    grown_mb, alpha_mb, drawn = map(float, ran.stdout.split())
    assert alpha_mb > 45
    assert drawn > 0
    assert grown_mb < alpha_mb + 60
