"""Whatever happens: a hundred photos and a power cut, people side by side, trouble in Spanish.

Trouble that other tests show in English: a wrong file, one too large, an end, no network, no credits with
one photo (test_home), a batch without a network (test_home_batch), the studio without one (test_studio).
"""

from __future__ import annotations

import contextlib
import io
import os
import signal
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import CDPSession, Page, Response, expect
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
from offcut.server.credits.models import Hold
from offcut.server.credits.statement import balance
from offcut.server.removals.models import Image

holds = Hold.objects.filter(account_id={team}).values_list("request_id", "state", "captured")
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
    """All are done or say why not, none twice, none lost, each paid once."""
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
    expect(page.locator("#batch [data-part=say]")).to_contain_text(
        "The network is gone. Your photos are kept"
    )
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


# Side by side

SETTINGS = """
from offcut.server.removals.models import Image

rows = Image.objects.filter(pk__in={images})
answer = {{str(row.pk): [row.settings["background"]["colour"], row.stroke_count] for row in rows}}
"""


def _keeps(colour: str, answer: Response) -> bool:
    """Whether this answers the request that stores the colour: "Saved" may still speak of the strokes."""
    return answer.request.method == "PUT" and colour in (answer.request.post_data or "")


def test_three_windows_of_two_people_paint_at_once(
    page: Page, new_page: Callable[..., Page], server: Any, photo: Callable[..., Path]
) -> None:
    """Two photos of one person in two windows, one of somebody else, stroke upon stroke in turns."""
    other = new_page()
    mine = upload(page, photo("astronaut"), photo("astronaut"))
    images = [*mine, upload(other, photo("astronaut"))[0]]
    windows = [page, page.context.new_page(), other]
    untouched = matte(page, mine[0])
    colours = ("#c94444", "#ffffff", "#1f6feb")
    places = (0.4, 0.5, 0.6)
    for window, image in zip(windows, images, strict=True):
        open_studio(window, image, tool="erase", mode="manual")
    # Nobody waits for anybody's answer.
    for top in (0.55, 0.65, 0.75):
        for window, x in zip(windows, places, strict=True):
            drag(window, (x, top), (x, top + 0.03))
    for window, colour in zip(windows, colours, strict=True):
        window.locator("#tab-background").click()
        window.locator("input[name=background][value=colour]").check()
        with window.expect_response(partial(_keeps, colour)):
            window.locator("#colour").fill(colour)
    for window in windows:
        expect(window.locator("#canvas[data-strokes='3']")).to_be_attached()
        expect(window.locator("#saved")).to_have_text("Saved")
    taken = [
        untouched.astype(int) - matte(window, image) for window, image in zip(windows, images, strict=True)
    ]
    assert all((one >= 0).all() and one.max() > 200 for one in taken)
    middles = [float(np.average(np.arange(one.shape[1]), weights=one.sum(axis=0))) for one in taken]
    assert middles[0] < middles[1] < middles[2]
    # Where one has painted, the others have not.
    assert not ((taken[0] > 0) & (taken[2] > 0)).any()
    ids = [image["id"] for image in images]
    stored = server.run(SETTINGS.format(images=ids))
    assert [stored[one] for one in ids] == [[colour, 3] for colour in colours]
    for window, colour in zip(windows, colours, strict=True):
        window.reload()
        window.wait_for_selector("#canvas[data-ready]")
        expect(window.locator("#colour")).to_have_value(colour)


# Trouble in Spanish


@pytest.fixture
def spanish(server: Any) -> Callable[[str], str]:
    """What the website says in Spanish for an English sentence of its source."""

    def translate(english: str) -> str:
        words = str(server.run(WORDS.format(english=english)))
        assert words != english
        return words

    return translate


def test_a_photo_that_cannot_be_used_says_why_in_spanish(
    new_page: Callable[..., Page], spanish: Callable[[str], str], tmp_path: Path
) -> None:
    """A wrong file, one that is too large, a photo of nothing: what happened, what to do, the next one."""
    page = home(new_page(locale="es-ES"), "es")
    wrong, large, empty = (tmp_path / f"{name}.jpg" for name in ("falsa", "grande", "vacía"))
    wrong.write_bytes(b"Queridos todos")
    large.write_bytes(sample().read_bytes() + bytes(23 * 1024 * 1024))
    empty.write_bytes(empty_photo())
    troubles = (
        (wrong, "This file is not a photo.", "Choose a JPEG, PNG, WebP, HEIC, AVIF, TIFF, BMP or GIF file."),
        (
            large,
            "This file is too large: at most {size} MB.",
            "Save the photo as a JPEG, or make it smaller.",
        ),
        (
            empty,
            "Nothing in this photo stands out from its background.",
            "Try a photo with one clear subject in the foreground.",
        ),
    )
    for file, message, hint in troubles:
        page.locator("#photo").set_input_files(file)
        result = page.locator("#result[data-state=failed]")
        expect(result.locator("[data-part=say]")).to_have_text(spanish(message).replace("{size}", "22"))
        expect(result.locator("[data-part=hint]")).to_have_text(spanish(hint))
        expect(result.locator("h1")).to_have_text(spanish("That did not work"))
        expect(result.locator("h1")).to_be_focused()
        expect(page.locator("[data-part=name]")).to_have_text(file.name)
        page.get_by_role("link", name=spanish("Another photo")).click()
    # The photo of nothing is kept: its page says the same, also after a reload, and offers another try.
    page.locator("#photo").set_input_files(empty)
    expect(page.locator("#result[data-state=failed]")).to_be_visible()
    page.reload()
    expect(page.locator("#result[data-state=failed]")).to_contain_text(spanish(troubles[2][1]))
    expect(page.locator("#result .stage-before, #result .stage-frame").first).to_be_attached()
    expect(page.get_by_role("button", name=spanish("Try again"))).to_be_visible()
    page.get_by_role("link", name=spanish("Another photo")).click()
    give(home(page, "es"), "drop", sample())
    done(page)


def test_no_network_no_credits_and_an_end_in_spanish(
    new_page: Callable[..., Page], server: Any, spanish: Callable[[str], str]
) -> None:
    """The network goes, the credits are used up, the time is over: the work stays as long as it may."""
    page = new_page(locale="es-ES")
    team = server.sign_in(page.context, language="es")["team"]
    home(page, "es")
    page.context.set_offline(True)
    give(page, "drop", sample())
    lost = page.locator("#result[data-state=lost]")
    expect(lost).to_contain_text(
        spanish("The network is gone. Your photo is kept here, and is sent as soon as it is back.")
    )
    expect(lost.locator(".stage-before")).to_be_visible()
    page.context.set_offline(False)
    done(page)
    photo_page = page.url

    # In the middle of what costs: nothing is charged, and the button is there for the next try.
    full = page.get_by_role("button", name=spanish("Download full size"))
    refusal = page.locator("#result [data-part=refusal]")
    page.context.set_offline(True)
    full.click()
    expect(refusal).to_have_text(spanish("No connection. Try again when it is back."))
    done(page)
    page.context.set_offline(False)
    assert server.run(CHARGES.format(team=team))["left"] == 100
    with page.expect_download():
        full.click()
    expect(refusal).to_be_hidden()
    assert server.run(CHARGES.format(team=team))["left"] == 0

    # The gift is spent: a batch of two cannot be paid, on a page that leads to credits and back to the batch.
    home(page, "es").locator("#photo").set_input_files([sample("car"), sample("plant")])
    page.get_by_role("button", name=spanish("Start"), exact=True).click()
    expect(page.locator("#batch[data-state=finished]")).to_be_visible(timeout=90_000)
    page.locator("#batch-size").select_option("full")
    expect(page.locator("[data-part=zip-say]")).to_have_text("Para esto hacen falta 2 créditos y tienes 0.")
    expect(page.get_by_role("button", name=spanish("Download ZIP"))).to_be_disabled()
    expect(page.locator("[data-part=zip-links] a")).to_have_text(spanish("Get credits"))
    # A page that does not know yet that the credits went elsewhere asks all the same.
    page.locator("[data-part=zip]").evaluate("form => form.submit()")
    expect(page.get_by_role("heading", level=1)).to_have_text(spanish("Your credits are used up."))
    expect(page.locator("main")).to_contain_text(
        spanish("Previews are still free. For the full size, get a plan or a pack of credits.")
    )
    plan = page.get_by_role("link", name=spanish("Get credits")).get_attribute("href") or ""
    page.get_by_role("link", name=spanish("Back"), exact=True).click()
    expect(tiles(page, "done")).to_have_count(2)
    with page.expect_download() as download:
        page.get_by_role("button", name=spanish("Download ZIP")).click()
    assert len(zipfile.ZipFile(download.value.path()).namelist()) == 2

    page.goto(plan)
    expect(page.locator("#packs")).to_be_visible()

    # The time is over while the page is open, and when it is opened again.
    number = photo_page.rstrip("/").rpartition("/")[2]
    page.goto(photo_page)
    done(page)
    server.run(EXPIRE.format(number=number))
    page.get_by_role("button", name=spanish("Good"), exact=True).click()
    gone = page.locator("#result[data-state=gone]")
    expect(gone).to_contain_text(
        spanish("The time to keep this photo is over, and it was deleted with all that was made of it.")
    )
    expect(gone).to_contain_text(spanish("Choose the photo again to make a new cut-out."))
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text(
        spanish("This image is no longer here: its time was over, and it was deleted.")
    )
    expect(page.locator("main")).to_contain_text(spanish("Upload the photo again."))


EXPIRE = """
from django.utils import timezone
from offcut.server.removals.models import Image

answer = Image.objects.filter(pk="{number}").update(expires_at=timezone.now())
"""
