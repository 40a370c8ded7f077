"""Offcut: photo in, cut-out with a clean alpha matte out."""

from offcut.errors import OffcutError

__version__ = "0.1.0"

__all__ = ["OffcutError", "__version__"]
