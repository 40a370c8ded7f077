"""Offcut: photo in, cut-out with a clean alpha matte out."""

from offcut.errors import OffcutError

__all__ = ["OffcutError"]
