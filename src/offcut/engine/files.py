"""Writing a file so that nobody ever sees half of it."""

from __future__ import annotations

import contextlib
import errno
import os
import tempfile
from pathlib import Path

from offcut.errors import DiskFullError, OutputError, UnwritableOutputError

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def write_file(path: Path | str, data: bytes) -> None:
    """Write `data` to `path`, whole or not at all.

    A temporary file beside the target is written, flushed to the disk and renamed over it, so a crash, a
    full disk or Ctrl-C leaves the old file, if there was one, and no half of the new. Devices and pipes
    (such as /dev/stdout) are written straight. Raises UnwritableOutputError or DiskFullError.
    """
    target = Path(path)
    try:
        if target.exists() and not target.is_file() and not target.is_dir():
            target.write_bytes(data)
            return
        _replace(target.resolve() if target.is_symlink() else target, data)
    except OSError as error:
        raise _output_error(target, error) from error


def _replace(target: Path, data: bytes) -> None:
    if target.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(target))
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=".offcut-", suffix=".part")
    try:
        with open(handle, "wb") as file:  # noqa: PTH123 (an open handle, not a path)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(_mode(target))
        Path(name).replace(target)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise


def _mode(target: Path) -> int:
    """The permissions of the file that is replaced, or those that a new file would get."""
    with contextlib.suppress(OSError):
        return target.stat().st_mode & 0o777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def _output_error(target: Path, error: OSError) -> OutputError:
    if error.errno in _FULL:
        return DiskFullError(f"There is no room left to write {target.name}.")
    return UnwritableOutputError(f"{target} cannot be written: {error.strerror or error}.")
