"""Offcut: photo in, cut-out with a clean alpha matte out.

    import offcut

    offcut.remove("dog.jpg").save("dog.png")

The names below are the public ones. What needs pixels or networks is imported when it is first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from offcut.errors import (
    DeviceError,
    ModelError,
    NoForegroundError,
    OffcutError,
    OptionError,
    OutputError,
    PhotoError,
)
from offcut.library import Outcome, remove, remove_many

if TYPE_CHECKING:
    from offcut.engine.cutout import Cutout
    from offcut.engine.models.networks import Networks
    from offcut.engine.options import Options

__version__ = "0.1.0"

__all__ = [
    "Cutout",
    "DeviceError",
    "ModelError",
    "Networks",
    "NoForegroundError",
    "OffcutError",
    "OptionError",
    "Options",
    "Outcome",
    "OutputError",
    "PhotoError",
    "__version__",
    "remove",
    "remove_many",
]

_LAZY = {
    "Cutout": "offcut.engine.cutout",
    "Networks": "offcut.engine.models.networks",
    "Options": "offcut.engine.options",
}


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module 'offcut' has no attribute {name!r}")
    return getattr(importlib.import_module(_LAZY[name]), name)


def __dir__() -> list[str]:
    return __all__
