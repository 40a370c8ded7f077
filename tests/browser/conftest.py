"""A real Chromium before a real server: `offcut serve` with the real networks, in a folder of its own."""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from tests.browser import chromium

PROGRAM = "from offcut.server.command import server_app; server_app()"
PATIENCE_S = 120
PATIENCE_MS = 30_000
WIDTHS = (390, 820, 1440)
ARGUMENTS = (
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


class Server:
    """`offcut serve` as a process, with a console beside it."""

    def __init__(self, data_dir: Path, **settings: str) -> None:
        self.data_dir = data_dir
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("OFFCUT_", "DJANGO_"))
        }
        self.environment = kept | {
            "OFFCUT_DATA_DIR": str(data_dir),
            "OFFCUT_PORT": str(self.port),
            "OFFCUT_STOP_S": "10",
            "OFFCUT_LOG_LEVEL": "warning",
            **settings,
        }
        self.lines: list[str] = []
        self._console: subprocess.Popen[str] | None = None
        self.start()

    def start(self) -> None:
        """Start the server and wait until it answers; again after `stop` or `kill`, on the same folder."""
        self.process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, "serve", "--port", str(self.port)],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        threading.Thread(target=self._read, args=(self.process,), daemon=True).start()
        self._wait_until_up("/readyz")

    def stop(self, number: int = signal.SIGTERM) -> None:
        """End the server in an orderly way."""
        self.process.send_signal(number)
        self.process.wait(PATIENCE_S)

    def kill(self) -> None:
        """End the server as a power cut would."""
        self.stop(signal.SIGKILL)

    def run(self, code: str) -> Any:
        """Run Python beside the server (Django is ready); the value it leaves in `answer`."""
        if self._console is None:
            self._console = subprocess.Popen(
                [sys.executable, str(Path(__file__).with_name("console.py"))],
                env=self.environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                bufsize=1,
            )
        assert self._console.stdin
        assert self._console.stdout
        self._console.stdin.write(json.dumps(code) + "\n")
        self._console.stdin.flush()
        answer = json.loads(self._console.stdout.readline())
        if isinstance(answer, dict) and "error" in answer:
            raise AssertionError(answer["error"])
        return answer

    def sign_in(self, context: BrowserContext, *, credits: int = 0, language: str = "") -> dict[str, Any]:  # noqa: A002
        """A new person with a team and so many pay-as-you-go credits, signed in in `context`.

        Returns `person`, `team` (their ids) and `email`.
        """
        email = f"{secrets.token_hex(6)}@example.org"
        made = self.run(_SIGN_IN.format(email=email, credits=credits, language=language))
        context.add_cookies([{"name": made.pop("cookie"), "value": made.pop("session"), "url": self.url}])
        return made

    def mails(self) -> list[str]:
        """The mails sent so far as text, oldest first."""
        files = sorted((self.data_dir / "mails").glob("*"), key=lambda file: file.stat().st_mtime_ns)
        return [file.read_text(encoding="utf-8") for file in files]

    def close(self) -> None:
        """End server and console."""
        if self._console is not None:
            with contextlib.suppress(OSError):
                self._console.communicate(timeout=PATIENCE_S)
        if self.process.poll() is None:
            self.stop()

    def _wait_until_up(self, path: str) -> None:
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until and self.process.poll() is None:
            with (
                contextlib.suppress(urllib.error.URLError, OSError),
                urllib.request.urlopen(self.url + path, timeout=5) as answer,
            ):
                if answer.status == 200:
                    return
            time.sleep(0.1)
        raise AssertionError("the server did not come up:\n" + "".join(self.lines))

    def _read(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout
        with process.stdout as stream:
            self.lines.extend(stream)


_SIGN_IN = """
from importlib import import_module
from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth import SESSION_KEY, BACKEND_SESSION_KEY, HASH_SESSION_KEY
from django.utils import timezone
from offcut.server.accounts.models import Person
from offcut.server.accounts.people import welcome

person = Person.objects.create_user("{email}", "a long enough password")
person.language = "{language}"
person.save()
EmailAddress.objects.create(user=person, email=person.email, verified=True, primary=True)
team = welcome(person)
if {credits}:
    from offcut.server.credits import ledger
    from offcut.server.credits.rules import Source
    ledger.grant(team.pk, "test", Source.PAY_AS_YOU_GO, {credits} * 100, now=timezone.now())
session = import_module(settings.SESSION_ENGINE).SessionStore()
session[SESSION_KEY] = str(person.pk)
session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
session[HASH_SESSION_KEY] = person.get_session_auth_hash()
# The person has just proved who they are: pages that ask for it again let them pass.
session["account_authentication_methods"] = [
    {{"method": "password", "at": timezone.now().timestamp(), "email": person.email}}
]
session.create()
answer = {{"person": person.pk, "team": team.pk, "email": person.email,
          "cookie": settings.SESSION_COOKIE_NAME, "session": session.session_key}}
"""


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def start_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Server]]:
    """Start a server of one's own: `start_server(OFFCUT_RETENTION_S="60")`."""
    servers: list[Server] = []

    def start(**settings: str) -> Server:
        servers.append(Server(tmp_path_factory.mktemp("data"), **settings))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.fixture(scope="session")
def server(start_server: Callable[..., Server]) -> Server:
    """The server that most tests share: each makes its own people."""
    return start_server(OFFCUT_RATE_LIMIT="100000")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = chromium.find()
    if path is None:
        pytest.fail("There is no Chromium: run `python tests/browser/chromium.py`.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture
def new_page(browser: Browser, server: Server) -> Iterator[Callable[..., Page]]:
    """Open a page in a context of its own; options are those of Playwright's `new_context`.

    At the end of the test no page may have had a script error or broken its Content-Security-Policy.
    """
    contexts: list[BrowserContext] = []
    wrongs: list[str] = []

    def new(**options: Any) -> Page:
        context = browser.new_context(**{"base_url": server.url, "locale": "en-US", **options})
        context.set_default_timeout(PATIENCE_MS)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: wrongs.append(f"{page.url}: {error}"))
        page.on("console", lambda line: _note_violation(line.text, wrongs))
        return page

    yield new
    for context in contexts:
        context.close()
    assert wrongs == []


def _note_violation(text: str, wrongs: list[str]) -> None:
    if "Content Security Policy" in text or "Content-Security-Policy" in text:
        wrongs.append(text)


@pytest.fixture
def page(new_page: Callable[..., Page]) -> Page:
    """A visitor's page: nobody is signed in."""
    return new_page()


@pytest.fixture
def signed_in_page(new_page: Callable[..., Page], server: Server) -> Page:
    """The page of a new person with 10 pay-as-you-go credits. `page.who` has ids of person and team."""
    page = new_page()
    page.who = server.sign_in(page.context, credits=10)  # type: ignore[attr-defined]
    return page


@pytest.fixture(scope="session")
def axe() -> Callable[[Page], None]:
    """`axe(page)` fails with what axe-core finds wrong on the page as it stands, light and dark.

    The page is left in the light.
    """
    engine = Axe().axe_script

    def check(page: Page) -> None:
        if not page.evaluate("'axe' in window"):
            page.evaluate(engine)
        for scheme in ("dark", "light"):
            page.emulate_media(color_scheme=scheme)
            found = page.evaluate(_AXE)
            told = [f"{one['id']}: {one['help']}\n{_nodes(one)}" for one in found]
            assert not told, f"{page.url}, {scheme}\n" + "\n".join(told)

    return check


_AXE = """async () => {
  // Colours are judged as they are in the end; one that ends may begin another, in what inherits it.
  const changes = () => document.getAnimations().filter((one) => one instanceof CSSTransition);
  for (let left = changes(); left.length; left = changes()) for (const one of left) one.finish();
  return (await axe.run(document, { resultTypes: ["violations"] })).violations;
}"""


def _nodes(violation: dict[str, Any]) -> str:
    return "\n".join(
        f"  {node['html'][:200]}\n    {' '.join((node.get('failureSummary') or '').split())}"
        for node in violation["nodes"]
    )


@pytest.fixture(scope="session")
def no_overflow() -> Callable[[Page], None]:
    """`no_overflow(page)` fails when the page is wider than the window at 390, 820 or 1440 pixels."""

    def check(page: Page) -> None:
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            wide = page.evaluate(
                """() => document.documentElement.scrollWidth <= innerWidth ? [] :
                  [...document.querySelectorAll("body *")]
                    .filter(e => e.getBoundingClientRect().right > innerWidth + 1)
                    .map(e => e.outerHTML.slice(0, 160))"""
            )
            assert not wide, f"{page.url} at {width} px: " + "\n".join(wide[:5])

    return check


@pytest.fixture(scope="session")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """`photo("astronaut", megapixels=12)`: a JPEG file of one of scikit-image's sample photographs."""
    folder = tmp_path_factory.mktemp("photos")

    def make(name: str = "astronaut", *, megapixels: float | None = None) -> Path:
        from skimage import data

        file = folder / f"{name}{'' if megapixels is None else re.sub('[.]', '_', f'-{megapixels}')}.jpg"
        if not file.exists():
            pixels = np.asarray(getattr(data, name)())[..., :3]
            if megapixels is not None:
                scale = (megapixels * 1e6 / (pixels.shape[0] * pixels.shape[1])) ** 0.5
                pixels = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
            cv2.imwrite(str(file), pixels[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 90])
        return file

    return make
