"""Options as the v1.0 API writes them: every value a text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from offcut.errors import OptionError

OPTION_NAMES = (
    "size",
    "type",
    "type_level",
    "format",
    "roi",
    "crop",
    "crop_margin",
    "scale",
    "position",
    "channels",
    "shadow_type",
    "shadow_opacity",
    "add_shadow",
    "semitransparency",
    "bg_color",
)
"""The options that a server of the v1.0 API knows, besides the photo and a background photo."""

_UNITS = {"roi": "px", "crop_margin": "px", "position": "%", "scale": "%"}
_PER_SUBJECT = ("shadow_type", "shadow_opacity")


def write_options(options: Mapping[str, Any]) -> dict[str, str]:
    """Form fields for these options. None and "" mean "not given".

    Numbers in `roi` and `crop_margin` are pixels, in `position` and `scale` percent; `bg_color` may be 3 or 4
    numbers from 0 to 255; `shadow_type` and `shadow_opacity` may be mappings from subject to value. Values
    are the server's to judge, names are judged here: a misspelt one would be left unnoticed there. Raises
    OptionError (`unknown_option`).
    """
    fields: dict[str, str] = {}
    for name, value in options.items():
        plain, bracket, _ = name.partition("[")
        if plain not in OPTION_NAMES or (bracket and plain not in _PER_SUBJECT):
            hint = f"Options: {', '.join(OPTION_NAMES)}, bg_image."
            shown = name if len(name) <= 40 else name[:39] + "…"
            raise OptionError(name, f"The API has no option {shown!r}.", code="unknown_option", hint=hint)
        if isinstance(value, Mapping) and plain in _PER_SUBJECT:
            fields |= {f"{name}[{subject}]": _write(plain, part) for subject, part in value.items()}
        elif value is not None and value != "":
            fields[name] = _write(plain, value)
    return fields


def _write(name: str, value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return _number(float(value)) + _UNITS.get(name, "")
    if name == "bg_color" and isinstance(value, Sequence):
        return _color(value)
    if isinstance(value, Sequence):
        return " ".join(_write(name, part) for part in value)
    raise OptionError(name, f"The option '{name}' cannot be a {type(value).__name__}.")


def _number(value: float) -> str:
    text = f"{value:.6f}"
    return text.rstrip("0").rstrip(".")


def _color(parts: Sequence[Any]) -> str:
    try:
        return bytes(parts).hex()
    except (TypeError, ValueError) as error:
        raise OptionError("bg_color", "A colour is 3 or 4 whole numbers from 0 to 255.") from error
