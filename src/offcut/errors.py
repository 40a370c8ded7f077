"""Every error that Offcut raises on purpose, as one tree.

    OffcutError
    ├── PhotoError           the photo cannot be used
    ├── OptionError          an option has a value that is not allowed
    │   └── StrokeError      a brush stroke that cannot be painted
    ├── NoForegroundError    the photo has nothing to cut out
    ├── ModelError           weights are missing, broken or not allowed
    ├── DeviceError          the processor or precision asked for cannot be had
    └── OutputError          the result cannot be written

Each error has a stable `code` (for programs), one sentence that a person understands, and a `hint`
that says what to do next. No HTTP status lives here: the server maps codes to statuses.
"""

from __future__ import annotations

from typing import ClassVar


class OffcutError(Exception):
    """Root of the tree.

    `code` is stable across releases; `str(error)` is the sentence; `hint` says what to do next ("" if
    there is nothing to add).
    """

    code: ClassVar[str] = "error"
    default_hint: ClassVar[str] = ""

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = self.default_hint if hint is None else hint


class PhotoError(OffcutError):
    """The photo cannot be used."""

    code = "photo_error"


class OptionError(OffcutError):
    """An option has a value that is not allowed. `parameter` is the option's name."""

    code = "invalid_option"

    def __init__(self, parameter: str, message: str, *, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.parameter = parameter


class StrokeError(OptionError):
    """A brush stroke has values that cannot be painted."""

    code = "invalid_stroke"
    default_hint = "Send the stroke again with points and radius in photo pixels."

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__("strokes", message, hint=hint)


class NoForegroundError(OffcutError):
    """The photo has nothing that stands out from its background."""

    code = "no_foreground"
    default_hint = "Try a photo with one clear subject, or mark it with a box."


class ModelError(OffcutError):
    """Weights are missing, broken or not allowed."""

    code = "model_error"


class DeviceError(OffcutError):
    """The processor or precision asked for cannot be had on this machine."""

    code = "device_unavailable"


class OutputError(OffcutError):
    """The result cannot be written."""

    code = "output_error"
