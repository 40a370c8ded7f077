"""The photos that are being brushed, kept decoded between strokes within a limit of memory.

Each has a lock, so that two requests about one photo come one after the other. A photo that has been put away
is opened again from its files and strokes, which costs a moment and loses nothing.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import UUID

from offcut.server.website.studio.painting import Painting


class OpenPaintings:
    """The least recently used go first when together they take more than `bytes_max`."""

    def __init__(self, bytes_max: int) -> None:
        self._bytes_max = bytes_max
        self._guard = threading.Lock()
        self._kept: OrderedDict[UUID, Painting] = OrderedDict()
        self._locks: dict[UUID, tuple[threading.Lock, int]] = {}

    @contextmanager
    def opened(self, image_id: UUID, open_: Callable[[], Painting]) -> Iterator[Painting]:
        """The photo's painting, for this thread alone. `open_` makes it when it is not here.

        If the block raises, the painting is put away: nobody knows how far it came.
        """
        with self._locked(image_id):
            with self._guard:
                painting = self._kept.pop(image_id, None)
            painting = painting or open_()
            yield painting
            with self._guard:
                self._kept[image_id] = painting
                self._put_away()

    def forget(self, image_id: UUID) -> None:
        """Put one away, for instance because its photo was deleted."""
        with self._guard:
            self._kept.pop(image_id, None)

    def __len__(self) -> int:
        return len(self._kept)

    @contextmanager
    def _locked(self, image_id: UUID) -> Iterator[None]:
        with self._guard:
            lock, waiting = self._locks.get(image_id, (threading.Lock(), 0))
            self._locks[image_id] = lock, waiting + 1
        try:
            with lock:
                yield
        finally:
            with self._guard:
                lock, waiting = self._locks.pop(image_id)
                if waiting > 1:
                    self._locks[image_id] = lock, waiting - 1

    def _put_away(self) -> None:
        taken = sum(painting.size_bytes for painting in self._kept.values())
        # The one just used stays even if it alone is too large: the next stroke is about to come.
        while taken > self._bytes_max and len(self._kept) > 1:
            _, oldest = self._kept.popitem(last=False)
            taken -= oldest.size_bytes
