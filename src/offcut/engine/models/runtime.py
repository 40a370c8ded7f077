"""What runs a network: which device, at which precision, through OpenVINO or ONNX Runtime.

A network is its own axis and knows nothing of this; this knows nothing of mattes. A device or precision
that is asked for and cannot be had is an error, never replaced in silence.
"""

from __future__ import annotations

import queue
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, Protocol, TypeAlias, get_args

import numpy as np
import openvino as ov
from numpy.typing import NDArray

from offcut.engine.models import machine
from offcut.errors import DeviceError, PrecisionError

Device: TypeAlias = Literal["auto", "cpu", "cuda", "directml", "coreml"]
Precision: TypeAlias = Literal["auto", "fp32", "fp16", "bf16", "int8"]
Arithmetic: TypeAlias = Literal["fp32", "fp16", "bf16", "int8"]

PROVIDERS: Mapping[str, str] = {
    "cuda": "CUDAExecutionProvider",
    "directml": "DmlExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
}
DISTRIBUTIONS: Mapping[str, str] = {
    "cuda": "onnxruntime-gpu",
    "directml": "onnxruntime-directml",
    "coreml": "onnxruntime",
}
"""The distribution of ONNX Runtime that has each; all of them are the one module `onnxruntime`."""
BRINGS: Mapping[str, str] = {"darwin": "coreml", "win32": "directml"}
"""The device that the extra `gpu` serves on each system; cuda on all others."""
ONLY_ON: Mapping[str, tuple[str, str]] = {"directml": ("win32", "Windows"), "coreml": ("darwin", "macOS")}

INT8_UNITS: Mapping[str, str] = {
    "amx_int8": "AMX",
    "avx512_vnni": "AVX-512 VNNI",
    "avx_vnni": "AVX VNNI",
    "asimddp": "dot product",
}
BF16_UNITS: Mapping[str, str] = {"amx_bf16": "AMX", "avx512_bf16": "AVX-512 BF16", "bf16": "native"}
HINTS: Mapping[str, str] = {"fp32": "f32", "fp16": "f16", "bf16": "bf16"}
"""What OpenVINO calls the floating-point types; 8-bit layers are in the network itself."""
SLOW = "without units of its own"

# OpenVINO fills its table of types at the first look into it, and gives the interpreter's lock away while it
# does: two threads whose first runs meet there would stop this whole process for good. Filled here, while
# only the importing thread can be at it.
ov.Type.f32.to_dtype()


class Network(Protocol):
    """A loaded network. Any number of threads may call it."""

    def __call__(self, value: NDArray[Any]) -> dict[str, NDArray[np.float32]]:
        """Runs on its one input and returns all outputs by name."""
        ...


@dataclass(frozen=True, slots=True)
class Plan:
    """The device and precision that will be used, and why, for people."""

    device: Literal["cpu", "cuda", "directml", "coreml"]
    precision: Arithmetic
    reason: str

    @property
    def runtime(self) -> Literal["openvino", "onnxruntime"]:
        """What runs it."""
        return "openvino" if self.device == "cpu" else "onnxruntime"


def plan(device: Device = "auto", precision: Precision = "auto") -> Plan:
    """Chooses what will be used on this machine. Raises DeviceError and PrecisionError."""
    _check_known(device, precision)
    if device == "auto":
        working = next((name for name in PROVIDERS if not provider_problem(name)), None)
        return _accelerator_plan(working, precision) if working else _processor_plan(precision)
    if device == "cpu":
        return _processor_plan(precision)
    if problem := provider_problem(device):
        hint = "`offcut doctor --device auto` shows what can be used."
        raise DeviceError(f"{device} cannot be used: {problem}.", hint=hint)
    return _accelerator_plan(device, precision)


def precisions() -> dict[str, str]:
    """The precisions that this processor can run, each with what computes it."""
    can = set(ov.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES"))
    found = {"fp32": "any processor"}
    if "BF16" in can:
        found["bf16"] = _unit(BF16_UNITS)
    if "FP16" in can:
        found["fp16"] = "native"
    if "INT8" in can:
        found["int8"] = _unit(INT8_UNITS)
    return found


@cache
def provider_problem(device: str) -> str:
    """Why ONNX Runtime cannot run on `device`; empty if it can. Tried out on a network of one node, since a
    provider that is listed may still lack its driver."""
    if nowhere := _missing_on_system(device, sys.platform):
        return nowhere
    try:
        import onnxruntime
    except ImportError:
        return f"ONNX Runtime is not installed ({_remedy(device, sys.platform)})"
    provider = PROVIDERS[device]
    if provider not in onnxruntime.get_available_providers():
        remedy = _remedy(device, sys.platform)
        return f"this ONNX Runtime was built without {provider} (uninstall it first, then {remedy})"
    try:
        OnnxRuntimeNetwork(_one_node(), provider)(np.zeros((1, 1), np.float32))
    except Exception as error:
        return f"its driver does not work ({type(error).__name__})"
    return ""


@cache
def best_float() -> Arithmetic:
    """The quickest floating-point type of this processor."""
    can = precisions()
    return "bf16" if "bf16" in can else "fp16" if "fp16" in can else "fp32"


class OpenVinoNetwork:
    """A network on the processor. One set of weights serves all input sizes and all threads; runs beyond
    `parallel` wait for their turn."""

    def __init__(self, model: Path, precision: Arithmetic, *, parallel: int = 2, threads: int = 0) -> None:
        core = ov.Core()
        properties = {
            "INFERENCE_PRECISION_HINT": HINTS[precision],
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_NUM_THREADS": threads or machine.cores(),
        }
        self._compiled = core.compile_model(core.read_model(model), "CPU", properties)
        self._names = [sorted(output.get_names()) for output in self._compiled.outputs]
        self._requests: queue.LifoQueue[Any] = queue.LifoQueue()
        for _ in range(parallel):
            self._requests.put(self._compiled.create_infer_request())

    def __call__(self, value: NDArray[Any]) -> dict[str, NDArray[np.float32]]:
        with self._request() as request:
            request.infer({0: value}, share_inputs=True)
            # The request's own buffers are overwritten by the next thread's run.
            outputs = [np.array(tensor.data, dtype=np.float32) for tensor in request.output_tensors]
        return {name: output for names, output in zip(self._names, outputs, strict=True) for name in names}

    @contextmanager
    def _request(self) -> Iterator[Any]:
        request = self._requests.get()
        try:
            yield request
        finally:
            self._requests.put(request)


class OnnxRuntimeNetwork:
    """A network on an accelerator, or wherever the named ONNX Runtime provider runs it."""

    def __init__(self, model: Path | bytes, provider: str) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        source = str(model) if isinstance(model, Path) else model
        self._session = onnxruntime.InferenceSession(source, options, providers=[provider])
        if provider not in self._session.get_providers():
            raise DeviceError(f"ONNX Runtime did not take up {provider}.")
        self._input = self._session.get_inputs()[0].name
        self._names = [output.name for output in self._session.get_outputs()]

    def __call__(self, value: NDArray[Any]) -> dict[str, NDArray[np.float32]]:
        outputs = self._session.run(self._names, {self._input: value})
        return {name: np.asarray(o, dtype=np.float32) for name, o in zip(self._names, outputs, strict=True)}


def _check_known(device: str, precision: str) -> None:
    if device not in get_args(Device):
        known = ", ".join(get_args(Device))
        raise DeviceError(f"There is no device called “{device}”.", hint=f"Known: {known}.")
    if precision not in get_args(Precision):
        known = ", ".join(get_args(Precision))
        raise PrecisionError(f"There is no precision called “{precision}”.", hint=f"Known: {known}.")


def _processor_plan(precision: Precision) -> Plan:
    can = precisions()
    if precision == "auto":
        for best in ("int8", "bf16"):
            if can.get(best, SLOW) != SLOW:
                return Plan("cpu", best, f"this processor computes {best} quickly ({can[best]})")
        best_of_rest = best_float()
        return Plan("cpu", best_of_rest, "this processor has no quicker arithmetic")
    if precision not in can:
        hint = f"It can: {', '.join(can)}."
        raise PrecisionError(f"This processor cannot compute in {precision}.", hint=hint)
    return Plan("cpu", precision, f"asked for ({can[precision]})")


def _accelerator_plan(device: str, precision: Precision) -> Plan:
    if precision not in ("auto", "fp32"):
        raise PrecisionError(f"{device} does not run {precision} here.", hint="Use fp32 or auto.")
    return Plan(device, "fp32", f"{PROVIDERS[device]} works")  # type: ignore[arg-type]


def _missing_on_system(device: str, system: str) -> str:
    """Why there is no such device on a system (as `sys.platform` names it); empty if there may be one."""
    if device == "cuda" and system == "darwin":
        return "there is no CUDA on macOS"
    where, name = ONLY_ON.get(device, (system, ""))
    return "" if where == system else f"it is there on {name} only"


def _remedy(device: str, system: str) -> str:
    """What installs the ONNX Runtime that has a device."""
    package = "offcut[gpu]" if BRINGS.get(system, "cuda") == device else DISTRIBUTIONS[device]
    return f'pip install "{package}"'


def _unit(units: Mapping[str, str]) -> str:
    """The unit of this processor that comes first among those that compute a type."""
    return next((name for flag, name in units.items() if flag in machine.processor_flags()), SLOW)


def _one_node() -> bytes:
    from onnx import TensorProto, helper

    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 1]) for name in ("x", "y")]
    graph = helper.make_graph([helper.make_node("Relu", ["x"], ["y"])], "probe", ends[:1], ends[1:])
    opset = [helper.make_opsetid("", 13)]
    return bytes(helper.make_model(graph, opset_imports=opset, ir_version=8).SerializeToString())
