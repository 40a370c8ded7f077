"""The studio in a real browser, on the real engine: by mouse, keyboard, touch, and without a network."""

from __future__ import annotations

import base64
import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, Route, expect

# A machine that is busy with other tests is slow; what is expected comes all the same.
expect.set_options(timeout=30_000)
READY = "#canvas[data-ready]"
_BALANCE = """
from django.utils import timezone
from offcut.server.credits.statement import balance
answer = balance({team}, at=timezone.now()).total
"""
STROKE = "#canvas[data-strokes='{}']"


def upload(page: Page, *photos: Path, batch: bool = False) -> list[dict[str, Any]]:
    """Upload photos as whoever the page belongs to, and wait until they are cut out; their JSON."""
    page.goto("/account/email/" if hasattr(page, "who") else "/account/login/")
    token = page.locator("input[name=csrfmiddlewaretoken]").first.get_attribute("value") or ""
    origin = page.evaluate("location.origin")
    headers = {"Accept": "application/json", "X-CSRFToken": token, "Referer": f"{origin}/"}
    sent: list[dict[str, Any]] = []
    for path in photos:
        fields: dict[str, Any] = {
            "photo": {"name": path.name, "mimeType": "image/jpeg", "buffer": path.read_bytes()}
        }
        if batch:
            fields["batch"] = sent[0]["batch"] if sent else "new"
        answer = page.request.post("/en/images/", headers=headers, multipart=fields)
        assert answer.status == 201, answer.text()
        sent += answer.json()["images"]
    return [wait_until_done(page, image) for image in sent]


def wait_until_done(page: Page, image: dict[str, Any]) -> dict[str, Any]:
    while image["state"] in ("waiting", "working"):
        answer = page.request.get(image["urls"]["page"] + "?wait=10", headers={"Accept": "application/json"})
        image = answer.json()
    assert image["state"] == "done", image
    return image


def open_studio(page: Page, image: dict[str, Any], *, tool: str = "", mode: str = "") -> None:
    page.goto(image["urls"]["studio"])
    page.wait_for_selector(READY)
    for name, value in (("tool", tool), ("mode", mode)):
        if value:
            page.locator(f"input[name={name}][value={value}]").check()


def wait_until_kept(page: Page, image: dict[str, Any]) -> None:
    """Until the server has the settings; "Saved" may still be an earlier change's."""
    page.wait_for_function(
        "name => localStorage.getItem(name) === null", arg=f"offcut-settings-{image['id']}"
    )


def matte(page: Page, image: dict[str, Any]) -> np.ndarray:
    """The matte that the server has, at screen size."""
    answer = page.request.get(image["urls"]["matte"].partition("?")[0])
    assert answer.ok
    return np.asarray(Image.open(io.BytesIO(answer.body())))


def shown(page: Page) -> np.ndarray:
    """What the canvas shows, as pixels, without what lies over it on the page."""
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    url = page.locator("#canvas").evaluate("canvas => canvas.toDataURL()")
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))).convert("RGB"))


def saved(downloading: Any) -> Image.Image:
    """The picture that was downloaded."""
    return Image.open(io.BytesIO(Path(downloading.value.path()).read_bytes()))


def place(page: Page, x: float, y: float) -> tuple[float, float]:
    """A place of the canvas, in shares of its width and height, on the page."""
    box = page.locator("#canvas").bounding_box()
    assert box
    return box["x"] + box["width"] * x, box["y"] + box["height"] * y


def drag(page: Page, *places: tuple[float, float]) -> None:
    page.mouse.move(*place(page, *places[0]))
    page.mouse.down()
    for point in places[1:]:
        page.mouse.move(*place(page, *point), steps=6)
    page.mouse.up()


@pytest.fixture
def astronaut(page: Page, photo: Callable[..., Path]) -> dict[str, Any]:
    return upload(page, photo("astronaut"))[0]


def test_brushing_undo_redo_and_reload(page: Page, astronaut: dict[str, Any]) -> None:
    first = matte(page, astronaut)
    open_studio(page, astronaut, tool="erase", mode="manual")
    drag(page, (0.5, 0.6), (0.5, 0.7))
    page.wait_for_selector(STROKE.format(1))
    erased = matte(page, astronaut)
    assert (erased.astype(int) - first).min() == -255
    assert (erased <= first).all(), "erasing takes away only"

    page.locator("input[name=tool][value=restore]").check()
    page.locator("input[name=mode][value=magic]").check()
    drag(page, (0.49, 0.62), (0.51, 0.68))
    page.wait_for_selector(STROKE.format(2))
    restored = matte(page, astronaut)
    assert restored.astype(int).sum() > erased.astype(int).sum()
    expect(page.locator("#saved")).to_have_text("Saved")

    page.keyboard.press("Control+z")
    page.wait_for_selector(STROKE.format(1))
    assert np.array_equal(matte(page, astronaut), erased)
    page.get_by_role("button", name="Undo").click()
    page.wait_for_selector(STROKE.format(0))
    assert np.array_equal(matte(page, astronaut), first)
    expect(page.locator("#undo")).to_be_disabled()
    page.keyboard.press("Control+Shift+z")
    page.wait_for_selector(STROKE.format(1))
    page.get_by_role("button", name="Redo").click()
    page.wait_for_selector(STROKE.format(2))

    before = shown(page)
    page.reload()
    page.wait_for_selector(STROKE.format(2))
    page.wait_for_selector(READY)
    assert np.array_equal(matte(page, astronaut), restored)
    page.locator("input[name=tool][value=restore]").check()
    page.locator("input[name=mode][value=magic]").check()
    assert shown(page).shape == before.shape
    expect(page.locator("#undo")).to_be_enabled()


def test_a_manual_stroke_is_on_screen_before_the_server_has_answered(
    page: Page, astronaut: dict[str, Any]
) -> None:
    open_studio(page, astronaut, tool="erase", mode="manual")
    held: list[Route] = []

    # Only the first message is held, and for good: a route that is taken away lets go of what it held, and
    # the answer could still come before the page is left.
    def hold_first(route: Route) -> None:
        if route.request.method == "POST" and not held:
            held.append(route)
        else:
            route.continue_()

    page.route("**/strokes", hold_first)
    with page.expect_request("**/strokes"):
        drag(page, (0.5, 0.6), (0.5, 0.7))
    page.mouse.move(*place(page, 0.02, 0.02))
    painted = shown(page)
    page.reload()
    page.wait_for_selector(STROKE.format(1))
    page.locator("input[name=tool][value=erase]").check()
    page.mouse.move(*place(page, 0.02, 0.02))
    expect(page.locator("#saved")).to_have_text("Saved")
    # What was painted here at once is what the server painted: but for rounding at the brush's edge.
    assert (np.abs(painted.astype(int) - shown(page)).max(axis=2) > 24).mean() < 0.002


def test_by_keyboard_alone(page: Page, astronaut: dict[str, Any], axe: Callable[[Page], None]) -> None:
    first = matte(page, astronaut)
    page.goto(astronaut["urls"]["studio"])
    page.wait_for_selector(READY)
    walk_to(page, "#canvas")
    page.keyboard.press("e")
    page.keyboard.press("m")
    expect(page.locator("input[name=mode][value=manual]")).to_be_checked()
    page.keyboard.press("]")
    page.keyboard.press("ArrowDown")
    page.keyboard.down("Space")
    for _ in range(5):
        page.keyboard.press("ArrowDown")
    page.keyboard.up("Space")
    page.wait_for_selector(STROKE.format(1))
    erased = matte(page, astronaut)
    assert (erased < first).any()
    page.keyboard.press("r")
    page.keyboard.press("Enter")
    for _ in range(3):
        page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    page.wait_for_selector(STROKE.format(2))
    assert (matte(page, astronaut) > erased).any()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    axe(page)
    page.keyboard.press("Escape")
    page.keyboard.press("+")
    expect(page.locator("#zoom")).not_to_have_text("")

    walk_to(page, "#tab-brush")
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    expect(page.locator("#panel-download")).to_be_visible()
    walk_to(page, "#download-preview")
    with page.expect_download() as downloading:
        page.keyboard.press("Enter")
    picture = saved(downloading)
    assert picture.mode == "RGBA"
    assert picture.width * picture.height <= 250_000


def walk_to(page: Page, selector: str) -> None:
    """Press Tab until the focus is there; a person without a mouse has no other way."""
    for _ in range(60):
        if page.locator(selector).evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{selector} cannot be reached with the Tab key")


def test_settings_change_what_is_seen_and_what_is_downloaded(
    page: Page, astronaut: dict[str, Any], photo: Callable[..., Path]
) -> None:
    open_studio(page, astronaut)
    plain = shown(page)
    page.locator("#tab-background").click()
    page.locator("input[name=background][value=colour]").check()
    page.locator("input[name=swatch][value='#c94444']").check()
    expect(page.locator("#saved")).to_have_text("Saved")
    red = shown(page)
    corner = red[int(red.shape[0] * 0.2), int(red.shape[1] * 0.5) - int(red.shape[0] * 0.4)]
    assert tuple(corner) == (0xC9, 0x44, 0x44)
    assert not np.array_equal(plain, red)

    page.locator("input[name=background][value=photo]").check()
    page.locator("#background-photo").set_input_files(photo("coffee"))
    expect(page.locator("#status")).to_have_text("Your photo is the background now")
    page.locator("#tab-layout").click()
    page.locator("input[name=canvas][value=story]").check()
    page.wait_for_selector("#canvas[data-result]")
    width, height = map(int, (page.locator("#canvas").get_attribute("data-result") or "").split("x"))
    assert width / height == pytest.approx(9 / 16, abs=0.01)
    assert width * height <= 250_000
    expect(page.locator("input[name=view][value=result]")).to_be_checked()
    page.locator("#tab-shadow").click()
    page.locator("input[name=shadow][value=drop]").check()
    expect(page.locator("#saved")).to_have_text("Saved")

    page.locator("#tab-download").click()
    page.locator("#format").select_option("jpg")
    with page.expect_download() as downloading:
        page.locator("#download-preview").click()
    picture = saved(downloading)
    assert (picture.format, picture.size) == ("JPEG", (width, height))

    page.reload()
    page.wait_for_selector(READY)
    assert page.locator("input[name=canvas]:checked").input_value() == "story"
    assert page.locator("input[name=background]:checked").input_value() == "photo"
    expect(page.locator("input[name=view][value=result]")).to_be_checked()


def test_the_result_page_shows_what_was_chosen_in_the_studio(page: Page, astronaut: dict[str, Any]) -> None:
    open_studio(page, astronaut)
    page.locator("#tab-background").click()
    page.locator("input[name=background][value=colour]").check()
    page.locator("input[name=swatch][value='#c94444']").check()
    wait_until_kept(page, astronaut)
    page.get_by_role("link", name="Back to the result").click()
    expect(page.locator("#result[data-state=done]")).to_be_visible()
    corner = """canvas => [...canvas.getContext("2d").getImageData(2, 2, 1, 1).data]"""
    assert page.locator("#result .stage-after").evaluate(corner) == [0xC9, 0x44, 0x44, 255]


def test_undo_takes_back_whatever_was_done_last(page: Page, astronaut: dict[str, Any]) -> None:
    """Strokes and settings are one list: the newest step goes first, and a slider's drag is one step."""
    open_studio(page, astronaut, tool="erase", mode="manual")
    undo, redo = page.locator("#undo"), page.locator("#redo")
    background = page.locator("input[name=background]:checked")
    expect(undo).to_be_disabled()
    drag(page, (0.5, 0.6), (0.5, 0.7))
    page.wait_for_selector(STROKE.format(1))
    page.locator("#tab-background").click()
    page.locator("input[name=background][value=blur]").check()
    slider = page.locator("#blur").bounding_box()
    assert slider
    page.mouse.move(slider["x"] + slider["width"] * 0.4, slider["y"] + slider["height"] / 2)
    page.mouse.down()
    page.mouse.move(slider["x"] + slider["width"] * 0.9, slider["y"] + slider["height"] / 2, steps=9)
    page.mouse.up()
    assert int(page.locator("#blur").input_value()) > 80
    page.locator("#tab-layout").click()
    page.locator("input[name=place][value='0% 0%']").check()
    page.locator("#tab-brush").click()
    drag(page, (0.48, 0.6), (0.48, 0.7))
    page.wait_for_selector(STROKE.format(2))

    undo.click()
    page.wait_for_selector(STROKE.format(1))
    assert page.locator("input[name=place]:checked").input_value() == "0% 0%"
    page.keyboard.press("Control+z")
    assert page.locator("input[name=place]:checked").input_value() == ""
    expect(page.locator("#status")).to_have_text("Undone")
    page.keyboard.press("Control+z")
    expect(page.locator("#blur")).to_have_value("40")
    expect(background).to_have_value("blur")
    expect(page.locator("#saved")).to_have_text("Saved")

    page.reload()
    page.wait_for_selector(READY)
    expect(page.locator("#blur")).to_have_value("40")
    undo.click()
    expect(background).to_have_value("transparent")
    expect(page.locator("#canvas")).to_have_attribute("data-strokes", "1")
    undo.click()
    page.wait_for_selector(STROKE.format(0))
    expect(undo).to_be_disabled()
    page.keyboard.press("Control+z")
    expect(page.locator("#status")).to_have_text("There is nothing to undo")

    for _ in range(5):
        redo.click()
    page.wait_for_selector(STROKE.format(2))
    expect(redo).to_be_disabled()
    assert page.locator("input[name=place]:checked").input_value() == "0% 0%"
    assert int(page.locator("#blur").input_value()) > 80
    wait_until_kept(page, astronaut)
    kept = page.request.get(astronaut["urls"]["page"], headers={"Accept": "application/json"}).json()
    assert (kept["settings"]["position"], kept["settings"]["background"]["kind"]) == ("0% 0%", "blur")
    # Something new takes the place of what was taken back.
    undo.click()
    undo.click()
    page.locator("#tab-background").click()
    page.locator("input[name=background][value=colour]").check()
    expect(redo).to_be_disabled()


def test_a_shadow_that_has_no_ground_to_fall_on_is_told(page: Page, astronaut: dict[str, Any]) -> None:
    """The astronaut is cut off by the photo's lower edge."""
    open_studio(page, astronaut)
    page.locator("#tab-shadow").click()
    note = page.locator("#shadow-note")
    for kind in ("3D", "car"):
        page.locator(f"input[name=shadow][value='{kind}']").check()
        expect(note).to_contain_text("there is no ground: the drop shadow is drawn instead")
        page.locator("input[name=shadow][value=drop]").check()
        expect(note).to_be_empty()


def test_the_marketplace_canvas_is_white_until_somebody_wants_it_otherwise(
    signed_in_page: Page, photo: Callable[..., Path]
) -> None:
    page = signed_in_page
    image = upload(page, photo("astronaut"))[0]
    open_studio(page, image)
    page.locator("#tab-background").click()
    page.locator("input[name=background][value=scene]").check()
    page.locator("#tab-layout").click()
    page.locator("input[name=canvas][value=marketplace]").check()
    page.wait_for_selector("#canvas[data-result]")
    assert page.locator("input[name=background]:checked").input_value() == "colour"
    assert page.locator("#colour").input_value() == "#ffffff"
    page.locator("#tab-download").click()
    size = page.locator("#full-size")
    expect(size).to_have_text(re.compile(r"^\d+ × \d+ pixels\.$"))
    width, height = map(int, re.findall(r"\d+", size.inner_text()))
    assert width == pytest.approx(height, abs=1)
    assert (width, height) != (image["width"], image["height"])
    with page.expect_download() as downloading:
        page.locator("#download-full").click()
    full = saved(downloading)
    assert full.size == (width, height)
    assert full.convert("RGB").getpixel((2, 2)) == (255, 255, 255)

    page.locator("#tab-background").click()
    page.locator("input[name=background][value=transparent]").check()
    page.locator("#tab-download").click()
    with page.expect_download() as downloading:
        page.locator("#download-preview").click()
    assert saved(downloading).getpixel((2, 2))[3] == 0


@pytest.mark.parametrize("kind", ["gradient", "blur", "scene"])
def test_the_background_on_the_canvas_is_the_one_of_the_result(
    page: Page, astronaut: dict[str, Any], kind: str
) -> None:
    """What is drawn in the browser while one chooses, and what the server lays there in the end."""
    open_studio(page, astronaut)
    page.locator("#tab-background").click()
    page.locator(f"input[name=background][value={kind}]").check()
    if kind == "scene":
        page.locator("input[name=scene][value=wood]").check()
    page.wait_for_load_state("networkidle")
    settings = json.dumps({"background": {"kind": kind, **_defaults(kind)}})
    answer = page.request.get(astronaut["urls"]["preview"], params={"settings": settings})
    assert answer.ok
    result = Image.open(io.BytesIO(answer.body())).convert("RGB")
    canvas = shown(page)
    height, width = canvas.shape[:2]
    side = height - 48
    left = (width - side) // 2
    here = Image.fromarray(canvas[24 : 24 + side, left : left + side]).resize(result.size)
    far = np.abs(np.asarray(here, int) - np.asarray(result, int)).mean()
    assert far < 6, far


def _defaults(kind: str) -> dict[str, Any]:
    return {
        "gradient": {"colours": ["#dff3ec", "#7cb8d8"], "angle": 180},
        "blur": {"blur": 40},
        "scene": {"scene": "wood"},
    }[kind]


def test_the_settings_of_one_photo_for_the_whole_batch(page: Page, photo: Callable[..., Path]) -> None:
    images = upload(page, photo("astronaut"), photo("coffee"), batch=True)
    open_studio(page, images[0])
    page.locator("#tab-background").click()
    page.locator("input[name=background][value=gradient]").check()
    page.locator("#apply-all").click()
    expect(page.locator("#status")).to_have_text("All photos of the batch have these settings now")
    page.get_by_role("link", name="coffee.jpg").click()
    page.wait_for_selector(READY)
    assert page.locator("input[name=background]:checked").input_value() == "gradient"


def test_the_network_goes_and_comes_back(page: Page, astronaut: dict[str, Any]) -> None:
    first = matte(page, astronaut)
    open_studio(page, astronaut, tool="erase", mode="manual")
    page.context.set_offline(True)
    for x in (0.45, 0.55):
        drag(page, (x, 0.6), (x, 0.7))
    expect(page.locator("#saved")).to_have_text("Not saved yet")
    expect(page.locator("#status")).to_contain_text("No connection")
    drag(page, (0.5, 0.8), (0.52, 0.82))
    page.keyboard.press("Control+z")
    page.context.set_offline(False)
    page.wait_for_selector(STROKE.format(2))
    expect(page.locator("#saved")).to_have_text("Saved")
    expect(page.locator("#redo")).to_be_enabled()
    after = matte(page, astronaut)
    assert (after < first).any()
    assert np.array_equal(after[int(first.shape[0] * 0.85) :], first[int(first.shape[0] * 0.85) :])


def test_two_windows_and_two_people(
    page: Page, new_page: Callable[..., Page], photo: Callable[..., Path]
) -> None:
    other = new_page()
    mine, theirs = upload(page, photo("astronaut"))[0], upload(other, photo("astronaut"))[0]
    assert other.request.get(mine["urls"]["studio"]).status == 404
    untouched = matte(other, theirs)
    second = page.context.new_page()
    for window in (page, second):
        open_studio(window, mine, tool="erase", mode="manual")
    open_studio(other, theirs)
    drag(page, (0.45, 0.6), (0.45, 0.7))
    page.wait_for_selector(STROKE.format(1))
    one = matte(page, mine)
    # The second window has not seen that stroke: it is told, sees it, and its own stroke is not lost.
    drag(second, (0.55, 0.6), (0.55, 0.7))
    second.wait_for_selector(STROKE.format(2))
    expect(second.locator("#status")).to_contain_text("another window")
    both = matte(page, mine)
    assert (both <= one).all()
    assert (both < one).any()
    assert np.array_equal(matte(other, theirs), untouched)


def test_a_copy_on_the_clipboard(page: Page, astronaut: dict[str, Any]) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    open_studio(page, astronaut)
    page.locator("#tab-download").click()
    page.locator("#copy").click()
    expect(page.locator("#status")).to_have_text("Copied: paste it anywhere")
    size = page.evaluate(
        """async () => {
          const [item] = await navigator.clipboard.read();
          const bitmap = await createImageBitmap(await item.getType("image/png"));
          return [bitmap.width, bitmap.height];
        }"""
    )
    assert size == [500, 500]


def test_the_full_size_costs_once(
    signed_in_page: Page, new_page: Callable[..., Page], server: Any, photo: Callable[..., Path]
) -> None:
    page = signed_in_page
    image = upload(page, photo("coffee"))[0]
    open_studio(page, image)
    page.locator("#tab-download").click()
    expect(page.locator("#price")).to_contain_text("Costs 1 credit once")
    for _ in range(2):
        with page.expect_download() as downloading:
            page.locator("#download-full").click()
        assert saved(downloading).size == (600, 400)
        expect(page.locator("#price")).to_contain_text("Paid")
    team = page.who["team"]  # type: ignore[attr-defined]
    balance = server.run(_BALANCE.format(team=team))
    assert balance == 10 * 100 + 100 - 100, "ten credits and the gift, less one"

    stranger = new_page()
    image = upload(stranger, photo("coffee"))[0]
    open_studio(stranger, image)
    stranger.locator("#tab-download").click()
    stranger.locator("#download-full").click()
    trouble = stranger.locator("#download-trouble")
    expect(trouble).to_be_visible()
    back = f"/account/login/?next={image['urls']['studio']}"
    expect(trouble.get_by_role("link", name="Sign in")).to_have_attribute("href", back)


def test_two_fingers_zoom_and_one_brushes(new_page: Callable[..., Page], photo: Callable[..., Path]) -> None:
    page = new_page(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    image = upload(page, photo("astronaut"))[0]
    open_studio(page, image, tool="erase", mode="manual")
    before = page.locator("#zoom").inner_text()
    touch = page.context.new_cdp_session(page)

    def fingers(kind: str, *points: tuple[float, float]) -> None:
        places = [place(page, *point) for point in points]
        touch.send(
            "Input.dispatchTouchEvent",
            {"type": kind, "touchPoints": [{"x": x, "y": y, "id": i} for i, (x, y) in enumerate(places)]},
        )

    fingers("touchStart", (0.4, 0.5))
    fingers("touchStart", (0.4, 0.5), (0.6, 0.5))
    for spread in (0.05, 0.1, 0.2):
        fingers("touchMove", (0.4 - spread, 0.5), (0.6 + spread, 0.5))
    fingers("touchEnd")
    expect(page.locator("#zoom")).not_to_have_text(before)
    assert float(page.locator("#zoom").inner_text().split()[0]) > 1.5 * float(before.split()[0])
    assert page.locator("#canvas").get_attribute("data-strokes") == "0", "a pinch is no stroke"

    fingers("touchStart", (0.5, 0.5))
    fingers("touchMove", (0.5, 0.6))
    fingers("touchEnd")
    page.wait_for_selector(STROKE.format(1))


def test_every_state_is_accessible_and_fits(
    new_page: Callable[..., Page],
    photo: Callable[..., Path],
    axe: Callable[[Page], None],
    no_overflow: Callable[[Page], None],
) -> None:
    page = new_page()
    images = upload(page, photo("astronaut"), photo("coffee"), batch=True)
    for language in ("en", "es"):
        page.goto(images[0]["urls"]["studio"].replace("/en/", f"/{language}/"))
        page.wait_for_selector(READY)
        page.locator("input[name=tool][value=restore]").check()
        axe(page)
        for tab in ("background", "shadow", "layout", "download"):
            page.locator(f"#tab-{tab}").click()
            for kind in ("colour", "gradient", "photo", "blur", "scene") if tab == "background" else ():
                page.locator(f"input[name=background][value={kind}]").check()
                axe(page)
            axe(page)
            if language == "en":
                no_overflow(page)
            page.set_viewport_size({"width": 390, "height": 844})
            axe(page)
            page.set_viewport_size({"width": 1440, "height": 900})


CUT_OFF = """() => {
  const wrong = [];
  const words = "button, label, input, select, a, output, p, h2, span";
  for (const one of document.querySelectorAll(`#studio :is(${words})`)) {
    const box = one.getBoundingClientRect();
    // A file's name may be of any length, and is shortened; what only screen readers say has no room.
    if (!one.checkVisibility() || one.closest(".visually-hidden, .stage-name")) continue;
    const isOutside = box.right > innerWidth + 1 || box.left < -1;
    const isClipped = getComputedStyle(one).display !== "inline" && one.scrollWidth > one.clientWidth + 1;
    if (isOutside || isClipped) wrong.push(`${one.outerHTML.slice(0, 90)} ${box.right} ${one.scrollWidth}`);
  }
  return wrong;
}"""


@pytest.mark.parametrize("language", ["en", "es", "de", "fr"])
def test_no_control_is_cut_off(page: Page, astronaut: dict[str, Any], language: str) -> None:
    wrong = {}
    # The last is a phone on its side.
    for width, height in ((390, 900), (820, 900), (1440, 900), (844, 390)):
        page.set_viewport_size({"width": width, "height": height})
        page.goto(astronaut["urls"]["studio"].replace("/en/", f"/{language}/"))
        page.wait_for_selector(READY)
        for tab in ("background", "shadow", "layout", "download", "brush"):
            page.locator(f"#tab-{tab}").click()
            for tool in ("erase", "restore", "move") if tab == "brush" else ():
                page.locator(f"input[name=tool][value={tool}]").check()
                wrong[width, tab, tool] = page.evaluate(CUT_OFF)
            for view in ("original", "both", "result", "cutout") if tab == "brush" else ():
                page.locator(f"input[name=view][value={view}]").check()
                wrong[width, tab, view] = page.evaluate(CUT_OFF)
            wrong[width, tab, ""] = page.evaluate(CUT_OFF)
    assert {where: found for where, found in wrong.items() if found} == {}


def test_the_first_load_is_light_and_from_here_only(page: Page, astronaut: dict[str, Any]) -> None:
    """Everything but the photo's own pictures, whose size is the photo's."""
    weight: dict[str, int] = {}

    def weigh(response: Any) -> None:
        sizes = response.request.sizes()
        weight[response.url] = sizes["responseBodySize"] + sizes["responseHeadersSize"]

    page.on("requestfinished", lambda request: weigh(request.response()))
    open_studio(page, astronaut)
    page.wait_for_load_state("networkidle")
    origin = page.evaluate("location.origin")
    assert all(url.startswith((origin, "blob:", "data:")) for url in weight), weight
    pictures = ("/original", "/colours", "/strokes", "/preview")
    total = sum(size for url, size in weight.items() if not url.partition("?")[0].endswith(pictures))
    assert total <= 300_000, weight


def test_without_scripts_the_cut_out_can_be_downloaded(
    new_page: Callable[..., Page], photo: Callable[..., Path]
) -> None:
    scripted = new_page()
    image = upload(scripted, photo("coffee"))[0]
    page = new_page(java_script_enabled=False, storage_state=scripted.context.storage_state())
    page.goto(image["urls"]["studio"])
    expect(page.get_by_text("scripts are off")).to_be_visible()
    page.locator("#plain-settings").select_option(label="White")
    page.locator("#plain-format").select_option("jpg")
    with page.expect_download() as downloading:
        page.get_by_role("button", name="Download the preview: free").click()
    picture = saved(downloading).convert("RGB")
    assert picture.getpixel((2, 2)) == (255, 255, 255)
