"""Between web server and Django: who gets a thread, who is refused, and what of bodies is read."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from django.db import connections
from django.http import HttpResponse
from django.test import RequestFactory
from tests.server.api_caller import IMPROVE, REMOVEBG, Caller
from tests.server.asgi_caller import Answer, ask
from tests.server.plain_runner import plain_runner

from offcut.errors import UploadTimeoutError
from offcut.server import asgi
from offcut.server.api.body import too_large
from offcut.server.asgi import Application
from offcut.server.removals import rate
from offcut.server.runners import current
from offcut.server.threads import Threads
from offcut.server.website.images.receiving import receive
from offcut.server.website.images.refusals import refused

pytestmark = pytest.mark.django_db(transaction=True)
PATIENCE_S = 60


@pytest.fixture
def application() -> Iterator[Application]:
    """An application whose threads leave no connection behind: they end with the test."""
    application = Application()
    real = application._answer

    def answer(*arguments: Any) -> Any:
        try:
            return real(*arguments)
        finally:
            connections.close_all()

    application._answer = answer  # type: ignore[method-assign]
    pools = [application._threads._pool, application._probing._pool]
    yield application
    for pool in (*pools, application._threads._pool):
        pool.shutdown()


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
    for busy in (account, page):
        assert busy.status == 503
        assert int(busy.headers["retry-after"]) >= 1
        assert busy.headers["x-request-id"] == "request-17"
    assert account.code == "server_busy"
    assert account.headers["access-control-allow-origin"] == "*"


def test_who_has_gone_while_waiting_for_a_thread_costs_no_work(application: Application) -> None:
    asked = []
    application.get_response = lambda request: asked.append(request) or HttpResponse()  # type: ignore
    gone = threading.Event()
    gone.set()
    assert application._answer({}, None, None, gone).status_code == 499
    assert not asked


@pytest.fixture
def alice() -> Iterator[Caller]:
    runner = plain_runner()
    current.use(runner)
    rate.forget()
    yield Caller.make(credit_count=10)
    current.use(None)
    runner.stop(5)


def assert_refused(answer: Answer, status: int, code: str) -> None:
    """In the API's shape, with all that an answer of the API has; and the line is closed."""
    assert (answer.status, answer.code) == (status, code)
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["x-request-id"] == "request-17"
    assert answer.headers["connection"] == "close"


def post(
    application: Application, path: str, pieces: Iterable[bytes], *, ends: bool = True, **headers: str
) -> Answer:
    given = {"x_request_id": "request-17", "content_type": "application/x-www-form-urlencoded"} | headers

    async def sent() -> Answer:
        async with asyncio.timeout(PATIENCE_S):
            return await ask(application, path, pieces, method="POST", ends=ends, **given)

    return asyncio.run(sent())


@pytest.mark.parametrize("path", [REMOVEBG, IMPROVE])
def test_a_body_that_says_it_is_far_too_large_is_not_waited_for(
    application: Application, alice: Caller, path: str
) -> None:
    before = alice.owned
    length = str(asgi.DISCARDED_MAX + 1)
    answer = post(application, path, (), ends=False, x_api_key=alice.token, content_length=length)
    assert_refused(answer, 400, "file_too_large")
    assert alice.owned == before


def test_a_body_that_turns_out_far_too_large_is_left_with_an_answer(
    application: Application, alice: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asgi, "BODY_SIZE_MAX", 1000)
    monkeypatch.setattr(asgi, "DISCARDED_MAX", 4000)
    # Somewhat too large is read to its end, far too large is not.
    assert_refused(post(application, REMOVEBG, [b"a" * 3000], x_api_key=alice.token), 400, "file_too_large")
    without_end = post(application, REMOVEBG, [b"a" * 1000] * 5, ends=False, x_api_key=alice.token)
    assert_refused(without_end, 400, "file_too_large")


def test_a_body_that_takes_too_long_is_left_with_an_answer(
    application: Application, alice: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asgi, "UPLOAD_S_MAX", 0.2)
    before = alice.owned
    assert_refused(post(application, REMOVEBG, (), ends=False, x_api_key=alice.token), 408, "upload_timeout")
    assert alice.owned == before
    page = post(application, "/account/login/", (), ends=False)
    assert 400 <= page.status < 500
    assert page.headers["connection"] == "close"


def test_who_hangs_up_in_the_middle_of_a_body_gets_no_answer(application: Application) -> None:
    answer = asyncio.run(ask(application, REMOVEBG, [b"a"], method="POST", stays=False))
    assert answer.status == 0


def test_an_upload_to_the_website_that_is_too_large_or_too_slow_says_so() -> None:
    factory = RequestFactory()
    for problem, status in ((too_large(), 413), (UploadTimeoutError("It took too long."), 408)):
        request = factory.post("/", headers={"accept": "application/json"})
        request.body_problem = problem  # type: ignore[attr-defined]
        answer = refused(receive)(request)  # type: ignore[arg-type]
        assert answer.status_code == status


def test_a_crowd_is_told_when_it_will_be_over() -> None:
    threads = Threads("few", 2, waiting_max=4)
    threads._mean_s = 3.0
    threads.inside = 6
    assert not threads.has_room
    assert threads.retry_after_s == 9
