"""Starting the server of `plain_server` for a test, with a database of its own and, if wished, TLS."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import closing
from pathlib import Path

ROOT = Path(__file__).parents[2]
PATIENCE_S = 60

MAKE_TEAM = """
import django, sys
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0, interactive=False)
from tests.server.api_caller import Caller
for name, credits in (pair.split("=") for pair in sys.argv[1:]):
    print(Caller.make(name, credit_count=int(credits)).token)
"""

SUMS = """
import django, json
django.setup()
from django.utils import timezone
from offcut.server.accounts.models import Team
from offcut.server.credits import rebuild
from offcut.server.credits.models import Hold
from offcut.server.credits.statement import balance, balance_by_entries
now = timezone.now()
out = {}
for team in Team.objects.exclude(name=""):
    own = balance(team.pk, at=now)
    assert own == balance_by_entries(team.pk, at=now)
    assert rebuild.rebuild(team.pk) == []
    states = list(Hold.objects.filter(account_id=team.pk).values_list("state", flat=True))
    key = team.people.get().name
    out[key] = {"total": own.total, "held": own.held, "free": own.free_preview_amount,
                "states": {state: states.count(state) for state in set(states)}}
print(json.dumps(out))
"""


class Served:
    """A running server: `url`, the tokens of its teams in the order they were named."""

    def __init__(
        self,
        folder: Path,
        teams: dict[str, int],
        *,
        tls: tuple[Path, Path] | None = None,
        application: str = "tests.wire.plain_server:application",
        **more: str,
    ):
        self._application = application
        self.port = free_port()
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"
        self._tls = tls
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("OFFCUT_") and name != "DJANGO_SETTINGS_MODULE"
        }
        self.environment = kept | {
            "DJANGO_SETTINGS_MODULE": "offcut.server.settings",
            "OFFCUT_DATA_DIR": str(folder),
            "OFFCUT_RATE_LIMIT": "1000000",
            "OFFCUT_LOG_LEVEL": "warning",
            "PYTHONPATH": os.pathsep.join((str(ROOT / "src"), str(ROOT))),
            **_database(),
            **more,
        }
        (folder / "static").mkdir(parents=True, exist_ok=True)
        self.log = folder / "server.log"
        made = self.python(MAKE_TEAM, *(f"{name}={count}" for name, count in teams.items()))
        self.tokens = dict(zip(teams, made.split(), strict=True))
        self.process = self.start()

    def python(self, program: str, *arguments: str) -> str:
        """Run a program on the server's database; what it prints."""
        ran = subprocess.run(
            [sys.executable, "-c", program, *arguments],
            env=self.environment, capture_output=True, text=True, check=False, cwd=ROOT,
        )  # fmt: skip
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    def start(self) -> subprocess.Popen[bytes]:
        command = [
            *(sys.executable, "-m", "granian", "--interface", "asgi", "--workers", "1"),
            *("--host", "127.0.0.1", "--port", str(self.port), "--log-level", "error"),
        ]
        if self._tls:
            command += ["--ssl-certificate", str(self._tls[0]), "--ssl-keyfile", str(self._tls[1])]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*command, self._application],
                env=self.environment, cwd=ROOT, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        until_s = time.monotonic() + PATIENCE_S
        while not self._answers():
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < until_s, self.log.read_text()
            time.sleep(0.05)
        return self.process

    def _answers(self) -> bool:
        try:
            with closing(socket.create_connection(("127.0.0.1", self.port), 1)):
                if self._tls:
                    return True
            request = urllib.request.Request(f"{self.url}/healthz")
            with urllib.request.urlopen(request, timeout=2) as answer:
                return bool(answer.status == 200)
        except (OSError, urllib.error.URLError):
            return False

    def kill(self) -> None:
        """Kill server and workers outright, as a power cut would."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(PATIENCE_S)

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(PATIENCE_S)


def _database() -> dict[str, str]:
    """The settings of a database of its own: none for SQLite, an empty one on the tests' PostgreSQL."""
    address = os.environ.get("OFFCUT_DATABASE_URL")
    if address is None:
        return {}
    import psycopg

    name = f"wire_{secrets.token_hex(6)}"
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return {"OFFCUT_DATABASE_URL": address.replace("/postgres?", f"/{name}?")}


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
