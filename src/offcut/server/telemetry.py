"""Traces for an OpenTelemetry collector: each request, its wait, its steps, its charge. Off unless set.

This is the only file that knows OpenTelemetry. While no traces are made (no OFFCUT_TELEMETRY_URL), every call
here returns an object that does nothing, and the library is not even loaded. Spans carry names, numbers and
codes of errors; never a key, an address, a file's name or an error's sentence.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any

from offcut import __version__
from offcut.errors import OffcutError

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Tracer

Attributes = Mapping[str, str | int | float | bool]

SERVICE = "offcut"
TRACES_PATH = "/v1/traces"

_provider: TracerProvider | None = None
_tracer: Tracer | None = None


class Span:
    """A part of a request, for as long as a `with` lasts. This one is what there is while traces are off."""

    def __enter__(self) -> Span:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        return None

    def tell(self, attributes: Attributes, *, name: str = "") -> None:
        """Add what is known only now, and rename the span if a name is given."""


class Steps:
    """A job on its way through the queue and its steps, in whatever thread. This one does nothing."""

    def step(self, name: str) -> None:
        """The step before is over, and this one begins."""

    def end(self, error: BaseException | None = None) -> None:
        """The last step is over, well or with an error."""


_OFF, _OFF_STEPS = Span(), Steps()


def start(address: str) -> None:
    """Make traces from now on, and send them to the collector at `address`; "" makes none."""
    global _provider, _tracer
    if not address or _provider is not None:
        return
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    resource = Resource.create({SERVICE_VERSION: __version__})
    if str(resource.attributes[SERVICE_NAME]).startswith("unknown_service"):
        resource = resource.merge(Resource({SERVICE_NAME: SERVICE}))
    endpoint = address if address.endswith(TRACES_PATH) else address + TRACES_PATH
    # In a thread of its own, in batches: a collector that is slow or gone holds up no request.
    _provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    _provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint)))
    _tracer = _provider.get_tracer("offcut.server", __version__)


def stop(wait_s: float) -> None:
    """Make no more traces, and send what has not been sent, for at most `wait_s` seconds."""
    global _provider, _tracer
    provider, _provider, _tracer = _provider, None, None
    if provider is not None:
        # The library tries again and again; nobody should wait for a collector that is gone.
        sending = threading.Thread(target=provider.shutdown, name="offcut-last-traces", daemon=True)
        sending.start()
        sending.join(wait_s)


def span(name: str, attributes: Attributes | None = None) -> Span:
    """A part of what is being done now, in this thread."""
    return _OFF if _tracer is None else _Recorded(_tracer, name, attributes or {})


def request_span(method: str, headers: Mapping[str, str]) -> Span:
    """A whole request. It belongs to the caller's own trace when `traceparent` names one."""
    if _tracer is None:
        return _OFF
    from opentelemetry.trace import SpanKind
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    carrier = {name: headers[name] for name in ("traceparent", "tracestate") if name in headers}
    parent = TraceContextTextMapPropagator().extract(carrier)
    return _Recorded(_tracer, method, {"http.request.method": method}, kind=SpanKind.SERVER, parent=parent)


def tell(attributes: Attributes) -> None:
    """Add to the span that this thread is in."""
    if _tracer is not None:
        from opentelemetry.trace import get_current_span

        get_current_span().set_attributes(attributes)


def follow(name: str) -> Steps:
    """Follow a job that other threads will work on; its first step is `name`, and begins now."""
    if _tracer is None:
        return _OFF_STEPS
    from opentelemetry.context import get_current

    steps = _RecordedSteps(_tracer, get_current())
    steps.step(name)
    return steps


def trace_id() -> str:
    """The id of the trace that is being made now, as log lines carry it; "" when there is none."""
    if _tracer is None:
        return ""
    from opentelemetry.trace import format_trace_id, get_current_span

    context = get_current_span().get_span_context()
    return format_trace_id(context.trace_id) if context.is_valid else ""


class _Recorded(Span):
    def __init__(self, tracer: Tracer, name: str, attributes: Attributes, **more: Any) -> None:
        self._manager = tracer.start_as_current_span(
            name,
            context=more.pop("parent", None),
            attributes=attributes,
            # An error's sentence and its traceback may hold what is nobody's business.
            record_exception=False,
            set_status_on_exception=False,
            **more,
        )

    def __enter__(self) -> Span:
        self._span = self._manager.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        _fail(self._span, error)
        self._manager.__exit__(kind, error, trace)

    def tell(self, attributes: Attributes, *, name: str = "") -> None:
        if name:
            self._span.update_name(name)
        self._span.set_attributes(attributes)


class _RecordedSteps(Steps):
    def __init__(self, tracer: Tracer, parent: Context) -> None:
        self._tracer = tracer
        self._parent = parent
        self._span: Any = None
        # Whoever waits may give up in the very moment in which the work begins.
        self._lock = threading.Lock()

    def step(self, name: str) -> None:
        with self._lock:
            self._end(None)
            self._span = self._tracer.start_span(name, context=self._parent)

    def end(self, error: BaseException | None = None) -> None:
        with self._lock:
            self._end(error)

    def _end(self, error: BaseException | None) -> None:
        if self._span is not None:
            _fail(self._span, error)
            self._span.end()
            self._span = None


def _fail(recorded: Any, error: BaseException | None) -> None:
    if error is None:
        return
    from opentelemetry.trace import StatusCode

    recorded.set_attribute(
        "error.type", error.code if isinstance(error, OffcutError) else type(error).__name__
    )
    recorded.set_status(StatusCode.ERROR)
