"""The front page in a real Chromium: every way to give a photo, the result, and every kind of trouble."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from PIL import Image
from playwright.sync_api import BrowserContext, Page, expect

expect.set_options(timeout=30_000)
WEIGHT_MAX = 150_000
SAMPLES = Path("src/offcut/server/website/home/static/home/samples")
GIVE = """([kind, files, text]) => {
  const data = new DataTransfer();
  for (const [name, type, content] of files) {
    const bytes = Uint8Array.from(atob(content), letter => letter.charCodeAt(0));
    data.items.add(new File([bytes], name, {type}));
  }
  for (const [type, value] of Object.entries(text)) data.setData(type, value);
  const event = kind === "paste"
    ? new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true})
    : new DragEvent("drop", {dataTransfer: data, bubbles: true, cancelable: true});
  document.body.dispatchEvent(event);
}"""
PIXELS = """(canvas) => {
  const { width, height } = canvas;
  const pixels = canvas.getContext("2d").getImageData(0, 0, width, height).data;
  const alpha = (x, y) => pixels[4 * (Math.floor(y * height) * width + Math.floor(x * width)) + 3];
  return { corner: alpha(0.02, 0.02), middle: alpha(0.45, 0.5), width };
}"""


def sample(name: str = "mug") -> Path:
    return SAMPLES / f"{name}.jpg"


def give(page: Page, kind: str, *files: Path, **text: str) -> None:
    """Drops or pastes files, or text by its type (`uri_list` for text/uri-list)."""
    content = [[file.name, _type(file), base64.b64encode(file.read_bytes()).decode()] for file in files]
    types = {"uri_list": "text/uri-list", "plain": "text/plain"}
    page.evaluate(GIVE, [kind, content, {types[name]: value for name, value in text.items()}])


def _type(file: Path) -> str:
    return {".jpg": "image/jpeg", ".png": "image/png"}.get(file.suffix, "text/plain")


def home(page: Page, language: str = "en") -> Page:
    page.goto(f"/{language}/")
    expect(page.locator("html.is-ready")).to_be_attached()
    return page


def done(page: Page) -> None:
    expect(page.locator("#result[data-state=done]")).to_be_visible()


def expect_cutout(page: Page) -> None:
    done(page)
    pixels = page.locator("#result .stage-after").evaluate(PIXELS)
    assert pixels["corner"] == 0
    assert pixels["middle"] > 250


@pytest.mark.parametrize("kind", ["drop", "paste"])
def test_a_photo_becomes_a_cutout_and_survives_a_reload(page: Page, kind: str) -> None:
    give(home(page), kind, sample())
    expect_cutout(page)
    expect(page.get_by_role("heading", name="Your cut-out")).to_be_focused()
    assert "/en/images/" in page.url
    page.reload()
    expect_cutout(page)
    page.get_by_role("link", name="Another photo").click()
    expect(page.locator("#start")).to_be_visible()


def test_a_photo_is_chosen_and_looked_at_by_keyboard(page: Page) -> None:
    home(page)
    page.locator("#photo").focus()
    with page.expect_file_chooser() as choice:
        page.keyboard.press("Space")
    choice.value.set_files(sample())
    done(page)
    wipe = page.get_by_role("slider", name="Compare")
    wipe.focus()
    page.keyboard.press("End")
    expect(wipe).to_have_value("100")
    expect(wipe).to_have_attribute("aria-valuetext", "100 % of the photo, 0 % of the cut-out")
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    expect(wipe).to_have_value("1")
    clip = page.locator("#result .stage-before").evaluate("image => getComputedStyle(image).clipPath")
    assert "99%" in clip
    page.go_back()
    expect(page.locator("#start")).to_be_visible()


def test_our_samples_show_what_comes_out(page: Page) -> None:
    home(page)
    page.get_by_role("button", name="Dandelion with fine hairs").last.click()
    expect(page.locator("#show .stage-after")).to_have_attribute("src", _named("dandelion-after"))
    page.get_by_role("button", name="Toy car").first.click()
    expect_cutout(page)


def _named(part: str) -> Any:
    import re

    return re.compile(part)


@pytest.fixture(scope="module")
def fetching_server(start_server: Callable[..., Any]) -> Any:
    """A server that may fetch photos from this machine: here, from itself."""
    return start_server(OFFCUT_FETCH_HOSTS="127.0.0.1", OFFCUT_RATE_LIMIT="100000")


@pytest.mark.parametrize("way", ["drop", "paste", "type"])
def test_a_photo_comes_by_its_address(new_page: Callable[..., Page], fetching_server: Any, way: str) -> None:
    page = home(new_page(base_url=fetching_server.url))
    src = page.locator("form[data-sample]").first.get_attribute("data-sample")
    address = f"{fetching_server.url}{src}"
    if way == "drop":
        give(page, "drop", uri_list=address)
    elif way == "paste":
        give(page, "paste", plain=address)
    else:
        page.get_by_label("Address of a photo").fill(address)
        page.keyboard.press("Enter")
    expect_cutout(page)


def test_a_picture_in_an_address_needs_no_server_to_fetch_it(page: Page) -> None:
    content = base64.b64encode(sample().read_bytes()).decode()
    give(home(page), "drop", uri_list=f"data:image/jpeg;base64,{content}")
    expect_cutout(page)


def test_trouble_says_what_happened_and_what_to_do(page: Page, tmp_path: Path) -> None:
    home(page)
    no_photo = tmp_path / "letter.txt"
    no_photo.write_text("Dear all")
    give(page, "drop", no_photo)
    problem = page.locator("#problem")
    expect(problem).to_contain_text("There is no photo in what you gave.")
    expect(problem).to_be_focused()

    give(page, "paste", plain="https://127.0.0.1/photo.jpg")
    expect(page.get_by_role("heading", name="That did not work")).to_be_focused()
    expect(page.locator("#result [data-part=say]")).to_have_text(
        "Photos cannot be fetched from this address."
    )

    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"not a photo")
    give(page, "drop", broken)
    expect(page.locator("#result [data-part=say]")).to_have_text("This file is not a photo.")
    expect(page.locator("#result [data-part=hint]")).to_contain_text("JPEG")

    large = tmp_path / "large.jpg"
    large.write_bytes(sample().read_bytes() + bytes(23 * 1024 * 1024))
    page.locator("#photo").set_input_files(large)
    expect(page.locator("#result [data-part=say]")).to_contain_text("too large: at most 22 MB")
    page.get_by_role("link", name="Another photo").click()
    give(page, "drop", sample())
    expect_cutout(page)


def test_a_photo_waits_for_the_network(page: Page) -> None:
    home(page)
    page.context.set_offline(True)
    give(page, "drop", sample())
    expect(page.locator("#result[data-state=lost]")).to_contain_text("Your photo is kept here")
    expect(page.locator("#result .stage-before")).to_be_visible()
    page.context.set_offline(False)
    expect_cutout(page)


def test_an_upload_is_cancelled(page: Page) -> None:
    home(page)
    page.context.set_offline(True)
    give(page, "drop", sample())
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator("#result")).to_contain_text("Cancelled. Nothing was kept.")
    page.context.set_offline(False)
    page.get_by_role("link", name="Another photo").click()
    expect(page.locator("#start")).to_be_visible()


def test_an_expired_photo_and_a_deleted_one_say_so(page: Page, server: Any) -> None:
    give(home(page), "drop", sample())
    done(page)
    expect(page.locator("[data-part=leaves][data-for=done]")).to_contain_text("deleted by itself in")
    server.run(
        "from django.utils import timezone\n"
        "from offcut.server.removals.models import Image\n"
        f"answer = Image.objects.filter(pk='{page.url.rstrip('/').rpartition('/')[2]}')"
        ".update(expires_at=timezone.now())"
    )
    page.get_by_role("button", name="Delete now").click()
    expect(page.locator("#result[data-state=gone]")).to_contain_text("The time to keep this photo is over")
    page.get_by_role("link", name="Another photo").click()
    give(page, "drop", sample())
    done(page)
    page.get_by_role("button", name="Delete now").click()
    expect(page.locator("#result[data-state=gone]")).to_contain_text("Deleted. Nothing of this photo is left")
    page.reload()
    expect(page.locator("main")).to_contain_text("deleted")


# Taking it home


def test_a_preview_is_free_and_full_size_needs_an_account(page: Page) -> None:
    give(home(page), "drop", sample())
    done(page)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download preview").click()
    with Image.open(download.value.path()) as picture:
        assert (picture.size, picture.mode) == ((577, 433), "RGBA")
    expect(page.locator(".offer").first).to_contain_text("1 credit")
    expect(page.locator(".offer").first).to_contain_text("Needs an account.")
    page.get_by_role("button", name="Download full size").click()
    refusal = page.locator("#result [data-part=refusal]")
    expect(refusal).to_contain_text("You need an account for this.")
    expect(refusal.get_by_role("link", name="Sign up")).to_be_visible()
    expect(page.locator("#result .stage-after")).to_be_visible()


def test_what_is_shown_is_what_is_downloaded(page: Page) -> None:
    """A photo with a look of its own: the result in its shape, with its sizes, and not the plain cut-out."""
    page.goto("/en/?preset=passport")
    expect(page.locator("html.is-ready")).to_be_attached()
    give(page, "drop", sample())
    done(page)
    shown = page.locator("#result .stage-after").evaluate(PIXELS)
    assert shown["corner"] == 255
    with page.expect_download() as download:
        page.get_by_role("link", name="Download preview").click()
    with Image.open(download.value.path()) as picture:
        width, height = picture.size
    assert shown["width"] == width
    expect(page.locator("[data-part=preview-size]")).to_have_text(f"{width} × {height} pixels")
    ratio = page.locator("#result .stage-picture").evaluate("it => it.offsetWidth / it.offsetHeight")
    assert ratio == pytest.approx(width / height, abs=0.01)
    full = page.locator("[data-part=full-size]").inner_text().replace(",", "").split()
    assert int(full[0]) / int(full[2]) == pytest.approx(35 / 45, abs=0.01)


def test_a_background_that_is_gone_leaves_the_cut_out(page: Page, server: Any) -> None:
    give(home(page), "drop", sample())
    done(page)
    image = urlsplit(page.url).path.rstrip("/").rpartition("/")[2]
    server.run(
        f"""
from offcut.server.removals.models import Image
gone = {{"background": {{"kind": "photo", "photo": "{image}"}}}}
answer = Image.objects.filter(pk="{image}").update(settings=gone)
"""
    )
    page.reload()
    expect_cutout(page)
    expect(page.locator("#result [data-part=refusal]")).to_contain_text(
        "The background photo is no longer here."
    )
    expect(page.get_by_role("link", name="Open in the studio")).to_be_visible()


def test_full_size_is_paid_once_and_blocked_without_credits(
    new_page: Callable[..., Page], server: Any
) -> None:
    page = new_page()
    server.sign_in(page.context, credits=1)
    give(home(page), "drop", sample())
    done(page)
    for size in ("png", "jpg"):
        page.locator("#result-format").select_option(size)
        with page.expect_download() as download:
            page.get_by_role("button", name="Download full size").click()
        with Image.open(download.value.path()) as picture:
            assert picture.size == (1200, 900)
        expect(page.locator("[data-part=price]")).to_contain_text("Paid: free as often as you like")
    # One credit came as a gift at sign-up: it pays the second photo, and nothing is left for the third.
    for is_paid in (True, False):
        page.get_by_role("link", name="Another photo").click()
        give(page, "drop", sample("car"))
        done(page)
        expect(page.locator("[data-part=account]")).to_have_text(
            f"You have {int(is_paid)} credit{'' if is_paid else 's'}."
        )
        page.get_by_role("button", name="Download full size").click()
        if is_paid:
            expect(page.locator("[data-part=price]")).to_contain_text("Paid")
    expect(page.locator("#result [data-part=refusal]")).to_contain_text("Your credits are used up.")
    expect(page.get_by_role("link", name="Download preview")).to_be_visible()


def test_not_good_offers_to_give_the_photo_and_keeps_nothing_without_a_yes(
    signed_in_page: Page, server: Any
) -> None:
    page = signed_in_page
    give(home(page), "drop", sample())
    done(page)
    given = (
        "from offcut.server.removals.models import Image\n"
        f"answer = Image.objects.filter(team_id={page.who['team']}, submission__isnull=False).count()"  # type: ignore[attr-defined]
    )
    page.get_by_role("button", name="Not good").click()
    question = page.locator("[data-part=contribution]")
    expect(question.get_by_role("checkbox", name="Remember my choice")).to_be_focused()
    question.get_by_role("button", name="No", exact=True).click()
    expect(page.locator("[data-part=rated]")).to_have_text("All right. Nothing is kept.")
    assert server.run(given) == 0
    page.get_by_role("link", name="Another photo").click()
    give(page, "drop", sample("car"))
    done(page)
    page.get_by_role("button", name="Not good").click()
    page.get_by_role("checkbox", name="Remember my choice").check()
    question.get_by_role("button", name="Yes, keep it").click()
    expect(page.locator("[data-part=rated]")).to_contain_text("This photo is kept to improve")
    assert server.run(given) == 1
    page.get_by_role("link", name="Another photo").click()
    give(page, "drop", sample("plant"))
    done(page)
    page.get_by_role("button", name="Not good").click()
    expect(page.locator("[data-part=rated]")).to_contain_text("This photo is kept to improve")
    expect(question).to_be_hidden()
    page.get_by_role("button", name="Take back").click()
    expect(page.locator("[data-part=rated]")).to_have_text("All right. Nothing is kept.")
    expect(page.get_by_role("button", name="Take back")).to_be_hidden()
    assert server.run(given) == 1


def test_a_visitor_is_asked_and_may_take_back(page: Page) -> None:
    home(page)
    give(page, "drop", sample())
    done(page)
    page.get_by_role("button", name="Not good").click()
    question = page.locator("[data-part=contribution]")
    expect(question).to_contain_text("You can take it back here for as long as this page is kept")
    question.get_by_role("button", name="Yes, keep it").click()
    expect(page.locator("[data-part=rated]")).to_contain_text("This photo is kept to improve")
    page.get_by_role("button", name="Take back").click()
    expect(page.locator("[data-part=rated]")).to_have_text("All right. Nothing is kept.")


# Installed


def with_worker(page: Page) -> Page:
    """The front page, once its service worker rules."""
    home(page)
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.wait_for_function("navigator.serviceWorker.controller !== null")
    return page


def test_the_offline_page_comes_from_the_worker_and_goes_on(page: Page) -> None:
    with_worker(page)
    page.context.set_offline(True)
    page.goto("/de/")
    expect(page.locator("html")).to_have_attribute("lang", "de")
    expect(page.locator("#again")).to_be_visible()
    page.context.set_offline(False)
    expect(page.locator("#start")).to_be_visible()


def test_the_worker_keeps_no_photo_and_no_page_of_a_person(page: Page) -> None:
    with_worker(page)
    give(page, "drop", sample())
    done(page)
    kept = page.evaluate(
        """async () => {
          const found = [];
          for (const name of await caches.keys())
            for (const key of await (await caches.open(name)).keys()) found.push(new URL(key.url).pathname);
          return found;
        }"""
    )
    assert len(kept) >= 8
    assert all(path.startswith("/static/") or path.endswith("/offline/") for path in kept), kept


def test_a_photo_that_the_phone_shares_is_cut_out(page: Page) -> None:
    with_worker(page)
    page.evaluate(
        """async ([name, content]) => {
          const form = Object.assign(document.createElement("form"),
            {method: "post", action: "/share", enctype: "multipart/form-data"});
          const input = Object.assign(document.createElement("input"), {type: "file", name: "photo"});
          const bytes = Uint8Array.from(atob(content), letter => letter.charCodeAt(0));
          const data = new DataTransfer();
          data.items.add(new File([bytes], name, {type: "image/jpeg"}));
          input.files = data.files;
          form.append(input);
          document.body.append(form);
          form.submit();
        }""",
        ["shared.jpg", base64.b64encode(sample().read_bytes()).decode()],
    )
    done(page)
    expect(page.locator("[data-part=name]")).to_have_text("shared.jpg")
    assert page.evaluate("caches.open('offcut-shared').then(c => c.keys()).then(k => k.length)") == 0


# Weight, access, sizes


def test_the_first_load_is_light_and_asks_no_other_host(page: Page, server: Any) -> None:
    requests: list[Any] = []
    page.on("requestfinished", lambda request: requests.append(request))
    home(page)
    page.wait_for_load_state("networkidle")
    hosts = {urlsplit(request.url).netloc for request in requests}
    assert hosts == {urlsplit(server.url).netloc}
    sizes = {request.url: request.sizes() for request in requests if request.response()}
    weight = sum(size["responseBodySize"] + size["responseHeadersSize"] for size in sizes.values())
    assert len(sizes) > 10
    assert weight <= WEIGHT_MAX, sorted((size["responseBodySize"], url) for url, size in sizes.items())


@pytest.mark.parametrize("language", ["en", "es"])
def test_everything_is_accessible_and_fits(
    new_page: Callable[..., Page],
    axe: Callable[[Page], None],
    no_overflow: Callable[[Page], None],
    language: str,
) -> None:
    page = home(new_page(reduced_motion="reduce"), language)
    axe(page)
    no_overflow(page)
    give(page, "drop", sample("plant"))
    done(page)
    axe(page)
    no_overflow(page)
    page.goto(f"/{language}/offline/")
    axe(page)
    no_overflow(page)


# Without scripts


@pytest.fixture
def plain_page(new_page: Callable[..., Page]) -> Page:
    """A browser without scripts."""
    return new_page(java_script_enabled=False)


def test_without_scripts_a_photo_is_sent_by_the_form(plain_page: Page) -> None:
    plain_page.goto("/en/")
    plain_page.locator("#photo").set_input_files(sample())
    plain_page.get_by_role("button", name="Cut out").click()
    expect(plain_page.locator("#plain h1")).to_contain_text("mug.jpg")
    assert "/en/images/" in plain_page.url
    button = plain_page.get_by_role("button", name="Download the preview")
    expect(button).to_be_visible()
    with plain_page.expect_download() as download:
        button.click()
    with Image.open(download.value.path()) as picture:
        assert picture.mode == "RGBA"


def test_without_scripts_a_sample_is_cut_out(plain_page: Page) -> None:
    plain_page.goto("/en/")
    plain_page.locator("form[data-name='car.jpg'] button").click()
    expect(plain_page.locator("#plain h1")).to_contain_text("car.jpg")


def visitor(context: BrowserContext) -> list[str]:
    return [cookie["name"] for cookie in context.cookies()]


def test_no_cookie_but_the_sessions_and_the_tokens(page: Page) -> None:
    give(home(page), "drop", sample())
    done(page)
    assert set(visitor(page.context)) == {"offcut-session", "offcut-csrf"}
