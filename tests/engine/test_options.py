"""Every value of every option, allowed and refused; the size of results."""

from __future__ import annotations

import pickle
from dataclasses import FrozenInstanceError, fields
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offcut.engine.options import (
    OPTION_CODES,
    OPTION_HELP,
    PIXELS_MAX,
    Color,
    Length,
    Margins,
    Options,
    Point,
    Position,
    Region,
    Shadow,
    max_size,
    output_size,
)
from offcut.engine.types import Subject
from offcut.errors import OptionError

PX, PERCENT = (lambda value: Length(value, "px")), (lambda value: Length(value, "%"))

ALLOWED: list[tuple[str, str, Any]] = [
    *(("size", size, size) for size in ("preview", "medium", "hd", "full", "50MP", "auto")),
    ("size", "small", "preview"),
    ("size", "regular", "preview"),
    ("size", "4k", "full"),
    ("size", "50mp", "50MP"),
    *(("type", subject, subject) for subject in ("auto", *get_args(Subject))),
    ("type", "graphics", "graphic"),
    *(("type_level", level, level) for level in ("none", "1", "2", "latest")),
    *(("format", name, name) for name in ("auto", "png", "jpg", "webp", "zip", "tiff", "psd")),
    ("format", "jpeg", "jpg"),
    ("format", "tif", "tiff"),
    ("quality", "1", 1),
    ("quality", "100", 100),
    ("channels", "rgba", "rgba"),
    ("channels", "alpha", "alpha"),
    ("roi", "0 0 100% 100%", Region(PX(0), PX(0), PERCENT(100), PERCENT(100))),
    ("roi", "10px 5% 400px 80.5%", Region(PX(10), PERCENT(5), PX(400), PERCENT(80.5))),
    ("roi", "0% 0px 1px 1PX", Region(PERCENT(0), PX(0), PX(1), PX(1))),
    ("box", "10px 10px 20px 20px", Region(PX(10), PX(10), PX(20), PX(20))),
    ("points", "10px 20%", (Point(PX(10), PERCENT(20)),)),
    (
        "points",
        "10px 20% subject, 0 0 background",
        (Point(PX(10), PERCENT(20)), Point(PX(0), PX(0), "background")),
    ),
    *(("crop", text, True) for text in ("true", "True", "1")),
    *(("crop", text, False) for text in ("false", "FALSE", "0")),
    ("crop_margin", "30px", Margins(PX(30), PX(30), PX(30), PX(30))),
    ("crop_margin", "10% 0", Margins(PERCENT(10), PX(0), PERCENT(10), PX(0))),
    ("crop_margin", "1px 2px 3px 4px", Margins(PX(1), PX(2), PX(3), PX(4))),
    ("crop_margin", "50% 500px", Margins(PERCENT(50), PX(500), PERCENT(50), PX(500))),
    ("scale", "10%", 10.0),
    ("scale", "100%", 100.0),
    ("scale", "original", None),
    ("position", "original", "original"),
    ("position", "center", Position(50, 50)),
    ("position", "0%", Position(0, 0)),
    ("position", "20% 100%", Position(20, 100)),
    *(("shadow_type", name, name) for name in ("car", "3D", "drop", "none", "auto")),
    ("shadow_type", "3d", "3D"),
    ("shadow_type[car]", "car", {"car": "car"}),
    ("shadow_type[graphics]", "drop", {"graphic": "drop"}),
    ("shadow_opacity", "0", 0),
    ("shadow_opacity", "100", 100),
    ("shadow_opacity", "auto", "auto"),
    ("shadow_opacity[person]", "40", {"person": 40}),
    ("add_shadow", "true", True),
    ("semitransparency", "false", False),
    ("bg_color", "81d4fa", Color(0x81, 0xD4, 0xFA)),
    ("bg_color", "#FFF", Color(255, 255, 255)),
    ("bg_color", "0f08", Color(0, 255, 0, 0x88)),
    ("bg_color", "#81d4fa77", Color(0x81, 0xD4, 0xFA, 0x77)),
    ("bg_color", "RebeccaPurple", Color(0x66, 0x33, 0x99)),
]

REFUSED: list[tuple[str, str]] = [
    *(("size", text) for text in ("huge", "50", "4K8", "preview full")),
    *(("type", text) for text in ("dog", "persons", "1")),
    *(("type_level", text) for text in ("0", "3", "newest")),
    *(("format", text) for text in ("gif", "pngx", "image/png")),
    *(("quality", text) for text in ("0", "101", "90%", "9.5", "-1", "1" * 50, "٩")),
    *(("channels", text) for text in ("rgb", "mask")),
    *(
        ("roi", text)
        for text in (
            "0 0 100%",
            "0 0 100% 100% 5px",
            "1 1 100% 100%",
            "-1px 0 9px 9px",
            "0 0 1e3px 9px",
            "0 0 nan% 9px",
            "0,0,9px,9px",
            "0 0 ٣px 9px",
            "0 0 10em 9px",
            "0 0 99999999px 9px",
        )
    ),
    *(("box", text) for text in ("whole", "0 0 5 5")),
    *(("points", text) for text in ("10px", "10px 10px maybe", "1 2", ", ".join(["1px 1px"] * 101))),
    *(("crop", text) for text in ("yes", "2", "truthy")),
    *(
        ("crop_margin", text)
        for text in ("51%", "501px", "1px 2px 3px", "10", "-5px", "1px 2px 3px 4px 5px", "50.1% 1px")
    ),
    *(("scale", text) for text in ("9%", "9.99%", "101%", "50px", "50", "0", "big")),
    *(("position", text) for text in ("101%", "50px", "left", "10% 10% 10%", "original center", "-1%")),
    *(("shadow_type", text) for text in ("2D", "true", "car drop")),
    ("shadow_type[dragon]", "car"),
    ("shadow_type[car]", "soft"),
    *(("shadow_opacity", text) for text in ("-1", "101", "50%", "0.5", "none")),
    ("shadow_opacity[car]", "200"),
    ("add_shadow", "car"),
    ("semitransparency", "50"),
    *(("bg_color", text) for text in ("#12", "12345", "#1234567", "#ggg", "rgb(1,2,3)", "nocolour", "##f")),
]


@pytest.mark.parametrize(("name", "text", "value"), ALLOWED)
def test_allowed(name: str, text: str, value: Any) -> None:
    options = Options.from_strings({name: f"  {text} "})
    assert getattr(options, name.partition("[")[0]) == value


@pytest.mark.parametrize(("name", "text"), REFUSED)
def test_refused(name: str, text: str) -> None:
    with pytest.raises(OptionError) as caught:
        Options.from_strings({name: text})
    error = caught.value
    assert error.parameter == name.partition("[")[0]
    assert error.code == f"invalid_{error.parameter}"
    assert error.code in OPTION_CODES
    assert OPTION_HELP[error.parameter] in error.hint
    assert len(str(error)) < 120, "what was sent may be huge; the sentence may not"


@pytest.mark.parametrize("name", list(OPTION_HELP))
def test_empty_string_is_not_given(name: str) -> None:
    assert Options.from_strings({name: " "}) == Options()


def test_every_option_has_help_but_the_image() -> None:
    assert set(OPTION_HELP) == {field.name for field in fields(Options)} - {"bg_image"}


@pytest.mark.parametrize("name", ["colour", "bg_image", "crop[car]", "shadow_type[car", "", "size "])
def test_unknown_name_is_refused(name: str) -> None:
    with pytest.raises(OptionError) as caught:
        Options.from_strings({name: "true"})
    assert caught.value.code == "unknown_option"


def test_constructor_reads_written_and_typed_values_alike() -> None:
    written = Options(
        roi="0 0 50% 40px",  # type: ignore[arg-type]
        position="10% 20%",  # type: ignore[arg-type]
        scale="80%",  # type: ignore[arg-type]
        bg_color="red",  # type: ignore[arg-type]
        crop_margin="5px 5%",  # type: ignore[arg-type]
    )
    typed = Options(
        roi=Region(PX(0), PX(0), PERCENT(50), PX(40)),
        position=Position(10, 20),
        scale=80,
        bg_color=Color(255, 0, 0),
        crop_margin=Margins(PX(5), PERCENT(5), PX(5), PERCENT(5)),
    )
    plain: dict[str, Any] = {
        "roi": (0, 0, "50%", 40),
        "position": (10, 20),
        "scale": 80.0,
        "bg_color": (255, 0, 0),
        "crop_margin": (5, "5%"),
    }
    assert written == typed == Options(**plain)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("size", 7),
        ("crop", "maybe"),
        ("quality", True),
        ("quality", 9.5),
        ("scale", float("nan")),
        ("scale", 5),
        ("roi", (1, 2, 3)),
        ("roi", (0, 0, float("inf"), 1)),
        ("box", (-1, 0, 5, 5)),
        ("points", 5),
        ("points", [(1, 2, "near")]),
        ("bg_color", (1, 2)),
        ("bg_color", (1, 2, 256)),
        ("bg_color", (True, 0, 0)),
        ("crop_margin", 501),
        ("position", (50, 101)),
        ("shadow_type", {"car": "soft"}),
        ("shadow_opacity", {"nobody": 5}),
        ("shadow_opacity", 101),
    ],
)
def test_constructor_refuses_too(name: str, value: Any) -> None:
    with pytest.raises(OptionError) as caught:
        Options(**{name: value})
    assert caught.value.code == f"invalid_{name}"


def test_none_is_not_given() -> None:
    given_none: dict[str, Any] = {field.name: None for field in fields(Options)}
    assert Options(**given_none) == Options()


def test_one_background_only() -> None:
    with pytest.raises(OptionError) as caught:
        Options.from_strings({"bg_color": "red"}, bg_image=b"x")
    assert caught.value.code == "multiple_bg_sources"
    assert caught.value.code in OPTION_CODES


def test_immutable_and_fit_to_travel() -> None:
    options = Options.from_strings({"shadow_type[car]": "car", "roi": "0 0 1px 1px"})
    assert pickle.loads(pickle.dumps(options)) == options
    with pytest.raises(FrozenInstanceError):
        options.crop = True  # type: ignore[misc]


@pytest.mark.parametrize("value", ["3px", "-3px", PX(3), 3])
def test_length_reads(value: object) -> None:
    if value == "-3px":
        with pytest.raises(ValueError, match="length"):
            Length.read(value)
    else:
        assert Length.read(value) == PX(3)


@pytest.mark.parametrize(("value", "unit"), [(-1, "px"), (float("nan"), "%"), (1, "em"), (1e9, "px")])
def test_length_refuses(value: float, unit: Any) -> None:
    with pytest.raises(ValueError, match="length"):
        Length(value, unit)


@pytest.mark.parametrize(
    ("text", "box"),
    [
        ("0 0 100% 100%", (0, 0, 1000, 600)),
        ("33.3% 0 66.6% 50%", (333, 0, 666, 300)),
        ("0.05% 0 10.5px 1px", (0, 0, 11, 1)),
        ("999px 599px 1000px 600px", (999, 599, 1000, 600)),
    ],
)
def test_region_in_a_photo(text: str, box: tuple[int, int, int, int]) -> None:
    assert Region.read(text).box(1000, 600) == box


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("0 0 1001px 600px", "exceeds_bounds"),
        ("0 0 100.1% 50%", "exceeds_bounds"),
        ("5000px 0 1px 1px", "exceeds_bounds"),
        ("50% 0 50% 10px", "region_empty"),
        ("60% 0 50% 10px", "region_empty"),
        ("0 9px 10px 9px", "region_empty"),
    ],
)
@pytest.mark.parametrize("parameter", ["roi", "box"])
def test_region_that_does_not_fit(text: str, reason: str, parameter: str) -> None:
    with pytest.raises(OptionError) as caught:
        Region.read(text).box(1000, 600, parameter=parameter)
    assert caught.value.code == f"{parameter}_{reason}"
    assert caught.value.code in OPTION_CODES


def test_point_in_a_photo() -> None:
    assert Point.read("50% 10px").pixel(101, 50) == (50, 10)
    assert Point.read("100% 100%").pixel(100, 50) == (99, 49)
    with pytest.raises(OptionError) as caught:
        Point.read("102px 0").pixel(100, 50)
    assert caught.value.code in OPTION_CODES


SHADOWS: list[tuple[dict[str, str], str, Shadow | None]] = [
    ({}, "car", None),
    ({"shadow_type": "none"}, "person", None),
    ({"shadow_type": "auto"}, "car", Shadow("car", 90)),
    ({"shadow_type": "auto"}, "person", Shadow("3D", 50)),
    ({"shadow_type": "auto"}, "transportation", Shadow("3D", 50)),
    *(
        ({"shadow_type": "auto"}, subject, Shadow("drop", 50))
        for subject in ("product", "animal", "graphic", "other")
    ),
    ({"shadow_type": "auto"}, "car_interior", None),
    ({"shadow_type": "drop"}, "person", Shadow("drop", 50)),
    ({"shadow_type": "drop"}, "car", Shadow("drop", 90)),
    ({"shadow_type": "car"}, "other", Shadow("car", 90)),
    ({"shadow_type": "3D", "shadow_opacity": "7"}, "car", Shadow("3D", 7)),
    ({"shadow_type[car]": "3D"}, "car", Shadow("3D", 90)),
    ({"shadow_type[car]": "3D"}, "person", None),
    ({"shadow_type[car]": "none", "shadow_type": "drop"}, "person", Shadow("drop", 50)),
    ({"shadow_type[car]": "none", "shadow_type": "drop"}, "car", None),
    ({"shadow_type": "drop", "shadow_opacity[person]": "0"}, "person", Shadow("drop", 0)),
    ({"shadow_type": "drop", "shadow_opacity[person]": "0"}, "animal", Shadow("drop", 50)),
    (
        {"shadow_type": "drop", "shadow_opacity[person]": "auto", "shadow_opacity": "9"},
        "animal",
        Shadow("drop", 9),
    ),
    ({"add_shadow": "true"}, "car", Shadow("car", 90)),
    ({"add_shadow": "true"}, "person", None),
    ({"add_shadow": "true", "shadow_type": "drop"}, "person", Shadow("drop", 50)),
]


@pytest.mark.parametrize(("strings", "subject", "shadow"), SHADOWS)
def test_shadow_of_a_subject(strings: dict[str, str], subject: Subject, shadow: Shadow | None) -> None:
    assert Options.from_strings(strings).shadow(subject) == shadow


def test_scale_centres_unless_placed() -> None:
    assert Options().placement is None
    assert Options(scale=50).placement == Position(50, 50)
    assert Options(scale=50, position=Position(0, 10)).placement == Position(0, 10)


@pytest.mark.parametrize(
    ("given_", "transparent", "written"),
    [
        ({}, True, "png"),
        ({}, False, "jpg"),
        ({"format": "webp"}, False, "webp"),
        ({"channels": "alpha"}, False, "png"),
        ({"channels": "alpha", "format": "jpg"}, False, "jpg"),
    ],
)
def test_file_format(given_: dict[str, str], transparent: bool, written: str) -> None:
    assert Options.from_strings(given_).file_format(has_transparency=transparent) == written


@pytest.mark.parametrize(
    ("strings", "photo", "result"),
    [
        ({"size": "preview"}, (1250, 800), (625, 400)),
        ({"size": "preview"}, (625, 400), (625, 400)),
        ({"size": "preview"}, (500, 333), (500, 333)),
        ({"size": "preview"}, (4000, 3000), (577, 433)),
        ({"size": "medium"}, (6000, 4000), (1500, 1000)),
        ({"size": "hd"}, (6000, 6000), (2000, 2000)),
        ({"size": "full"}, (8000, 5000), (6324, 3952)),
        ({"size": "full"}, (5000, 5000), (5000, 5000)),
        ({"size": "50MP"}, (8000, 6000), (8000, 6000)),
        ({"size": "auto"}, (8000, 6000), (8000, 6000)),
        ({"size": "preview"}, (1, 60_000_000), (1, 250_000)),
    ],
)
def test_output_size(strings: dict[str, str], photo: tuple[int, int], result: tuple[int, int]) -> None:
    assert output_size(*photo, Options.from_strings(strings)) == result


def test_limits_of_the_wire() -> None:
    photo = 6000, 5000
    limits = {"png_pixels_max": 10_000_000, "auto_pixels_max": 25_000_000}
    for written in ({"format": "png"}, {}, {"bg_color": "fff8"}, {"channels": "alpha"}):
        width, height = output_size(*photo, Options.from_strings(written), **limits)
        assert 9_990_000 < width * height <= 10_000_000, written
    for written in ({"format": "jpg"}, {"bg_color": "fff"}, {"format": "zip"}):
        width, height = output_size(*photo, Options.from_strings(written), **limits)
        assert 24_990_000 < width * height <= 25_000_000, written


@given(
    width=st.integers(1, 60_000),
    height=st.integers(1, 60_000),
    size=st.sampled_from(sorted(PIXELS_MAX)),
)
def test_output_size_keeps_limit_and_aspect(width: int, height: int, size: Any) -> None:
    out_width, out_height = output_size(width, height, Options(size=size))
    assert 1 <= out_width <= width
    assert 1 <= out_height <= height
    assert out_width * out_height <= max(1, PIXELS_MAX[size])
    ratio = (PIXELS_MAX[size] / (width * height)) ** 0.5
    if ratio < 1 and min(width, height) * ratio > 1:
        assert abs(out_width - width * ratio) <= 1
        assert abs(out_height - height * ratio) <= 1
    elif ratio >= 1:
        assert (out_width, out_height) == (width, height)


def test_max_size() -> None:
    assert max_size(4000, 3000) == (4000, 3000)
    assert max_size(10_000, 10_000) == (7071, 7071)
    assert max_size(4000, 3000, pixels_max=250_000) == (577, 433)
    with pytest.raises(ValueError, match="start at 1"):
        max_size(0, 10)


@given(st.text(max_size=40))
def test_any_text_is_read_or_refused_plainly(text: str) -> None:
    codes = set()
    for name in OPTION_HELP:
        try:
            Options.from_strings({name: text})
        except OptionError as error:
            codes.add(error.code)
    assert codes <= set(OPTION_CODES)
