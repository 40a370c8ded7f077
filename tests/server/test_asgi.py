"""Between web server and Django: who gets a thread, who is refused, and what of bodies is read."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest
from django.http import HttpResponse
from tests.server.asgi_caller import Answer, ask

from offcut.server.asgi import Application
from offcut.server.runners import current
from offcut.server.threads import Threads

pytestmark = pytest.mark.django_db(transaction=True)
PATIENCE_S = 60


@pytest.fixture
def application() -> Application:
    return Application()


def test_when_every_thread_is_held_probes_are_answered_and_others_refused(
    application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(current, "warm", lambda: None)
    application._threads = Threads("held", 1, waiting_max=1)
    begun, over = threading.Event(), threading.Event()
    real = application.get_response

    def held(request: Any) -> Any:
        if request.path != "/held":
            return real(request)
        begun.set()
        assert over.wait(PATIENCE_S)
        return HttpResponse("held")

    application.get_response = held  # type: ignore[method-assign]

    async def crowd() -> tuple[list[Answer], list[Answer]]:
        first = [asyncio.create_task(ask(application, "/held")) for _ in range(2)]
        assert await asyncio.to_thread(begun.wait, PATIENCE_S)
        paths = ("/healthz", "/readyz", "/metrics", "/v1.0/account", "/account/login/")
        async with asyncio.timeout(PATIENCE_S):
            answers = [await ask(application, path, x_request_id="request-17") for path in paths]
        over.set()
        return answers, [await one for one in first]

    answers, first = asyncio.run(crowd())
    assert [answer.content for answer in first] == [b"held", b"held"]
    healthz, readyz, metrics, account, page = answers
    assert healthz.json() == {"status": "ok"}
    assert "checks" in readyz.json()
    assert (metrics.status, b"offcut_requests" in metrics.content) == (200, True)
    for refused in (account, page):
        assert refused.status == 503
        assert int(refused.headers["retry-after"]) >= 1
        assert refused.headers["x-request-id"] == "request-17"
    assert account.code == "server_busy"
    assert account.headers["access-control-allow-origin"] == "*"


def test_who_has_gone_while_waiting_for_a_thread_costs_no_work(application: Application) -> None:
    asked = []
    application.get_response = lambda request: asked.append(request) or HttpResponse()  # type: ignore
    gone = threading.Event()
    gone.set()
    assert application._answer({}, None, None, gone).status_code == 499
    assert not asked


def test_a_crowd_is_told_when_it_will_be_over() -> None:
    threads = Threads("few", 2, waiting_max=4)
    threads._mean_s = 3.0
    threads.inside = 6
    assert not threads.has_room
    assert threads.retry_after_s == 9
