"""The feeder: every waiting image is cut out once, whatever happens to the processes."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.utils import timezone
from tests.server.plain_runner import photo_bytes, plain_runner
from tests.server.website_people import feed, plain_do

from offcut.errors import ImageExpiredError, QueueFullError
from offcut.server.removals import feeder as feeding
from offcut.server.removals import files, images
from offcut.server.removals.feeder import ATTEMPTS_MAX, LEASE_S, Feeder, take_back
from offcut.server.removals.images import Owner
from offcut.server.removals.models import Image, State
from offcut.server.runners import current

PHOTO = photo_bytes(80, 60)
ALICE, BOB = Owner(None, "alice"), Owner(None, "bob")

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _place(tmp_path: Path, settings: Any) -> Any:
    settings.DATA_DIR = tmp_path
    settings.STORAGES = {
        **settings.STORAGES,
        "images": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": tmp_path / "images", "base_url": None},
        },
    }
    plain = plain_runner(cut=plain_do)
    current.use(plain)
    yield
    current.use(None)
    plain.stop(5)


def cut_with(do: Any, **options: Any) -> None:
    current.use(plain_runner(cut=do, **options))


def states() -> list[str]:
    return list(Image.objects.order_by("made_at").values_list("state", flat=True))


def test_all_that_wait_are_done() -> None:
    for _ in range(3):
        images.receive(ALICE, PHOTO)
    assert feed() == 3
    assert states() == [State.DONE] * 3
    for image in Image.objects.all():
        assert files.read(image.matte_file)
        assert files.read(image.belief_file)
        assert (image.claimed_by, image.claimed_until) == ("", None)


def test_owners_take_turns() -> None:
    order: list[str] = []
    for index in range(4):
        images.receive(ALICE, PHOTO, name=f"alice {index}")
    images.receive(BOB, PHOTO, name="bob 0")
    images.receive(BOB, PHOTO, name="bob 1")
    feeder = Feeder(threads=0)
    while (image := feeder._claim()) is not None:
        order.append(image.name)
        feeder._cut_out(image)
    assert order == ["alice 0", "bob 0", "alice 1", "bob 1", "alice 2", "alice 3"]


def test_a_photo_with_nothing_in_it_fails_and_can_be_tried_again() -> None:
    empty = images.receive(ALICE, photo_bytes(80, 60, color=(120, 120, 120)))
    feed()
    empty.refresh_from_db()
    assert (empty.state, empty.error_code) == (State.FAILED, "no_foreground")
    assert images.retry(empty)
    assert (empty.state, empty.error_code) == (State.WAITING, "")
    assert feed() == 1


def test_a_fault_of_ours_is_told_and_does_not_stop_the_others() -> None:
    def broken(work: Any, tell: Any) -> Any:
        if work.photo == PHOTO:
            raise ZeroDivisionError
        return plain_do(work, tell)

    cut_with(broken)
    images.receive(ALICE, PHOTO)
    images.receive(ALICE, photo_bytes(81, 60))
    assert feed() == 2
    assert states() == [State.FAILED, State.DONE]
    assert Image.objects.get(state=State.FAILED).error_code == "unexpected_error"


def test_when_the_queue_is_full_it_waits_on() -> None:
    def full(work: Any, tell: Any) -> Any:
        raise QueueFullError("Full.")

    cut_with(full)
    image = images.receive(ALICE, PHOTO)
    feeder = Feeder(threads=0)
    for _ in range(ATTEMPTS_MAX + 2):
        with pytest.raises(QueueFullError):
            feeder.work_one()
    image.refresh_from_db()
    assert (image.state, image.attempt_count) == (State.WAITING, 0)
    cut_with(plain_do)
    assert feed() == 1


def test_what_a_dead_process_left_waits_again_when_its_lease_is_over() -> None:
    image = images.receive(ALICE, PHOTO)
    with time_machine.travel(timezone.now(), tick=False) as clock:
        dead = Feeder(threads=0)
        assert dead._claim() is not None
        assert feed() == 0
        clock.shift(timedelta(seconds=LEASE_S - 1))
        assert take_back() == 0
        clock.shift(timedelta(seconds=2))
        assert take_back() == 1
        assert feed() == 1
        image.refresh_from_db()
        assert image.state == State.DONE
        first_matte = image.matte_file
        # Should the one that was thought dead come back, it changes nothing.
        again = Image.objects.get()
        dead._cut_out(again)
        image.refresh_from_db()
        assert (image.state, image.matte_file) == (State.DONE, first_matte)
        assert files.read(image.matte_file)


PROCESS = """
import sys, time
from pathlib import Path
from filelock import FileLock
lock = FileLock(sys.argv[1])
lock.acquire()
print("locked", flush=True)
time.sleep(60)
"""


def test_what_a_killed_process_left_waits_again_at_once() -> None:
    images.receive(ALICE, PHOTO)
    feeder = Feeder(threads=0)
    assert feeder._claim() is not None
    path = feeding._lock_path(feeder.name)
    process = subprocess.Popen([sys.executable, "-c", PROCESS, str(path)], stdout=subprocess.PIPE)
    assert process.stdout
    with process.stdout as lines:
        assert lines.readline() == b"locked\n"
        assert take_back() == 0
        process.send_signal(signal.SIGKILL)
        process.wait(10)
    assert take_back() == 1
    assert feed() == 1
    assert states() == [State.DONE]


def test_a_photo_that_takes_its_process_down_is_not_tried_for_ever() -> None:
    image = images.receive(ALICE, PHOTO)
    for _ in range(ATTEMPTS_MAX):
        assert Feeder(threads=0)._claim() is not None
        Image.objects.update(claimed_until=timezone.now() - timedelta(seconds=1))
        assert take_back() == 1
    feed()
    image.refresh_from_db()
    assert (image.state, image.error_code) == (State.FAILED, "unexpected_error")


def test_what_is_deleted_while_it_is_worked_on_leaves_nothing(tmp_path: Path) -> None:
    image = images.receive(ALICE, PHOTO)

    def deleting(work: Any, tell: Any) -> Any:
        images.delete(image)
        return plain_do(work, tell)

    # In this thread, so that the test's transaction is seen.
    class Here:
        mean_s, jobs = 1.0, 1

        def run(self, work: Any, **_: Any) -> Any:
            return deleting(work, lambda _step: None)

    current.use(Here())  # type: ignore[arg-type]
    feed()
    image.refresh_from_db()
    assert image.gone == "deleted"
    assert not [path for path in (tmp_path / "images").rglob("*") if path.is_file()]


@pytest.mark.django_db(transaction=True)
def test_threads_of_two_processes_share_the_work() -> None:
    done: list[bytes] = []
    lock = threading.Lock()

    def counting(work: Any, tell: Any) -> Any:
        with lock:
            done.append(work.photo)
        return plain_do(work, tell)

    cut_with(counting, places=64)
    photos = [photo_bytes(60 + index, 50) for index in range(24)]
    for photo in photos:
        images.receive(ALICE, photo)
    feeders = [Feeder(threads=2), Feeder(threads=2)]
    for feeder in feeders:
        feeder.start()
    over = threading.Event()
    while not over.wait(0.02) and Image.objects.exclude(state=State.DONE).exists():
        assert threading.active_count() < 60
    for feeder in feeders:
        feeder.stop(10)
    assert sorted(done) == sorted(photos)
    connection.close()


def test_images_expire(tmp_path: Path) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        image = images.receive(ALICE, PHOTO, name="secret.jpg")
        feed()
        clock.shift(timedelta(seconds=images.retention_s() - 1))
        assert images.owned(ALICE, image.pk).name == "secret.jpg"
        clock.shift(timedelta(seconds=1))
        # Nobody sees it from the very moment on, whenever the worker comes by.
        with pytest.raises(ImageExpiredError):
            images.owned(ALICE, image.pk)
        with pytest.raises(Image.DoesNotExist):
            images.owned(BOB, image.pk)
        assert images.expire_due(timezone.now()) == 1
        assert images.expire_due(timezone.now()) == 0
        assert not [path for path in (tmp_path / "images").rglob("*") if path.is_file()]
        image.refresh_from_db()
        assert (image.name, image.bytes, image.strokes) == ("", 0, [])
        with pytest.raises(ImageExpiredError):
            images.owned(ALICE, image.pk)
        clock.shift(images.REMEMBERED)
        images.expire_due(timezone.now())
        assert not Image.objects.exists()


def test_an_image_that_waits_long_does_not_expire_before_it_is_done() -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        image = images.receive(ALICE, PHOTO)
        clock.shift(timedelta(seconds=images.retention_s() * 3))
        assert images.expire_due(timezone.now()) == 0
        feed()
        image.refresh_from_db()
        assert image.expires_at == timezone.now() + timedelta(seconds=images.retention_s())


def test_closing_a_team_deletes_its_images(tmp_path: Path, django_capture_on_commit_callbacks: Any) -> None:
    from tests.server.api_caller import Caller

    from offcut.server.accounts import signals

    alice = Caller.make("alice")
    image = images.receive(Owner(alice.team.pk), PHOTO)
    with django_capture_on_commit_callbacks(execute=True):
        signals.team_closing.send(sender=None, team=alice.team)
    image.refresh_from_db()
    assert image.gone == "deleted"
    assert not [path for path in (tmp_path / "images").rglob("*") if path.is_file()]


def test_visitors_get_numbers_of_their_own() -> None:
    numbers = {Owner(None, uuid.uuid4().hex).number for _ in range(100)}
    assert len(numbers) == 100
    assert all(number < 0 for number in numbers)
    assert ALICE.number == Owner(None, "alice").number
    assert Owner(7).number == 7
