"""Backdrops, borders and canvases: exactly where the paint goes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from offcut.engine import backdrop, border, compose, scenes
from offcut.engine.compose import Placement
from offcut.engine.options import Options
from offcut.engine.styling import SCENES, Blur, Border, Canvas, Gradient, Scene, SceneName
from offcut.engine.values import Color
from offcut.errors import OptionError

Pixels = NDArray[np.uint8]
RED, BLUE, WHITE = Color(255, 0, 0, 255), Color(0, 0, 255, 255), Color(255, 255, 255, 255)


def disc(rows: int, columns: int, radius: float) -> tuple[Pixels, NDArray[np.float64]]:
    """The matte of a disc in the middle, with a soft edge, and how far each pixel lies from its middle."""
    y, x = np.mgrid[:rows, :columns]
    away = np.hypot(x - columns / 2 + 0.5, y - rows / 2 + 0.5)
    return (np.clip(radius - away + 0.5, 0, 1) * 255).astype(np.uint8), away


class TestBorder:
    @pytest.mark.parametrize(("rows", "columns"), [(300, 400), (1500, 2400)])
    def test_is_as_wide_as_asked(self, rows: int, columns: int) -> None:
        """Also where the distances are measured on a smaller copy."""
        radius, share = rows / 4, 0.03
        alpha, away = disc(rows, columns, radius)
        rgb, drawn = border.draw(np.full((rows, columns, 3), 90, np.uint8), alpha, Border(share, BLUE))
        width = share * columns
        assert (drawn[away < radius + width - 2] >= 250).all()
        assert (drawn[away > radius + width + 2] == 0).all()
        ring = (away > radius + 2) & (away < radius + width - 2)
        assert (rgb[ring] == (0, 0, 255)).all()
        assert (rgb[away < radius - 2] == 90).all()

    def test_its_edge_is_soft_and_even(self) -> None:
        alpha, away = disc(1500, 2400, 400)
        drawn = border.draw(np.zeros((1500, 2400, 3), np.uint8), alpha, Border(0.02, BLUE))[1]
        soft = (drawn > 20) & (drawn < 235)
        # The half covered pixels of a disc's border all lie equally far from its middle.
        assert np.ptp(away[soft]) < 3.5

    def test_soft_edges_lie_on_the_border_and_not_on_nothing(self) -> None:
        alpha = np.zeros((60, 200), np.uint8)
        alpha[:, :60] = 255
        alpha[:, 60:80] = 128
        rgb = np.zeros((60, 200, 3), np.uint8)
        mixed, drawn = border.draw(rgb, alpha, Border(0.05, WHITE))
        assert (drawn[:, 60:80] == 255).all()
        assert np.abs(mixed[:, 65:75].astype(int) - 127).max() <= 1

    @given(st.integers(0, 2**32 - 1), st.floats(0, 0.05))
    @settings(max_examples=25, deadline=None)
    def test_never_takes_anything_away(self, seed: int, width: float) -> None:
        random = np.random.default_rng(seed)
        alpha = random.integers(0, 256, (40, 50), dtype=np.uint8)
        rgb = random.integers(0, 256, (40, 50, 3), dtype=np.uint8)
        before = rgb.copy(), alpha.copy()
        mixed, drawn = border.draw(rgb, alpha, Border(width, RED))
        assert (drawn >= alpha).all()
        assert (mixed[alpha == 255] == rgb[alpha == 255]).all()
        assert (rgb == before[0]).all()
        assert (alpha == before[1]).all()

    def test_nothing_has_no_border(self) -> None:
        rgb, alpha = np.zeros((30, 30, 3), np.uint8), np.zeros((30, 30), np.uint8)
        assert border.draw(rgb, alpha, Border(0.03, RED)) == (rgb, alpha)
        full = np.full((30, 30), 255, np.uint8)
        assert border.draw(rgb, full, Border(0.0, RED))[1] is full


class TestGradient:
    def test_runs_as_in_css(self) -> None:
        def corners(angle: float) -> list[Any]:
            picture = backdrop.gradient(120, 80, Gradient((RED, BLUE), angle)).astype(int)
            return [picture[2, 2], picture[2, -3], picture[-3, 2], picture[-3, -3]]

        def is_red(pixel: Any) -> bool:
            return bool(pixel[0] > 200)

        assert [is_red(one) for one in corners(180)] == [True, True, False, False]
        assert [is_red(one) for one in corners(0)] == [False, False, True, True]
        assert [is_red(one) for one in corners(90)] == [True, False, True, False]
        assert [is_red(one) for one in corners(135)] == [True, False, False, False]

    def test_shows_every_colour_without_bands(self) -> None:
        picture = backdrop.gradient(900, 90, Gradient((RED, WHITE, BLUE), 90)).astype(float)
        assert np.abs(picture[:, 450].mean(axis=0) - 255).max() < 3
        # Neighbouring columns differ by less than a step on average: noise smooths what 8 bits cannot say.
        assert np.abs(np.diff(picture.mean(axis=0)[:, 1])).max() < 1.6
        assert (picture[..., 2][:, :440] == picture[..., 1][:, :440]).all()

    def test_is_always_the_same(self) -> None:
        asked = Gradient((RED, BLUE), 30)
        assert (backdrop.gradient(70, 50, asked) == backdrop.gradient(70, 50, asked)).all()

    def test_needs_two_colours_and_a_real_angle(self) -> None:
        for colours, angle in (((RED,), 0.0), ((RED,) * 6, 0.0), ((RED, BLUE), float("inf"))):
            with pytest.raises(OptionError):
                Gradient(colours, angle)


class TestBlur:
    def test_the_subject_leaves_no_shine(self) -> None:
        """A red disc on green grass: nothing red may be left in the blurred surroundings."""
        alpha, _ = disc(300, 400, 80)
        rgb = np.zeros((300, 400, 3), np.uint8)
        rgb[..., 1] = 160
        rgb[alpha > 0] = (255, 0, 0)
        box = (120, 70, 280, 230)
        done = backdrop.blurred(rgb, alpha, Blur(60), subject=box, to_subject=box, size=(400, 300))
        assert done.shape == (300, 400, 3)
        assert int(done[..., 0].max()) < 12
        assert np.abs(done[..., 1].astype(int) - 160).max() < 12

    def test_stays_in_its_place_around_the_subject(self) -> None:
        rgb = np.zeros((200, 300, 3), np.uint8)
        rgb[:, 200:] = 255
        alpha = np.zeros((200, 300), np.uint8)
        alpha[80:120, 80:120] = 255
        done = backdrop.blurred(
            rgb, alpha, Blur(0), subject=(80, 80, 120, 120), to_subject=(40, 0, 80, 40), size=(200, 60)
        )
        assert (done[:, :158] == 0).all()
        assert (done[:, 162:] == 255).all()
        twice = backdrop.blurred(
            rgb, alpha, Blur(0), subject=(80, 80, 120, 120), to_subject=(0, 0, 80, 80), size=(400, 80)
        )
        assert (twice[:, :237] == 0).all()
        assert (twice[:, 243:] == 255).all()

    def test_stronger_is_softer(self) -> None:
        random = np.random.default_rng(0)
        rgb = random.integers(0, 256, (240, 320, 3), dtype=np.uint8)
        alpha, _ = disc(240, 320, 40)
        box = (0, 0, 320, 240)
        roughness = [
            backdrop.blurred(rgb, alpha, Blur(strength), subject=box, to_subject=box, size=(320, 240)).std()
            for strength in (0, 5, 30, 100)
        ]
        assert roughness == sorted(roughness, reverse=True)

    def test_a_subject_that_fills_the_photo_leaves_no_hole(self) -> None:
        """Where nothing of the surroundings can be seen, something even is behind it."""
        rgb, alpha = np.full((50, 60, 3), 77, np.uint8), np.full((50, 60), 255, np.uint8)
        box = (0, 0, 60, 50)
        done = backdrop.blurred(rgb, alpha, Blur(100), subject=box, to_subject=box, size=(60, 50))
        assert np.ptp(done) == 0


class TestScenes:
    @pytest.mark.parametrize("name", SCENES)
    def test_are_drawn_at_every_size_and_always_the_same(self, name: SceneName) -> None:
        for width, height in ((64, 48), (30, 200), (1, 1)):
            picture = scenes.draw(name, width, height)
            assert picture.shape == (height, width, 3)
        large, small = scenes.draw(name, 640, 480), scenes.draw(name, 640, 480)
        assert (large == small).all()
        assert large is not small
        assert 10 < large.mean() < 252

    def test_differ(self) -> None:
        means = {tuple(scenes.draw(name, 80, 60).mean(axis=(0, 1)).round()) for name in SCENES}
        assert len(means) == len(SCENES)

    def test_an_unknown_one_is_refused(self) -> None:
        with pytest.raises(OptionError):
            Scene("beach")  # type: ignore[arg-type]


def placed(rows: int, columns: int, box: tuple[int, int, int, int], *, has_ground: bool = True) -> Placement:
    alpha = np.zeros((rows, columns), np.uint8)
    alpha[box[1] : box[3], box[0] : box[2]] = 255
    return Placement(np.full((rows, columns, 3), 50, np.uint8), alpha, box, has_ground)


class TestCanvas:
    @given(
        st.integers(1, 90), st.integers(1, 90), st.sampled_from([(1, 1), (4, 5), (16, 9), (9, 16), (35, 45)]),
        st.floats(0, 0.45),
    )  # fmt: skip
    @settings(max_examples=60, deadline=None)
    def test_has_its_proportions_and_its_margins(
        self, width: int, height: int, shape: tuple[int, int], margin: float
    ) -> None:
        done = compose.stand(
            placed(100, 100, (5, 7, 5 + width, 7 + height)), Canvas(*shape, margin), Options()
        )
        rows, columns = done.alpha.shape
        assert abs(columns - rows * shape[0] / shape[1]) <= 2
        assert done.box is not None
        left, top, right, bottom = done.box
        # It keeps its pixels, up to the rounding of a canvas that is hardly larger.
        assert abs(right - left - width) <= 1
        assert abs(bottom - top - height) <= 1
        assert min(left, columns - right) >= margin * columns - 2
        assert min(top, rows - bottom) >= margin * rows - 2
        assert abs(left - (columns - right)) <= 1
        assert abs(top - (rows - bottom)) <= 1
        # And no larger than it must be.
        assert min(left - margin * columns, top - margin * rows) <= 2

    def test_whoever_the_photo_cuts_off_stands_on_the_edge(self) -> None:
        cut_off = placed(100, 100, (20, 30, 60, 100), has_ground=False)
        done = compose.stand(cut_off, Canvas(1, 1, 0.1), Options())
        assert done.box is not None
        assert done.box[3] == done.alpha.shape[0]
        assert done.box[1] == pytest.approx(0.1 * done.alpha.shape[0], abs=1)
        asked = Options.from_strings({"position": "50% 50%"})
        middle = compose.stand(
            placed(100, 100, (20, 30, 60, 100), has_ground=False), Canvas(1, 1, 0.1), asked
        )
        assert middle.box is not None
        assert middle.box[3] < middle.alpha.shape[0]

    def test_a_portrait_has_the_head_in_its_middle(self) -> None:
        """Shoulders from 10 to 190, the head at 60: the sides are cut, and the whole height is filled."""
        alpha = np.zeros((120, 200), np.uint8)
        alpha[60:, 10:190] = 255
        alpha[20:60, 45:75] = 255
        given_ = Placement(np.full((120, 200, 3), 50, np.uint8), alpha, (10, 20, 190, 120), has_ground=False)
        done = compose.stand(given_, Canvas(35, 45, 0.1, is_portrait=True), Options())
        rows, columns = done.alpha.shape
        assert columns / rows == pytest.approx(35 / 45, abs=0.02)
        assert rows == pytest.approx(100 / 0.9, abs=1)
        head = np.flatnonzero(done.alpha[rows - 100 + 5] > 0)
        assert (head[0] + head[-1]) / 2 == pytest.approx(columns / 2, abs=2)
        assert (done.alpha[-1, 2:-2] == 255).all()
        # Somebody who is seen whole stands as on every other canvas.
        whole = placed(100, 100, (20, 30, 60, 70))
        portrait, plain = Canvas(1, 1, 0.1, is_portrait=True), Canvas(1, 1, 0.1)
        assert compose.stand(whole, portrait, Options()).box == compose.stand(whole, plain, Options()).box

    def test_scale_and_position_decide(self) -> None:
        asked = Options.from_strings({"scale": "50%", "position": "0% 100%"})
        done = compose.stand(placed(100, 100, (20, 30, 60, 70)), Canvas(1, 1, 0.1), asked)
        assert done.alpha.shape == (80, 80)
        assert done.box == (0, 40, 40, 80)

    def test_keeps_to_the_size_that_was_asked_for(self) -> None:
        asked = Options(size="preview")
        done = compose.stand(placed(600, 400, (0, 0, 400, 600)), Canvas(16, 9, 0.1), asked)
        assert done.alpha.size <= 250_000
        assert done.alpha.shape[1] / done.alpha.shape[0] == pytest.approx(16 / 9, abs=0.02)
        assert done.box is not None

    def test_without_a_subject_there_is_nothing_to_stand(self) -> None:
        nothing = Placement(np.zeros((9, 9, 3), np.uint8), np.zeros((9, 9), np.uint8), None)
        assert compose.stand(nothing, Canvas(1, 1), Options()) is nothing

    def test_shrinking_lets_no_hidden_colour_out(self) -> None:
        alpha, _ = disc(200, 200, 60)
        rgb = np.full((200, 200, 3), (0, 255, 0), np.uint8)
        rgb[alpha > 0] = (200, 10, 10)
        small, matte = compose.shrink(rgb, alpha, 2500)
        assert matte.shape == (50, 50)
        assert (small[matte > 0][:, 1] <= 12).all()
        assert compose.shrink(rgb, alpha, 40_000) == (rgb, alpha)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Blur(101),
        lambda: Border(0.06, RED),
        lambda: Canvas(0, 1),
        lambda: Canvas(1, 11),
        lambda: Canvas(1, 1, 0.5),
    ],
)
def test_impossible_values_are_refused(wrong: Any) -> None:
    with pytest.raises(OptionError):
        wrong()
