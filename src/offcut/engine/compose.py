"""The cut-out on its canvas: region, crop, scale, position, then what lies under the subject.

Two steps, so that the pipeline can cast a shadow between them: `place` puts the subject on its canvas, and
`compose` lays it over a background colour, a background image or a shadow. Whatever was not asked for costs
nothing: the arrays are passed on as they came.

Colours are blended in sRGB values, not in linear light. A matte is solved from the photo's sRGB values
(photo = alpha · foreground + (1 − alpha) · background), so only the same equation puts hair back as it was
photographed; and every browser and editor that lays our transparent PNG over a colour does it this way, so
that the PNG on white and our own white look the same. Linear light would make every soft edge wider on
white.

The over operator: T. Porter, T. Duff, "Compositing digital images", SIGGRAPH 1984. All of it is rounded to
nearest, band by band, so that a 45-megapixel canvas needs no second copy.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from offcut.engine.options import PIXELS_MAX, Color, Margins, Options, Position
from offcut.engine.styling import Canvas
from offcut.engine.types import Alpha, Box, Rgb, Rgba
from offcut.errors import OptionError

VISIBLE_ALPHA = 8
"""Below 3 % the subject cannot be seen: such pixels do not count for its box."""

_BAND_ROWS = 64
_DENSE_SHARE = 0.1
"""Above this share of soft pixels a band is blended whole: picking them out would cost more."""


@dataclass(frozen=True, slots=True)
class Placement:
    """The subject on its canvas. `box` is where it can be seen, None when it cannot be seen at all.

    `has_ground` is False when the photo's lower edge cuts the subject off: where it stands cannot be seen, so
    no shadow can fall there.
    """

    rgb: Rgb
    alpha: Alpha
    box: Box | None
    has_ground: bool = True


@dataclass(frozen=True, slots=True)
class Composition:
    """The finished canvas.

    `rgb` is None when the matte alone was asked for; `alpha` is None when the canvas is opaque. `box` is the
    subject's, without its shadow. Where `alpha` is 0 the colours mean nothing.
    """

    rgb: Rgb | None
    alpha: Alpha | None
    box: Box | None

    @property
    def has_transparency(self) -> bool:
        """Whether any pixel of a colour canvas is not fully opaque."""
        return self.rgb is not None and self.alpha is not None and bool(self.alpha.min() < 255)

    def pixels(self) -> NDArray[np.uint8]:
        """H×W×4 straight alpha, H×W×3 when opaque, or H×W for the matte alone; uint8.

        Colours under alpha 0 are cleared, so that a cut-out does not carry its old background along."""
        if self.rgb is None or self.alpha is None:
            only = self.alpha if self.rgb is None else self.rgb
            assert only is not None
            return only
        return _rgba(self.rgb, self.alpha)


def place(
    rgb: Rgb, alpha: Alpha, options: Options, *, photo_size: tuple[int, int] | None = None
) -> Placement:
    """Apply `roi`, `crop`, `crop_margin`, `scale` and `position`.

    `rgb` H×W×3 holds foreground colours, `alpha` H×W; both at the result's size and never written to.
    `photo_size` is the (width, height) of the photo that `roi` is measured in, default: the same.
    The canvas keeps its size unless cropped; margins may reach beyond the photo. Without a visible subject
    only `roi` applies. Raises `OptionError` for a `roi` that does not fit or margins beyond 50 megapixels.
    """
    if options.roi is not None:
        width, height = photo_size or (rgb.shape[1], rgb.shape[0])
        roi = options.roi.box(width, height)
        alpha = keep_inside(alpha, _rescale(roi, (width, height), (rgb.shape[1], rgb.shape[0])))
    box = find_box(alpha)
    if box is None:
        return Placement(rgb, alpha, None)
    has_ground = not _cut_off_below(alpha, box)
    if options.crop:
        rgb, alpha, box = _crop(rgb, alpha, box, options.crop_margin)
    if options.placement is not None:
        rgb, alpha, box = _move(rgb, alpha, box, options.scale, options.placement)
    return Placement(rgb, alpha, box, has_ground)


def stand(placement: Placement, canvas: Canvas, options: Options) -> Placement:
    """The placed subject on a canvas of its own proportions, as large as the subject there needs it.

    `scale` of the options takes the place of the canvas's margin, `position` that of its middle. A subject
    without ground stands on the lower edge, unless a position was asked for. The subject keeps its pixels,
    except where the canvas would have more than `options.size` allows. A subject that cannot be seen comes
    back as it is.
    """
    if placement.box is None:
        return placement
    plan = _plan(placement.alpha, placement.box, placement.has_ground, canvas, options)
    left, top, right, bottom = plan.part
    part = slice(top, bottom), slice(left, right)
    x1, y1, x2, y2 = plan.box
    rgb, alpha = _resample(placement.rgb[part], placement.alpha[part], x2 - x1, y2 - y1)
    return Placement(*_paste(rgb, alpha, (x1, y1), plan.size), plan.box, placement.has_ground)


def canvas_size(alpha: Alpha, options: Options, canvas: Canvas | None = None) -> tuple[int, int]:
    """Width and height of the canvas on which `place` and `stand` put the subject of `alpha` (H×W).

    Nothing is drawn for it. `roi` does not count here. Raises `OptionError` as `place` does.
    """
    rows, columns = alpha.shape
    box = find_box(alpha) if options.crop or canvas is not None else None
    if box is None:
        return columns, rows
    if canvas is not None:
        return _plan(alpha, box, not _cut_off_below(alpha, box), canvas, options).size
    left, top, right, bottom = _with_margins(box, options.crop_margin, (columns, rows))
    return right - left, bottom - top


@dataclass(frozen=True, slots=True)
class _Plan:
    """How a subject stands on a canvas: `part` of its picture is shown at `box` on a canvas of `size`
    (width, height)."""

    part: Box
    box: Box
    size: tuple[int, int]


def _plan(alpha: Alpha, box: Box, has_ground: bool, canvas: Canvas, options: Options) -> _Plan:
    left, top, right, bottom = box
    stands_below = not has_ground and options.position == "original"
    margin = canvas.margin if options.scale is None else (1 - options.scale / 100) / 2
    free_x, free_y = 1 - 2 * margin, 1 - margin if stands_below else 1 - 2 * margin
    ratio = canvas.columns / canvas.rows
    at = Position(50.0, 50.0) if options.position == "original" else options.position
    if canvas.is_portrait and stands_below:
        height = (bottom - top) / free_y
        left, right, at = _around_head(alpha, box, height * ratio)
    else:
        height = max((right - left) / free_x / ratio, (bottom - top) / free_y)
    shrink = min(1.0, (PIXELS_MAX[options.size] / (height * height * ratio)) ** 0.5)
    columns, rows = max(1, int(height * ratio * shrink)), max(1, int(height * shrink))
    wide = min(columns, max(1, round((right - left) * shrink)))
    high = min(rows, max(1, round((bottom - top) * shrink)))
    x = round((columns - wide) * at.x_percent / 100)
    y = rows - high if stands_below else round((rows - high) * at.y_percent / 100)
    return _Plan((left, top, right, bottom), (x, y, x + wide, y + high), (columns, rows))


def _around_head(alpha: Alpha, box: Box, width: float) -> tuple[int, int, Position]:
    """Which columns a canvas of this width shows, the head (the upper third) in its middle, and where."""
    left, top, right, bottom = box
    weight = alpha[top : top + max(1, (bottom - top) // 3), left:right].sum(axis=0, dtype=np.float64)
    middle = left + float((weight * np.arange(right - left)).sum() / max(weight.sum(), 1.0)) + 0.5
    first, last = max(left, round(middle - width / 2)), min(right, round(middle + width / 2))
    free = width - (last - first)
    share = (first - (middle - width / 2)) / free if free >= 1 else 0.5
    return first, max(first + 1, last), Position(100 * min(1.0, max(0.0, share)), 50.0)


def compose(
    placement: Placement, options: Options, *, background: Rgb | None = None, shadow: Alpha | None = None
) -> Composition:
    """Lay the placed subject over its shadow and over the background colour or image.

    `shadow` is H×W like the canvas, 255 full black, opacity included. `background` is any H×W×3 picture: it
    is centred and resized to cover the canvas. Without either, and without `bg_color`, nothing is copied.
    """
    rgb, alpha, box = placement.rgb, placement.alpha, placement.box
    if options.channels == "alpha":
        return Composition(None, alpha, box)
    if background is not None:
        canvas = cover(background, rgb.shape[1], rgb.shape[0])
        if canvas is background or canvas.base is not None:
            canvas = canvas.copy()
        return Composition(_over_opaque(rgb, alpha, canvas, shadow), None, box)
    color = options.bg_color
    if color is not None and color.alpha == 255:
        canvas = _flat(rgb.shape[0], rgb.shape[1], color) if shadow is None else _shaded(shadow, color)[0]
        return Composition(_over_opaque(rgb, alpha, canvas, None), None, box)
    if color is None and shadow is None:
        return Composition(rgb, alpha, box)
    if shadow is None:
        shadow = np.zeros_like(alpha)
    return Composition(*_over_translucent(rgb, alpha, shadow, color or Color(0, 0, 0, 0)), box)


def shrink(rgb: Rgb, alpha: Alpha, pixels_max: int) -> tuple[Rgb, Alpha]:
    """Picture and matte with at most so many pixels; what the matte hides does not bleed into view."""
    rows, columns = alpha.shape
    ratio = (pixels_max / (rows * columns)) ** 0.5
    if ratio >= 1:
        return rgb, alpha
    return _resample(rgb, alpha, max(1, int(columns * ratio)), max(1, int(rows * ratio)))


def find_box(alpha: Alpha, *, threshold: int = VISIBLE_ALPHA) -> Box | None:
    """left, top, right, bottom around every pixel of `alpha` (H×W) from `threshold` up, or None."""
    rows = np.flatnonzero(alpha.max(axis=1) >= threshold)
    if not rows.size:
        return None
    top, bottom = int(rows[0]), int(rows[-1]) + 1
    columns = np.flatnonzero(alpha[top:bottom].max(axis=0) >= threshold)
    return int(columns[0]), top, int(columns[-1]) + 1, bottom


def keep_inside(alpha: Alpha, box: Box) -> Alpha:
    """A copy of `alpha` (H×W) that is 0 outside `box`."""
    left, top, right, bottom = box
    kept = np.zeros_like(alpha)
    kept[top:bottom, left:right] = alpha[top:bottom, left:right]
    return kept


def let_through(alpha: Alpha, glass: Alpha) -> Alpha:
    """A copy of `alpha` (H×W) that lets the background through where there is glass.

    `glass` is H×W uint8, 0 solid to 255 perfectly clear. The result never exceeds `alpha`.
    """
    return cv2.multiply(alpha, cv2.bitwise_not(glass), scale=1 / 255).astype(np.uint8, copy=False)


def cover(picture: Rgb, width: int, height: int) -> Rgb:
    """`picture` (H×W×3) cut around its centre to the canvas's aspect and resized to `width` × `height`.

    A picture of the canvas's own size is returned as it is.
    """
    rows, columns = picture.shape[:2]
    if (columns, rows) == (width, height):
        return picture
    ratio = max(width / columns, height / rows)
    keep_x, keep_y = min(columns, max(1, round(width / ratio))), min(rows, max(1, round(height / ratio)))
    left, top = (columns - keep_x) // 2, (rows - keep_y) // 2
    part = picture[top : top + keep_y, left : left + keep_x]
    return _resize(part, width, height)


def _cut_off_below(alpha: Alpha, box: Box) -> bool:
    """Whether the subject runs out of the photo at its lower edge, over more than a tenth of its width."""
    left, _, right, _ = box
    return bool(np.count_nonzero(alpha[-1, left:right] > 127) > 0.1 * (right - left))


def _rescale(box: Box, size: tuple[int, int], to_size: tuple[int, int]) -> Box:
    """The box in a picture of another size, grown to whole pixels."""
    (width, height), (to_width, to_height) = size, to_size
    left, top, right, bottom = box
    return (
        left * to_width // width,
        top * to_height // height,
        -(-right * to_width // width),
        -(-bottom * to_height // height),
    )


def _crop(rgb: Rgb, alpha: Alpha, box: Box, margins: Margins | None) -> tuple[Rgb, Alpha, Box]:
    left, top, right, bottom = box
    rows, columns = alpha.shape
    x1, y1, x2, y2 = _with_margins(box, margins, (columns, rows))
    new_box = (left - x1, top - y1, right - x1, bottom - y1)
    if x1 >= 0 and y1 >= 0 and x2 <= columns and y2 <= rows:
        return rgb[y1:y2, x1:x2], alpha[y1:y2, x1:x2], new_box
    within = slice(max(0, y1), min(rows, y2)), slice(max(0, x1), min(columns, x2))
    at = max(0, -x1), max(0, -y1)
    return *_paste(rgb[within], alpha[within], at, (x2 - x1, y2 - y1)), new_box


def _with_margins(box: Box, margins: Margins | None, size: tuple[int, int]) -> Box:
    """The box with its margins, which may reach beyond a photo of this size (width, height)."""
    left, top, right, bottom = box
    above, after, below, before = margins.pixels(right - left, bottom - top) if margins else (0, 0, 0, 0)
    x1, y1, x2, y2 = left - before, top - above, right + after, bottom + below
    is_within = x1 >= 0 and y1 >= 0 and x2 <= size[0] and y2 <= size[1]
    if not is_within and (x2 - x1) * (y2 - y1) > PIXELS_MAX["50MP"]:
        raise OptionError(
            "crop_margin",
            "With these margins the result would have more than 50 megapixels.",
            hint="Ask for smaller margins or for a smaller size.",
        )
    return x1, y1, x2, y2


def _move(
    rgb: Rgb, alpha: Alpha, box: Box, scale: float | None, position: Position
) -> tuple[Rgb, Alpha, Box]:
    """The subject alone, scaled to `scale` percent of the canvas and put at `position`."""
    left, top, right, bottom = box
    rows, columns = alpha.shape
    subject, matte = rgb[top:bottom, left:right], alpha[top:bottom, left:right]
    if scale is not None:
        ratio = scale / 100 * min(columns / (right - left), rows / (bottom - top))
        width = min(columns, max(1, round((right - left) * ratio)))
        height = min(rows, max(1, round((bottom - top) * ratio)))
        subject, matte = _resample(subject, matte, width, height)
    height, width = matte.shape
    x = round((columns - width) * position.x_percent / 100)
    y = round((rows - height) * position.y_percent / 100)
    return *_paste(subject, matte, (x, y), (columns, rows)), (x, y, x + width, y + height)


def _paste(rgb: Rgb, alpha: Alpha, at: tuple[int, int], size: tuple[int, int]) -> tuple[Rgb, Alpha]:
    """On an empty canvas of `size` (width, height), left top corner at `at` (x, y)."""
    x, y = at
    height, width = alpha.shape
    canvas, matte = np.zeros((size[1], size[0], 3), np.uint8), np.zeros((size[1], size[0]), np.uint8)
    canvas[y : y + height, x : x + width] = rgb
    matte[y : y + height, x : x + width] = alpha
    return canvas, matte


def _resample(rgb: Rgb, alpha: Alpha, width: int, height: int) -> tuple[Rgb, Alpha]:
    """Resized as premultiplied colour, so that what is hidden beside an edge cannot bleed into it.

    One channel at a time in 16 bits: a third of the memory of the whole picture in one go.
    """
    if (alpha.shape[1], alpha.shape[0]) == (width, height):
        return rgb, alpha
    weight = _resize(alpha.astype(np.uint16) * 255, width, height)
    np.minimum(weight, 255 * 255, out=weight)  # Cubic enlargement overshoots beside an edge.
    resized = np.zeros((height, width, 3), np.uint8)
    for channel in range(3):
        product = cv2.multiply(rgb[..., channel], alpha, dtype=cv2.CV_16U)
        product = _resize(product, width, height)
        for band in _bands(height):
            color = np.zeros(product[band].shape, np.float32)
            np.divide(product[band], weight[band], out=color, where=weight[band] > 0)
            resized[band, :, channel] = np.clip(np.rint(color * 255), 0, 255)
    return resized, _div255(weight)


def _resize(picture: NDArray[Any], width: int, height: int) -> NDArray[Any]:
    shrinks = width < picture.shape[1] or height < picture.shape[0]
    return cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC)


def _bands(rows: int) -> Iterator[slice]:
    for top in range(0, rows, _BAND_ROWS):
        yield slice(top, min(rows, top + _BAND_ROWS))


def _div255(products: NDArray[np.uint16]) -> NDArray[np.uint8]:
    """products / 255, rounded to nearest; exact for 0 … 65025."""
    products = products + np.uint16(128)
    return ((products + (products >> 8)) >> 8).astype(np.uint8)


def _flat(rows: int, columns: int, color: Color) -> Rgb:
    row = np.empty((columns, 3), np.uint8)
    row[:] = color[:3]
    canvas = np.empty((rows, columns, 3), np.uint8)
    # Row by row is a plain memory copy; pixel by pixel takes six times as long.
    canvas.reshape(rows, columns * 3)[:] = row.reshape(1, columns * 3)
    return canvas


def _shaded(shadow: Alpha, color: Color) -> tuple[Rgb, Alpha]:
    """The colour with a black shadow on it: one of 256 shades, so a table look-up does it."""
    if color.alpha == 0:
        return np.zeros((*shadow.shape, 3), np.uint8), shadow.copy()
    depth = np.arange(256) / 255
    seen = color.alpha / 255 * (1 - depth)
    hidden = depth + seen
    share = np.divide(seen, hidden, out=np.zeros(256), where=hidden > 0)
    shades = np.rint(share[:, None] * np.array(color[:3])).astype(np.uint8)
    table = np.ascontiguousarray(shades.reshape(1, 256, 3))
    canvas = np.empty((*shadow.shape, 3), np.uint8)
    for band in _bands(shadow.shape[0]):
        cv2.LUT(cv2.merge([shadow[band]] * 3), table, canvas[band])
    return canvas, cv2.LUT(shadow, np.rint(hidden * 255).astype(np.uint8)).astype(np.uint8, copy=False)


def _over_opaque(rgb: Rgb, alpha: Alpha, canvas: Rgb, shadow: Alpha | None) -> Rgb:
    """The subject over an opaque canvas, which is written to and returned."""
    for band in _bands(alpha.shape[0]):
        under, matte = canvas[band], alpha[band]
        if shadow is not None and shadow[band].any():
            light = cv2.bitwise_not(shadow[band])
            cv2.multiply(under, cv2.merge([light] * 3), under, scale=1 / 255)
        cv2.copyTo(rgb[band], (matte == 255).view(np.uint8), under)
        soft = np.flatnonzero((matte - np.uint8(1)) < 254)
        if soft.size > _DENSE_SHARE * matte.size:
            front = matte.astype(np.float32)
            under[:] = cv2.blendLinear(rgb[band], under, front, 255 - front)
        elif soft.size:
            weight = matte.reshape(-1)[soft].astype(np.uint16)[:, None]
            pixels = under.reshape(-1, 3)
            pixels[soft] = _div255(rgb[band].reshape(-1, 3)[soft] * weight + pixels[soft] * (255 - weight))
    return canvas


def _over_translucent(rgb: Rgb, alpha: Alpha, shadow: Alpha, color: Color) -> tuple[Rgb, Alpha]:
    """The subject over a shadow and a colour that is not opaque (alpha 0: none at all)."""
    canvas, seen = _shaded(shadow, color)
    for band in _bands(alpha.shape[0]):
        under, under_alpha, matte = canvas[band], seen[band], alpha[band]
        solid = (matte == 255).view(np.uint8)
        soft = np.flatnonzero((matte - np.uint8(1)) < 254)
        if soft.size:
            # Whole numbers below 2^24, so that single precision is exact until the division.
            front = matte.reshape(-1)[soft].astype(np.float32)[:, None]
            back = under_alpha.reshape(-1)[soft][:, None] * (255 - front)
            both = front * 255 + back
            pixels = under.reshape(-1, 3)
            color_sum = rgb[band].reshape(-1, 3)[soft] * (front * 255) + pixels[soft] * back
            pixels[soft] = np.rint(color_sum / both).astype(np.uint8)
            under_alpha.reshape(-1)[soft] = np.rint(both[:, 0] / 255).astype(np.uint8)
        cv2.copyTo(rgb[band], solid, under)
        cv2.copyTo(matte, solid, under_alpha)
    return canvas, seen


def _rgba(rgb: Rgb, alpha: Alpha) -> Rgba:
    canvas = np.zeros((*alpha.shape, 4), np.uint8)
    for band in _bands(alpha.shape[0]):
        joined = cv2.merge([rgb[band], alpha[band]])
        cv2.copyTo(joined, alpha[band], canvas[band])
    return canvas
