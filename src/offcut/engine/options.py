"""What can be asked of a removal: every option, its values, its limits, and the size of the result.

`Options` takes typed values or their written forms ("10% 20px"), checks each in one place (`_OPTIONS`), and
is immutable. The names and meanings are those that clients of the v1.0 API know; `box`, `points`, `quality`,
`tiff` and `psd` are ours.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import Any, Literal, TypeAlias, get_args

from offcut.engine.types import Subject
from offcut.engine.values import Color, Length, Margins, Point, Position, Region, read_points
from offcut.errors import OptionError

__all__ = [
    "OPTION_CODES",
    "OPTION_HELP",
    "Color",
    "Length",
    "Margins",
    "Options",
    "Point",
    "Position",
    "Region",
    "Shadow",
    "max_size",
    "output_size",
]

Size: TypeAlias = Literal["preview", "medium", "hd", "full", "50MP", "auto"]
SubjectHint: TypeAlias = Subject | Literal["auto"]
SubjectLevel: TypeAlias = Literal["none", "1", "2", "latest"]
Format: TypeAlias = Literal["auto", "png", "jpg", "webp", "zip", "tiff", "psd"]
Channels: TypeAlias = Literal["rgba", "alpha"]
ShadowStyle: TypeAlias = Literal["car", "3D", "drop"]
ShadowType: TypeAlias = ShadowStyle | Literal["none", "auto"]
Opacity: TypeAlias = int | Literal["auto"]

PIXELS_MAX: Mapping[Size, int] = MappingProxyType(
    {
        "preview": 250_000,
        "medium": 1_500_000,
        "hd": 4_000_000,
        "full": 25_000_000,
        "50MP": 50_000_000,
        "auto": 50_000_000,
    }
)
"""Most pixels (width × height) of a result of each size."""

_AUTO_SHADOW: Mapping[Subject, ShadowStyle] = MappingProxyType(
    {
        "car": "car",
        "person": "3D",
        "transportation": "3D",
        "product": "drop",
        "animal": "drop",
        "graphic": "drop",
        "other": "drop",
    }
)
"""`shadow_type=auto`. Car interiors and car parts stand on no ground and get none."""

_SIZE_ALIASES = {"small": "preview", "regular": "preview", "4k": "full"}
_SUBJECT_ALIASES = {"graphics": "graphic"}
_FORMAT_ALIASES = {"jpeg": "jpg", "tif": "tiff"}


@dataclass(frozen=True, slots=True)
class Shadow:
    """The shadow to draw: its style and its opacity, 0-100."""

    style: ShadowStyle
    opacity: int


@dataclass(frozen=True, slots=True)
class Options:
    """What is asked of one removal. Immutable; raises `OptionError` when a value is not allowed.

    Every field takes its typed value or its written form (`OPTION_HELP`); None means "not given".
    `scale` is in percent, None leaves the size as it is. `bg_image` is whatever the pipeline can open as a
    photo: bytes, a path, a file, an array. Pixels in `roi`, `box` and `points` are the photo's; pixels in
    `crop_margin` are the result's.
    """

    size: Size = "auto"
    type: SubjectHint = "auto"
    type_level: SubjectLevel = "1"
    format: Format = "auto"
    quality: int = 92
    channels: Channels = "rgba"
    roi: Region | None = None
    box: Region | None = None
    points: tuple[Point, ...] = ()
    crop: bool = False
    crop_margin: Margins | None = None
    scale: float | None = None
    position: Position | Literal["original"] = "original"
    shadow_type: ShadowType | Mapping[Subject, ShadowType] = "none"
    shadow_opacity: Opacity | Mapping[Subject, Opacity] = "auto"
    add_shadow: bool = False
    semitransparency: bool | None = None
    bg_color: Color | None = None
    bg_image: Any = None

    def __post_init__(self) -> None:
        for option in fields(self):
            value = getattr(self, option.name)
            if value is None:
                object.__setattr__(self, option.name, option.default)
            elif value is not option.default and option.name in _OPTIONS:
                object.__setattr__(self, option.name, _read(option.name, value))
        if self.bg_color is not None and self.bg_image is not None:
            raise OptionError(
                "bg_color",
                "More than one background was given.",
                code="multiple_bg_sources",
                hint="Give a colour or an image, not both.",
            )

    @classmethod
    def from_strings(cls, strings: Mapping[str, str], *, bg_image: Any = None) -> Options:
        """Options from their written forms, as forms, query strings and command lines carry them.

        An empty string means "not given". `shadow_type[car]` and `shadow_opacity[car]` name one subject;
        subjects not named then get no shadow, or what `shadow_type` itself says. Raises `OptionError`;
        an unknown name has the code `unknown_option`.
        """
        values: dict[str, Any] = {}
        per_subject: dict[str, dict[str, str]] = {}
        for key, text in strings.items():
            name, bracket, subject = key.partition("[")
            if name not in _OPTIONS or (bracket and (name not in _PER_SUBJECT or not subject.endswith("]"))):
                raise _unknown(key)
            if not text.strip():
                continue
            if bracket:
                per_subject.setdefault(name, {})[subject[:-1]] = text
            else:
                values[name] = text
        for name, named in per_subject.items():
            rest = dict.fromkeys(get_args(Subject), values[name]) if name in values else {}
            values[name] = rest | {_SUBJECT_ALIASES.get(key, key): text for key, text in named.items()}
        return cls(**values, bg_image=bg_image)

    @property
    def placement(self) -> Position | None:
        """Where the subject is to be moved; None leaves it where it is. A `scale` alone centres it."""
        if self.position != "original":
            return self.position
        return Position(50.0, 50.0) if self.scale is not None else None

    @property
    def has_opaque_background(self) -> bool:
        return self.bg_image is not None or (self.bg_color is not None and self.bg_color.alpha == 255)

    def file_format(self, *, has_transparency: bool) -> Format:
        """The format to write, never "auto": PNG if anything is transparent, else JPEG. A matte alone is
        always PNG, because JPEG would change its values."""
        if self.format != "auto":
            return self.format
        return "png" if has_transparency or self.channels == "alpha" else "jpg"

    def shadow(self, subject: Subject) -> Shadow | None:
        """The shadow this subject gets, or None."""
        chosen: ShadowType | Mapping[Subject, ShadowType] = self.shadow_type
        if chosen == "none" and self.add_shadow:
            chosen = {"car": "car"}
        kind = chosen if isinstance(chosen, str) else chosen.get(subject, "none")
        style = _AUTO_SHADOW.get(subject) if kind == "auto" else kind
        if style is None or style == "none":
            return None
        given = self.shadow_opacity
        opacity = given if isinstance(given, (str, int)) else given.get(subject, "auto")
        if opacity == "auto":
            opacity = 90 if "car" in (subject, style) else 50
        return Shadow(style, opacity)


def output_size(
    width: int,
    height: int,
    options: Options,
    *,
    png_pixels_max: int | None = None,
    auto_pixels_max: int | None = None,
) -> tuple[int, int]:
    """Width and height of the result for a photo of this size, before any crop.

    Never enlarges; keeps the aspect to the pixel. `png_pixels_max` also limits what will be written as PNG
    (the v1.0 wire: 10 megapixels), `auto_pixels_max` limits `size=auto` (the wire: 25 megapixels).
    """
    pixels_max = PIXELS_MAX[options.size]
    if options.size == "auto" and auto_pixels_max is not None:
        pixels_max = min(pixels_max, auto_pixels_max)
    becomes_png = options.file_format(has_transparency=not options.has_opaque_background) == "png"
    if becomes_png and png_pixels_max is not None:
        pixels_max = min(pixels_max, png_pixels_max)
    return _fit(width, height, pixels_max)


def max_size(width: int, height: int, *, pixels_max: int = PIXELS_MAX["50MP"]) -> tuple[int, int]:
    """Width and height of the largest result that a photo of this size can give."""
    return _fit(width, height, pixels_max)


def _fit(width: int, height: int, pixels_max: int) -> tuple[int, int]:
    if width < 1 or height < 1:
        raise ValueError("width and height start at 1")
    if width * height <= pixels_max:
        return width, height
    ratio = math.sqrt(pixels_max / (width * height))
    fitted = max(1, round(width * ratio)), max(1, round(height * ratio))
    if fitted[0] * fitted[1] > pixels_max:
        fitted = max(1, math.floor(width * ratio)), max(1, math.floor(height * ratio))
    # A photo one pixel wide stays one pixel wide, so its length alone must keep to the limit.
    return min(fitted[0], pixels_max // fitted[1]) or 1, min(fitted[1], pixels_max // fitted[0]) or 1


def _one_of(values: Any, aliases: Mapping[str, str] | None = None) -> Callable[[object], str]:
    """Reads one of the words of a Literal, in any case."""
    words = {word.lower(): word for word in _words(values)} | dict(aliases or {})

    def read(value: object) -> str:
        text = str(value).strip().lower()
        if text not in words:
            raise ValueError("it is none of the values allowed")
        return words[text]

    return read


def _words(values: Any) -> list[str]:
    """The words of a Literal or of a union of Literals."""
    return [word for part in get_args(values) for word in (_words(part) or [part]) if isinstance(word, str)]


def _read_bool(value: object) -> bool:
    words = {"true": True, "1": True, "false": False, "0": False}
    text = str(value).strip().lower()
    if text not in words:
        raise ValueError("it is neither true nor false")
    return words[text]


def _whole_number(low: int, high: int) -> Callable[[object], int]:
    def read(value: object) -> int:
        text = "" if isinstance(value, bool) else str(value).strip()
        if not (text.isascii() and text.isdigit() and len(text) < 10 and low <= int(text) <= high):
            raise ValueError(f"it is no whole number from {low} to {high}")
        return int(text)

    return read


def _read_scale(value: object) -> float | None:
    if isinstance(value, str) and value.strip().lower() == "original":
        return None
    length = Length.read(value, bare="%")
    if length.unit != "%" or not 10 <= length.value <= 100:
        raise ValueError("a scale is from 10% to 100%")
    return length.value


def _read_position(value: object) -> Position | str:
    if isinstance(value, str) and value.strip().lower() == "original":
        return "original"
    return Position.read(value)


def _read_opacity(value: object) -> Opacity:
    if isinstance(value, str) and value.strip().lower() == "auto":
        return "auto"
    return _whole_number(0, 100)(value)


def _per_subject(read: Callable[[object], object]) -> Callable[[object], object]:
    """Reads one value for every subject, or a mapping from subject to value."""
    read_subject = _one_of(Subject, _SUBJECT_ALIASES)

    def read_either(value: object) -> object:
        if not isinstance(value, Mapping):
            return read(value)
        # A plain dict: options travel to other processes, and a mapping proxy cannot be pickled.
        return {read_subject(key): read(part) for key, part in value.items()}

    return read_either


_OPTIONS: Mapping[str, tuple[Callable[[object], object], str]] = {
    "size": (_one_of(Size, _SIZE_ALIASES), "preview, medium, hd, full, 50MP or auto"),
    "type": (
        _one_of(SubjectHint, _SUBJECT_ALIASES),
        "auto, person, product, animal, car, car_interior, car_part, transportation, graphic or other",
    ),
    "type_level": (_one_of(SubjectLevel), "none, 1, 2 or latest"),
    "format": (_one_of(Format, _FORMAT_ALIASES), "auto, png, jpg, webp, zip, tiff or psd"),
    "quality": (_whole_number(1, 100), "a whole number from 1 to 100, for JPEG and WebP"),
    "channels": (_one_of(Channels), "rgba or alpha"),
    "roi": (Region.read, "x1 y1 x2 y2, each like 30px or 12.5%; what lies outside is background"),
    "box": (Region.read, "x1 y1 x2 y2 around the subject, each like 30px or 12.5%"),
    "points": (read_points, "x y, or x y background, each like 30px or 12.5%, with commas between points"),
    "crop": (_read_bool, "true or false"),
    "crop_margin": (
        Margins.read,
        "1, 2 or 4 lengths like 30px or 10%, at most 50% of the subject or 500px a side",
    ),
    "scale": (_read_scale, "10% to 100%, or original"),
    "position": (_read_position, "original, center, or one or two percentages (x y)"),
    "shadow_type": (_per_subject(_one_of(ShadowType)), "car, 3D, drop, none or auto"),
    "shadow_opacity": (_per_subject(_read_opacity), "a whole number from 0 to 100, or auto"),
    "add_shadow": (_read_bool, "true or false"),
    "semitransparency": (_read_bool, "true or false"),
    "bg_color": (Color.read, "3, 4, 6 or 8 hex digits, or a CSS colour name"),
}
"""For each option that has a written form: what reads it, and what is allowed, for people."""

_PER_SUBJECT = ("shadow_type", "shadow_opacity")

OPTION_HELP: Mapping[str, str] = MappingProxyType({name: help_ for name, (_, help_) in _OPTIONS.items()})
"""What each option may be, one line for people: error hints, `--help` and the documentation use it."""

OPTION_CODES: tuple[str, ...] = (
    *(f"invalid_{name}" for name in _OPTIONS),
    "multiple_bg_sources",
    "unknown_option",
    "roi_exceeds_bounds",
    "roi_region_empty",
    "box_exceeds_bounds",
    "box_region_empty",
    "points_exceed_bounds",
)
"""Every code that an `OptionError` about these options can have."""


def _read(name: str, value: object) -> object:
    read, allowed = _OPTIONS[name]
    try:
        return read(value)
    except (ValueError, TypeError) as error:
        shown = repr(value) if len(repr(value)) <= 60 else repr(value)[:57] + "…"
        raise OptionError(
            name, f"The option '{name}' cannot be {shown}.", hint=f"Allowed: {allowed}."
        ) from error


def _unknown(key: str) -> OptionError:
    shown = key if len(key) <= 40 else key[:39] + "…"
    return OptionError(
        key, f"There is no option {shown!r}.", code="unknown_option", hint=f"Options: {', '.join(_OPTIONS)}."
    )
