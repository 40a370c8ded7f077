"""The servers under test, each started in a folder of its own on this machine's loopback."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx

import programs
from clients import Tally

START_S = 180.0

PREPARE = """
import sys
import django
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0, interactive=False)
from django.utils import timezone
from offcut.server.accounts.keys import make_key
from offcut.server.accounts.models import Person
from offcut.server.accounts.people import welcome
from offcut.server.credits import ledger
from offcut.server.credits.rules import Source
person = Person.objects.create_user("load@example.org", "only for a benchmark", name="Load")
welcome(person)
team = person.teams.get()
ledger.grant(team.pk, "load", Source.PAY_AS_YOU_GO, 100 * 1_000_000, now=timezone.now())
print(make_key(team, "Load", by=person)[1])
"""


class OffcutServer:
    """Offcut as `offcut serve` runs it, with a team that has credits enough. A context manager."""

    field = "image_file"

    def __init__(self, *, jobs: int = 2, **settings: str) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="offcut-load-")
        folder = Path(self._folder.name)
        (folder / "static").mkdir()
        port = free_port()
        kept = {name: value for name, value in os.environ.items() if not name.startswith("OFFCUT_")}
        self.environment = {
            **kept,
            "DJANGO_SETTINGS_MODULE": "offcut.server.settings",
            "OFFCUT_DATA_DIR": self._folder.name,
            "OFFCUT_RATE_LIMIT": "1000000",
            "OFFCUT_JOBS": str(jobs),
            "OFFCUT_LOG_LEVEL": "warning",
            **settings,
        }
        self.token = self.python(PREPARE).strip()
        self.base_url = f"http://127.0.0.1:{port}"
        self.url = f"{self.base_url}/v1.0/removebg"
        self.headers = {"X-Api-Key": self.token}
        self.fields = {"size": "full", "format": "png"}
        command = [
            *(sys.executable, "-m", "granian", "--interface", "asgi", "--workers", "1"),
            *("--host", "127.0.0.1", "--port", str(port), "--log-level", "error"),
            "offcut.server.asgi:application",
        ]
        self._log = (folder / "server.log").open("wb")
        self._process = subprocess.Popen(
            command, env=self.environment, stdout=self._log, stderr=self._log, start_new_session=True
        )
        wait_for(f"{self.base_url}/readyz", self._process)

    def __enter__(self) -> OffcutServer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def python(self, program: str) -> str:
        """Run a program with the server's settings; what it prints."""
        ran = subprocess.run(
            [sys.executable, "-c", program], env=self.environment, capture_output=True, text=True, check=False
        )
        if ran.returncode:
            raise SystemExit(ran.stderr)
        return ran.stdout

    def resident_mb(self) -> float:
        """What the process that has the engine holds in memory, in MB."""
        return max(_resident_mb(pid) for pid in _family(self._process.pid))

    def close(self) -> None:
        """Stop it, and remove what it wrote."""
        end(self._process)
        self._log.close()
        self._folder.cleanup()


class RembgServer:
    """`rembg s` with the IS-Net weights that Offcut uses, without matting: its default."""

    field = "file"

    def __init__(self, python: Path | None) -> None:
        from offcut.engine.models.weights import Weights

        weights = Weights().paths("isnet")[0]
        port = free_port()
        extras = httpx.QueryParams(extras=json.dumps({"model_path": str(weights)}))
        self.url = f"http://127.0.0.1:{port}/api/remove?{extras}"
        self.headers: dict[str, str] = {}
        self.fields = {"model": "dis_custom"}
        # rembg loads weights from below its own folder only; it is told that ours is that.
        home = {"REMBG_HOME": str(weights.parent), "U2NET_HOME": str(weights.parent), "BROWSER": "true"}
        interpreter = python or programs.rembg_python()
        command = [str(interpreter), "-c", "from rembg.cli import main; main()", "s", "--no-ui"]
        self._process = subprocess.Popen(
            [*command, "--host", "127.0.0.1", "--port", str(port), "--log_level", "error"],
            env={**os.environ, **home}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip
        wait_for(f"http://127.0.0.1:{port}/openapi.json", self._process)

    def close(self) -> None:
        """Stop it."""
        end(self._process)


class EngineAlone:
    """The engine in a process of its own, with as many threads as the server has. A context manager."""

    def __init__(self, *, jobs: int) -> None:
        self._jobs = jobs
        self._process = subprocess.Popen(
            [sys.executable, __file__, str(jobs)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def __enter__(self) -> EngineAlone:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()

    def cut_for(self, photo: bytes, seconds: float) -> Tally:
        """How many photos it cuts out in so many seconds, from bytes to bytes."""
        assert self._process.stdin
        assert self._process.stdout
        with tempfile.NamedTemporaryFile(suffix=".jpg") as file:
            file.write(photo)
            file.flush()
            self._process.stdin.write(f"{file.name}\t{seconds}\n")
            self._process.stdin.flush()
            elapsed_s, *took_s = map(float, self._process.stdout.readline().split())
        return Tally(took_s, 0, elapsed_s)


def cut_lines(jobs: int) -> None:
    """What EngineAlone runs: a line names a photo and seconds; the answer is how long each cut took."""
    from offcut.engine.options import Options
    from offcut.library import default_networks
    from offcut.server.runners.cutting import Work, cut_with

    cut = cut_with(default_networks(), "isnet")
    for line in sys.stdin:
        path, seconds = line.rstrip("\n").split("\t")
        work = Work(Path(path).read_bytes(), Options(size="full", format="png"))
        took_s: list[float] = []
        begun_s = time.monotonic()
        end_s = begun_s + float(seconds)

        def run(work: Work = work, end_s: float = end_s, took_s: list[float] = took_s) -> None:
            while time.monotonic() < end_s:
                at_s = time.monotonic()
                cut(work, lambda _step: None)
                took_s.append(time.monotonic() - at_s)

        threads = [threading.Thread(target=run) for _ in range(jobs)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        print(time.monotonic() - begun_s, *took_s, flush=True)


def wait_for(address: str, process: subprocess.Popen[bytes]) -> None:
    """Wait until an address answers with 200. Raises SystemExit when the server ends before."""
    until_s = time.monotonic() + START_S
    while time.monotonic() < until_s and process.poll() is None:
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(address, timeout=5, verify=False).status_code == 200:
                return
        time.sleep(0.2)
    raise SystemExit(f"The server does not answer at {address}.")


def end(process: subprocess.Popen[bytes]) -> None:
    """Stop a server and what it started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def free_port() -> int:
    """A port of the loopback that nobody listens on."""
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _family(pid: int) -> Iterator[int]:
    yield pid
    children = Path(f"/proc/{pid}/task/{pid}/children")
    for child in children.read_text().split() if children.exists() else ():
        yield from _family(int(child))


def _resident_mb(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


if __name__ == "__main__":
    cut_lines(int(sys.argv[1]))
