"""Waiting until an image has changed, without asking the database all the time."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

_lock = threading.Lock()
_listening: dict[uuid.UUID, list[threading.Event]] = {}


def tell(image_id: uuid.UUID) -> None:
    """Wake everybody in this process who waits for this image."""
    with _lock:
        for event in _listening.get(image_id, ()):
            event.set()


@contextmanager
def listening(image_id: uuid.UUID) -> Iterator[threading.Event]:
    """An event that is set when the image changes. Begin to listen before you look, and nothing is missed.

    Another process of the website cannot set it: wait in short pieces, and look again.
    """
    event = threading.Event()
    with _lock:
        _listening.setdefault(image_id, []).append(event)
    try:
        yield event
    finally:
        with _lock:
            _listening[image_id].remove(event)
            if not _listening[image_id]:
                del _listening[image_id]
