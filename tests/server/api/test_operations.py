"""What a load balancer and a monitor ask."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from tests.server.api_caller import Caller, error_of
from tests.server.plain_runner import photo_bytes

from offcut.server.runners import current


def test_ready_only_when_everything_is(alice: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(current, "warm", lambda: None)
    answer = Client().get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"]["weights"] != "ok"
    assert answer.json()["checks"]["database"] == "ok"
    monkeypatch.setattr(current, "_is_warm", True)
    answer = Client().get("/readyz")
    assert (answer.status_code, answer.json()["status"]) == (200, "ready")
    current.runner().stop(1)
    answer = Client().get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"]["queue"] != "ok"


def test_storage_that_is_gone_is_seen(alice: Caller, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(current, "_is_warm", True)
    settings.DATA_DIR = settings.DATA_DIR / "gone"
    answer = Client().get("/readyz")
    assert answer.status_code == 503
    assert "cannot be written" in answer.json()["checks"]["storage"]


def value_of(text: str, name: str) -> float:
    return float(next(line.rpartition(" ")[2] for line in text.splitlines() if line.startswith(name)))


def test_the_counters_count(alice: Caller) -> None:
    def counted() -> dict[str, float]:
        text = Client().get("/metrics").content.decode()
        names = {
            "answered": 'offcut_requests_total{endpoint="removebg",status="200"}',
            "refused": 'offcut_failures_total{code="missing_source"}',
            "spent": 'offcut_credits_total{source="gift"}',
            "cut out": 'offcut_cut_outs_total{way="api"}',
            "segment": 'offcut_step_seconds_count{step="segment"}',
        }
        return {key: value_of(text, name) if name in text else 0.0 for key, name in names.items()}

    before = counted()
    assert alice.multipart(photo_bytes(), size="full").status_code == 200
    assert alice.multipart().status_code == 400
    after = counted()
    assert {key: after[key] - before[key] for key in after} == dict.fromkeys(after, 1.0)
    assert "offcut_queue_waiting 0.0" in Client().get("/metrics").content.decode()


@pytest.mark.parametrize(
    ("photo", "token", "code", "error"),
    [
        (None, "", "missing_source", "missing_photo"),
        (b"no photo", "", "failed_to_read_image", "not_an_image"),
        (photo_bytes(7, 7, "PNG"), "", "invalid_dimensions", "photo_too_small"),
        (photo_bytes(), "wrong", "auth_failed", "unknown_key"),
    ],
)
def test_a_refusal_is_counted_and_logged_under_the_code_that_was_told(
    alice: Caller, caplog: pytest.LogCaptureFixture, photo: bytes | None, token: str, code: str, error: str
) -> None:
    def counted() -> dict[str, float]:
        text = Client().get("/metrics").content.decode()
        lines = [
            line.rpartition(" ") for line in text.splitlines() if line.startswith("offcut_failures_total")
        ]
        return {name: float(value) for name, _, value in lines}

    before = counted()
    caplog.set_level("INFO")
    answer = alice.multipart(photo, headers={"X-Api-Key": token} if token else {})
    assert error_of(answer)["code"] == code
    name = f'offcut_failures_total{{code="{code}"}}'
    assert counted() == before | {name: before.get(name, 0.0) + 1}
    (line,) = [record.msg for record in caplog.records if "refused" in str(record.msg)]
    assert (line["code"], line["error"]) == (code, error)


def test_the_counters_are_not_for_strangers(alice: Caller, settings: Any) -> None:
    assert Client(REMOTE_ADDR="203.0.113.9").get("/metrics").status_code == 403
    assert Client().get("/metrics", headers={"X-Forwarded-For": "127.0.0.1"}).status_code == 403
    settings.METRICS_TOKEN = "only for the monitor"
    assert Client().get("/metrics").status_code == 403
    shown = Client(REMOTE_ADDR="203.0.113.9").get(
        "/metrics", headers={"Authorization": "Bearer only for the monitor"}
    )
    assert shown.status_code == 200


def test_the_request_id_is_in_the_answer(alice: Caller) -> None:
    answer = alice.multipart(photo_bytes(), headers={"X-Request-ID": "my-request-17"})
    assert answer["X-Request-ID"] == "my-request-17"
    assert len(alice.multipart()["X-Request-ID"]) == 32
