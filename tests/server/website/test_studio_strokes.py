"""Strokes, undo and redo over HTTP: what is refused, whose it is, and that two windows never mix."""

from __future__ import annotations

import io
import json
import threading
from typing import Any

import numpy as np
import pytest
from django.test import Client
from django.urls import reverse
from PIL import Image as PillowImage
from tests.server.plain_runner import photo_bytes
from tests.server.website_people import JSON, Browser

from offcut.engine import brush
from offcut.engine.opening import open_photo
from offcut.server.removals import matte
from offcut.server.removals.models import Image
from offcut.server.website.studio import strokes as brushed
from offcut.server.website.studio.open_paintings import OpenPaintings
from offcut.server.website.studio.painting import read_stroke

PHOTO = photo_bytes(600, 400)


def stroke(
    *points: list[float], kind: str = "erase", mode: str = "manual", radius: float = 20.0
) -> dict[str, Any]:
    return {
        "mode": mode, "kind": kind, "radius": radius, "hardness": 1.0,
        "points": [list(point) for point in points] or [[300.0, 200.0], [340.0, 200.0]],
    }  # fmt: skip


class Studio:
    """What the studio's scripts send about one image."""

    def __init__(self, browser: Browser, image_id: str) -> None:
        self.browser, self.image_id = browser, image_id
        self.tag: str | None = None

    def address(self, name: str) -> str:
        return reverse(f"studio:{name}", args=(self.image_id,))

    def send(self, method: str, name: str, message: Any = None, *, tag: str | None = "") -> Any:
        tag = self.tag if tag == "" else tag
        headers = {"If-Match": tag} if tag else {}
        body = message if isinstance(message, bytes) else json.dumps(message).encode()
        answer = getattr(self.browser.client, method)(
            self.address(name), body, content_type="application/json", headers=JSON | headers
        )
        if answer.status_code == 200:
            self.tag = answer["ETag"]
        return answer

    def draw(self, *strokes: dict[str, Any], after: int) -> Any:
        return self.send("post", "strokes", {"strokes": list(strokes), "after": after})

    def rewind(self, to: int) -> Any:
        return self.send("post", "rewind", {"to": to})

    def look(self) -> np.ndarray:
        answer = self.browser.get(self.address("strokes"))
        assert answer.status_code == 200
        self.tag = answer["ETag"]
        return gray(answer)

    @property
    def row(self) -> Image:
        return Image.objects.get(pk=self.image_id)


def gray(answer: Any) -> np.ndarray:
    return np.asarray(PillowImage.open(io.BytesIO(answer.content)))


@pytest.fixture
def studio(visitor: Browser) -> Studio:
    return Studio(visitor, visitor.image(PHOTO)["id"])


def test_a_stroke_changes_the_matte_and_the_answer_is_the_part_it_changed(studio: Studio) -> None:
    before = studio.look()
    assert before.shape == (400, 600)
    answer = studio.draw(stroke(), after=0)
    assert answer["X-Strokes"] == answer["X-Strokes-Total"] == "1"
    left, top, right, bottom = map(int, answer["X-Box"].split())
    part = gray(answer)
    assert part.shape == (bottom - top, right - left)
    assert right - left < 110, "only what the stroke touched"
    expected = before.copy()
    expected[top:bottom, left:right] = part
    after = studio.look()
    assert np.array_equal(after, expected)
    assert after[200, 320] == 0
    assert before[200, 320] == 255
    # The full-size matte that a download reads is the same one.
    assert np.array_equal(matte.present(studio.row), after)


def test_undo_and_redo_give_back_exactly_what_was(studio: Studio) -> None:
    mattes = [studio.look()]
    for count, kind in enumerate(("erase", "restore", "erase")):
        place = [100.0 + 150 * count, 200.0]
        studio.draw(stroke(place, kind=kind, radius=60.0), after=count)
        mattes.append(studio.look())
    for to in (2, 1, 0, 3, 1, 2):
        answer = studio.rewind(to)
        assert (answer["X-Strokes"], answer["X-Strokes-Total"]) == (str(to), "3")
        assert np.array_equal(studio.look(), mattes[to])


def test_a_stroke_after_undo_forgets_what_could_be_redone(studio: Studio) -> None:
    studio.look()
    for count in range(3):
        studio.draw(stroke([250.0 + 40 * count, 150.0]), after=count)
    studio.rewind(1)
    assert studio.draw(stroke([300.0, 260.0]), after=1)["X-Strokes-Total"] == "2"
    assert studio.rewind(3).status_code == 400
    assert len(studio.row.strokes) == 2


def test_reopening_after_a_restart_shows_the_same_and_undo_still_works(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = studio.look()
    studio.draw(stroke(mode="magic", kind="erase"), after=0)
    one = studio.look()
    studio.draw(stroke([200.0, 130.0]), after=1)
    two = studio.look()
    assert not np.array_equal(first, two)
    monkeypatch.setattr(brushed, "_open", OpenPaintings(0))
    assert np.array_equal(studio.look(), two)
    studio.rewind(1)
    assert np.array_equal(studio.look(), one)


def test_the_matte_is_what_the_engine_says(studio: Studio) -> None:
    written = [stroke(mode="magic", kind="erase"), stroke([150.0, 100.0], [180.0, 90.0], kind="restore")]
    studio.look()
    for count, one in enumerate(written):
        studio.draw(one, after=count)
    first, rgb = matte.first(studio.row), open_photo(PHOTO).pixels
    expected = brush.apply(rgb, first, [read_stroke(one) for one in written])
    assert np.array_equal(matte.present(studio.row), expected.alpha)


def test_a_second_window_that_has_not_seen_the_newest_stroke_is_refused(studio: Studio) -> None:
    studio.look()
    other = Studio(studio.browser, studio.image_id)
    other.look()
    studio.draw(stroke(), after=0)
    refused = other.draw(stroke([200.0, 150.0]), after=0)
    assert refused.status_code == 409
    assert refused.json()["error"]["code"] == "strokes_changed"
    # The same number of strokes is not enough when they are others.
    studio.rewind(0)
    studio.draw(stroke([200.0, 250.0]), after=0)
    assert other.draw(stroke(), after=1).status_code == 409
    other.look()
    assert other.draw(stroke(), after=1).status_code == 200
    assert studio.row.stroke_count == 2


def test_the_same_message_twice_is_painted_once(studio: Studio) -> None:
    studio.look()
    seen = studio.tag
    message = {"strokes": [stroke()], "after": 0}
    studio.send("post", "strokes", message, tag=seen)
    again = studio.send("post", "strokes", message, tag=seen)
    assert (again.status_code, again["X-Strokes"]) == (200, "1")
    assert again["X-Box"] == "0 0 600 400", "who lost an answer gets the whole matte"
    assert studio.row.stroke_count == 1


def test_an_undo_sent_twice_undoes_once(studio: Studio) -> None:
    studio.look()
    studio.draw(stroke(), after=0)
    studio.draw(stroke([200.0, 150.0]), after=1)
    seen = studio.tag
    for _ in range(2):
        answer = studio.send("post", "rewind", {"to": 1}, tag=seen)
        assert (answer.status_code, answer["X-Strokes"]) == (200, "1")


ZIGZAG = [[float(i * 397 % 600), float(i * 211 % 400)] for i in range(4000)]

HOSTILE = {
    "no JSON": b"{",
    "a list": b"[]",
    "not a number": b'{"strokes":[{"mode":"manual","kind":"erase","radius":NaN,"points":[[1,2]]}],"after":0}',
    "deep": b"[" * 100_000,
    "no strokes": {"strokes": [], "after": 0},
    "too many strokes": {"strokes": [stroke()] * 41, "after": 0},
    "strokes that are no list": {"strokes": {"0": stroke()}, "after": 0},
    "too many points": {"strokes": [stroke(*[[1.0, 1.0]] * 5001)], "after": 0},
    "no points": {"strokes": [{**stroke(), "points": []}], "after": 0},
    "points in space": {"strokes": [stroke([1.0, 2.0, 3.0])], "after": 0},
    "far away": {"strokes": [stroke([1e7, 0.0])], "after": 0},
    "huge whole number": b'{"strokes":[{"mode":"manual","kind":"erase","radius":1'
    + b"0" * 400
    + b',"points":[[1,2]]}],"after":0}',
    "endless": b'{"strokes":[{"mode":"manual","kind":"erase","radius":1e999,"points":[[1,2]]}],"after":0}',
    "too large a brush": {"strokes": [stroke(radius=601.0)], "after": 0},
    "no brush": {"strokes": [stroke(radius=0.0)], "after": 0},
    "too long for its brush": {
        "strokes": [
            stroke(*[[float(i * 397 % 600), float(i * 211 % 400)] for i in range(4000)], radius=600.0)
        ],
        "after": 0,
    },
    "another mode": {"strokes": [stroke(mode="laser")], "after": 0},
    "another kind": {"strokes": [stroke(kind="burn")], "after": 0},
    "true for a number": {"strokes": [{**stroke(), "radius": True}], "after": 0},
    "something else in it": {"strokes": [{**stroke(), "more": 1}], "after": 0},
    "before the beginning": {"strokes": [stroke()], "after": -1},
    "a half": {"strokes": [stroke()], "after": 0.5},
    "too much": b'{"strokes":[],"x":"' + b"x" * 2_000_000 + b'"}',
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_no_stroke_is_refused_and_changes_nothing(studio: Studio, name: str) -> None:
    answer = studio.send("post", "strokes", HOSTILE[name])
    assert answer.status_code == 400, answer.content
    error = answer.json()["error"]
    assert error["code"] == "invalid_strokes"
    assert error["message"]
    assert studio.row.strokes == []


@pytest.mark.parametrize("to", [-1, 1, True, "0", None, 10**30])
def test_a_rewind_to_nowhere_is_refused(studio: Studio, to: object) -> None:
    assert studio.send("post", "rewind", {"to": to}).status_code == 400


def test_nobody_else_reaches_the_image(studio: Studio, signed_in: Browser) -> None:
    for browser in (Browser(), signed_in):
        other = Studio(browser, studio.image_id)
        assert browser.get(other.address("studio")).status_code == 404
        assert browser.get(other.address("strokes")).status_code == 404
        assert other.draw(stroke(), after=0).status_code == 404
        assert other.rewind(0).status_code == 404
        assert other.send("put", "settings", {}).status_code == 404
    assert studio.row.strokes == []


def test_a_forged_request_is_refused(studio: Studio) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = studio.browser.client.cookies
    answer = strict.post(
        studio.address("strokes"), json.dumps({"strokes": [stroke()], "after": 0}), "application/json"
    )
    assert answer.status_code == 403
    assert studio.row.strokes == []


def test_a_deleted_image_says_so(studio: Studio) -> None:
    studio.browser.post(reverse("images:delete", args=(studio.image_id,)))
    answer = studio.draw(stroke(), after=0)
    assert answer.status_code == 410
    assert studio.browser.get(studio.address("studio")).status_code == 302


@pytest.mark.django_db(transaction=True)
def test_two_windows_at_the_same_moment_both_get_their_stroke_in(visitor: Browser) -> None:
    """Each sends until it is let in, as the page does; no stroke is lost and none is painted twice."""
    studio = Studio(visitor, visitor.image(PHOTO)["id"])
    statuses: list[int] = []

    def window(x: float) -> None:
        from django.db import connection

        mine = Studio(Browser(Client()), studio.image_id)
        mine.browser.client.cookies = visitor.client.cookies
        for turn in range(4):
            while True:
                mine.look()
                count = mine.row.stroke_count
                answer = mine.draw(stroke([x, 120.0 + 20 * turn], radius=9.0), after=count)
                statuses.append(answer.status_code)
                if answer.status_code == 200:
                    break
        connection.close()

    threads = [threading.Thread(target=window, args=(x,)) for x in (200.0, 300.0, 400.0)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(statuses) <= {200, 409}
    row = studio.row
    assert row.stroke_count == len(row.strokes) == 12
    assert len({json.dumps(one) for one in row.strokes}) == 12
    expected = brush.apply(
        open_photo(PHOTO).pixels, matte.first(row), [read_stroke(one) for one in row.strokes]
    )
    assert np.array_equal(matte.present(row), expected.alpha)
