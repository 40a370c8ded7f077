"""Pictures of every page, for looking at: three widths, light and dark, four languages.

make screenshots        into out/screenshots
"""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.browser import chromium
from tests.browser.conftest import ARGUMENTS, WIDTHS, Server
from tests.browser.crawl import crawl
from tests.browser.test_every_page import LANGUAGES, one_of_each_kind, session_of

README_SIZE = {"width": 1280, "height": 800}
README_PICTURE = Path(__file__).resolve().parent.parent / "docs/pictures/studio.png"
SAMPLE = "src/offcut/server/website/home/static/home/samples/dandelion.jpg"


def main(folder: Path) -> None:
    """Start a server, visit all, write one PNG a page."""
    server = Server(Path(tempfile.mkdtemp()), OFFCUT_RATE_LIMIT="100000")
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium.find(), args=list(ARGUMENTS))
            _readme_picture(browser.new_page(base_url=server.url, viewport=README_SIZE))
            for language in LANGUAGES:
                for scheme in ("light", "dark"):
                    context = browser.new_context(base_url=server.url, color_scheme=scheme, locale=language)
                    _pictures(server, context.new_page(), folder / language / scheme, language)
                    context.close()
            browser.close()
    finally:
        server.close()


def _readme_picture(page: Page) -> None:
    """The studio with a photo that we drew."""
    page.goto("/en/")
    page.set_input_files("#photo", Path(__file__).resolve().parent.parent / SAMPLE)
    page.wait_for_selector("#result[data-state=done]")
    page.goto(page.locator("a[href*='/studio/']").first.get_attribute("href") or "")
    page.wait_for_load_state("networkidle")
    README_PICTURE.parent.mkdir(exist_ok=True)
    page.screenshot(path=README_PICTURE)
    # 256 colours look the same here and are half the bytes.
    Image.open(README_PICTURE).convert("RGB").quantize(256).save(README_PICTURE, optimize=True)


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
