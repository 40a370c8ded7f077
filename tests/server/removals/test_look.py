"""Settings of the website: what they mean, and that nothing else gets through."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offcut.engine.options import Options
from offcut.engine.styling import SCENES, Blur, Border, Canvas, Gradient, Scene
from offcut.engine.values import Color
from offcut.errors import OptionError
from offcut.server.removals.look import PRESETS, Look, read

COLOURS = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")
PERCENT = st.integers(0, 45).map(lambda number: f"{number}%")
BACKGROUNDS = st.fixed_dictionaries(
    {},
    optional={
        "kind": st.sampled_from(["transparent", "colour", "gradient", "blur", "scene"]),
        "colour": COLOURS,
        "colours": st.lists(COLOURS, min_size=2, max_size=5),
        "angle": st.floats(-360, 360),
        "photo": st.uuids().map(str),
        "blur": st.integers(0, 100),
        "scene": st.sampled_from(SCENES),
    },
)
SETTINGS = st.fixed_dictionaries(
    {},
    optional={
        "background": BACKGROUNDS,
        "shadow": st.fixed_dictionaries(
            {"kind": st.sampled_from(["none", "drop", "3D", "car", "auto"])},
            optional={"opacity": st.integers(0, 100)},
        ),
        "crop": st.fixed_dictionaries(
            {"kind": st.sampled_from(["original", "subject", "preset"])},
            optional={"margin": PERCENT, "preset": st.sampled_from(list(PRESETS))},
        ),
        "scale": st.integers(10, 100).map(lambda number: f"{number}%"),
        "position": st.one_of(st.just("center"), st.tuples(PERCENT, PERCENT).map(" ".join)),
        "outline": st.fixed_dictionaries({"width": st.floats(0, 40)}, optional={"colour": COLOURS}),
    },
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
PARTS = ["background", "shadow", "crop", "scale", "position", "outline"]


@given(SETTINGS)
def test_everything_that_the_studio_can_say_is_understood(settings: dict[str, Any]) -> None:
    look = read(settings)
    kind = settings.get("background", {}).get("kind", "transparent")
    expected = {"gradient": Gradient, "blur": Blur, "scene": Scene}.get(kind)
    assert type(look.styling.backdrop) is (expected or type(None))
    if kind == "colour":
        assert look.options.bg_color == Color.read(settings["background"].get("colour", "#ffffff"))
    assert (look.styling.canvas is not None) == (settings.get("crop", {}).get("kind") == "preset")
    assert look.options.crop == (settings.get("crop", {}).get("kind") == "subject")
    # There is never more than one background.
    given_ones = [look.options.bg_color, look.styling.backdrop, look.background_id]
    assert sum(one is not None for one in given_ones) <= 1


def refusal_of(settings: Any) -> str:
    """The code with which Settings are refused; "" when they are understood."""
    try:
        assert isinstance(read(settings), Look)
    except OptionError as error:
        return error.code
    return ""


@given(JSON)
def test_whatever_else_comes_is_refused_by_name(value: Any) -> None:
    assert refusal_of(value) in {"", "invalid_settings", *(f"invalid_{part}" for part in PARTS)}


@given(st.sampled_from(PARTS), JSON)
def test_whatever_comes_in_a_part_is_refused_by_the_parts_name(part: str, value: Any) -> None:
    assert refusal_of({part: value}) in {"", f"invalid_{part}", "invalid_crop_margin"}


@given(st.sampled_from(["kind", "colour", "colours", "angle", "photo", "blur", "scene"]), JSON)
def test_whatever_comes_in_a_background_is_refused(name: str, value: Any) -> None:
    assert refusal_of({"background": {name: value}}) in {"", "invalid_background"}


def test_no_settings_leave_the_cut_out_as_it_is() -> None:
    for nothing in (None, {}):
        assert read(nothing) == Look(Options(), read({}).styling)


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"background": {"kind": "video"}}, "invalid_background"),
        ({"background": {"kind": "photo"}}, "invalid_background"),
        ({"background": {"kind": "photo", "photo": "../../etc/passwd"}}, "invalid_background"),
        ({"background": {"kind": "colour", "colour": "#00000080"}}, "invalid_background"),
        ({"background": {"kind": "gradient", "colours": ["#fff"]}}, "invalid_background"),
        ({"background": {"kind": "gradient", "colours": ["#fff"] * 6}}, "invalid_background"),
        ({"background": {"kind": "gradient", "angle": float("nan")}}, "invalid_background"),
        ({"background": {"kind": "blur", "blur": 101}}, "invalid_background"),
        ({"background": {"kind": "blur", "blur": True}}, "invalid_background"),
        ({"background": {"kind": "scene", "scene": "beach"}}, "invalid_background"),
        ({"shadow": {"kind": "huge"}}, "invalid_shadow"),
        ({"shadow": {"kind": "drop", "opacity": -1}}, "invalid_shadow"),
        ({"crop": {"kind": "preset", "preset": "round"}}, "invalid_crop"),
        ({"crop": {"kind": "preset", "margin": "46%"}}, "invalid_crop"),
        ({"crop": {"kind": "preset", "margin": "10px"}}, "invalid_crop"),
        ({"crop": {"kind": "subject", "margin": "51%"}}, "invalid_crop_margin"),
        ({"crop": []}, "invalid_crop"),
        ({"scale": "5%"}, "invalid_scale"),
        ({"scale": 80}, "invalid_scale"),
        ({"position": "left"}, "invalid_position"),
        ({"outline": {"width": 41}}, "invalid_outline"),
        ({"outline": {"width": 3, "colour": "rainbow"}}, "invalid_outline"),
        ({"filter": "sepia"}, "invalid_settings"),
        (["background"], "invalid_settings"),
    ],
)
def test_what_is_refused(settings: Any, code: str) -> None:
    with pytest.raises(OptionError) as caught:
        read(settings)
    assert caught.value.code == code


def test_a_photo_of_ones_own() -> None:
    number = uuid.uuid4()
    look = read({"background": {"kind": "photo", "photo": str(number)}})
    assert look.background_id == number
    # What is left over from another kind does not count.
    assert read({"background": {"kind": "transparent", "photo": str(number)}}).background_id is None


def test_presets() -> None:
    assert read({"crop": {"kind": "preset", "preset": "story"}}).styling.canvas == Canvas(9, 16, 0.1)
    passport = read({"crop": {"kind": "preset", "preset": "passport", "margin": "5%"}}).styling.canvas
    assert passport == Canvas(35, 45, 0.05, print_width_mm=35, is_portrait=True)
    marketplace = read({"crop": {"kind": "preset", "preset": "marketplace"}})
    assert marketplace.options.bg_color == Color(255, 255, 255, 255)
    assert marketplace.styling.canvas == Canvas(1, 1, 0.08)
    blue = {"background": {"kind": "colour", "colour": "#0000ff"}}
    assert read({**blue, "crop": {"kind": "preset", "preset": "marketplace"}}).options.bg_color == Color(
        0, 0, 255, 255
    )
    # Somebody who saw the white and wants none of it gets none.
    clear = read({"background": {"kind": "transparent"}, "crop": {"kind": "preset", "preset": "marketplace"}})
    assert clear.options.bg_color is None


@pytest.mark.parametrize(
    ("settings", "is_plain"),
    [
        (None, True),
        ({"background": {"kind": "transparent", "colour": "#ff0000"}, "outline": {"width": 0}}, True),
        ({"shadow": {"kind": "none", "opacity": 50}, "crop": {"kind": "original", "margin": "10%"}}, True),
        ({"background": {"kind": "colour"}}, False),
        ({"background": {"kind": "blur"}}, False),
        ({"background": {"kind": "photo", "photo": str(uuid.uuid4())}}, False),
        ({"shadow": {"kind": "drop"}}, False),
        ({"crop": {"kind": "subject"}}, False),
        ({"crop": {"kind": "preset"}}, False),
        ({"scale": "50%"}, False),
        ({"position": "center"}, False),
        ({"outline": {"width": 2}}, False),
    ],
)
def test_what_shows_more_than_the_cut_out(settings: Any, is_plain: bool) -> None:
    assert read(settings).is_plain is is_plain


def test_an_outline_is_as_wide_in_every_size() -> None:
    assert read({"outline": {"width": 16, "colour": "#ff0000"}}).styling.border == Border(
        0.01, Color(255, 0, 0, 255)
    )
    assert read({"outline": {"width": 0}}).styling.border is None
