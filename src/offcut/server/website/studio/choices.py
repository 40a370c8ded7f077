"""What can be chosen in the panels, with the words for it."""

from __future__ import annotations

import json

from django.utils.translation import gettext as _

Choice = tuple[str, str]


def tabs() -> list[dict[str, str]]:
    """The panels in their order."""
    return [
        {"name": "brush", "icon": "brush", "title": _("Brush")},
        {"name": "background", "icon": "image", "title": _("Background")},
        {"name": "shadow", "icon": "shadow", "title": _("Shadow")},
        {"name": "layout", "icon": "crop", "title": _("Canvas")},
        {"name": "download", "icon": "download", "title": _("Download")},
    ]


def backgrounds() -> list[Choice]:
    """Kinds of background."""
    return [
        ("transparent", _("Transparent")),
        ("colour", _("Colour")),
        ("gradient", _("Gradient")),
        ("photo", _("Own photo")),
        ("blur", _("Blurred")),
        ("scene", _("Scene")),
    ]


def swatches() -> list[Choice]:
    """Colours that are one click away."""
    return [
        ("#ffffff", _("White")),
        ("#f2f0eb", _("Paper")),
        ("#d9dcdd", _("Light grey")),
        ("#8a9093", _("Grey")),
        ("#1c1f20", _("Black")),
        ("#f6d7cf", _("Rose")),
        ("#f3c969", _("Yellow")),
        ("#ee7f56", _("Orange")),
        ("#c94444", _("Red")),
        ("#cfe6c4", _("Light green")),
        ("#2f8f6b", _("Green")),
        ("#cfe3f2", _("Light blue")),
        ("#3f79c8", _("Blue")),
        ("#6a55b5", _("Violet")),
    ]


def gradients() -> list[tuple[str, str, str]]:
    """Gradients that are one click away: from, to, name."""
    return [
        ("#ffffff", "#cfd6d8", _("Studio grey")),
        ("#dff3ec", "#7cb8d8", _("Lagoon")),
        ("#fdf0d5", "#f2a65a", _("Sand")),
        ("#fbd3e0", "#a18cd1", _("Lilac")),
        ("#d4fc79", "#4aa96c", _("Spring")),
        ("#ffd3a5", "#fd6585", _("Evening")),
        ("#3a4a5c", "#141a21", _("Night")),
    ]


def scenes() -> list[Choice]:
    """The made scenes."""
    return [
        ("studio", _("Studio")),
        ("spotlight", _("Spotlight")),
        ("concrete", _("Concrete")),
        ("wood", _("Wooden table")),
        ("ash", _("Pale wood")),
        ("marble", _("Marble")),
        ("sky", _("Sky")),
        ("pastel", _("Soft lights")),
    ]


def shadows() -> list[Choice]:
    """Kinds of shadow."""
    return [("none", _("None")), ("drop", _("Drop")), ("3D", _("3D")), ("car", _("Car"))]


def canvases() -> list[Choice]:
    """What the result's canvas is cut to."""
    return [
        ("original", _("As the photo")),
        ("subject", _("Around the subject")),
        ("square", _("Square")),
        ("4:5", _("Portrait 4:5")),
        ("16:9", _("Wide 16:9")),
        ("story", _("Story 9:16")),
        ("passport", _("Passport 35×45")),
        ("marketplace", _("Marketplace")),
    ]


def places() -> list[Choice]:
    """Where the subject stands on its canvas; the first leaves it where it was."""
    return [
        ("", _("Where it was")),
        ("0% 0%", _("Top left")),
        ("50% 0%", _("Top")),
        ("100% 0%", _("Top right")),
        ("0% 50%", _("Left")),
        ("center", _("Centre")),
        ("100% 50%", _("Right")),
        ("0% 100%", _("Bottom left")),
        ("50% 100%", _("Bottom")),
        ("100% 100%", _("Bottom right")),
    ]


def formats() -> list[Choice]:
    """Kinds of file."""
    return [
        ("png", _("PNG: transparent, for everything")),
        ("jpg", _("JPG: small, without transparency")),
        ("webp", _("WebP: small and transparent")),
        ("zip", _("ZIP: colours and matte apart")),
        ("psd", _("PSD: layers for Photoshop")),
    ]


def plain_backgrounds() -> list[Choice]:
    """Backgrounds as they are written, for a form without scripts."""
    plain = [("{}", _("Transparent"))]
    for colour, title in swatches():
        settings = {"background": {"kind": "colour", "colour": colour}}
        plain.append((json.dumps(settings, separators=(",", ":")), title))
    return plain
