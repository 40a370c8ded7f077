"""Every error that Offcut raises on purpose, as one tree.

    OffcutError
    ├── PhotoError           the photo cannot be used
    ├── OptionError          an option has a value that is not allowed
    ├── NoForegroundError    the photo has nothing to cut out
    ├── ModelError           weights are missing, broken or not allowed
    │   ├── UnknownModelError       no weights of that name are known
    │   ├── LicenceError            the licence of the weights was not accepted
    │   ├── WeightsMissingError     the weights were never fetched
    │   ├── WeightsCorruptError     the weights on disk are not what they should be
    │   ├── WeightsBusyError        another process has been fetching them for too long
    │   ├── WeightsStorageError     the folder has no room, or cannot be written
    │   └── DownloadError           fetching failed
    │       ├── NoNetworkError          the other side could not be reached
    │       ├── WrongHashError          what came is not what was expected
    │       └── ToolMissingError        npm or pip is not installed
    ├── DeviceError          the device asked for cannot be had
    │   └── PrecisionError          the precision asked for cannot be had
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


class NoForegroundError(OffcutError):
    """The photo has nothing that stands out from its background."""

    code = "no_foreground"
    default_hint = "Try a photo with one clear subject, or mark it with a box."


class ModelError(OffcutError):
    """Weights are missing, broken or not allowed."""

    code = "model_error"


class UnknownModelError(ModelError):
    """No weights of that name are in the catalogue."""

    code = "unknown_model"
    default_hint = "`offcut models list` shows the names."


class LicenceError(ModelError):
    """The licence of these weights forbids commercial use and has not been accepted."""

    code = "licence_not_accepted"


class WeightsMissingError(ModelError):
    """The weights were never fetched to this machine."""

    code = "weights_missing"


class WeightsCorruptError(ModelError):
    """The weights on disk are not what they should be."""

    code = "weights_corrupt"


class WeightsBusyError(ModelError):
    """Another process has held the weights' lock for too long."""

    code = "weights_locked"
    default_hint = "Wait for the other process, or end it, and try again."


class WeightsStorageError(ModelError):
    """The models folder has no room, or cannot be written."""

    code = "weights_storage"


class DownloadError(ModelError):
    """Fetching the weights failed."""

    code = "download_failed"
    default_hint = "Try again later; what has arrived is kept."


class NoNetworkError(DownloadError):
    """The other side could not be reached."""

    code = "no_network"
    default_hint = "Check the connection and the proxy, or fetch the file elsewhere and pull from it."


class WrongHashError(DownloadError):
    """What came is not what was expected."""

    code = "wrong_hash"
    default_hint = "Nothing was kept. Try again; if it happens twice, do not trust the source."


class ToolMissingError(DownloadError):
    """A program that is needed to fetch the weights is not installed."""

    code = "tool_missing"


class DeviceError(OffcutError):
    """The device asked for cannot be had on this machine."""

    code = "device_unavailable"


class PrecisionError(DeviceError):
    """The precision asked for cannot be had on the device."""

    code = "precision_unavailable"


class OutputError(OffcutError):
    """The result cannot be written."""

    code = "output_error"
