"""The feeder: threads of the web process that take waiting images from the database and cut them out.

Several processes may feed at once: an image is claimed by a conditional UPDATE, and the claim holds while its
process lives. Each process keeps a lock on a file of its own; whoever can take that lock knows that the
process is dead, and its images wait again at once. A claim whose time is over is taken back in any case.
"""

from __future__ import annotations

import threading
import time
import uuid
from datetime import datetime, timedelta
from pathlib import Path

import structlog
from django.conf import settings
from django.db import DatabaseError, close_old_connections, connection
from django.db.models import F, Min
from django.utils import timezone
from filelock import FileLock, Timeout

from offcut.engine.encode import encode
from offcut.errors import NoForegroundError, OffcutError, PhotoError, RemovalBusyError
from offcut.server.removals import changes, files, images, metrics, renditions
from offcut.server.removals.models import Image, State
from offcut.server.removals.owners import Owner, owner_of
from offcut.server.runners import current
from offcut.server.runners.matting import FoundMatte, MatteWork

LEASE_S = 60.0
RENEW_EVERY_S = 15.0
LOOK_EVERY_S = 2.0
ATTEMPTS_MAX = 3
"""An image that has taken its process down so often is not tried again."""

log = structlog.get_logger(__name__)


class Feeder:
    """Cuts out waiting images until it is stopped. `name` is what its claims are made under."""

    def __init__(self, *, threads: int) -> None:
        self.name = uuid.uuid4().hex
        self._threads = [
            threading.Thread(target=self._feed, name=f"offcut-feeder-{index}", daemon=True)
            for index in range(threads)
        ]
        self._threads.append(threading.Thread(target=self._keep_claims, name="offcut-claims", daemon=True))
        self._changed = threading.Condition()
        self._wake_count = 0
        self._is_stopping = threading.Event()
        self._turns: dict[int, int] = {}
        self._turn = 0
        self._lock = FileLock(_lock_path(self.name))

    def start(self) -> None:
        """Begin; what dead processes have left behind waits again from now on."""
        self._lock.acquire()
        for thread in self._threads:
            thread.start()

    def wake(self) -> None:
        """There is something new: do not wait for the next look."""
        with self._changed:
            self._wake_count += 1
            self._changed.notify()

    def refuse_more(self) -> None:
        """Take no more images."""
        self._is_stopping.set()
        with self._changed:
            self._changed.notify_all()

    def stop(self, finish_s: float) -> None:
        """Take no more images; those that run may finish for `finish_s` seconds, or wait again."""
        self.refuse_more()
        until = time.monotonic() + finish_s
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))
        Image.objects.filter(claimed_by=self.name, state=State.WORKING).update(
            state=State.WAITING, claimed_by="", claimed_until=None
        )
        self._lock.release(force=True)
        _lock_path(self.name).unlink(missing_ok=True)

    def work_one(self) -> bool:
        """Claim one waiting image and cut it out; False when none waits."""
        image = self._claim()
        if image is None:
            return False
        self._cut_out(image)
        return True

    def _feed(self) -> None:
        while not self._is_stopping.is_set():
            seen = self._wake_count
            try:
                if self.work_one():
                    continue
            except DatabaseError:
                log.exception("waiting images could not be looked up")
            except RemovalBusyError:
                self._is_stopping.wait(LOOK_EVERY_S)
                continue
            close_old_connections()
            with self._changed:
                if self._wake_count == seen and not self._is_stopping.is_set():
                    self._changed.wait(LOOK_EVERY_S)
        connection.close()

    def _keep_claims(self) -> None:
        while True:
            try:
                Image.objects.filter(claimed_by=self.name, state=State.WORKING).update(
                    claimed_until=_lease_end()
                )
                if take_back(self.name):
                    self.wake()
            except DatabaseError:
                log.exception("claims on images could not be renewed")
            close_old_connections()
            if self._is_stopping.wait(RENEW_EVERY_S):
                break
        connection.close()

    def _claim(self) -> Image | None:
        """The image that is next: owners take turns, each one's images in the order of their arrival."""
        while True:
            image = self._next()
            if image is None:
                return None
            claimed = Image.objects.filter(pk=image.pk, state=State.WAITING).update(
                state=State.WORKING, claimed_by=self.name, claimed_until=_lease_end(),
                attempt_count=F("attempt_count") + 1,
            )  # fmt: skip
            if claimed:
                self._turn += 1
                self._turns[owner_of(image).number] = self._turn
                image.attempt_count += 1
                return image

    def _next(self) -> Image | None:
        waiting = Image.objects.filter(state=State.WAITING, gone="")
        first = list(waiting.order_by().values("team_id", "visitor").annotate(since=Min("made_at")))
        if not first:
            self._turns.clear()
            return None
        owners = [(Owner(row["team_id"], row["visitor"]), row["since"]) for row in first]
        owner = min(owners, key=lambda one: (self._turns.get(one[0].number, 0), one[1]))[0]
        return waiting.filter(owner.condition).order_by("made_at", "id").first()

    def _cut_out(self, image: Image) -> None:
        if image.attempt_count > ATTEMPTS_MAX:
            self._fail(image, "unexpected_error")
            return
        try:
            found = _found(image)
            self._keep(image, found)
        except RemovalBusyError:
            # No place in the queue, or the server is being stopped: its turn comes again.
            self._update(image, state=State.WAITING, attempt_count=image.attempt_count - 1)
            raise
        except (PhotoError, NoForegroundError) as error:
            self._fail(image, error.code)
        except FileNotFoundError:
            self._fail(image, "unexpected_error")  # Deleted in the meantime, as a rule.
        except OffcutError as error:
            log.error(
                "an image could not be cut out", image=str(image.pk), code=error.code, problem=str(error)
            )
            self._fail(image, error.code)
        except Exception:
            log.exception("a fault of ours", image=str(image.pk))
            self._fail(image, "unexpected_error")

    def _keep(self, image: Image, found: FoundMatte) -> None:
        """Copies for the screen first: whoever waits may already fetch them when the row says done."""
        renditions.write_first(image.pk, found.photo.pixels, found.alpha)
        matte = files.write(image.pk, "matte-0.png", encode(found.alpha, None, "png"))
        belief = files.write(image.pk, "belief.png", encode(found.belief, None, "png"))
        now = timezone.now()
        is_kept = self._update(
            image,
            state=State.DONE,
            first_matte_file=matte,
            matte_file=matte,
            belief_file=belief,
            subject=found.subject,
            bytes=files.size_of(image.pk),
            done_at=now,
            expires_at=now + timedelta(seconds=images.kept_s_of(image)),
        )
        if not is_kept and Image.objects.filter(pk=image.pk, gone="").count() == 0:
            files.remove_all(image.pk)

    def _fail(self, image: Image, code: str) -> None:
        metrics.FAILURES.labels(code).inc()
        later = timezone.now() + timedelta(seconds=images.retention_s())
        self._update(image, state=State.FAILED, error_code=code, done_at=timezone.now(), expires_at=later)

    def _update(self, image: Image, **values: object) -> bool:
        """Change the row and give the claim up, if the claim still holds."""
        mine = Image.objects.filter(pk=image.pk, state=State.WORKING, claimed_by=self.name, gone="")
        is_mine = bool(mine.update(claimed_by="", claimed_until=None, **values))
        if is_mine:
            changes.tell(image.pk)
        return is_mine


def take_back(own_name: str = "") -> int:
    """Let images wait again whose process is dead or whose claim has ended; how many."""
    working = Image.objects.filter(state=State.WORKING).exclude(claimed_by=own_name)
    names = set(working.values_list("claimed_by", flat=True))
    dead = [name for name in names if _is_dead(name)]
    over = working.filter(claimed_until__lte=timezone.now()) | working.filter(claimed_by__in=dead)
    return over.update(state=State.WAITING, claimed_by="", claimed_until=None)


def seconds_left(image: Image) -> float | None:
    """About how long it takes until the image is done; None when it does not wait for anything."""
    if image.state not in (State.WAITING, State.WORKING):
        return None
    ahead = Image.objects.filter(state__in=(State.WAITING, State.WORKING), gone="")
    before = ahead.filter(made_at__lt=image.made_at).count() if image.state == State.WAITING else 0
    runner = current.runner()
    return round((before / runner.jobs + 1) * runner.mean_s, 1)


def _found(image: Image) -> FoundMatte:
    photo = files.read(image.original_file)
    if connection.vendor == "postgresql" and not connection.in_atomic_block:
        connection.close()
    found = current.runner().run(MatteWork(photo, images.LIMITS), team_id=owner_of(image).number)
    for step, taken_s in found.steps_s.items():
        metrics.STEP_SECONDS.labels(step).observe(taken_s)
    metrics.CUT_OUTS.labels("website").inc()
    return found


def _lease_end() -> datetime:
    return timezone.now() + timedelta(seconds=LEASE_S)


def _is_dead(name: str) -> bool:
    """Whether the process of that name runs no more, as far as can be told from this machine."""
    path = _lock_path(name)
    if not path.exists():
        # It may run on another machine: its lease decides.
        return False
    lock = FileLock(path)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        return False
    lock.release()
    path.unlink(missing_ok=True)
    return True


def _lock_path(name: str) -> Path:
    folder = settings.DATA_DIR / "feeders"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{name}.lock"
