"""Log lines have one shape and no secret."""

from __future__ import annotations

import json
import logging

import pytest
from django.test import Client

from offcut.server.logs import HIDDEN, hide_in_text, logging_configuration

# Shaped like a key. Fixed, because workers that share the tests must find the same ones.
TOKEN = "offcut_Zq7Lk2Wd_Rt5YbN8cVx3MfQp6JhGs9DwKeTu4AzLo"


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        (f"refused {TOKEN}", TOKEN),
        (f"X-Api-Key: {TOKEN[-32:]}", TOKEN[-32:]),
        ("Authorization: Bearer abc.def-123", "abc.def-123"),
        ("Authorization: Basic YWxpY2U6aHVudGVyMg==", "YWxpY2U6aHVudGVyMg=="),
        ("postgresql://offcut:hunter2@db/offcut", "hunter2"),
        ("redis://:hunter2@cache:6379/0", "hunter2"),
        ('{"password": "hunter2"}', "hunter2"),
        ("password1=hunter2&email=x", "hunter2"),
        ("/sign-in/once/Zk3-secretsecretsecret/", "Zk3-secretsecretsecret"),
        ("/invitations/Zk3-secretsecretsecretsecret/", "Zk3-secretsecretsecretsecret"),
        ("/account/confirm-email/MQ:1abc:xyz/", "MQ:1abc:xyz"),
        ("/account/password/reset/key/1-abc-def/", "1-abc-def"),
    ],
)
def test_secrets_in_texts_are_hidden(text: str, secret: str) -> None:
    hidden = hide_in_text(text)
    assert secret not in hidden
    assert HIDDEN in hidden


@pytest.mark.parametrize(
    "text", ["/team/invitations/12/withdraw/", "GET /keys/ 200", "tokens were counted: 3"]
)
def test_plain_texts_stay(text: str) -> None:
    assert hide_in_text(text) == text


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_a_line_of_any_logger(log_format: str) -> None:
    configuration = logging_configuration(log_format, "info")
    formatter = configuration["formatters"]["lines"]
    made = formatter.pop("()")(**formatter)
    record = logging.LogRecord("some.library", logging.WARNING, "x.py", 1, "key %s", (TOKEN,), None)
    line = made.format(record)
    assert TOKEN not in line
    assert "some.library" in line
    assert "\n" not in line
    if log_format == "json":
        assert json.loads(line)["level"] == "warning"
    else:
        assert "level=warning" in line


def test_fields_and_tracebacks_are_cleaned() -> None:
    formatter = logging_configuration("json", "info")["formatters"]["lines"]
    made = formatter.pop("()")(**formatter)
    try:
        raise ValueError(f"cannot use {TOKEN}")
    except ValueError as error:
        record = logging.LogRecord(
            "x", logging.ERROR, "x.py", 1, "failed", (), (type(error), error, error.__traceback__)
        )
    line = made.format(record)
    assert "ValueError" in line
    assert TOKEN not in line


@pytest.mark.django_db
def test_every_answer_carries_its_id(client: Client) -> None:
    assert client.get("/healthz", headers={"x-request-id": "order-4711"})["X-Request-ID"] == "order-4711"
    assert client.get("/healthz", headers={"x-request-id": "bad\tvalue"})["X-Request-ID"] != "bad\tvalue"
