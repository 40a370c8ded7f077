"""The steps of a removal, in order: this is the file to read first.

segment (what, and roughly where) → subject (is there one, and what is it) → refine (the matte at full
resolution) → foreground (the subject's own colours) → place, shadow, compose (the result asked for).
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import TYPE_CHECKING, Any, cast

import cv2
import numpy as np

from offcut.engine import (
    backdrop,
    border,
    compose,
    foreground,
    glass,
    refine,
    scenes,
    segment,
    shadow,
    subject,
    transparency,
)
from offcut.engine.cutout import Cutout
from offcut.engine.decode import Photo
from offcut.engine.models.families import nanodet
from offcut.engine.opening import open_photo
from offcut.engine.options import Options, output_size
from offcut.engine.styling import PLAIN, Backdrop, Gradient, Scene, Styling
from offcut.engine.types import Alpha, Box, Detection, Layer, Matte, Note, Rgb, Subject
from offcut.errors import BackgroundImageError, NoForegroundError, OptionError, PhotoError

if TYPE_CHECKING:
    from offcut.engine.models.networks import Networks

FINE = "isnet"
WHOLE = "u2netp"
DETECTOR = "nanodet"

NOTHING = "Nothing in this photo stands out from its background."

SMALL_SIDE = 1024
"""The shorter side of the copy that the networks look at is this or more, if the photo's is."""

DETECT_SIDE = 512
"""Longer side of the copy in which things are named, in pixels."""

Tell = Callable[[str], None]


def cut_out(
    photo: Photo,
    options: Options,
    networks: Networks,
    *,
    model: str = FINE,
    on_step: Tell | None = None,
    png_pixels_max: int | None = None,
) -> Cutout:
    """Cuts the subject out of a decoded photo.

    `model` names the weights of the detailed network. `png_pixels_max` also limits what becomes a PNG, in
    pixels of the result before any crop. `on_step` is told the name of each step as it begins:
    segment, subject, refine, foreground, compose. Raises `NoForegroundError` when nothing stands out,
    `OptionError` when an option does not fit this photo, `ModelError` when a network cannot be had.
    """
    tell = on_step or (lambda _step: None)
    background = None if options.bg_image is None else _opened(options.bg_image)
    found = find_subject(
        photo, networks, options, model=model, on_step=on_step, png_pixels_max=png_pixels_max
    )
    rgb = _resized(photo, options, png_pixels_max)
    tell("foreground")
    colours = rgb if options.channels == "alpha" else foreground.estimate(rgb, found.alpha)
    tell("compose")
    cutout = _composed(photo, rgb, colours, found.alpha, found, options, background)
    return replace(cutout, belief=found.belief)


@dataclass(frozen=True, slots=True, eq=False)
class FoundSubject:
    """What the networks found: the finished alpha matte (H×W uint8), what the subject is and how surely
    (0-1), and `belief`, the networks' answer before anything was decided (see `Cutout`)."""

    alpha: Alpha
    belief: Alpha
    subject: Subject
    confidence: float


def find_subject(
    photo: Photo,
    networks: Networks,
    options: Options,
    *,
    model: str = FINE,
    on_step: Tell | None = None,
    png_pixels_max: int | None = None,
) -> FoundSubject:
    """Finds the subject and its matte, and composes nothing: the part of `cut_out` that needs networks.

    The matte has the size of the result that `options` ask for; of them only `size`, `format`, `box`, `roi`
    and `points` count here. Raises what `cut_out` raises.
    """
    # Before anything is computed: one error then names all that is missing.
    networks.check((model, WHOLE, DETECTOR))

    def look(seen: Photo, tell: Tell) -> FoundSubject:
        return _find_subject(seen, networks, options, model, tell, png_pixels_max)

    tell = on_step or (lambda _step: None)
    if photo.alpha is None:
        return look(photo, tell)
    if not transparency.hides(photo.pixels, photo.alpha):
        # As it is first: a photo in a round frame would become one round thing on a plain colour.
        with contextlib.suppress(NoForegroundError):
            return look(photo, tell)
        tell = _nothing_more
    return look(replace(photo, pixels=transparency.laid_out(photo.pixels, photo.alpha)), tell)


def _nothing_more(_step: str) -> None:
    """The steps were told already."""


def _find_subject(
    photo: Photo,
    networks: Networks,
    options: Options,
    model: str,
    tell: Tell,
    png_pixels_max: int | None,
) -> FoundSubject:
    """`find_subject` by these very pixels."""
    small = _halved(photo.pixels, SMALL_SIDE)
    box, points = _prompts(options, photo, small)
    tell("segment")
    doubt_max = segment.DOUBT_MAX_PREVIEW if options.size == "preview" else segment.DOUBT_MAX
    is_prompted = box is not None or bool(points)
    with ThreadPoolExecutor(1, thread_name_prefix="subject") as beside:
        # What the photo shows is looked for while the matte is decided and drawn: neither needs the other.
        detecting = cache(lambda: beside.submit(_detections, small, networks))
        found = _segment(small, box, points, networks, model, doubt_max, on_looked=detecting)
        tell("subject")
        naming = beside.submit(_subject, detecting(), found, is_prompted=is_prompted)
        tell("refine")
        alpha = refine.refine(_resized(photo, options, png_pixels_max), found.matte)
        seen = naming.result()
    if seen is None:
        raise NoForegroundError(NOTHING)
    if photo.alpha is not None:
        alpha = _within(alpha, photo.alpha)
    if not alpha.any():
        raise NoForegroundError(NOTHING)
    belief = np.rint(found.belief * 255).astype(np.uint8)
    return FoundSubject(alpha, belief, seen.subject, seen.confidence)


def recompose(
    photo: Photo,
    alpha: Alpha,
    options: Options,
    *,
    subject: Subject,
    styling: Styling = PLAIN,
    pixels_max: int | None = None,
) -> Cutout:
    """The result from a matte that was kept (and perhaps brushed since), without running any network.

    `alpha` is the H×W uint8 matte of the whole upright photo, at any size of the same proportions; `subject`
    is what was found with it. `styling` asks for what `options` do not know; a canvas takes the place of
    their crop. `pixels_max` shrinks the finished result, margins included, to so many pixels. Raises
    `OptionError` when something does not fit this photo.
    """
    if styling.backdrop is not None and (options.bg_color is not None or options.bg_image is not None):
        raise OptionError("bg_color", "More than one background was given.", code="multiple_bg_sources")
    background = None if options.bg_image is None else _opened(options.bg_image)
    rgb = _resized(photo, options, None)
    alpha = _fitted(alpha, rgb)
    colours = rgb if options.channels == "alpha" else foreground.estimate(rgb, alpha)
    found = FoundSubject(alpha, alpha[:0], subject, 1.0)
    done = _composed(photo, rgb, colours, alpha, found, options, background, styling)
    return done if pixels_max is None else _shrunk(done, pixels_max)


def result_size(
    alpha: Alpha, options: Options, *, photo_size: tuple[int, int], styling: Styling = PLAIN
) -> tuple[int, int]:
    """Width and height of what `recompose` makes of a photo of this size (width, height), without its pixels.

    `roi` does not count here. Car windows that let the background through do not move the canvas: what is
    behind them is still mostly hidden. Raises `OptionError` as `recompose` does.
    """
    size = output_size(*photo_size, options)
    if styling.canvas is None and not options.crop:
        return size
    alpha = _fitted(alpha, np.broadcast_to(np.uint8(0), (size[1], size[0])))
    if styling.border is not None:
        alpha = border.grown(alpha, styling.border)
    return compose.canvas_size(alpha, options, styling.canvas)


def _shrunk(done: Cutout, pixels_max: int) -> Cutout:
    rgb, alpha = compose.shrink(done.rgb, done.alpha, pixels_max)
    if alpha is done.alpha:
        return done
    size = alpha.shape[1], alpha.shape[0]
    layers = None if done.layers is None else tuple(_layer_of(layer, size) for layer in done.layers)
    return replace(done, rgb=rgb, alpha=alpha, box=compose.find_box(alpha), layers=layers)


def _layer_of(layer: Layer, size: tuple[int, int]) -> Layer:
    def fitted(picture: Rgb | Alpha | None) -> Any:
        if picture is None:
            return None
        return cv2.resize(np.ascontiguousarray(picture), size, interpolation=cv2.INTER_AREA)

    return Layer(layer.name, fitted(layer.rgb), fitted(layer.alpha), fitted(layer.mask))


def _halved(rgb: Rgb, side: int, of: Callable[[Iterable[int]], int] = min) -> Rgb:
    """The photo, halved as often as leaves its shorter side (`of`: its longer one) at `side` or more: ten
    times quicker than other ways."""
    while of(rgb.shape[:2]) >= 2 * side:
        rgb = cast(Rgb, cv2.resize(rgb, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA))
    return rgb


def _prompts(options: Options, photo: Photo, small: Rgb) -> tuple[Box | None, list[segment.PlacedPoint]]:
    """`box` (or else `roi`) and `points` in pixels of the small copy.

    Raises `OptionError` when one does not fit the photo.
    """
    width, height = photo.source_size
    x, y = small.shape[1] / width, small.shape[0] / height
    roi = None if options.roi is None else options.roi.box(width, height)
    box = roi if options.box is None else options.box.box(width, height, parameter="box")
    pixels = [(point.pixel(width, height), point.label == "subject") for point in options.points]
    points = [((int(at[0] * x), int(at[1] * y)), is_wanted) for at, is_wanted in pixels]
    if box is None or box == (0, 0, width, height):
        return None, points
    left, top = int(box[0] * x), int(box[1] * y)
    right, bottom = max(left + 1, round(box[2] * x)), max(top + 1, round(box[3] * y))
    return (left, top, right, bottom), points


def _segment(
    rgb: Rgb,
    box: Box | None,
    points: list[segment.PlacedPoint],
    networks: Networks,
    model: str,
    doubt_max: float,
    on_looked: Callable[[], object],
) -> segment.Segmentation:
    fine, whole = networks.segmenter(model), networks.segmenter(WHOLE)
    look: segment.Look = partial(fine.matte, drawn=segment.GRID)
    if not fine.family.step:
        # A network of one size is a large one that sees whole and detail at once: one look is enough.
        def look(picture: Rgb, _side: int) -> Matte:
            return fine.matte(picture, drawn=segment.GRID)

        doubt_max = segment.ONE_LOOK
    return segment.segment(
        rgb, look, whole.matte, box=box, points=points, doubt_max=doubt_max, on_looked=on_looked
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Detected:
    """The small copy of the photo in which things were looked for, and what was found, in its pixels."""

    rgb: Rgb
    detections: Sequence[Detection]


def _detections(rgb: Rgb, networks: Networks) -> _Detected:
    """The things in the photo, by name."""
    height, width = rgb.shape[:2]
    scale = min(1.0, DETECT_SIDE / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = cast(Rgb, cv2.resize(_halved(rgb, DETECT_SIDE, max), size, interpolation=cv2.INTER_AREA))
    detector = nanodet.Detector(networks.network(DETECTOR, nanodet.convert))
    return _Detected(small, detector.detect(small))


def _subject(
    detecting: Future[_Detected], found: segment.Segmentation, *, is_prompted: bool
) -> subject.Classification | None:
    """What the photo shows; None when it shows nothing and nobody pointed at it. (An error that is raised in
    another thread knows the frame that waits for it, which knows the error: all the pixels in that circle
    would stay until the interpreter next looks for circles.)"""
    detected = detecting.result()
    small, detections = detected.rgb, detected.detections
    if not is_prompted and not subject.has_foreground(found.fine, found.other, small, detections):
        return None
    return subject.classify(small, found.matte, detections)


def _resized(photo: Photo, options: Options, png_pixels_max: int | None) -> Rgb:
    """The photo at the size of the result."""
    size = output_size(*photo.source_size, options, png_pixels_max=png_pixels_max)
    if size == (photo.pixels.shape[1], photo.pixels.shape[0]):
        return photo.pixels
    return cast(Rgb, cv2.resize(photo.pixels, size, interpolation=cv2.INTER_AREA))


def _within(alpha: Alpha, given: Alpha) -> Alpha:
    """What was transparent in the photo stays so."""
    return np.minimum(alpha, _fitted(given, alpha))


def _fitted(alpha: Alpha, picture: Rgb | Alpha) -> Alpha:
    """The matte at the size of the picture."""
    height, width = picture.shape[:2]
    if alpha.shape == (height, width):
        return alpha
    how = cv2.INTER_AREA if width < alpha.shape[1] else cv2.INTER_LINEAR
    return cast(Alpha, cv2.resize(alpha, (width, height), interpolation=how))


def _composed(
    photo: Photo,
    rgb: Rgb,
    colours: Rgb,
    alpha: Alpha,
    seen: FoundSubject,
    options: Options,
    background: Rgb | None,
    styling: Styling = PLAIN,
) -> Cutout:
    kind = seen.subject if options.type == "auto" else options.type
    notes = list(photo.notes)
    if kind == "car" and _shows_through(options, styling):
        alpha = _with_windows(colours, alpha)
    bordered = (colours, alpha)
    if styling.border is not None:
        bordered = border.draw(colours, alpha, styling.border)
    placed = _placed(*bordered, photo, options, styling)
    if styling.backdrop is not None:
        background = _backdrop(rgb, bordered[1], placed, styling.backdrop)
    shade = _shadow(placed, kind, options, notes)
    done = compose.compose(placed, options, background=background, shadow=shade)
    opaque = np.broadcast_to(np.uint8(255), placed.alpha.shape)

    def moved(picture: Rgb) -> Rgb:
        return _placed(picture, bordered[1], photo, options, styling).rgb

    is_plain = done.rgb is colours
    layers = None
    if options.channels != "alpha" and (is_plain or options.format == "psd"):
        original = rgb if is_plain else moved(rgb)
        mask = placed.alpha if styling.border is None else moved(np.dstack([alpha] * 3))[:, :, 0]
        below = _layers_below(placed, options, background, shade, has_border=styling.border is not None)
        layers = (*below, Layer("Photo", original, mask=mask))
    return Cutout(
        rgb=placed.rgb if done.rgb is None else done.rgb,
        alpha=opaque if done.alpha is None else done.alpha,
        box=done.box,
        subject=kind,
        confidence=1.0 if options.type != "auto" else seen.confidence,
        source_size=photo.source_size,
        options=options,
        notes=tuple(notes),
        dpi=_dpi(photo, placed, styling),
        layers=layers,
    )


def _layers_below(
    placed: compose.Placement,
    options: Options,
    background: Rgb | None,
    shade: Alpha | None,
    *,
    has_border: bool,
) -> list[Layer]:
    """What lies under the photo in a file with layers, bottom first."""
    height, width = placed.alpha.shape
    found = []
    if background is not None:
        found.append(Layer("Background", compose.cover(background, width, height)))
    elif options.bg_color is not None:
        color = options.bg_color
        flat = np.broadcast_to(np.array([color.red, color.green, color.blue], np.uint8), (height, width, 3))
        veil = np.broadcast_to(np.uint8(color.alpha), (height, width))
        found.append(Layer("Background", flat, None if color.alpha == 255 else veil))
    if shade is not None:
        found.append(Layer("Shadow", np.broadcast_to(np.uint8(0), (height, width, 3)), shade))
    if has_border:
        found.append(Layer("Outline", placed.rgb, placed.alpha))
    return found


def _placed(
    colours: Rgb, alpha: Alpha, photo: Photo, options: Options, styling: Styling
) -> compose.Placement:
    if styling.canvas is None:
        return compose.place(colours, alpha, options, photo_size=photo.source_size)
    still = replace(options, crop=False, scale=None, position="original")
    placed = compose.place(colours, alpha, still, photo_size=photo.source_size)
    return compose.stand(placed, styling.canvas, options)


def _backdrop(rgb: Rgb, alpha: Alpha, placed: compose.Placement, asked: Backdrop) -> Rgb:
    """What was asked for behind the subject, on its canvas."""
    height, width = placed.alpha.shape
    if isinstance(asked, Gradient):
        return backdrop.gradient(width, height, asked)
    if isinstance(asked, Scene):
        return scenes.draw(asked.name, width, height)
    whole = 0, 0, alpha.shape[1], alpha.shape[0]
    here = compose.find_box(alpha)
    if here is None or placed.box is None:
        here, there = whole, (0, 0, width, height)
    else:
        there = placed.box
    return backdrop.blurred(rgb, alpha, asked, subject=here, to_subject=there, size=(width, height))


def _dpi(photo: Photo, placed: compose.Placement, styling: Styling) -> tuple[float, float] | None:
    """The photo's, or the one at which a canvas has the width on paper that was asked for."""
    if styling.canvas is None or styling.canvas.print_width_mm is None:
        return photo.dpi
    dpi = placed.alpha.shape[1] / (styling.canvas.print_width_mm / 25.4)
    return dpi, dpi


def _shows_through(options: Options, styling: Styling) -> bool:
    """Whether car windows let the background through. Unless asked for, only where a background is laid: a
    plain cut-out keeps what the photo shows, because windows are found by colour alone and not always."""
    if options.semitransparency is None:
        given = (options.bg_color, options.bg_image, styling.backdrop)
        return any(one is not None for one in given)
    return options.semitransparency


def _with_windows(colours: Rgb, alpha: Alpha) -> Alpha:
    box = compose.find_box(alpha)
    clear = None if box is None else glass.find_glass(colours, alpha, box)
    return alpha if clear is None else compose.let_through(alpha, clear)


def _shadow(placed: compose.Placement, kind: Subject, options: Options, notes: list[Note]) -> Alpha | None:
    asked = options.shadow(kind)
    if asked is None or placed.box is None or options.channels == "alpha":
        return None
    drawn = shadow.style_drawn(asked, has_ground=placed.has_ground)
    if drawn != asked.style:
        message = (
            f"The photo cuts the subject off below, so a {drawn} shadow was drawn in place of {asked.style}."
        )
        notes.append(Note("shadow_replaced", message))
    return shadow.cast(placed.alpha, placed.box, asked, has_ground=placed.has_ground)


def on_white(photo: Photo, *, pixels_max: int | None = None) -> Rgb:
    """A photo as a background: what is transparent in it becomes white; with no more pixels than that."""
    ratio = 1.0 if pixels_max is None else min(1.0, (pixels_max / photo.pixels[..., 0].size) ** 0.5)
    pixels = _on_white(photo)
    if ratio == 1:
        return pixels
    return cast(Rgb, cv2.resize(pixels, None, fx=ratio, fy=ratio, interpolation=cv2.INTER_AREA))


def _opened(image: Any) -> Rgb:
    """A background image; what is transparent in it becomes white. Raises `BackgroundImageError`."""
    try:
        photo = open_photo(image)
    except PhotoError as error:
        raise BackgroundImageError(f"The background image cannot be used: {error}") from error
    return _on_white(photo)


def _on_white(photo: Photo) -> Rgb:
    if photo.alpha is None:
        return photo.pixels
    white = np.full_like(photo.pixels, 255)
    over = compose.compose(compose.Placement(photo.pixels, photo.alpha, None), Options(), background=white)
    assert over.rgb is not None
    return over.rgb
