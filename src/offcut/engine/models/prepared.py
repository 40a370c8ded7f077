"""Networks made ready to run, kept beside the weights so that each is made only once.

From the weights of a set, `Prepared` makes the file that its runtime loads fastest: OpenVINO's own format,
which is mapped into memory and not read, or ONNX. A file's name holds a digest of all that went into it, so
another version makes another file. It can be deleted at any time.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import onnx
import openvino as ov
from filelock import FileLock, Timeout

from offcut.engine.models import machine
from offcut.engine.models.families import FAMILIES
from offcut.engine.models.graph import matte_graph
from offcut.engine.models.quantize import Calibration, calibrations, quantize
from offcut.engine.models.runtime import (
    PROVIDERS,
    Arithmetic,
    Network,
    OnnxRuntimeNetwork,
    OpenVinoNetwork,
    Plan,
    best_float,
)
from offcut.engine.models.weights import PREPARED, Weights, corrupt, sha256_of
from offcut.errors import ModelError, WeightsBusyError

RECIPE = 3
"""Raised whenever the way in which networks are made changes."""

BUILD_WAIT_S = 600.0

BESIDE = frozenset(("nanodet",))
"""Small networks that run beside other work. More threads than one would only wait for that work's cores."""


class Prepared:
    """Loads networks by name for one plan, making their files first where they are not there yet."""

    def __init__(self, weights: Weights, plan: Plan, *, parallel: int, threads: int) -> None:
        self.converters: dict[str, Callable[[tuple[Path, ...]], onnx.ModelProto]] = {}
        self._weights = weights
        self._plan = plan
        self._parallel = parallel
        self._threads = threads

    def precision(self, name: str) -> Arithmetic:
        """What a network computes in under the plan: 8-bit needs a calibration of its weights, and those
        without one run in the processor's best floating-point type."""
        if self._plan.precision == "int8" and self._calibration(name) is None:
            return best_float()
        return self._plan.precision

    def is_made(self, name: str) -> bool:
        """Whether the network's files are there already, whole."""
        return _intact(self._weights.folder / PREPARED / self._file_name(name))

    def load(self, name: str) -> Network:
        """The network, ready to run. Raises WeightsMissingError, WeightsCorruptError, LicenceError,
        WeightsBusyError."""
        self._weights.paths(name)
        kept = self._weights.folder / PREPARED / self._file_name(name)
        if _intact(kept):
            return self._open(name, kept)
        try:
            with self._building(name):
                if not _intact(kept):
                    self._build(name, kept)
            return self._open(name, kept)
        except OSError:
            # The folder cannot be written (an installation shared read-only, a full disk): made in a
            # temporary folder it runs just as well, only it must be made again next time.
            with TemporaryDirectory(prefix="offcut-") as folder:
                temporary = Path(folder) / kept.name
                self._build(name, temporary)
                return self._open(name, temporary)
        finally:
            machine.release_memory()

    def _file_name(self, name: str) -> str:
        files = [file.sha256 for file in self._weights.catalog.entry(name).files]
        precision = self.precision(name)
        calibration = self._calibration(name) if precision == "int8" else None
        table = (
            None
            if calibration is None
            else [
                sorted(calibration.ranges.items()),
                sorted(calibration.kept),
                sorted(calibration.silent.items()),
            ]
        )
        parts = [RECIPE, files, table, ov.__version__, onnx.__version__]
        digest = hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:12]
        suffix = "xml" if self._plan.runtime == "openvino" else "onnx"
        return f"{name}-{precision}-{digest}.{suffix}"

    def _open(self, name: str, path: Path) -> Network:
        if self._plan.runtime == "openvino":
            threads = 1 if name in BESIDE else self._threads
            return OpenVinoNetwork(path, self._floats(name), parallel=self._parallel, threads=threads)
        return OnnxRuntimeNetwork(path, PROVIDERS[self._plan.device])

    def _floats(self, name: str) -> Arithmetic:
        """The floating-point type of what is not 8-bit in a network."""
        if self._plan.precision != "int8":
            return self._plan.precision
        calibration = self._calibration(name)
        return "fp32" if calibration is not None and calibration.is_single else best_float()

    @contextmanager
    def _building(self, name: str) -> Iterator[None]:
        (self._weights.folder / PREPARED).mkdir(exist_ok=True)
        try:
            with FileLock(self._weights.folder / f".{name}.lock", timeout=BUILD_WAIT_S):
                yield
        except Timeout:
            raise WeightsBusyError(f"Another process is still preparing {name}.") from None

    def _build(self, name: str, target: Path) -> None:
        """Makes the files and, last, the receipt that says they are whole."""
        paths = self._weights.verify(name)
        with TemporaryDirectory(dir=target.parent, prefix=".new-") as folder:
            graph = Path(folder) / "graph.onnx"
            try:
                onnx.save(self._graph(name, paths), graph)
                made = self._converted(name, graph) if self._plan.runtime == "openvino" else [graph]
            except (OSError, ModelError):
                raise  # What says by itself what is wrong is not damage.
            except Exception as error:
                raise corrupt(name, paths[0]) from error
            receipt = {}
            for path in made:
                final = target.with_suffix(path.suffix)
                receipt[final.name] = sha256_of(path)
                path.replace(final)
            note = Path(folder) / "receipt"
            note.write_text(json.dumps(receipt), "utf-8")
            note.replace(_receipt(target))

    def _graph(self, name: str, paths: tuple[Path, ...]) -> onnx.ModelProto:
        if convert := self.converters.get(name):
            return convert(paths)
        return matte_graph(paths[0], FAMILIES[self._weights.catalog.entry(name).family])

    def _converted(self, name: str, graph: Path) -> list[Path]:
        """OpenVINO's two files for an ONNX graph; weights as fp16 unless full precision is wanted."""
        model = ov.Core().read_model(graph)
        precision = self.precision(name)
        if precision == "int8":
            quantize(model, self._calibration(name) or Calibration({}, frozenset()))
        made = graph.with_suffix(".xml")
        ov.save_model(model, made, compress_to_fp16=precision != "fp32")
        return [made, made.with_suffix(".bin")]

    def _calibration(self, name: str) -> Calibration | None:
        return calibrations().get(self._weights.catalog.entry(name).files[0].sha256)


def _receipt(path: Path) -> Path:
    return path.with_suffix(".json")


def _intact(path: Path) -> bool:
    """Whether the prepared files are there, whole and unharmed."""
    try:
        receipt = json.loads(_receipt(path).read_text("utf-8"))
        return bool(receipt) and all(sha256_of(path.with_name(n)) == digest for n, digest in receipt.items())
    except (OSError, ValueError):
        return False
