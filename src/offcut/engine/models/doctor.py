"""What will be used on this machine, and why: the facts behind `offcut doctor`."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from offcut.engine.models import machine
from offcut.engine.models.catalog import Catalog
from offcut.engine.models.networks import Networks
from offcut.engine.models.runtime import (
    PROVIDERS,
    Arithmetic,
    Device,
    Plan,
    Precision,
    precisions,
    provider_problem,
)
from offcut.engine.models.weights import State

PACKAGES = ("offcut", "openvino", "onnxruntime", "onnxruntime-gpu", "onnxruntime-directml", "onnx", "numpy")
PACKAGES_OF_PIXELS = ("opencv-python-headless", "pillow", "pyvips")


@dataclass(frozen=True, slots=True)
class ModelReport:
    """One set of weights: whether it can be used, and what it would compute in."""

    name: str
    title: str
    state: State
    bytes: int
    licence: str
    commercial: bool
    default: bool
    precision: Arithmetic


@dataclass(frozen=True, slots=True)
class Report:
    """What was found.

    plan        the device and precision that will be used, and the reason
    devices     every device, with what keeps it from being used ("" if nothing does)
    precisions  what this processor can compute in, with the unit that does it
    cores       that this process may use, a container's limit counted; memory_bytes likewise (0: not known)
    """

    plan: Plan
    devices: dict[str, str]
    precisions: dict[str, str]
    processor: str
    cores: int
    memory_bytes: int
    system: str
    versions: dict[str, str]
    folder: Path
    models: tuple[ModelReport, ...]

    @property
    def ready(self) -> bool:
        """Whether all the weights of a default installation are there."""
        return all(model.state == "present" for model in self.models if model.default)


def doctor(
    folder: Path | None = None,
    *,
    device: Device = "auto",
    precision: Precision = "auto",
    catalog: Catalog | None = None,
) -> Report:
    """Looks at this machine. Touches no network. Raises DeviceError and PrecisionError if what is asked for
    cannot be had."""
    with Networks(folder, device=device, precision=precision, catalog=catalog) as networks:
        return Report(
            plan=networks.plan,
            devices={"cpu": ""} | {name: provider_problem(name) for name in PROVIDERS},
            precisions=precisions(),
            processor=machine.processor_name(),
            cores=machine.cores(),
            memory_bytes=machine.memory_bytes(),
            system=f"{platform.system()} {platform.release()}, Python {platform.python_version()}",
            versions={name: found for name in (*PACKAGES, *PACKAGES_OF_PIXELS) if (found := _version(name))},
            folder=networks.weights.folder,
            models=_models(networks),
        )


def _models(networks: Networks) -> tuple[ModelReport, ...]:
    weights = networks.weights
    return tuple(
        ModelReport(
            name=entry.name,
            title=entry.title,
            state=weights.state(entry.name),
            bytes=entry.bytes,
            licence=entry.licence,
            commercial=entry.commercial,
            default=entry.name in weights.catalog.default,
            precision=networks.precision(entry.name),
        )
        for entry in weights.catalog
    )


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
