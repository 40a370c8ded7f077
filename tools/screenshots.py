"""Pictures of every page, for looking at: three widths, light and dark, four languages.

make screenshots        into out/screenshots
"""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.browser import chromium
from tests.browser.conftest import ARGUMENTS, WIDTHS, Server
from tests.browser.crawl import crawl
from tests.browser.test_every_page import LANGUAGES, one_of_each_kind, session_of


def main(folder: Path) -> None:
    """Start a server, visit all, write one PNG a page."""
    server = Server(Path(tempfile.mkdtemp()), OFFCUT_RATE_LIMIT="100000")
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium.find(), args=list(ARGUMENTS))
            for language in LANGUAGES:
                for scheme in ("light", "dark"):
                    context = browser.new_context(base_url=server.url, color_scheme=scheme, locale=language)
                    _pictures(server, context.new_page(), folder / language / scheme, language)
                    context.close()
            browser.close()
    finally:
        server.close()


def _pictures(server: Server, page: Page, folder: Path, language: str) -> None:
    visitor = one_of_each_kind(crawl(server.url, language))
    _take(page, visitor, folder)
    server.sign_in(page.context, credits=10, language=language)
    own = one_of_each_kind(crawl(server.url, language, session_of(page)))
    _take(page, [path for path in own if path not in visitor], folder)


def _take(page: Page, paths: list[str], folder: Path) -> None:
    for path in paths:
        page.goto(path)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            name = re.sub(r"[^a-z0-9]+", "-", path.lower()).strip("-") or "front"
            page.screenshot(path=folder / f"{name}-{width}.png", full_page=True)
    print(f"{len(paths)} pages into {folder}")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "out/screenshots"))
