"""Images in a real browser without scripts, and a bulk job whose server is killed in the middle."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from playwright.sync_api import BrowserContext, Error, Page
from tests.browser.conftest import Server

JSON = {"Accept": "application/json"}
PATIENCE_S = 300


def upload(page: Page, server: Server, *photos: tuple[str, bytes], **fields: str) -> dict[str, Any]:
    """Upload from the page's own session, one request a photo as scripts do; the last answer."""
    token = csrf_token(page.context, server)
    answer: dict[str, Any] = {}
    for name, content in photos:
        sent = page.context.request.post(
            f"{server.url}/en/images/",
            multipart={"photo": {"name": name, "mimeType": "image/jpeg", "buffer": content}, **fields},
            headers={**JSON, "X-CSRFToken": token, "Referer": server.url},
        )
        assert sent.status == 201, sent.text()
        answer = sent.json()
        if answer["batch"]:
            fields["batch"] = answer["batch"]["id"]
    return answer


def csrf_token(context: BrowserContext, server: Server) -> str:
    context.request.get(f"{server.url}/account/login/")
    return next(cookie["value"] for cookie in context.cookies() if "csrf" in cookie["name"])


def wait_for(
    page: Page, server: Server, address: str, is_over: Callable[[dict[str, Any]], bool]
) -> dict[str, Any]:
    """Ask for a JSON address until it says what is waited for; nobody may be there to answer for a while."""
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        with contextlib.suppress(Error):
            data = page.context.request.get(f"{server.url}{address}", headers=JSON).json()
            if is_over(data):
                return dict(data)
        page.wait_for_timeout(100)
    raise AssertionError(f"{address} did not get there")


def kill_web_process(server: Server) -> None:
    """End the process that answers and cuts out, all at once, as a crash would."""
    killed = 0
    for pid in descendants(server.process.pid):
        with contextlib.suppress(OSError):
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
            if b"granian" in command or b"multiprocessing" in command:
                os.kill(pid, signal.SIGKILL)
                killed += 1
    assert killed


def descendants(pid: int) -> list[int]:
    """The processes below one, from the top down."""
    try:
        below = [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []
    return below + [deeper for one in below for deeper in descendants(one)]


def test_from_upload_to_download_without_scripts(
    new_page: Callable[..., Page], server: Server, photo: Callable[..., Path]
) -> None:
    page = new_page(java_script_enabled=False, accept_downloads=True)
    image = upload(page, server, ("coffee.jpg", photo("coffee").read_bytes()))["images"][0]
    page.goto(image["urls"]["page"])
    # The page comes again by itself until the cut-out is there.
    page.get_by_role("heading", name="Download").wait_for()
    assert page.get_by_role("heading", level=1).inner_text() == "coffee.jpg"
    with page.expect_download() as coming:
        page.get_by_role("button", name="Download the preview").click()
    assert coming.value.suggested_filename == "coffee-cut-out-preview.png"
    shown = np.asarray(Image.open(coming.value.path()))
    assert shown.shape[2] == 4
    assert (shown[..., 3].min(), shown[..., 3].max()) == (0, 255)
    assert page.get_by_role("link", name="Sign in").first.get_attribute("href")
    page.get_by_role("button", name="Not good").click()
    page.get_by_role("button", name="Yes, keep it").click()
    assert page.get_by_text("This photo is kept to improve the cut-outs.").is_visible()
    page.get_by_role("button", name="Take back").click()
    assert page.get_by_text("All right. Nothing is kept.").is_visible()
    page.get_by_role("button", name="Delete now").click()
    assert page.get_by_role("heading", level=1).inner_text().startswith("This image is no longer here")


def test_the_full_size_without_scripts(
    new_page: Callable[..., Page], server: Server, photo: Callable[..., Path]
) -> None:
    page = new_page(java_script_enabled=False, accept_downloads=True)
    server.sign_in(page.context, credits=3)
    image = upload(page, server, ("coffee.jpg", photo("coffee").read_bytes()))["images"][0]
    page.goto(image["urls"]["page"])
    page.get_by_text("The full size costs 1 credit, once.").wait_for()
    before = page.get_by_text("Credits left").inner_text()
    for _ in range(2):
        with page.expect_download() as coming:
            page.get_by_role("button", name="Download the full size").click()
        assert np.asarray(Image.open(coming.value.path())).shape == (400, 600, 4)
    page.goto(image["urls"]["page"])
    assert page.get_by_text("free for as long as this image is kept").is_visible()
    other = upload(page, server, ("coffee.jpg", photo("coffee").read_bytes()))["images"][0]
    page.goto(other["urls"]["page"])
    page.get_by_text("Credits left").wait_for()
    after = page.get_by_text("Credits left").inner_text()
    assert credits_in(before) - credits_in(after) == 1


def credits_in(sentence: str) -> int:
    """The number at the end of "Credits left: 3."."""
    return int(sentence.rsplit(":", 1)[1].strip(" ."))


def test_the_pages_are_for_everybody(
    new_page: Callable[..., Page],
    server: Server,
    photo: Callable[..., Path],
    axe: Callable[[Page], None],
    no_overflow: Callable[[Page], None],
) -> None:
    page = new_page()
    server.sign_in(page.context, credits=3)
    files = [
        (f"a photo with quite a long name {index}.jpg", photo("coffee").read_bytes()) for index in range(2)
    ]
    sent = upload(page, server, *files, ("empty.jpg", empty_photo()), batch="new")
    batch = wait_for(
        page, server, sent["batch"]["urls"]["page"], lambda data: data["done"] + data["failed"] == 3
    )
    done, failed = batch["images"][0], batch["images"][2]
    assert failed["error"]["code"] == "no_foreground"
    addresses = [batch["urls"]["page"], done["urls"]["page"], failed["urls"]["page"], "/en/history/"]
    for address in [
        *addresses,
        done["urls"]["page"].replace("/en/", "/de/"),
        batch["urls"]["page"].replace("/en/", "/de/"),
    ]:
        page.goto(address)
        axe(page)
        no_overflow(page)
    token = csrf_token(page.context, server)
    page.context.request.post(
        server.url + done["urls"]["delete"], headers={"X-CSRFToken": token, "Referer": server.url}
    )
    page.goto(done["urls"]["page"])
    axe(page)
    no_overflow(page)


def empty_photo() -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.full((400, 600, 3), 128, np.uint8)).save(file, "JPEG")
    return file.getvalue()


def test_a_bulk_job_outlives_its_server(
    new_page: Callable[..., Page], start_server: Callable[..., Server], photo: Callable[..., Path]
) -> None:
    """Killed in the middle, started again by itself: nothing lost, nothing done or charged twice."""
    own = start_server()
    page = new_page()
    who = own.sign_in(page.context, credits=20)
    names = [f"{index}.jpg" for index in range(8)]
    content = photo("chelsea").read_bytes()
    sent = upload(page, own, *((name, content) for name in names), batch="new")
    address = sent["batch"]["urls"]["page"]
    wait_for(page, own, address, lambda data: data["done"] >= 2)
    kill_web_process(own)
    after = wait_for(page, own, address, lambda data: data["done"] + data["failed"] == 8)
    assert [(image["name"], image["state"]) for image in after["images"]] == [
        (name, "done") for name in names
    ]
    token = csrf_token(page.context, own)
    for _ in range(2):
        archive = page.context.request.post(
            own.url + after["urls"]["zip"],
            form={"size": "full", "format": "jpg"},
            headers={"X-CSRFToken": token, "Referer": own.url},
        )
        with zipfile.ZipFile(io.BytesIO(archive.body())) as opened:
            assert opened.namelist() == [f"{index}-cut-out.jpg" for index in range(8)]
    left = own.run(
        f"""
from django.utils import timezone
from offcut.server.credits.statement import balance
answer = balance({who["team"]}, at=timezone.now()).total
"""
    )
    assert left == (20 + 1 - 8) * 100
