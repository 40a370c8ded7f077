"""The networks in use: loaded when first asked for, shared by all threads, unloaded when idle.

with Networks() as networks:
    isnet = networks.segmenter("isnet")
    matte = isnet.matte(rgb, 768)
"""

from __future__ import annotations

import atexit
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any
from weakref import WeakSet

import numpy as np
import onnx
from numpy.typing import NDArray

from offcut.engine.models import machine
from offcut.engine.models.catalog import Catalog
from offcut.engine.models.ending import matte_of
from offcut.engine.models.families import CONVERTERS, FAMILIES, Family
from offcut.engine.models.prepared import Prepared
from offcut.engine.models.runtime import Arithmetic, Device, Network, Plan, Precision, plan
from offcut.engine.models.weights import Weights
from offcut.engine.types import Matte, Rgb
from offcut.errors import ModelError

Convert = Callable[[tuple[Path, ...]], onnx.ModelProto]
"""Makes an ONNX network of the catalogued files, for those that are not ONNX."""


@dataclass(slots=True)
class _Slot:
    """One network of the shelf: loaded or not, in use by so many runs, last used at that time."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    network: Network | None = None
    users: int = 0
    used_at_s: float = 0.0


class Segmenter:
    """Turns photos into mattes with one network. Any number of threads may use it; it holds no weights
    itself, so it can be kept while the network is unloaded and loaded again."""

    def __init__(self, networks: Networks, name: str, family: Family) -> None:
        self.name = name
        self.family = family
        self._networks = networks

    def matte(self, rgb: Rgb, size: int | None = None, *, drawn: int | None = None) -> Matte:
        """The matte of a photo (H×W×3 uint8) as the network sees it when the photo is stretched to a square
        of `size` pixels (default: the side it was trained at): drawn×drawn (default: size×size) float32,
        0.0-1.0.

        Raises OptionError for a size the network cannot run at, and ModelError if it cannot be loaded.
        """
        return self.matte_many([rgb], size, drawn=drawn)[0]

    def matte_many(
        self, photos: Sequence[Rgb], size: int | None = None, *, drawn: int | None = None
    ) -> list[Matte]:
        """`matte` of several photos, or several views of one, while the network is held once."""
        side = self.family.check_side(self.family.side if size is None else size)
        with self._networks.lease(self.name) as network:
            return [self._run(network, self.family.prepare(rgb, side), drawn or side) for rgb in photos]

    def _run(self, network: Network, square: Rgb, drawn: int) -> Matte:
        return matte_of(network(square[np.newaxis]), drawn)


class Networks:
    """A shelf of networks that keeps at most `loaded_max` loaded, and none for longer than `idle_s` seconds
    after its last use (0: for ever).

    `folder` holds the weights (default: OFFCUT_MODELS_DIR, or the person's data folder); device and precision
    are chosen for this machine if "auto". Raises DeviceError or PrecisionError if what is asked for cannot be
    had.
    """

    def __init__(
        self,
        folder: Path | str | None = None,
        *,
        device: Device = "auto",
        precision: Precision = "auto",
        idle_s: float = 0.0,
        loaded_max: int = 4,
        parallel: int = 2,
        threads: int = 0,
        catalog: Catalog | None = None,
    ) -> None:
        self.weights = Weights(folder, catalog)
        self.plan: Plan = plan(device, precision)
        self._prepared = Prepared(self.weights, self.plan, parallel=parallel, threads=threads)
        self._idle_s = idle_s
        self._loaded_max = max(1, loaded_max)
        self._slots: dict[str, _Slot] = {}
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None
        self._looking = threading.Lock()
        self._closed = False
        _shelves.add(self)

    def segmenter(self, name: str) -> Segmenter:
        """The segmenter with the weights of that name; loads nothing yet, but checks that they are there.

        Raises UnknownModelError, WeightsMissingError, WeightsCorruptError, LicenceError.
        """
        family = FAMILIES.get(self.weights.catalog.entry(name).family)
        if family is None:
            raise ModelError(f"{name} does not make mattes.")
        self.weights.paths(name)
        return Segmenter(self, name, family)

    def network(
        self, name: str, convert: Convert
    ) -> Callable[[NDArray[Any]], dict[str, NDArray[np.float32]]]:
        """A network that makes no mattes, as a function of its one input; `convert` builds its ONNX graph
        from the catalogued files the first time. Loaded, shared and unloaded as the others."""
        self.weights.paths(name)
        self._prepared.converters[name] = convert

        def run(value: NDArray[Any]) -> dict[str, NDArray[np.float32]]:
            with self.lease(name) as network:
                return network(value)

        return run

    def check(self, names: Sequence[str]) -> None:
        """Looks whether the weights of all these networks are here; loads none.

        Raises what `segmenter` does; where several are missing, one error that names them all.
        """
        self.weights.check(names)

    def precision(self, name: str) -> Arithmetic:
        """What the network of that name computes in here; 8-bit only where its weights were calibrated."""
        return self._prepared.precision(name)

    def is_prepared(self, name: str) -> bool:
        """Whether the network's files were made for this machine already."""
        return self._prepared.is_made(name)

    def prepare(self, name: str) -> None:
        """Makes a network's files and loads it once, so that the first photo need not wait for it."""
        family = self.weights.catalog.entry(name).family
        if family in CONVERTERS:
            self._prepared.converters.setdefault(name, CONVERTERS[family])
        with self.lease(name):
            pass

    @contextmanager
    def lease(self, name: str) -> Iterator[Network]:
        """Holds a network, loading it if need be; it is not unloaded while held."""
        slot = self._hold(name)
        try:
            with slot.lock:
                if slot.network is None:
                    slot.network = self._prepared.load(name)
                network = slot.network
            yield network
        finally:
            self._let_go(slot)

    def loaded(self) -> tuple[str, ...]:
        """The names of the networks that are loaded now."""
        with self._lock:
            return tuple(name for name, slot in self._slots.items() if slot.network is not None)

    def unload_idle(self, idle_s: float = 0.0) -> tuple[str, ...]:
        """Unloads the networks that nobody holds or has used for `idle_s` seconds; returns their names."""
        now = time.monotonic()
        with self._lock:
            idle = [
                n for n, s in self._slots.items() if s.network and not s.users and now - s.used_at_s >= idle_s
            ]
            for name in idle:
                del self._slots[name]
        if idle:
            machine.release_memory()
        return tuple(idle)

    def close(self) -> None:
        """Unloads everything that is not in use and stops looking for idle networks."""
        self.stop_looking()
        self.unload_idle()

    def stop_looking(self) -> None:
        """Unloads nothing more by itself; what is being unloaded at this moment is waited for."""
        with self._lock:
            self._closed = True
            if self._timer is not None:
                self._timer.cancel()
        with self._looking:
            pass

    def __enter__(self) -> Networks:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _hold(self, name: str) -> _Slot:
        with self._lock:
            if name not in self._slots:
                self._make_room()
            slot = self._slots.setdefault(name, _Slot())
            slot.users += 1
            return slot

    def _make_room(self) -> None:
        """Drops the networks longest unused, of those that nobody holds, until one more may be loaded."""
        idle = sorted(
            (name for name, slot in self._slots.items() if not slot.users),
            key=lambda name: self._slots[name].used_at_s,
        )
        excess = len(self._slots) + 1 - self._loaded_max
        for name in idle[: max(0, excess)]:
            del self._slots[name]

    def _let_go(self, slot: _Slot) -> None:
        with self._lock:
            slot.users -= 1
            slot.used_at_s = time.monotonic()
            if self._idle_s > 0 and self._timer is None and not self._closed:
                self._watch(self._idle_s)

    def _watch(self, delay_s: float) -> None:
        self._timer = threading.Timer(delay_s, self._look)
        self._timer.daemon = True
        self._timer.start()

    def _look(self) -> None:
        """Unloads what has become idle, and looks again when the next network may have."""
        with self._looking:
            if self._closed:
                return
            self.unload_idle(self._idle_s)
        with self._lock:
            self._timer = None
            if self._slots and not self._closed:
                self._watch(max(self._idle_s / 4, 0.01))


_shelves: WeakSet[Networks] = WeakSet()


@atexit.register
def _stop_looking() -> None:
    """A process that ends in the middle of the runtime's work may be aborted: the timers' threads, which must
    not keep it alive, are stopped before."""
    for networks in list(_shelves):
        networks.stop_looking()
