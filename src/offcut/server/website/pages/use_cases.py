"""Who uses Offcut for what, and the presets that begin it: settings that a photo can be given at once.

A preset is Settings JSON as the studio keeps it. The page of a use links to the front page with
`?preset=name`; the form there sends the settings along with the photo.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Text = str | Promise


@dataclass(frozen=True, slots=True)
class Preset:
    """A look that a photo can be given at once, by its name in addresses."""

    name: str
    title: Text
    settings: dict[str, Any]


@dataclass(frozen=True, slots=True)
class UseCase:
    """One page: its name in the address, its words, its icon and its presets, the first being the main one.

    The text itself is the template `pages/use_cases/<slug>.html`.
    """

    slug: str
    title: Text
    heading: Text
    summary: Text
    icon: str
    presets: tuple[Preset, ...]

    @property
    def template(self) -> str:
        return f"pages/use_cases/{self.slug}.html"


def _white(crop: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"background": {"kind": "colour", "colour": "#ffffff"}, "crop": crop, **more}


STICKER = Preset(
    "sticker",
    _("Sticker: a white outline, cut close"),
    {
        "background": {"kind": "transparent"},
        "outline": {"width": 14, "colour": "#ffffff"},
        "crop": {"kind": "subject", "margin": "4%"},
    },
)
PASSPORT = Preset(
    "passport",
    _("Passport: 35 × 45, white background"),
    _white({"kind": "preset", "preset": "passport"}),
)
PORTRAIT = Preset(
    "portrait",
    _("Portrait: the background of the photo, out of focus"),
    {"background": {"kind": "blur", "blur": 60}, "crop": {"kind": "original"}},
)
STUDIO_WALL = Preset(
    "studio-wall",
    _("Studio wall: a soft grey gradient, 4:5"),
    {
        "background": {"kind": "gradient", "colours": ["#f3f3f1", "#b9bbba"], "angle": 180},
        "crop": {"kind": "preset", "preset": "4:5"},
        "scale": "85%",
        "position": "50% 100%",
    },
)
STORY = Preset(
    "story",
    _("Story: upright 9:16 on a gradient"),
    {
        "background": {"kind": "gradient", "colours": ["#ffd9a0", "#ff7f66"], "angle": 160},
        "crop": {"kind": "preset", "preset": "story"},
        "scale": "80%",
        "shadow": {"kind": "drop", "opacity": 40},
    },
)
CUT_OUT = Preset(
    "cut-out",
    _("Plain cut-out: transparent, cut close"),
    {"background": {"kind": "transparent"}, "crop": {"kind": "subject", "margin": "0%"}},
)
MARKETPLACE = Preset(
    "marketplace",
    _("Marketplace: square, pure white, 10% margin"),
    _white({"kind": "preset", "preset": "marketplace"}, scale="80%"),
)
SHOP_SHADOW = Preset(
    "shop-shadow",
    _("Own shop: light grey, with a drop shadow"),
    {
        "background": {"kind": "colour", "colour": "#f4f4f2"},
        "crop": {"kind": "preset", "preset": "square"},
        "scale": "75%",
        "shadow": {"kind": "drop", "opacity": 45},
    },
)
TITLE_PICTURE = Preset(
    "title-picture",
    _("Title picture: 16:9 on one colour"),
    {
        "background": {"kind": "colour", "colour": "#f2c230"},
        "crop": {"kind": "preset", "preset": "16:9"},
        "scale": "90%",
        "position": "75% 100%",
    },
)
SHOWROOM = Preset(
    "showroom",
    _("Showroom: 16:9 on light grey, with a shadow under the car"),
    {
        "background": {"kind": "gradient", "colours": ["#ffffff", "#cfd2d3"], "angle": 180},
        "crop": {"kind": "preset", "preset": "16:9"},
        "scale": "85%",
        "position": "50% 70%",
        "shadow": {"kind": "car", "opacity": 90},
    },
)
CATALOGUE = Preset(
    "catalogue",
    _("Catalogue: square, white, every subject at the same size"),
    _white({"kind": "preset", "preset": "square"}, scale="70%"),
)

USE_CASES: tuple[UseCase, ...] = (
    UseCase(
        "individuals",
        _("Individuals"),
        _("Cut out a photo, just like that"),
        _("Stickers, profile and passport pictures, a gift with the dog on it."),
        "user",
        (STICKER, PASSPORT),
    ),
    UseCase(
        "photographers",
        _("Photographers"),
        _("A clean matte before you open the editor"),
        _("Hair that keeps its colours, and the matte as a layer mask in a Photoshop file."),
        "camera",
        (PORTRAIT, STUDIO_WALL),
    ),
    UseCase(
        "marketing",
        _("Marketing"),
        _("One photo, every format of the campaign"),
        _("The same subject upright, square and wide, on your colours."),
        "palette",
        (STORY, TITLE_PICTURE),
    ),
    UseCase(
        "developers",
        _("Developers"),
        _("One request in, one cut-out out"),
        _("An API that existing clients of remove.bg know, a command and a Python library."),
        "settings",
        (CUT_OUT,),
    ),
    UseCase(
        "e-commerce",
        _("E-commerce"),
        _("Product photos that pass the marketplace's check"),
        _("White background, even margins, hundreds at once."),
        "image",
        (MARKETPLACE, SHOP_SHADOW),
    ),
    UseCase(
        "media",
        _("Media"),
        _("From the picture desk to the page in a minute"),
        _("Title pictures, thumbnails and collages, without handing the photo to anybody."),
        "images",
        (TITLE_PICTURE, STICKER),
    ),
    UseCase(
        "car-dealerships",
        _("Car dealerships"),
        _("The same showroom for every car in the yard"),
        _("See-through windows, a shadow under the tyres, one background for the whole stock."),
        "shadow",
        (SHOWROOM,),
    ),
    UseCase(
        "enterprise",
        _("Enterprise"),
        _("On your own machines, under your own rules"),
        _("No photo leaves the house; teams, keys with limits, and books that add up."),
        "info",
        (CATALOGUE,),
    ),
)


def use_case(slug: str) -> UseCase | None:
    """The use with this name in addresses, or None."""
    return next((one for one in USE_CASES if one.slug == slug), None)


def presets() -> dict[str, Preset]:
    """Every preset, by its name."""
    return {preset.name: preset for one in USE_CASES for preset in one.presets}
