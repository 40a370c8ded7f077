"""The strokes of one image: append, undo, redo, and the matte that goes with them.

Numbers of strokes alone do not say whether two windows see the same matte: one may have taken a stroke back
and drawn another. So every answer carries a tag of the strokes it shows, and every change must say which tag
it was made on.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.conf import settings

from offcut.engine.decode import decode
from offcut.engine.types import Box
from offcut.errors import ImageDeletedError, StrokeRequestError, StrokesChangedError
from offcut.server.removals import files, matte, renditions
from offcut.server.removals.images import LIMITS, Image
from offcut.server.website.studio.open_paintings import OpenPaintings
from offcut.server.website.studio.painting import Painting, WrittenStroke, screen_part
from offcut.server.website.studio.requests import STROKES_PER_IMAGE_MAX, tag_of

POINTS_PER_IMAGE_MAX = 200_000

_open = OpenPaintings(settings.STUDIO_MEMORY_MB * 1_000_000)


@dataclass(frozen=True, slots=True)
class Shown:
    """A matte at screen size or the changed part of it: gray PNG, its box in screen pixels, how many strokes
    it shows, how many there are to redo to, and the tag of those it shows."""

    content: bytes
    box: Box
    count: int
    total: int
    tag: str


def present(image: Image) -> Shown:
    """The whole matte as it is now."""
    with _opened(image) as painting:
        return _shown(image, painting, _everything(image))


def append(image: Image, new: Sequence[WrittenStroke], *, after: int, tag: str | None) -> Shown:
    """Paint strokes after the first `after` ones; what could be redone until now is forgotten.

    `tag` names the strokes that whoever draws has seen; None when they do not say. The same message sent
    twice (because its first answer was lost) is painted once. Raises StrokesChangedError, StrokeRequestError.
    """
    with _opened(image) as painting:
        strokes, count = list(image.strokes), image.stroke_count
        if count == after + len(new) and strokes[after:] == list(new) and _fits(strokes[:after], tag):
            return _shown(image, painting, _everything(image))
        _require(count == after and _fits(strokes[:count], tag))
        target = [*strokes[:count], *new]
        _require_room(target)
        return _change(image, painting, target, len(target))


def rewind(image: Image, to: int, *, tag: str | None) -> Shown:
    """Undo or redo until `to` strokes are shown. Raises StrokesChangedError, StrokeRequestError."""
    with _opened(image) as painting:
        if to == image.stroke_count:
            return _shown(image, painting, _everything(image))
        _require(_fits(image.strokes[: image.stroke_count], tag))
        if to > len(image.strokes):
            raise StrokeRequestError("There are not that many strokes.")
        return _change(image, painting, list(image.strokes), to)


def tag_now(image: Image) -> str:
    """The tag of the strokes that the image shows."""
    return tag_of(image.strokes[: image.stroke_count])


@contextlib.contextmanager
def _opened(image: Image) -> Iterator[Painting]:
    """The image's painting, showing what the row says now; the row is read again under the lock."""
    with _open.opened(image.pk, lambda: _load(image)) as painting:
        image.refresh_from_db()
        if image.is_over:
            raise ImageDeletedError("This image is no longer kept.")
        painting.show(image.strokes[: image.stroke_count])
        yield painting


def _load(image: Image) -> Painting:
    image.refresh_from_db()
    try:
        photo = decode(files.read(image.original_file), limits=LIMITS).pixels
        first = matte.first(image)
    except FileNotFoundError:
        raise ImageDeletedError("This image is no longer kept.") from None
    start = None
    # Another process may be writing the next matte at this moment; then the strokes are replayed.
    with contextlib.suppress(FileNotFoundError):
        if image.stroke_count:
            start = matte.present(image), image.strokes[: image.stroke_count]
    return Painting(photo, first, start)


def _change(image: Image, painting: Painting, strokes: list[WrittenStroke], count: int) -> Shown:
    changed = painting.show(strokes[:count])
    image.strokes, image.stroke_count = strokes, count
    matte.rewritten(image, painting.alpha)
    return _shown(image, painting, changed)


def _shown(image: Image, painting: Painting, changed: Box | None) -> Shown:
    screen = renditions.screen_of(image.width, image.height)
    content, box = screen_part(painting.alpha, (screen.width, screen.height), changed)
    return Shown(content, box, image.stroke_count, len(image.strokes), tag_now(image))


def _everything(image: Image) -> Box:
    return 0, 0, image.width, image.height


def _fits(strokes: Sequence[WrittenStroke], tag: str | None) -> bool:
    return tag is None or tag == tag_of(strokes)


def _require(is_newest: bool) -> None:
    if not is_newest:
        raise StrokesChangedError("This photo was changed in another window.")


def _require_room(strokes: Sequence[WrittenStroke]) -> None:
    points = sum(len(stroke["points"]) for stroke in strokes)
    if len(strokes) > STROKES_PER_IMAGE_MAX or points > POINTS_PER_IMAGE_MAX:
        raise StrokeRequestError("This photo has as many strokes as it can have.")
