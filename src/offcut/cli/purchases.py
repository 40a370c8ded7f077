"""Buying cut-outs from a server: nothing is bought twice, and nothing that was paid for is dropped.

The `Idempotency-Key` of a request stands for the photo and all that is asked of it. Whatever goes wrong
between the charge and the written file, the same command again gets the same answer for nothing, as long as
the server keeps to the key. After that time the server refuses the key, and its next ordinal is tried.
"""

from __future__ import annotations

import hashlib
import json
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, wait
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from offcut.cli.batch import StoppedError
from offcut.client import Client, Retries, refusal_of
from offcut.errors import OffcutError

if TYPE_CHECKING:
    from offcut.client import RemovalResult, Server

PATIENCE_S = 60.0
"""How long a run that was told to end waits for what the server is working on."""
SAME_REQUEST_S = 120.0
"""How long to ask again while the server still works on the very same request of an earlier run."""
LOOK_S = 0.1
LONG_WAIT_S = 5.0
"""From how many seconds on a wait between two tries is told."""
HOLDING_OUT = Retries(count=8)
"""For a server that has given a result in this run: 20 to 40 seconds, in which it may be started anew. One
that has given none may be the wrong one, and is given up sooner."""
ORDINALS = 8
"""How often the same may be bought under keys that a rerun finds again; after that the keys are random."""
FULL_PRICE = Decimal(1)
_OVER = frozenset({"request_over", "id_reused"})
_RUNNING = frozenset({"request_running"})


@dataclass(frozen=True, slots=True)
class Purchase:
    """A result and what it cost now: nothing when it `is_repeated`, None when the server does not say."""

    result: RemovalResult
    charged: Decimal | None
    is_repeated: bool


class Purchases:
    """What a run buys. `charged` is the sum so far, `unknown` how many requests were given up unanswered.

    `tell` is given a sentence for the user when the run has to wait: for a server that cannot take a photo
    now and, once it was told to end, for what the server works on.
    """

    def __init__(self, server: Server, *, tell: Callable[[str], None] = lambda _: None) -> None:
        self._stopping = threading.Event()
        self._tell = tell
        self.client = _StoppableClient(server, self._stopping, tell)
        self.charged = Decimal(0)
        self.unknown = 0
        self._stopped_at = 0.0
        self._has_told = False
        self._is_by_hand = False
        self._sums = threading.Lock()
        self._keys = threading.Condition()
        self._asked_now: set[str] = set()

    def stop(self, *, by_hand: bool = False) -> None:
        """Sends nothing more; what was sent is waited for, `PATIENCE_S` at most."""
        self._is_by_hand = self._is_by_hand or by_hand
        if not self._stopping.is_set():
            self._stopped_at = time.monotonic()
            self._stopping.set()

    def buy(self, content: bytes, bg_image: bytes | None, fields: Mapping[str, Any]) -> Purchase:
        """The result, bought or repeated. Raises what `Client.remove` raises, and StoppedError."""
        bought: Future[RemovalResult] = Future()
        # In a thread that may be given up: it does not keep the program from ending.
        work = threading.Thread(target=self._settle, args=(bought, content, bg_image, fields), daemon=True)
        work.start()
        while not wait([bought], LOOK_S).done:
            if self._stopping.is_set():
                self._wait_on()
        result = bought.result()
        self.client.hold_out()
        is_repeated = result.headers.get("x-repeated") == "true"
        charged = Decimal(0) if is_repeated else result.credits_charged
        with self._sums:
            self.charged += charged or 0
        return Purchase(result, charged, is_repeated)

    def _wait_on(self) -> None:
        """Lets a stopped run wait on, says so once, and gives up in the end."""
        with self._sums:
            waited_s = time.monotonic() - self._stopped_at
            is_over = waited_s > PATIENCE_S
            # What waits for another try has ended by then: only what is with the server has not.
            is_to_tell = waited_s > LOOK_S and not self._has_told
            self.unknown += is_over
            self._has_told = self._has_told or is_to_tell
        if is_to_tell:
            sentence = (
                f"Waiting up to {PATIENCE_S:.0f} s for photos that are with the server: they may be charged."
            )
            self._tell(f"{sentence} Another Ctrl-C leaves at once." if self._is_by_hand else sentence)
        if is_over:
            raise StoppedError("the server did not answer in time and may have charged for it")

    def _settle(
        self,
        bought: Future[RemovalResult],
        content: bytes,
        bg_image: bytes | None,
        fields: Mapping[str, Any],
    ) -> None:
        try:
            bought.set_result(self._bought(content, bg_image, fields))
        except BaseException as error:
            bought.set_exception(error)

    def _bought(self, content: bytes, bg_image: bytes | None, fields: Mapping[str, Any]) -> RemovalResult:
        key = key_of(content, bg_image, fields)
        with self._alone(key):
            for ordinal in range(1, ORDINALS + 1):
                try:
                    result = self._ask(content, bg_image, fields, f"{key}-{ordinal}")
                except OffcutError as error:
                    if not _is_refused(error, 422, _OVER):
                        raise
                else:
                    if not self._can_be_larger_now(result):
                        return result
            return self._ask(content, bg_image, fields, str(uuid.uuid4()))

    def _ask(
        self, content: bytes, bg_image: bytes | None, fields: Mapping[str, Any], key: str
    ) -> RemovalResult:
        """One request; again while the server is still at work on the same one of a run that was killed."""
        until = time.monotonic() + SAME_REQUEST_S
        while True:
            if self._stopping.is_set():
                raise StoppedError
            try:
                return self.client.remove(content, bg_image=bg_image, idempotency_key=key, **fields)
            except OffcutError as error:
                if not _is_refused(error, 409, _RUNNING) or time.monotonic() > until:
                    raise

    def _can_be_larger_now(self, result: RemovalResult) -> bool:
        """Whether this is the preview of an earlier run that was short of credits, and this one is not."""
        return (
            result.headers.get("x-repeated") == "true"
            and result.headers.get("x-size-reason") == "credits_short"
            and self.client.account().total >= FULL_PRICE
        )

    @contextmanager
    def _alone(self, key: str) -> Iterator[None]:
        """The same photo twice in one run is sent one after the other: the second is a repetition."""
        with self._keys:
            self._keys.wait_for(lambda: key not in self._asked_now)
            self._asked_now.add(key)
        try:
            yield
        finally:
            with self._keys:
                self._asked_now.discard(key)
                self._keys.notify_all()


def key_of(content: bytes, bg_image: bytes | None, fields: Mapping[str, Any]) -> str:
    """Stands for the photo and all that is asked of it, the same in every run. Visible ASCII, 71 characters,
    where servers take 128."""
    asked = json.dumps(
        [
            hashlib.sha256(content).hexdigest(),
            None if bg_image is None else hashlib.sha256(bg_image).hexdigest(),
            sorted(fields.items()),
        ]
    )
    return f"offcut-{hashlib.sha256(asked.encode()).hexdigest()}"


class _StoppableClient(Client):
    """Does not begin another try once the run was told to end: while it waits, the server has nothing."""

    def __init__(self, server: Server, stopping: threading.Event, tell: Callable[[str], None]) -> None:
        super().__init__(server.url, server.api_key)
        self._stopping = stopping
        self._tell = tell
        self._told_until = 0.0

    def hold_out(self) -> None:
        """The server has answered: from now on it is asked again more often."""
        self._retries = HOLDING_OUT

    def _pause(self, seconds: float) -> None:
        now = time.monotonic()
        if seconds >= LONG_WAIT_S and now >= self._told_until:
            self._told_until = now + seconds
            self._tell(f"The server cannot take a photo now: asking again in {seconds:.0f} s.")
        if self._stopping.wait(seconds):
            raise StoppedError


def _is_refused(error: OffcutError, status: int, codes: frozenset[str]) -> bool:
    refusal = refusal_of(error)
    return refusal is not None and refusal.status == status and refusal.code in codes
