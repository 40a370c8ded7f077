"""What a person waits for in the studio: Chromium before a real server, with a 12-megapixel photo.

    python benchmarks/studio.py [--megapixels 12] [--rounds 12] [--write]

Stroke: from letting go of the brush to the new matte drawn on the canvas (the page's own marks around it).
Visit: from sending the photo off to its colours and matte decoded in the page; upload, waiting and fetching
included. Median, and the slowest in parentheses.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import cv2
import numpy as np
from playwright.sync_api import Page, sync_playwright
from tests.browser import chromium
from tests.browser.conftest import ARGUMENTS, Server

import record

VISIT = """
async ([address, token, bytes]) => {
  const photo = new File([Uint8Array.from(atob(bytes), (one) => one.charCodeAt(0))], "photo.jpg");
  const show = async (url) => {
    const image = new Image();
    image.src = url;
    await image.decode();
  };
  const start = performance.now();
  const body = new FormData();
  body.set("photo", photo);
  const headers = { Accept: "application/json", "X-CSRFToken": token };
  let image = (await (await fetch(address, { method: "POST", body, headers })).json()).images[0];
  while (image.state !== "done") {
    if (image.state === "failed") throw new Error(image.error.code);
    image = await (await fetch(image.urls.page + "?wait=10", { headers })).json();
  }
  await Promise.all([show(image.urls.colours), show(image.urls.matte)]);
  return [performance.now() - start, image.urls.studio];
}
"""

LATEST = """
() => {
  const latest = (name) => performance.getEntriesByName(name).at(-1).startTime;
  return latest("matte-on-screen") - latest("stroke-let-go");
}
"""


def photo(megapixels: float) -> bytes:
    """The sample photograph of the astronaut, enlarged, as a JPEG."""
    from skimage import data

    pixels = np.asarray(data.astronaut())[..., ::-1]
    scale = (megapixels * 1e6 / (pixels.shape[0] * pixels.shape[1])) ** 0.5
    large = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    return cv2.imencode(".jpg", large, [cv2.IMWRITE_JPEG_QUALITY, 90])[1].tobytes()


def visits(page: Page, content: bytes, rounds: int) -> tuple[list[float], str]:
    """Milliseconds of each visit, and the address of the last photo's studio."""
    import base64

    page.goto("/account/login/")
    token = page.locator("input[name=csrfmiddlewaretoken]").first.get_attribute("value")
    arguments = ["/en/images/", token, base64.b64encode(content).decode()]
    taken, studio = [], ""
    for _ in range(rounds + 1):
        milliseconds, studio = page.evaluate(VISIT, arguments)
        taken.append(milliseconds)
    return taken[1:], studio


def strokes(page: Page, studio: str, mode: str, rounds: int) -> list[float]:
    """Milliseconds of each stroke, restoring and erasing in turn along the subject's edge."""
    page.goto(studio)
    page.wait_for_selector("#canvas[data-ready]")
    page.locator(f"input[name=mode][value={mode}]").check()
    box = page.locator("#canvas").bounding_box()
    assert box
    taken = []
    done = int(page.locator("#canvas").get_attribute("data-strokes") or 0)
    for number in range(rounds + 1):
        tool = ("erase", "restore")[number % 2]
        page.locator(f"input[name=tool][value={tool}]").check()
        x, y = (
            box["x"] + box["width"] * 0.42,
            box["y"] + box["height"] * (0.35 + 0.5 * (number // 2) / rounds),
        )
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x + 40, y + 12, steps=6)
        page.mouse.up()
        page.wait_for_selector(f"#canvas[data-strokes='{done + number + 1}']")
        taken.append(page.evaluate(LATEST))
    return taken[1:]


def measure(megapixels: float, rounds: int) -> dict[str, list[float]]:
    """Milliseconds by what was done."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        server = Server(Path(folder), OFFCUT_RATE_LIMIT="100000")
        browser = playwright.chromium.launch(executable_path=chromium.find(), args=list(ARGUMENTS))
        try:
            page = browser.new_context(base_url=server.url).new_page()
            page.set_default_timeout(120_000)
            visit, studio = visits(page, photo(megapixels), rounds)

            modes = {f"{mode} stroke": strokes(page, studio, mode, rounds) for mode in ("magic", "manual")}
            return {"visit": visit} | modes
        finally:
            browser.close()
            server.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--megapixels", type=float, default=12)
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--write", action="store_true", help="keep the result in docs/benchmarks.md")
    arguments: Any = parser.parse_args()
    taken = measure(arguments.megapixels, arguments.rounds)
    rows = [[name, f"{statistics.median(ms):.0f}", f"{max(ms):.0f}"] for name, ms in taken.items()]
    tables = record.table([f"{arguments.megapixels:g} MP", "median ms", "slowest ms"], rows)
    print(tables)
    if arguments.write:
        record.write("studio", "Studio", tables)


if __name__ == "__main__":
    main()
