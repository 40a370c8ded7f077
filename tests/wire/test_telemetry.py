"""Traces reach a collector whole and without secrets; without a collector nothing is made at all."""

from __future__ import annotations

import secrets
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.server.plain_runner import GREEN, photo_bytes
from tests.wire.collector import Collector
from tests.wire.served import PATIENCE_S, Served, free_port

from offcut.server import telemetry

ERROR = 2
CUT = ("wait", "decode", "segment", "encode")
TRACE, PARENT = secrets.token_hex(16), secrets.token_hex(8)


@pytest.fixture
def collector() -> Iterator[Collector]:
    it = Collector()
    yield it
    it.close()


def ask(served: Served, photo: bytes, **headers: str) -> httpx.Response:
    return httpx.post(
        f"{served.url}/v1.0/removebg",
        files={"image_file": ("private-name.jpg", photo)},
        data={"size": "full"},
        headers={"X-Api-Key": served.tokens["alice"], **headers},
        timeout=PATIENCE_S,
    )


def attributes(span: Any) -> dict[str, Any]:
    return {
        pair.key: pair.value.string_value or pair.value.int_value or pair.value.double_value
        for pair in span.attributes
    }


def family(spans: list[Any], root: Any) -> list[str]:
    """The names of a span's children, in the order in which they began."""
    own = [span for span in spans if span.parent_span_id == root.span_id]
    return [span.name for span in sorted(own, key=lambda span: span.start_time_unix_nano)]


def test_a_removal_is_one_trace(collector: Collector, tmp_path: Path) -> None:
    served = Served(tmp_path / "data", {"alice": 10}, OFFCUT_TELEMETRY_URL=collector.url)
    try:
        done = ask(served, photo_bytes(), traceparent=f"00-{TRACE}-{PARENT}-01")
        assert done.status_code == 200
        refused = ask(served, photo_bytes(color=GREEN))
        assert refused.status_code == 400
        inside = {"image_url": "http://10.1.2.3/secret-path.jpg"}
        headers = {"X-Api-Key": served.tokens["alice"]}
        httpx.post(f"{served.url}/v1.0/removebg", json=inside, headers=headers, timeout=PATIENCE_S)
        httpx.get(f"{served.url}/healthz", timeout=PATIENCE_S)
    finally:
        # What was not sent yet is sent when the server stops.
        served.stop()
    roots = {span.span_id: span for span in collector.spans if span.name == "POST /v1.0/removebg"}
    by_id = {attributes(root)["offcut.request_id"]: root for root in roots.values()}
    assert len(roots) == 3

    root = by_id[done.headers["X-Request-ID"]]
    assert (root.trace_id.hex(), root.parent_span_id.hex()) == (TRACE, PARENT)
    assert attributes(root)["http.response.status_code"] == 200
    assert family(collector.spans, root) == ["hold", "queue", *CUT, "capture"]
    for span in collector.spans:
        if span.trace_id == root.trace_id:
            assert root.start_time_unix_nano <= span.start_time_unix_nano
            assert span.end_time_unix_nano <= root.end_time_unix_nano

    root = by_id[refused.headers["X-Request-ID"]]
    assert attributes(root)["error.type"] == "no_foreground"
    assert family(collector.spans, root) == ["hold", "queue", *CUT, "release"]
    broken = [
        span for span in collector.spans if span.trace_id == root.trace_id and span.status.code == ERROR
    ]
    assert [attributes(span)["error.type"] for span in broken] == ["no_foreground"]

    fetches = [span for span in collector.spans if span.name == "fetch"]
    assert [(span.status.code, attributes(span)["error.type"]) for span in fetches] == [
        (ERROR, "address_forbidden")
    ]
    assert all("healthz" not in str(span) for span in collector.spans)
    assert {sent["service.name"] for sent in collector.resources} == {"offcut"}
    everything = b"".join(collector.bodies)
    for secret in (served.tokens["alice"].encode(), b"private-name", b"10.1.2.3", b"secret-path"):
        assert secret not in everything


def test_a_collector_that_is_gone_holds_nobody_up(tmp_path: Path) -> None:
    nowhere = f"http://127.0.0.1:{free_port()}"
    served = Served(tmp_path / "data", {"alice": 10}, OFFCUT_TELEMETRY_URL=nowhere)
    try:
        assert [ask(served, photo_bytes()).status_code for _ in range(3)] == [200, 200, 200]
    finally:
        served.stop()
    assert served.process.returncode == 0


def test_nothing_is_made_while_it_is_off() -> None:
    assert telemetry.span("a") is telemetry.request_span("GET", {})
    assert telemetry.follow("a") is telemetry.follow("b")
    assert telemetry.trace_id() == ""
    with telemetry.span("a", {"b": 1}) as span:
        span.tell({"c": 2}, name="d")
        telemetry.tell({"e": 3})
    steps = telemetry.follow("a")
    steps.step("b")
    steps.end(ValueError())


def test_the_library_is_not_even_loaded_while_it_is_off(tmp_path: Path) -> None:
    (tmp_path / "static").mkdir()
    program = "import sys, offcut.server.asgi; print('opentelemetry' in sys.modules)"
    served = {"PATH": "", "OFFCUT_DATA_DIR": str(tmp_path), "PYTHONPATH": ":".join(sys.path)}
    ran = subprocess.run(
        [sys.executable, "-c", program], env=served, capture_output=True, text=True, check=True
    )
    assert ran.stdout.strip() == "False"
