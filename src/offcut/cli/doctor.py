"""`offcut doctor`: what Offcut will run on, why, and what is missing."""

from __future__ import annotations

import json
import platform
from typing import Annotated, Any

import typer

import offcut
from offcut.errors import WeightsMissingError


def doctor(as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False) -> None:
    """Say which device and precision will be used, why, and whether the weights are here.

    The exit status is 1 when something that is needed is missing.
    """
    found = examine()
    missing = [name for name in found["weights"]["default"] if found["weights"]["state"][name] != "present"]
    if as_json:
        typer.echo(json.dumps(found))
    else:
        for line in _lines(found):
            typer.echo(line)
    if missing:
        raise WeightsMissingError(
            f"Weights are missing: {', '.join(missing)}.", hint="Fetch them once: offcut models pull."
        )


def examine() -> dict[str, Any]:
    """What there is on this machine, as plain values."""
    from offcut.engine.models import machine
    from offcut.engine.models.runtime import PROVIDERS, plan, precisions, provider_problem
    from offcut.engine.models.weights import Weights

    chosen = plan()
    store = Weights()
    return {
        "offcut": offcut.__version__,
        "python": platform.python_version(),
        "processor": machine.processor_name(),
        "cores": machine.cores(),
        "memory_bytes": machine.memory_bytes(),
        "device": chosen.device,
        "precision": chosen.precision,
        "reason": chosen.reason,
        "precisions": precisions(),
        "accelerators": {device: provider_problem(device) or "works" for device in PROVIDERS},
        "weights": {
            "folder": str(store.folder),
            "default": list(store.catalog.default),
            "state": {entry.name: store.state(entry.name) for entry in store.catalog},
        },
    }


def _lines(found: dict[str, Any]) -> list[str]:
    weights = found["weights"]
    return [
        f"Offcut {found['offcut']}, Python {found['python']}",
        f"Processor   {found['processor']}, {found['cores']} cores, {found['memory_bytes'] / 1e9:.0f} GB",
        f"Used        {found['device']} at {found['precision']}: {found['reason']}",
        *(f"  {name:<9} {unit}" for name, unit in found["precisions"].items()),
        *(f"  {device:<9} {state}" for device, state in found["accelerators"].items()),
        f"Weights     {weights['folder']}",
        *(f"  {name:<9} {weights['state'][name]}" for name in weights["default"]),
    ]
