"""A photo while it is being brushed: its pixels, its first matte, and the matte after the strokes so far.

The truth is the first matte and the list of strokes; everything here can be made again from them. What a
stroke painted over is kept beside it, so that taking it back costs a copy and no replay.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Any, TypeAlias

import cv2
import numpy as np

from offcut.engine import brush
from offcut.engine.brush import Stroke
from offcut.engine.types import Alpha, Box, Rgb

WrittenStroke: TypeAlias = dict[str, Any]
"""A stroke as it is sent and kept: mode, kind, radius, hardness, points; pixels of the original photo."""

PATCH_BYTES_MAX = 24 * 1024 * 1024
"""What may be kept of a photo's earlier pixels. Past it the oldest go: taking those back is a replay."""

_PLAIN_BYTES = 256 * 1024
"""Larger patches are compressed: a matte is mostly flat, and shrinks a hundredfold in milliseconds."""


def read_stroke(written: WrittenStroke) -> Stroke:
    """The brush's stroke for a written one. Raises `StrokeError` if it cannot be painted with."""
    return Stroke(
        points=[(float(x), float(y)) for x, y in written["points"]],
        radius_px=float(written["radius"]),
        action=written["kind"],
        mode=written["mode"],
        hardness=float(written["hardness"]),
    )


class Painting:
    """One photo and its matte. Not safe for two threads at once: whoever opens it locks it.

    `rgb` is the upright photo, H×W×3; `first` the H×W matte before any stroke. `start` is a later matte
    and the strokes it shows, when one was kept: brushing then goes on from there.
    """

    def __init__(
        self, rgb: Rgb, first: Alpha, start: tuple[Alpha, Sequence[WrittenStroke]] | None = None
    ) -> None:
        if rgb.shape != (*first.shape, 3):
            raise ValueError(f"photo {rgb.shape} and matte {first.shape} do not fit each other")
        self.rgb, self._first = rgb, first
        self.alpha, shown = (first.copy(), ()) if start is None else (start[0].copy(), start[1])
        self._shown: list[WrittenStroke] = list(shown)
        self._read = [read_stroke(written) for written in self._shown]
        # One for each stroke, the last for the newest; None where it was never known or has been dropped.
        self._patches: list[_Patch | None] = [None] * len(self._shown)

    @property
    def size_bytes(self) -> int:
        """How much memory it takes."""
        kept = sum(patch.size_bytes for patch in self._patches if patch)
        return self.rgb.nbytes + self._first.nbytes + self.alpha.nbytes + kept

    def show(self, strokes: Sequence[WrittenStroke]) -> Box | None:
        """Bring the matte to exactly these strokes; the box of what has changed, None if nothing has.

        Deterministic: however it gets there, the matte is the one that the strokes give from the first.
        """
        shared = _shared(self._shown, strokes)
        if any(patch is None for patch in self._patches[shared:]):
            return self._start_over(strokes)
        changed: Box | None = None
        while len(self._shown) > shared:
            changed = _union(changed, self._take_back())
        for written in strokes[shared:]:
            changed = _union(changed, self._paint(written))
        self._drop_old_patches()
        return changed

    def _start_over(self, strokes: Sequence[WrittenStroke]) -> Box:
        self.alpha = self._first.copy()
        self._shown, self._read, self._patches = [], [], []
        for written in strokes:
            self._paint(written)
            self._drop_old_patches()
        return 0, 0, self.alpha.shape[1], self.alpha.shape[0]

    def _paint(self, written: WrittenStroke) -> Box | None:
        stroke = read_stroke(written)
        after = brush.apply(self.rgb, self.alpha, [stroke], earlier=self._read)
        self._patches.append(_Patch(self.alpha, after.touched))
        self._shown.append(written)
        self._read.append(stroke)
        self.alpha = after.alpha
        return after.touched

    def _take_back(self) -> Box | None:
        self._shown.pop()
        self._read.pop()
        patch = self._patches.pop()
        assert patch is not None
        patch.lay(self.alpha)
        return patch.box

    def _drop_old_patches(self) -> None:
        kept = 0
        for index in range(len(self._patches) - 1, -1, -1):
            patch = self._patches[index]
            kept += patch.size_bytes if patch else 0
            if kept > PATCH_BYTES_MAX:
                self._patches[: index + 1] = [None] * (index + 1)
                return


class _Patch:
    """What a box of a matte held before."""

    def __init__(self, alpha: Alpha, box: Box | None) -> None:
        self.box = box
        self._content = b""
        self._is_compressed = False
        if box is not None:
            content = alpha[box[1] : box[3], box[0] : box[2]].tobytes()
            self._is_compressed = len(content) > _PLAIN_BYTES
            self._content = zlib.compress(content, 1) if self._is_compressed else content

    @property
    def size_bytes(self) -> int:
        return len(self._content)

    def lay(self, alpha: Alpha) -> None:
        """Put it back."""
        if self.box is None:
            return
        left, top, right, bottom = self.box
        content = zlib.decompress(self._content) if self._is_compressed else self._content
        alpha[top:bottom, left:right] = np.frombuffer(content, np.uint8).reshape(bottom - top, right - left)


def screen_part(alpha: Alpha, screen: tuple[int, int], changed: Box | None) -> tuple[bytes, Box]:
    """The matte at screen size (width, height), or the part of it that a change of the full matte touches.

    Returns an 8-bit gray PNG and its box in screen pixels. Without a change one pixel is answered.
    """
    width, height = screen
    small = (
        cv2.resize(alpha, screen, interpolation=cv2.INTER_AREA) if alpha.shape != (height, width) else alpha
    )
    box = (0, 0, 1, 1) if changed is None else _on_screen(changed, alpha.shape, screen)
    left, top, right, bottom = box
    part = np.ascontiguousarray(small[top:bottom, left:right])
    # Level 1: at screen size the file is a few kilobytes either way, and the person is waiting.
    _, content = cv2.imencode(".png", part, [cv2.IMWRITE_PNG_COMPRESSION, 1])
    return content.tobytes(), box


def _on_screen(box: Box, shape: tuple[int, ...], screen: tuple[int, int]) -> Box:
    """The screen pixels that a box of the full matte has a part in."""
    x, y = screen[0] / shape[1], screen[1] / shape[0]
    return (
        max(0, int(box[0] * x) - 1),
        max(0, int(box[1] * y) - 1),
        min(screen[0], int(box[2] * x) + 2),
        min(screen[1], int(box[3] * y) + 2),
    )


def _shared(one: Sequence[WrittenStroke], other: Sequence[WrittenStroke]) -> int:
    """How many strokes two lists begin with in common."""
    count = 0
    for mine, theirs in zip(one, other, strict=False):
        if mine != theirs:
            break
        count += 1
    return count


def _union(one: Box | None, other: Box | None) -> Box | None:
    if one is None or other is None:
        return one or other
    return min(one[0], other[0]), min(one[1], other[1]), max(one[2], other[2]), max(one[3], other[3])
