"""What can be asked of a result beyond the options of the v1.0 API: backdrops, a border, a canvas.

Values only. The website's studio speaks of them; command line and API do not.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from offcut.engine.values import Color
from offcut.errors import OptionError

SceneName: TypeAlias = Literal["studio", "wood", "marble", "sky", "pastel", "concrete", "spotlight", "ash"]
SCENES: tuple[SceneName, ...] = get_args(SceneName)

COLOURS_MAX = 5
BORDER_MAX = 0.05
MARGIN_MAX = 0.45


@dataclass(frozen=True, slots=True)
class Gradient:
    """2 to 5 opaque colours that run into each other in the direction of `angle_deg`, as in CSS: 0 up, 90 to
    the right, 180 down. Raises `OptionError`."""

    colours: tuple[Color, ...]
    angle_deg: float = 180.0

    def __post_init__(self) -> None:
        if not 2 <= len(self.colours) <= COLOURS_MAX:
            raise OptionError("background", f"A gradient has 2 to {COLOURS_MAX} colours.")
        if not (math.isfinite(self.angle_deg) and -360 <= self.angle_deg <= 360):
            raise OptionError("background", "A gradient's angle lies between -360 and 360 degrees.")


@dataclass(frozen=True, slots=True)
class Blur:
    """The photo itself without its subject, blurred by `strength` (0, as it is, to 100). Raises
    `OptionError`."""

    strength: float

    def __post_init__(self) -> None:
        if not 0 <= self.strength <= 100:
            raise OptionError("background", "A blur lies between 0 and 100.")


@dataclass(frozen=True, slots=True)
class Scene:
    """One of the made scenes, by its name. Raises `OptionError`."""

    name: SceneName

    def __post_init__(self) -> None:
        if self.name not in SCENES:
            raise OptionError(
                "background", "There is no scene of that name.", hint=f"Scenes: {', '.join(SCENES)}."
            )


@dataclass(frozen=True, slots=True)
class Border:
    """A line of one colour around the subject, as around a sticker. `width` is a share of the photo's longer
    side (0-0.05), so that every size of a result looks the same. Raises `OptionError`."""

    width: float
    color: Color

    def __post_init__(self) -> None:
        if not 0 <= self.width <= BORDER_MAX:
            raise OptionError("outline", "The outline is too wide.")


@dataclass(frozen=True, slots=True)
class Canvas:
    """A canvas of its own proportions (`columns` to `rows`) in whose middle the subject stands.

    `margin` is the share of each side that stays empty (0-0.45); a subject that the photo's lower edge cuts
    off stands on the canvas's lower edge; `is_portrait` lets such a one fill the canvas's height, with the
    head in the middle and the sides cut. `print_width_mm` is how wide it is on paper, None when that does not
    matter. Raises `OptionError`.
    """

    columns: float
    rows: float
    margin: float = 0.1
    print_width_mm: float | None = None
    is_portrait: bool = False

    def __post_init__(self) -> None:
        if not (self.columns > 0 and self.rows > 0 and 0.1 <= self.columns / self.rows <= 10):
            raise OptionError("crop", "A canvas's proportions lie between 1:10 and 10:1.")
        if not 0 <= self.margin <= MARGIN_MAX:
            raise OptionError("crop", "A canvas's margin is too wide.")


Backdrop: TypeAlias = Gradient | Blur | Scene


@dataclass(frozen=True, slots=True)
class Styling:
    """All of it; None means "not asked for". A backdrop excludes a background of the options."""

    backdrop: Backdrop | None = None
    border: Border | None = None
    canvas: Canvas | None = None


PLAIN = Styling()
"""Nothing of it."""
