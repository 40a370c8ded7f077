"""How a cut-out is to look: the Settings of the website, checked, and what they mean to the engine.

Pure: a JSON value in, engine options out. Every value that is not allowed is refused with an `OptionError`
that names the part it stands in; nothing is guessed, corrected or left out in silence.
"""

from __future__ import annotations

import math
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from offcut.engine.options import Color, Length, Options
from offcut.engine.styling import PLAIN, SCENES, Backdrop, Blur, Border, Canvas, Gradient, Scene, Styling
from offcut.errors import OptionError

BACKGROUND_KINDS = ("transparent", "colour", "gradient", "photo", "blur", "scene")
SHADOW_KINDS = ("none", "drop", "3D", "car", "auto")
CROP_KINDS = ("original", "subject", "preset")

OUTLINE_MAX = 40
OUTLINE_SIDE = 1600
"""An outline's width is in pixels of a photo whose longer side has so many, whatever the photo's own size."""

PRESETS: Mapping[str, Canvas] = MappingProxyType(
    {
        "square": Canvas(1, 1, 0.1),
        "4:5": Canvas(4, 5, 0.1),
        "16:9": Canvas(16, 9, 0.1),
        "story": Canvas(9, 16, 0.1),
        "passport": Canvas(35, 45, 0.08, print_width_mm=35, is_portrait=True),
        "marketplace": Canvas(1, 1, 0.08),
    }
)
"""Canvases by name. `marketplace` is white where nothing is said about the background."""

_PARTS = ("background", "shadow", "crop", "scale", "position", "outline")
_DEFAULT_GRADIENT = ("#ffffff", "#d9dde0")


@dataclass(frozen=True, slots=True)
class Look:
    """What Settings mean: options and styling for the engine. `background_id` names the picture that has to
    be put into the options as their `bg_image` first; None: there is none."""

    options: Options
    styling: Styling
    background_id: uuid.UUID | None = None

    @property
    def has_own_canvas(self) -> bool:
        """Whether the result has another canvas than the photo: its size then depends on the subject."""
        return self.options.crop or self.styling.canvas is not None

    @property
    def is_plain(self) -> bool:
        """Whether the result is the cut-out alone, where it stands in the photo."""
        options = self.options
        background = (options.bg_color, self.background_id, options.placement)
        is_bare = all(one is None for one in background) and options.shadow_type == "none"
        return is_bare and self.styling == PLAIN and not options.crop

    def asking(self, **changes: Any) -> Look:
        """The same look with other options, such as size and format."""
        return replace(self, options=replace(self.options, **changes))


def read(settings: object) -> Look:
    """The look that Settings (a JSON object, or None for none) ask for. Raises `OptionError`."""
    given = {} if settings is None else _object("settings", settings, _PARTS)
    values: dict[str, Any] = {}
    backdrop, background_id = _read_background(given.get("background"), values)
    canvas = _read_crop(given.get("crop"), values)
    if given.get("crop") and given["crop"].get("preset") == "marketplace" and canvas is not None:
        # Who says "transparent" has seen that it was white, and wants it otherwise.
        values |= {"bg_color": "ffffff"} if given.get("background") is None else {}
    _read_shadow(given.get("shadow"), values)
    if given.get("scale") is not None:
        values["scale"] = _text("scale", given["scale"])
    if given.get("position") is not None:
        values["position"] = _text("position", given["position"])
    border = _read_outline(given.get("outline"))
    return Look(Options(**values), Styling(backdrop, border, canvas), background_id)


def merged(stored: object, changes: object) -> dict[str, Any]:
    """Settings with changes, as RFC 7396 merges: what is null goes, what is not named stays.

    Raises `OptionError` for changes that are no object, or that make Settings that are not allowed.
    """
    whole = dict(_object("settings", {} if stored is None else stored, _PARTS))
    for part, change in _object("settings", changes, _PARTS).items():
        before = whole.pop(part, None)
        if isinstance(change, dict):
            change = (before if isinstance(before, dict) else {}) | change
            change = {name: value for name, value in change.items() if value is not None}
        whole |= {} if change is None else {part: change}
    read(whole)
    return whole


def _read_background(given: object, values: dict[str, Any]) -> tuple[Backdrop | None, uuid.UUID | None]:
    if given is None:
        return None, None
    part = _object("background", given, ("kind", "colour", "colours", "angle", "photo", "blur", "scene"))
    kind = _one_of("background", part.get("kind", "transparent"), BACKGROUND_KINDS)
    # What belongs to another kind is checked too: it is stored with the rest, for when that kind is chosen.
    colour = _colour("background", part.get("colour", "#ffffff"))
    gradient = _gradient(part.get("colours"), part.get("angle", 180))
    photo = _identity(part.get("photo"))
    blur = Blur(_number("background", part.get("blur", 50), 0, 100))
    scene = Scene(_one_of("background", part.get("scene", SCENES[0]), SCENES))  # type: ignore[arg-type]
    if kind == "colour":
        values["bg_color"] = colour
    if kind == "photo" and photo is None:
        raise _refusal("background", "No background photo was chosen.")
    backdrops: dict[str, Backdrop] = {"gradient": gradient, "blur": blur, "scene": scene}
    return backdrops.get(kind), photo if kind == "photo" else None


def _gradient(colours: object, angle: object) -> Gradient:
    listed = list(_DEFAULT_GRADIENT) if colours is None else colours
    if not isinstance(listed, list):
        raise _refusal("background", "The colours of a gradient are a list.")
    if not 2 <= len(listed) <= 5:
        raise _refusal("background", "A gradient has 2 to 5 colours.")
    read_colours = tuple(_colour("background", colour) for colour in listed)
    return Gradient(read_colours, _number("background", angle, -360, 360))


def _read_crop(given: object, values: dict[str, Any]) -> Canvas | None:
    if given is None:
        return None
    part = _object("crop", given, ("kind", "margin", "preset"))
    kind = _one_of("crop", part.get("kind", "original"), CROP_KINDS)
    margin = None if part.get("margin") is None else _text("crop", part["margin"])
    preset = PRESETS[_one_of("crop", part.get("preset", "square"), tuple(PRESETS))]
    if kind == "preset":
        return preset if margin is None else replace(preset, margin=_share("crop", margin))
    if kind == "subject":
        values["crop"] = True
        if margin is not None:
            values["crop_margin"] = margin
    elif margin is not None:
        Options(crop_margin=margin)  # type: ignore[arg-type]
    return None


def _read_shadow(given: object, values: dict[str, Any]) -> None:
    if given is None:
        return
    part = _object("shadow", given, ("kind", "opacity"))
    values["shadow_type"] = _one_of("shadow", part.get("kind", "none"), SHADOW_KINDS)
    if part.get("opacity") is not None:
        values["shadow_opacity"] = round(_number("shadow", part["opacity"], 0, 100))


def _read_outline(given: object) -> Border | None:
    if given is None:
        return None
    part = _object("outline", given, ("width", "colour"))
    width = _number("outline", part.get("width", 0), 0, OUTLINE_MAX)
    colour = _colour("outline", part.get("colour", "#ffffff"))
    return Border(width / OUTLINE_SIDE, colour) if width else None


def _object(part: str, given: object, names: tuple[str, ...]) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise _refusal(part, f"The part '{part}' is no object.")
    unknown = [str(name)[:40] for name in given if name not in names]
    if unknown:
        raise _refusal(part, f"'{part}' has nothing called {unknown[0]!r}.", f"Known: {', '.join(names)}.")
    return given


def _one_of(part: str, given: object, words: tuple[str, ...]) -> str:
    if not isinstance(given, str) or given not in words:
        raise _refusal(part, f"'{part}' has a word that is not known.", f"Allowed: {', '.join(words)}.")
    return given


def _number(part: str, given: object, low: float, high: float) -> float:
    is_number = isinstance(given, int | float) and not isinstance(given, bool)
    if not is_number or not math.isfinite(given) or not low <= given <= high:  # type: ignore[arg-type,operator]
        raise _refusal(part, f"'{part}' has a number that is not possible.", f"Allowed: {low:g} to {high:g}.")
    return float(given)  # type: ignore[arg-type]


def _text(part: str, given: object) -> str:
    if not isinstance(given, str) or len(given) > 60:
        raise _refusal(part, f"'{part}' is to be a short text.")
    return given


def _colour(part: str, given: object) -> Color:
    try:
        colour = Color.read(_text(part, given))
    except ValueError:
        raise _refusal(part, f"'{part}' has a colour that is none.", "Allowed: #rrggbb.") from None
    if colour.alpha != 255:
        raise _refusal(part, f"'{part}' has a colour that is not opaque.", "Allowed: #rrggbb.")
    return colour


def _share(part: str, given: str) -> float:
    try:
        length = Length.read(given)
    except ValueError:
        length = None
    if length is None or (length.unit != "%" and length.value) or length.value > 45:
        raise _refusal(part, "The margin of a canvas is a percentage.", "Allowed: 0% to 45%.")
    return length.value / 100


def _identity(given: object) -> uuid.UUID | None:
    if given is None or given == "":
        return None
    try:
        return uuid.UUID(_text("background", given))
    except ValueError:
        raise _refusal("background", "This is not the number of a background photo.") from None


def _refusal(part: str, message: str, hint: str = "") -> OptionError:
    return OptionError(part, message, hint=hint)
