"""`offcut doctor`: what Offcut will run on, why, and what is missing; and the options that ask for it."""

from __future__ import annotations

import json
import platform
from typing import TYPE_CHECKING, Annotated, Any

import typer

import offcut
from offcut import library
from offcut.errors import OffcutError, WeightsCorruptError, WeightsMissingError

if TYPE_CHECKING:
    from offcut.engine.models.doctor import ModelReport, Report

DEVICES = ["auto", "cpu", "cuda", "directml", "coreml"]
PRECISIONS = ["auto", "fp32", "fp16", "bf16", "int8"]
DEVICE = typer.Option(
    "--device", metavar="NAME", show_default=False, autocompletion=lambda: DEVICES,
    help="What to compute on: cpu, cuda, directml, coreml or auto (or set OFFCUT_DEVICE).",
)  # fmt: skip
PRECISION = typer.Option(
    "--precision", metavar="NAME", show_default=False, autocompletion=lambda: PRECISIONS,
    help="What to compute in: fp32, fp16, bf16, int8 or auto (or set OFFCUT_PRECISION).",
)  # fmt: skip


def doctor(
    device: Annotated[str | None, DEVICE] = None,
    precision: Annotated[str | None, PRECISION] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Say which device and precision will be used, why, and whether the weights are here.

    The exit status is 1 when something that is needed is missing or damaged, and when the device or the
    precision that is asked for cannot be had.
    """
    from offcut.engine.models.doctor import doctor as examine

    found = examine(**library.wanted(device, precision))
    if as_json:
        typer.echo(json.dumps(_values(found)))
    else:
        for line in _lines(found):
            typer.echo(line)
    if problem := _problem(found):
        raise problem


def _values(found: Report) -> dict[str, Any]:
    """What was found, for programs."""
    return {
        "offcut": offcut.__version__,
        "python": platform.python_version(),
        "system": found.system,
        "versions": found.versions,
        "processor": found.processor,
        "cores": found.cores,
        "memory_bytes": found.memory_bytes,
        "device": found.plan.device,
        "precision": found.plan.precision,
        "reason": found.plan.reason,
        "precisions": found.precisions,
        "accelerators": _accelerators(found),
        "weights": {
            "folder": str(found.folder),
            "default": [model.name for model in found.models if model.default],
            "state": {model.name: model.state for model in found.models},
            "precision": {model.name: model.precision for model in found.models},
        },
    }


def _lines(found: Report) -> list[str]:
    plan = found.plan
    shown = [model for model in found.models if model.default or model.state in ("present", "corrupt")]
    wide = max((len(model.name) for model in shown), default=0)
    return [
        f"Offcut {offcut.__version__}, {found.system}",
        f"Processor   {found.processor}, {found.cores} cores, {found.memory_bytes / 1e9:.0f} GB",
        f"Used        {plan.device} at {plan.precision}: {plan.reason}",
        *(f"  {name:<9} {unit}" for name, unit in found.precisions.items()),
        *(f"  {device:<9} {state}" for device, state in _accelerators(found).items()),
        f"Weights     {found.folder}",
        *(f"  {model.name:<{max(wide, 9)}} {_words(model, plan.precision)}" for model in shown),
    ]


def _accelerators(found: Report) -> dict[str, str]:
    return {name: problem or "works" for name, problem in found.devices.items() if name != "cpu"}


def _words(model: ModelReport, chosen: str) -> str:
    """The state of a set of weights, and what its network computes in; why, where that is not what was
    chosen for this machine."""
    state = {"corrupt": "damaged"}.get(model.state, model.state)
    why = "" if model.precision == chosen else f" (not calibrated for {chosen})"
    return f"{state}, {model.precision}{why}"


def _problem(found: Report) -> OffcutError | None:
    """What keeps a default installation from working."""
    lacking = {
        state: [model.name for model in found.models if model.default and model.state == state]
        for state in ("corrupt", "absent")
    }
    if damaged := lacking["corrupt"]:
        return WeightsCorruptError(
            f"Weights are damaged: {', '.join(damaged)}.", hint="Fetch them again: offcut models pull."
        )
    if missing := lacking["absent"]:
        return WeightsMissingError(
            f"Weights are missing: {', '.join(missing)}.", hint="Fetch them once: offcut models pull."
        )
    return None
