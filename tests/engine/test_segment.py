"""What belongs to the subject: decided from looks that are made here, so that no network is needed.

The subject of every photo is red. A look that sees finds red wherever it lies in the picture it is given, so
a mirrored, cut or stretched picture shows at once if the answer is put back in the wrong place.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from offcut.engine import segment as segmenting
from offcut.engine.segment import FINEST, GRID, ONE_LOOK, WEAK_ABOVE, WHOLE, Segmentation, decide, segment
from offcut.engine.types import Mask, Matte, Rgb

WIDTH, HEIGHT = 600, 400
RED, GRASS = (205, 60, 50), (90, 120, 80)

Answer = Callable[[Rgb], Matte]


class Recorder:
    """A look that remembers what it was shown."""

    def __init__(self, *answers: Answer) -> None:
        """The first picture gets the first answer, and so on; the last answer serves all that follow."""
        self.answers = list(answers)
        self.pictures: list[Rgb] = []
        self.sides: list[int] = []

    def __call__(self, picture: Rgb, side: int) -> Matte:
        self.pictures.append(picture)
        self.sides.append(side)
        answer = self.answers[min(len(self.sides), len(self.answers)) - 1]
        return cv2.resize(answer(picture), (side, side), interpolation=cv2.INTER_AREA).clip(0, 1)


def red(picture: Rgb) -> Matte:
    difference = picture[:, :, 0].astype(np.int16) - picture[:, :, 1]
    return (difference > 60).astype(np.float32)


def faint(picture: Rgb) -> Matte:
    return red(picture) * np.float32(0.4)


def blank(picture: Rgb) -> Matte:
    return np.zeros(picture.shape[:2], np.float32)


def outline(inside: Mask) -> int:
    """Length of an outline in pixels."""
    return np.count_nonzero(inside & (cv2.erode(inside.view(np.uint8), np.ones((3, 3), np.uint8)) == 0))


def half_sure() -> Matte:
    """A body, sure on its left and ever less sure to the right, with the grain of a network that guesses."""
    grain = cv2.blur(np.random.default_rng(7).normal(0, 0.5, (368, 300)).astype(np.float32), (5, 5))
    seen = np.zeros((GRID, GRID), np.float32)
    seen[200:568, 100:300] = 1
    seen[200:568, 300:600] = np.linspace(0.7, 0.3, 300, dtype=np.float32) + grain
    return seen.clip(0, 1)


def always(matte: Matte) -> Answer:
    """The same matte, whatever is shown."""
    return lambda _picture: matte


def photo(mask: Mask | None = None) -> Rgb:
    """A red letter L on grass: no symmetry. Or any other shape, H×W."""
    mask = letter() if mask is None else mask
    rng = np.random.default_rng(1)
    pixels = np.where(mask[..., None], RED, GRASS) + rng.integers(-9, 10, (*mask.shape, 3))
    return np.clip(pixels, 0, 255).astype(np.uint8)


def letter() -> Mask:
    mask = np.zeros((HEIGHT, WIDTH), bool)
    mask[60:340, 60:180] = True
    mask[250:340, 60:420] = True
    return mask


def discs(*centres: tuple[int, int], radius: int) -> Mask:
    """On a photo as large as the grid, so that pixels are grid cells."""
    mask = np.zeros((GRID, GRID), np.uint8)
    for centre in centres:
        cv2.circle(mask, centre, radius, 1, -1)
    return mask > 0


def on_grid(mask: Mask) -> Mask:
    return cv2.resize(mask.astype(np.float32), (GRID, GRID), interpolation=cv2.INTER_AREA) > 0.5


def overlap(matte: Matte, mask: Mask) -> float:
    """Intersection over union."""
    found, truth = matte > 0.5, on_grid(mask)
    return np.count_nonzero(found & truth) / np.count_nonzero(found | truth)


def soft(mask: Mask, sigma: float = 3) -> Matte:
    return cv2.GaussianBlur(mask.astype(np.float32), (0, 0), sigma)


class TestLooks:
    def test_an_easy_photo_takes_one_look(self) -> None:
        fine, whole = Recorder(red), Recorder(red)
        found = segment(photo(), fine, whole)
        assert (fine.sides, whole.sides, found.passes) == ([GRID], [WHOLE], 1)
        assert found.doubt < segmenting.DOUBT_MAX
        assert overlap(found.matte, letter()) > 0.98

    def test_disagreement_takes_a_second_look(self) -> None:
        fine, whole = Recorder(red), Recorder(faint)
        found = segment(photo(), fine, whole)
        assert (fine.sides, whole.sides, found.passes) == ([GRID, FINEST], [WHOLE], 2)
        assert found.doubt > segmenting.DOUBT_MAX
        assert overlap(found.matte, letter()) > 0.97

    def test_one_look_is_enough_if_that_is_asked_for(self) -> None:
        fine, whole = Recorder(red), Recorder(blank)
        found = segment(photo(), fine, whole, doubt_max=ONE_LOOK)
        assert (fine.sides, whole.sides, found.passes) == ([GRID], [WHOLE], 1)
        assert found.doubt > segmenting.DOUBT_MAX

    def test_a_preview_takes_a_second_look_only_where_much_is_open(self) -> None:
        def seen(share: float) -> Answer:
            """Red, but for a part of it that the coarse network leaves out."""

            def answer(picture: Rgb) -> Matte:
                matte = red(picture)
                rows = np.flatnonzero(matte.any(axis=1))
                matte[: rows[0] + int(share * len(rows))] = 0
                return matte

            return answer

        for share, passes in ((0.05, 1), (0.2, 1), (0.8, 2)):
            asked = segmenting.DOUBT_MAX_PREVIEW
            found = segment(photo(), Recorder(red), Recorder(seen(share)), doubt_max=asked)
            assert (found.passes, found.doubt > asked) == (passes, passes == 2)

    def test_the_second_look_is_at_the_mirror_image_and_put_back(self) -> None:
        fine, whole = Recorder(red), Recorder(faint)
        found = segment(photo(), fine, whole)
        first, second = (red(picture) for picture in fine.pictures)
        assert np.abs(second - first[:, ::-1]).mean() < 0.01
        assert np.abs(second - first).mean() > 0.2
        assert overlap(found.matte, letter()[:, ::-1]) < 0.5
        assert overlap(found.matte, letter()) > 0.97

    def test_the_mirror_image_has_its_contrast_evened_out(self) -> None:
        dim = (photo() * 0.3).astype(np.uint8)
        grass = np.s_[20:500, 800:1000]
        fine = Recorder(always(letter().astype(np.float32)))
        segment(dim, fine, Recorder(blank))
        plain, even = (picture[:, :, 1] for picture in fine.pictures)
        assert even[:, ::-1][grass].std() > 1.3 * plain[grass].std()

    def test_what_the_looks_said_is_handed_on(self) -> None:
        share = on_grid(letter()).mean()
        easy = segment(photo(), Recorder(red), Recorder(red))
        assert (easy.fine.shape, easy.other.shape) == ((GRID, GRID), (WHOLE, WHOLE))
        found = segment(photo(), Recorder(red, blank), Recorder(faint))
        assert found.passes == 2
        assert (found.fine > 0.5).mean() == pytest.approx(share, abs=0.01)
        # One other look has found nothing and one is sure of two fifths; the first is sure.
        assert found.other[on_grid(letter())].mean() == pytest.approx(0.2, abs=0.02)
        assert found.other[~on_grid(letter())].mean() < 0.02
        assert found.belief[on_grid(letter())].mean() == pytest.approx(1.4 / 3, abs=0.03)

    def test_the_photo_is_left_as_it_is(self) -> None:
        pixels = photo()
        before = pixels.copy()
        segment(pixels, Recorder(red), Recorder(faint), box=(50, 50, 300, 300), points=[((70, 80), True)])
        assert np.array_equal(pixels, before)

    def test_the_same_photo_gives_the_same_matte(self) -> None:
        first, second = (segment(photo(), Recorder(red), Recorder(faint)).matte for _ in range(2))
        assert np.array_equal(first, second)


class TestDecision:
    def test_weak_is_kept_where_it_is_joined_to_strong(self) -> None:
        decision = np.zeros((20, 40), np.float32)
        decision[5:15, 5:10] = 0.9
        decision[5:15, 10:20] = 0.6
        decision[5:15, 30:38] = 0.6
        kept = decide(decision)
        assert kept[5:15, 5:20].all()
        assert np.count_nonzero(kept) == 150

    def test_touching_by_a_corner_is_not_joined(self) -> None:
        decision = np.zeros((4, 4), np.float32)
        decision[:2, :2], decision[2:, 2:] = 0.9, 0.6
        assert np.count_nonzero(decide(decision)) == 4

    def test_hysteresis_reaches_the_matte(self) -> None:
        seen = np.zeros((GRID, GRID), np.float32)
        seen[100:400, 100:300] = 1
        seen[100:400, 300:420] = 0.6  # joined
        seen[100:400, 550:650] = 0.6  # alone
        matte = segment(photo(), Recorder(always(seen)), Recorder(always(seen)), doubt_max=ONE_LOOK).matte
        assert (matte[135:365, 120:385] == 1).all()
        assert not matte[:, 500:].any()

    def test_a_thick_contradiction_follows_the_decision_and_a_thin_one_the_edge(self) -> None:
        fine, whole = soft(discs((384, 384), radius=200)), soft(discs((384, 384), radius=200))
        below, above = slice(571, 583), slice(586, 598)  # within the outline (584), and beyond it
        for columns in (slice(374, 394), slice(420, 423)):
            fine[below, columns], whole[below, columns] = 0.4, 0.9  # decision .57: in
            fine[above, columns], whole[above, columns] = 0.6, 0.1  # decision .43: out
        matte = segment(photo(), Recorder(always(fine)), Recorder(always(whole)), doubt_max=ONE_LOOK).matte
        assert (matte[572:579, 376:392] > 0.7).all()
        assert (matte[590:597, 376:392] < 0.3).all()
        assert matte[578:583, 421] == pytest.approx(0.4, abs=0.02)
        assert matte[586:589, 421] == pytest.approx(0.6, abs=0.02)

    def test_far_from_the_outline_the_decision_alone_counts(self) -> None:
        fine, whole = (discs((384, 384), radius=250).astype(np.float32) for _ in range(2))
        fine[380:388, 380:388] = 0.3  # a hole that the detailed network leaves in a smooth body
        matte = segment(photo(), Recorder(always(fine)), Recorder(always(whole)), doubt_max=ONE_LOOK).matte
        assert fine.min() == 0
        assert matte[384, 300] == 1
        assert (matte[300:370, 300:470] == 1).all()

    def test_what_is_decided_and_what_is_drawn_pass_into_each_other(self) -> None:
        """An edge that the detailed network leaves undecided far around, on both sides of the outline."""
        disc = soft(discs((384, 384), radius=150))
        fine, whole = disc.copy(), disc
        rim = discs((384, 384), radius=210) & ~discs((384, 384), radius=90)
        fine[rim] = cv2.blur(np.where(disc > 0.5, 0.8, 0.2).astype(np.float32), (31, 31))[rim]
        matte = segment(photo(), Recorder(always(fine)), Recorder(always(whole)), doubt_max=ONE_LOOK).matte
        assert np.abs(np.diff(matte[384])).max() < 0.06
        assert np.abs(np.diff(matte[:, 300])).max() < 0.06
        assert matte[384, 384] == 1
        assert matte[384, 384 - 190] == 0

    def test_grain_in_an_open_area_does_not_cut_teeth_into_the_outline(self) -> None:
        """Told by the length of the outline: teeth make it long."""
        seen = half_sure()
        solid = (
            segment(photo(), Recorder(always(seen)), Recorder(always(seen)), doubt_max=ONE_LOOK).matte > 0.5
        )
        assert outline(decide(seen)) > 8 * 2 * (368 + 300), "teeth, if every grain were followed"
        assert outline(solid) < outline(decide(seen)) / 2

    def test_a_guess_with_grain_is_not_filigree(self) -> None:
        """A large smooth body of which the detailed network is unsure: it is decided, and solid."""
        rng = np.random.default_rng(3)
        body = np.zeros((GRID, GRID), np.float32)
        grain = cv2.blur(rng.normal(0, 0.5, (GRID - 300, 600)).astype(np.float32), (5, 5))
        body[300:, 100:700] = 0.56 + grain
        mirrored = np.ascontiguousarray(body[:, ::-1])
        sure = np.where(body > 0, np.float32(1), np.float32(0))
        whole = Recorder(always(sure), always(np.ascontiguousarray(sure[:, ::-1])))
        found = segment(photo(), Recorder(always(body), always(mirrored)), whole)
        assert found.passes == 2
        assert outline(body > 0.5) > 100 * np.count_nonzero(body > 0.5) ** 0.5, "grain all over"
        assert (found.matte[350:, 150:650] == 1).all()

    def test_filigree_keeps_the_detailed_look(self) -> None:
        """A comb: strong and weak teeth on a strong spine. The coarse network sees a solid block."""
        teeth, block = np.zeros((GRID, GRID), np.float32), np.zeros((GRID, GRID), np.float32)
        teeth[200:600, 150:650:10] = teeth[200:600, 151:650:10] = teeth[200:600, 152:650:10] = 1
        weak = slice(200, 600), slice(400, 650)
        teeth[weak] *= 0.6
        teeth[300:303, 150:650] = 1
        block[200:720, 150:400] = 1
        block[weak] = 0.2
        upright = always(teeth)

        def seen(picture: Rgb) -> Matte:
            return upright(picture)[:, ::-1]

        # Both detailed looks agree once the mirror image is put back.
        fine = Recorder(upright, seen)
        whole = Recorder(always(block), always(np.ascontiguousarray(block[:, ::-1])))
        found = segment(photo(), fine, whole)
        assert found.passes == 2
        assert found.matte[350:550, 156:390:10].max() < 0.05
        assert found.matte[350:550, 151:390:10].min() > 0.9
        assert found.matte[350:550, 401:640:10].min() > 0.5
        assert found.matte[630:700].max() < 0.05
        assert not found.matte[:150].any()

    def test_a_weak_matte_stays_weak(self) -> None:
        """Stretching a matte to its own extremes would make a subject of any noise."""
        faint = soft(discs((384, 384), radius=200)) * np.float32(0.3)
        found = segment(photo(), Recorder(always(faint)), Recorder(always(faint)))
        assert found.fine.max() == pytest.approx(0.3, abs=0.01)
        assert not found.matte.any()

    def test_a_matte_that_never_reaches_1_keeps_its_values_at_the_edge(self) -> None:
        seen = discs((384, 384), radius=200).astype(np.float32) * np.float32(0.8)
        matte = segment(photo(), Recorder(always(seen)), Recorder(always(seen)), doubt_max=ONE_LOOK).matte
        assert matte[384, 384] == 1
        assert matte[384, 384 + 197] == pytest.approx(0.8, abs=0.01)


class TestBox:
    def test_all_outside_is_background(self) -> None:
        mask = letter()
        mask[60:200, 300:420] = True
        box = (280, 40, 440, 220)
        found = segment(photo(mask), Recorder(red), Recorder(red), box=box)
        inside = np.zeros_like(mask)
        inside[box[1] : box[3], box[0] : box[2]] = True
        assert not found.matte[~on_grid(inside)].any()
        assert overlap(found.matte, mask & inside) > 0.97

    def test_only_its_surroundings_are_looked_at(self) -> None:
        fine = Recorder(red)
        segment(photo(), fine, Recorder(red), box=(60, 60, 180, 180))
        assert fine.sides == [GRID]
        # The box with its margins shows the left arm alone, which then fills half of what is seen.
        assert red(fine.pictures[0]).mean() == pytest.approx(120 * 162 / (204 - 18) / (222 - 18), abs=0.05)

    @pytest.mark.parametrize("box", [(0, 0, 1, 1), (599, 399, 600, 400), (0, 0, 600, 400), (10, 0, 11, 400)])
    def test_any_box_within_the_photo_will_do(self, box: tuple[int, int, int, int]) -> None:
        matte = segment(photo(), Recorder(red), Recorder(red), box=box).matte
        assert matte.shape == (GRID, GRID)

    def test_a_box_may_reach_the_edge_of_a_photo_of_any_size(self) -> None:
        segment(photo(letter()[:187, :187]), Recorder(red), Recorder(red), box=(0, 0, 187, 100))


class TestSmallSubjects:
    def mask(self) -> Mask:
        mask = np.zeros((HEIGHT, WIDTH), bool)
        mask[300:360, 400:440] = True
        mask[330:360, 400:480] = True
        return mask

    def test_are_looked_at_again_in_their_own_box(self) -> None:
        fine = Recorder(red)
        found = segment(photo(self.mask()), fine, Recorder(red))
        assert fine.sides == [GRID, GRID]
        assert found.passes == 2
        shares = [red(picture).mean() for picture in fine.pictures]
        assert shares[1] > 10 * shares[0]
        assert overlap(found.matte, self.mask()) > 0.95

    def test_large_ones_are_not(self) -> None:
        assert segment(photo(), Recorder(red), Recorder(red)).passes == 1

    def test_the_closer_look_draws_the_edge(self) -> None:
        def blurred(picture: Rgb) -> Matte:
            return soft(red(picture) > 0.5, sigma=8)

        quick = segment(photo(self.mask()), Recorder(blurred), Recorder(red), doubt_max=ONE_LOOK)
        found = segment(photo(self.mask()), Recorder(blurred, red), Recorder(red))
        truth = cv2.resize(self.mask().astype(np.float32), (GRID, GRID), interpolation=cv2.INTER_AREA)
        assert np.abs(found.matte - truth).sum() < 0.5 * np.abs(quick.matte - truth).sum()

    @pytest.mark.parametrize("closer", [blank, lambda picture: 1 - red(picture)], ids=["nothing", "inverse"])
    def test_a_closer_look_that_finds_something_else_is_not_believed(self, closer: Answer) -> None:
        quick = segment(photo(self.mask()), Recorder(red), Recorder(red), doubt_max=ONE_LOOK)
        found = segment(photo(self.mask()), Recorder(red, closer), Recorder(red, closer))
        assert np.array_equal(found.matte, quick.matte)


class TestPoints:
    LEFT, RIGHT = (200, 384), (560, 384)

    def two(self, *points: tuple[tuple[int, int], bool]) -> Segmentation:
        mask = discs(self.LEFT, self.RIGHT, radius=110)
        seen = soft(mask)
        return segment(photo(mask), Recorder(always(seen)), Recorder(always(seen)), points=points)

    def sides(self, matte: Matte, above: float = 0.5) -> tuple[bool, bool]:
        return bool((matte[:, :384] > above).any()), bool((matte[:, 384:] > above).any())

    @pytest.mark.parametrize(
        ("points", "kept"),
        [
            ([(LEFT, True)], (True, False)),
            ([(RIGHT, True)], (False, True)),
            ([(LEFT, True), (RIGHT, True)], (True, True)),
            ([(LEFT, False)], (False, True)),
            ([(LEFT, True), (RIGHT, False)], (True, False)),
            ([((384, 20), False)], (True, True)),
        ],
    )
    def test_choose_and_drop_parts(
        self, points: list[tuple[tuple[int, int], bool]], kept: tuple[bool, bool]
    ) -> None:
        matte = self.two(*points).matte
        assert self.sides(matte, WEAK_ABOVE) == kept
        if kept[0]:
            # What stays is as it was.
            assert np.array_equal(matte[:, :384], self.two().matte[:, :384])

    @pytest.mark.parametrize("point", [(LEFT, True), (RIGHT, False)], ids=["not-chosen", "dropped"])
    def test_nothing_is_left_of_a_part_that_went(self, point: tuple[tuple[int, int], bool]) -> None:
        assert self.two(point).matte[:, 384:].max() < 0.03

    def split(self, *points: tuple[tuple[int, int], bool]) -> tuple[Matte, Matte]:
        """A red and a blue disc that overlap are one part. The matte before, and after the points."""
        mask = discs((260, 384), (500, 384), radius=150)
        pixels = photo(mask)
        pixels[:, 384:][mask[:, 384:]] = (40, 60, 200)
        seen = soft(mask, 2)
        before, after = (
            segment(pixels, Recorder(always(seen)), Recorder(always(seen)), points=given).matte
            for given in ((), points)
        )
        return before, after

    def test_split_one_part_along_its_colours(self) -> None:
        before, after = self.split(((200, 384), True), ((580, 384), False))
        solid = before == 1
        assert (after[:, :376][solid[:, :376]] == 1).mean() > 0.99
        assert (after[:, 392:][solid[:, 392:]] == 0).mean() > 0.98

    def test_nothing_is_left_of_a_half_that_went(self) -> None:
        _, after = self.split(((200, 384), True), ((580, 384), False))
        assert after[:, 396:].max() < 0.03

    def test_a_wanted_point_on_background_is_looked_at_more_closely(self) -> None:
        """The second thing is only seen by who stands near it."""
        mask = letter()
        small = np.zeros_like(mask)
        small[60:110, 480:540] = True

        def near_sighted(picture: Rgb) -> Matte:
            seen = red(picture)
            count, labels, stats, _ = cv2.connectedComponentsWithStats((seen > 0.5).view(np.uint8))
            large = stats[:, cv2.CC_STAT_AREA] > 0.05 * seen.size
            large[0] = False
            return large[labels].astype(np.float32) if count > 1 else seen

        fine = Recorder(near_sighted)
        asked = {"fine": fine, "whole": Recorder(near_sighted)}
        assert overlap(segment(photo(mask | small), **asked).matte, mask) > 0.97
        fine.sides.clear()
        found = segment(photo(mask | small), **asked, points=[((510, 85), True)])
        assert len(fine.sides) > 1
        assert overlap(found.matte, small) > 0.9

    def test_a_wanted_point_on_nothing_finds_nothing(self) -> None:
        found = segment(photo(), Recorder(red), Recorder(red), points=[((500, 60), True)])
        assert not (found.matte > WEAK_ABOVE).any()

    @pytest.mark.parametrize("at", [(0, 0), (599, 399), (0, 399), (599, 0)])
    def test_may_lie_in_the_corners(self, at: tuple[int, int]) -> None:
        for is_wanted in (True, False):
            found = segment(
                photo(), Recorder(red), Recorder(red), points=[((100, 100), True), (at, is_wanted)]
            )
            assert overlap(found.matte, letter()) > 0.97


SIDES = [side for side in range(8, 900) if int(np.ceil(side * (GRID / side))) == GRID]
"""The others meet the fault above."""


@st.composite
def anything(draw: st.DrawFn) -> tuple[Rgb, list[Matte], dict[str, object]]:
    """A photo of any size, two looks that answer anything at all, and any prompt that fits."""
    width, height = draw(st.sampled_from(SIDES)), draw(st.sampled_from(SIDES))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    cells = [draw(st.integers(1, 24)) for _ in range(2)]
    mattes = [
        cv2.resize(rng.uniform(-0.3, 1.3, (cell, cell)).clip(0, 1).astype(np.float32), (GRID, GRID))
        for cell in cells
    ]
    at = st.tuples(st.integers(0, width - 1), st.integers(0, height - 1))
    (left, top), (right, bottom) = draw(at), draw(at)
    box = min(left, right), min(top, bottom), max(left, right) + 1, max(top, bottom) + 1
    prompt: dict[str, object] = {
        "box": draw(st.sampled_from([None, box])),
        "points": draw(st.lists(st.tuples(at, st.booleans()), max_size=3)),
        "doubt_max": draw(st.sampled_from([0.0, segmenting.DOUBT_MAX, ONE_LOOK])),
    }
    return rng.integers(0, 256, (height, width, 3), dtype=np.uint8), mattes, prompt


@settings(max_examples=40, deadline=None)
@given(anything())
def test_a_matte_is_from_0_to_1_whatever_the_looks_say(
    case: tuple[Rgb, list[Matte], dict[str, object]],
) -> None:
    pixels, (fine, whole), prompt = case
    found = segment(pixels, Recorder(always(fine)), Recorder(always(whole)), **prompt)
    assert found.matte.shape == (GRID, GRID)
    assert found.matte.dtype == np.float32
    assert 0 <= found.matte.min() <= found.matte.max() <= 1 + 1e-6
    assert found.doubt >= 0
