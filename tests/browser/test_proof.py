"""What has to hold whatever happens: a hundred photos and a power cut, people side by side, trouble in Spanish."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import CDPSession, Page, expect
from tests.browser.conftest import Server
from tests.browser.test_home import done, give, home, sample
from tests.browser.test_images import descendants, empty_photo
from tests.browser.test_studio import drag, matte, open_studio, upload

expect.set_options(timeout=30_000)

PATIENCE_MS = 300_000
"""For what a hundred photos take on a machine that is busy with other tests."""
COUNT = 100
NO_PHOTOS = (5, 50, 70)
"""Which of the hundred are no photos, whatever they are called."""
EMPTY = (20, 60)
"""Which are photos of nothing."""
ANSWERED = 40
"""So many uploads are answered before the page is reloaded."""
CHARGES = """
from django.utils import timezone
from offcut.server.credits.models import Entry, Hold
from offcut.server.credits.statement import balance
from offcut.server.removals.models import Image

holds = Hold.objects.filter(team_id={team}).values_list("request_id", "state", "captured")
answer = {{
    "left": balance({team}, at=timezone.now()).total,
    "holds": sorted(holds),
    "rows": sorted(Image.objects.filter(team_id={team}).values_list("name", flat=True)),
    "done": sorted(f"image:{{pk}}" for pk in Image.objects.filter(
        team_id={team}, state="done").values_list("pk", flat=True)),
}}
"""
WORDS = """
from django.utils.translation import gettext, override

with override("es"):
    answer = gettext({english!r})
"""


@pytest.fixture(scope="session")
def hundred(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """A hundred files: each photo has a width of its own, and so can be told from all others."""
    from skimage import data

    folder = tmp_path_factory.mktemp("hundred")
    pictures = [np.asarray(getattr(data, name)())[..., 2::-1] for name in ("astronaut", "chelsea", "coffee")]
    files = []
    for number in range(COUNT):
        file = folder / f"photo-{number:03}.jpg"
        if number in NO_PHOTOS:
            file.write_bytes(b"Dear all, this is no photo: " + str(number).encode())
        elif number in EMPTY:
            file.write_bytes(empty_photo())
        else:
            picture = pictures[number % len(pictures)]
            width = 240 + number
            height = round(width * picture.shape[0] / picture.shape[1])
            cv2.imwrite(str(file), cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA))
        files.append(file)
    return files


def power_cut(server: Server) -> None:
    """End the server with everything that it has started, all at once."""
    below = descendants(server.process.pid)
    server.kill()
    for pid in below:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


class Uploads:
    """Stands between the browser and the answers to its uploads, which the server has kept by then."""

    def __init__(self, page: Page) -> None:
        self.seen = 0
        self.held = 0
        self.answered, self.lost = 0, 0
        self._session: CDPSession = page.context.new_cdp_session(page)
        self._session.on("Fetch.requestPaused", self._decide)

    def watch(self, *, answered: int, lost: int = 0) -> None:
        """Let so many answers through and lose so many after them; those that follow are held back."""
        self.seen, self.held, self.answered, self.lost = 0, 0, answered, lost
        pattern = {"urlPattern": "*/en/images/", "requestStage": "Response"}
        self._session.send("Fetch.enable", {"patterns": [pattern]})

    def _decide(self, event: dict[str, Any]) -> None:
        self.seen += 1
        what = {"requestId": event["requestId"]}
        if self.seen <= self.lost:
            self._session.send("Fetch.failRequest", {**what, "errorReason": "ConnectionClosed"})
        elif self.seen <= self.lost + self.answered:
            self._session.send("Fetch.continueRequest", what)
        else:
            self.held += 1


def wait_until(page: Page, is_so: Callable[[], bool]) -> None:
    """Let the page go on until something is so."""
    for _ in range(600):
        if is_so():
            return
        page.wait_for_timeout(50)
    raise AssertionError("that did not come")


def tiles(page: Page, state: str = "") -> Any:
    return page.locator(f"#batch .tile[data-state={state}]" if state else "#batch .tile")


def test_a_hundred_photos_a_reload_and_a_power_cut(
    new_page: Callable[..., Page], start_server: Callable[..., Server], hundred: list[Path], tmp_path: Path
) -> None:
    """All are done or say why not, none twice, none lost, each paid once; whatever was in the middle of what."""
    own = start_server(OFFCUT_RATE_LIMIT="100000")
    page = new_page(base_url=own.url)
    page.on("dialog", lambda dialog: dialog.accept())
    team = own.sign_in(page.context, credits=COUNT)["team"]
    letter = tmp_path / "letter.txt"
    letter.write_text("Dear all")
    home(page).locator("#photo").set_input_files([*hundred, letter])
    expect(page.get_by_role("heading", name="100 photos")).to_be_focused()
    expect(page.locator("[data-part=skipped]")).to_contain_text("1 file was left out")

    # The page is closed while three photos have arrived whose answers have not, and most were never sent.
    uploads = Uploads(page)
    uploads.watch(answered=ANSWERED)
    page.get_by_role("button", name="Start", exact=True).click()
    wait_until(page, lambda: uploads.held == 3)
    expect(tiles(page, "done").nth(3)).to_be_attached()
    page.reload()
    missing = page.locator("[data-part=missing]")
    left = COUNT - ANSWERED - 3
    expect(missing).to_contain_text(f"{left} photos were not sent before the page was closed")
    expect(tiles(page)).to_have_count(COUNT - left)
    no_photo = tiles(page).filter(has_text="photo-005.jpg")
    expect(no_photo).to_contain_text("This file is not a photo.")
    expect(no_photo.get_by_role("button", name="Try again")).to_be_hidden()

    # All hundred are chosen again; three answers are lost on the way, then the power goes.
    uploads.watch(answered=10, lost=3)
    page.locator("[data-part=missing-input]").set_input_files(hundred)
    expect(missing).to_be_hidden()
    expect(page.get_by_role("heading", name="100 photos")).to_be_visible()
    wait_until(page, lambda: uploads.held == 3)
    power_cut(own)
    uploads._session.send("Fetch.disable")
    expect(page.locator("#batch [data-part=say]")).to_contain_text("The network is gone. Your photos are kept")
    own.start()

    expect(page.locator("#batch[data-state=finished]")).to_be_visible(timeout=PATIENCE_MS)
    expect(page.locator("#batch [data-part=say]")).to_contain_text("Ready, but for 5 photos.")
    expect(page.locator("#batch .tile-name")).to_have_count(COUNT)
    assert sorted(page.locator("#batch .tile-name").all_text_contents()) == [file.name for file in hundred]
    expect(tiles(page, "done")).to_have_count(COUNT - 5)
    for number in (*NO_PHOTOS, *EMPTY):
        why = "This file is not a photo." if number in NO_PHOTOS else "Nothing in this photo stands out"
        expect(tiles(page, "failed").filter(has_text=hundred[number].name)).to_contain_text(why)

    # The ZIP has each photo once and as itself; a second one costs nothing.
    page.locator("#batch-size").select_option("full")
    expect(page.locator("[data-part=zip-say]")).to_have_text("This charges 95 credits now.")
    wanted = {
        file.name.replace(".jpg", "-cut-out.png"): 240 + number
        for number, file in enumerate(hundred)
        if number not in (*NO_PHOTOS, *EMPTY)
    }
    books = []
    for _ in range(2):
        with page.expect_download(timeout=PATIENCE_MS) as download:
            page.get_by_role("button", name="Download ZIP").click()
        with zipfile.ZipFile(download.value.path()) as archive:
            assert sorted(archive.namelist()) == sorted(wanted)
            widths = {name: Image.open(io.BytesIO(archive.read(name))).width for name in archive.namelist()}
        assert widths == wanted
        books.append(own.run(CHARGES.format(team=team)))
    assert books[0] == books[1]
    assert books[0]["left"] == (COUNT + 1 - len(wanted)) * 100, "a hundred and the gift, less one a photo"
    assert books[0]["holds"] == [[hold, "captured", 100] for hold in books[0]["done"]]
    assert books[0]["rows"] == [file.name for number, file in enumerate(hundred) if number not in NO_PHOTOS]
    page.reload()
    expect(page.locator("#batch[data-state=finished]")).to_be_visible()
    expect(tiles(page)).to_have_count(COUNT)
    page.locator("#batch-size").select_option("full")
    expect(page.locator("[data-part=zip-say]")).to_have_text("All are paid: nothing is charged.")
