"""Which Chromium the browser tests drive; run as a program, it fetches one where there is none.

python tests/browser/chromium.py
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def find() -> str | None:
    """The path of a Chromium: the one OFFCUT_CHROMIUM names, one of this system, or Playwright's own."""
    named = os.environ.get("OFFCUT_CHROMIUM")
    if named:
        return named
    own = next((path for name in NAMES if (path := shutil.which(name))), None)
    return own or _of_playwright()


def _of_playwright() -> str | None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def fetch() -> None:
    """Playwright's download; where its host cannot be reached, the system's package."""
    print("The browser tests need a Chromium: fetching one.", flush=True)
    download = subprocess.run([sys.executable, "-m", "playwright", "install", "--with-deps", "chromium"])
    if download.returncode and shutil.which("apt-get"):
        root = [] if os.geteuid() == 0 else ["sudo"]
        subprocess.run([*root, "apt-get", "update", "-q"], check=False)
        subprocess.run([*root, "apt-get", "install", "-y", "-q", "chromium"], check=False)


if __name__ == "__main__":
    if find() is None:
        fetch()
    found = find()
    if found is None:
        sys.exit("There is no Chromium. Install one, or name it: OFFCUT_CHROMIUM=/path/to/chromium make test")
    print(f"Browser tests use {found}")
