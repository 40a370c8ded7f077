"""`offcut serve`: migrate, collect static files, say how to get in, run web server and worker."""

from __future__ import annotations

import socket
import sys
import urllib.error
import urllib.request
from collections.abc import Callable

from django.conf import settings
from django.core.management import call_command

from offcut.errors import SettingError
from offcut.server.first_start import first_start
from offcut.server.processes import Child, run_together

Say = Callable[[str], None]

LAST_ANSWERS_S = 10
"""How long the web server has, after OFFCUT_STOP_S, to answer those whose photos are given up."""


def serve(say: Say) -> int:
    """Everything from an empty folder to a running website; returns when it is told to stop.

    `say` gets the few lines meant for a person. Returns the exit code. Django must be set up.
    """
    configuration = settings.CONFIGURATION
    _require_free_port(configuration.host, configuration.port)
    _require_device(configuration.device, configuration.precision)
    prepare(say)
    children = [Child("web", _web_command()), Child("worker", _worker_command())]
    return run_together(
        children,
        # The web server's own limit comes first, so that it can say what it gave up.
        stop_s=configuration.stop_s + LAST_ANSWERS_S + 5,
        when_running=_announce(say),
    )


def prepare(say: Say) -> None:
    """Bring database and static files up to date; on the first start make the owner and a key."""
    call_command("migrate", verbosity=0, interactive=False)
    call_command("collectstatic", verbosity=0, interactive=False)
    for line in first_start():
        say(line)
    if not settings.EMAIL_HOST:
        say(f"No mail server is set (OFFCUT_SMTP_HOST): mails are written to {settings.EMAIL_FILE_PATH}")


def _require_free_port(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        # A port whose last connections are still closing is free for us, as it is for the web server.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as problem:
            raise SettingError(
                f"Port {port} of {host} cannot be used: {problem.strerror or problem}.",
                hint="Stop what uses it, or give another with --port.",
            ) from problem


def _require_device(device: str, precision: str) -> None:
    """Raises DeviceError or PrecisionError for what was asked for and cannot be had. Where nothing was,
    nothing is loaded here: the web server's process is the one that computes."""
    if (device, precision) != ("auto", "auto"):
        from offcut.engine.models.runtime import plan

        plan(device, precision)  # type: ignore[arg-type]


def _web_command() -> list[str]:
    configuration = settings.CONFIGURATION
    return [
        # ASGI, because WSGI cannot tell that whoever asked has hung up.
        *(sys.executable, "-m", "granian", "--interface", "asgi"),
        *("--host", configuration.host, "--port", str(configuration.port)),
        # One process: one engine, one copy of its weights. Threads answer at the same time, because the
        # engine works outside the interpreter's lock.
        *("--workers", "1"),
        *("--workers-kill-timeout", str(configuration.stop_s + LAST_ANSWERS_S), "--respawn-failed-workers"),
        *("--log-level", "error"),
        "offcut.server.asgi:application",
    ]


def _worker_command() -> list[str]:
    return [sys.executable, "-m", "offcut.server", "work", "--no-reload", "--interval", "0.5"]


def _announce(say: Say) -> Callable[[], bool]:
    host = settings.CONFIGURATION.host
    # An address that means “all addresses” cannot be called; this machine's own can.
    own = "127.0.0.1" if host in {"0.0.0.0", "::"} else host
    address = f"http://{own}:{settings.CONFIGURATION.port}/healthz"

    def announce() -> bool:
        try:
            with urllib.request.urlopen(
                urllib.request.Request(address, headers={"Host": "localhost"}), timeout=1
            ) as answer:
                is_up = bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False
        if is_up:
            say(f"Offcut is ready at {settings.PUBLIC_URL}")
        return is_up

    return announce
