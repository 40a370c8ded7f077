"""The rows: photos given to the improvement programme, and photos that people work on."""

from __future__ import annotations

from offcut.server.removals.models.image import Background, Batch, Image, Kept, State
from offcut.server.removals.models.submission import Submission

__all__ = ["Background", "Batch", "Image", "Kept", "State", "Submission"]
